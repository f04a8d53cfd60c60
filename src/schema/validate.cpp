// SPDX-License-Identifier: Apache-2.0
// Validation walks value and schema together. Every node visited costs one unit of the budget; when
// it is used up the value counts as invalid, so a hostile schema can refuse but not stall.
#include <algorithm>

#include "schema/schema.h"

namespace stride::schema {
namespace {

std::string_view type_name(Type type) {
  switch (type) {
    case Type::null:
      return "null";
    case Type::boolean:
      return "a boolean";
    case Type::integer:
      return "an integer";
    case Type::number:
      return "a number";
    case Type::string:
      return "a string";
    case Type::array:
      return "an array";
    case Type::object:
      break;
  }
  return "an object";
}

size_t count_characters(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; }));
}

class Validator {
 public:
  Validator(const Schema& schema, size_t budget) : schema_(schema), budget_(budget) {}

  using Fault = std::optional<std::string>;

  Fault check(const Json& value, NodeId id, const std::string& place, size_t depth) {
    if (budget_ == 0 || depth == 0) return at(place, "the schema is too complex");
    --budget_;
    const Node& node = schema_.node(id);
    if (node.never) return at(place, "nothing is allowed here");
    const Type type = type_of(value);
    if (node.types && !node.types->has(type)) {
      return at(place, fmt::format("is {}, which is not allowed here", type_name(type)));
    }
    if (node.values && std::ranges::none_of(*node.values, [&](const Json& allowed) {
          return same_value(allowed, value);
        })) {
      return at(place, "is none of the allowed values");
    }
    if (auto fault = check_bounds(value, node, place)) return fault;
    if (value.is_object()) {
      if (auto fault = check_object(value, node, place, depth)) return fault;
    }
    if (value.is_array()) {
      if (auto fault = check_array(value, node, place, depth)) return fault;
    }
    return check_combinations(value, node, place, depth);
  }

 private:
  static Fault at(const std::string& place, std::string_view what) {
    return fmt::format("{}: {}", place.empty() ? "the value" : place, what);
  }

  static Fault check_bounds(const Json& value, const Node& node, const std::string& place) {
    if (value.is_string() && (node.min_length || node.max_length)) {
      const size_t n = count_characters(value.get_ref<const std::string&>());
      if (n < node.min_length.value_or(0) || n > node.max_length.value_or(n)) {
        return at(place, "has a length that is not allowed");
      }
    }
    if (!json::is_number(value)) return {};
    const auto number = json::as_double(value);
    if (!number) return {};
    if ((node.minimum && *number < *node.minimum) || (node.maximum && *number > *node.maximum) ||
        (node.exclusive_minimum && *number <= *node.exclusive_minimum) ||
        (node.exclusive_maximum && *number >= *node.exclusive_maximum)) {
      return at(place, "is out of range");
    }
    return {};
  }

  Fault check_object(const Json& value, const Node& node, const std::string& place, size_t depth) {
    for (const std::string& key : node.required) {
      if (json::member(value, key) == nullptr) {
        return at(place, fmt::format("lacks the required \"{}\"", key));
      }
    }
    if (node.properties.empty() && !node.additional_properties) return {};
    for (const auto& [key, item] : value.get_ref<const Json::object_t&>()) {
      const auto same = [&key](const auto& property) { return property.first == key; };
      const auto found = std::ranges::find_if(node.properties, same);
      std::optional<NodeId> child = node.additional_properties;
      if (found != node.properties.end()) child = found->second;
      if (!child) continue;
      if (auto fault = check(item, *child, fmt::format("{}/{}", place, key), depth - 1))
        return fault;
    }
    return {};
  }

  Fault check_array(const Json& value, const Node& node, const std::string& place, size_t depth) {
    const size_t n = value.size();
    if (n < node.min_items.value_or(0) || n > node.max_items.value_or(n)) {
      return at(place, "has a number of items that is not allowed");
    }
    for (size_t i = 0; i < n; ++i) {
      std::optional<NodeId> child = node.items;
      if (i < node.prefix_items.size()) child = node.prefix_items[i];
      if (!child) break;
      if (auto fault = check(value[i], *child, fmt::format("{}/{}", place, i), depth - 1)) {
        return fault;
      }
    }
    return {};
  }

  Fault check_combinations(const Json& value, const Node& node, const std::string& place,
                           size_t depth) {
    if (node.ref) {
      if (auto fault = check(value, *node.ref, place, depth - 1)) return fault;
    }
    for (const NodeId all : node.all_of) {
      if (auto fault = check(value, all, place, depth - 1)) return fault;
    }
    const auto count = [&](const std::vector<NodeId>& branches) {
      return std::ranges::count_if(
          branches, [&](NodeId branch) { return !check(value, branch, place, depth - 1); });
    };
    if (!node.any_of.empty() && count(node.any_of) == 0) {
      return at(place, "fits none of the alternatives");
    }
    if (!node.one_of.empty() && count(node.one_of) != 1) {
      return at(place, "does not fit exactly one of the alternatives");
    }
    return {};
  }

  const Schema& schema_;
  size_t budget_;
};

bool same_object(const Json& a, const Json& b) {
  if (a.size() != b.size()) return false;
  return std::ranges::all_of(a.get_ref<const Json::object_t&>(), [&b](const auto& member) {
    const Json* other = json::member(b, member.first);
    return other != nullptr && same_value(member.second, *other);
  });
}

}  // namespace

bool same_value(const Json& a, const Json& b) {
  if (json::is_number(a) && json::is_number(b)) {
    if (json::dump(a) == json::dump(b)) return true;
    const auto x = json::as_int64(a);
    const auto y = json::as_int64(b);
    if (x || y) return x == y;
    return json::as_double(a) && json::as_double(a) == json::as_double(b);
  }
  if (a.type() != b.type()) return false;
  if (a.is_object()) return same_object(a, b);
  if (!a.is_array()) return a == b;
  return std::ranges::equal(a, b, same_value);
}

std::optional<std::string> find_fault(const Schema& schema, const Json& value, NodeId id,
                                      size_t budget) {
  return Validator(schema, budget).check(value, id, "", 4 * kMaxDepth);
}

}  // namespace stride::schema
