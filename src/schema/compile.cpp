// SPDX-License-Identifier: Apache-2.0
// JSON to nodes. A node is entered in the table under its pointer before its children are compiled,
// so a reference back to it finds it and cycles end.
#include <array>
#include <cmath>
#include <map>

#include "schema/schema.h"

namespace stride::schema {
namespace {

struct TypeName {
  std::string_view name;
  Type type;
};

constexpr std::array kTypeNames = {
    TypeName{"null", Type::null},       TypeName{"boolean", Type::boolean},
    TypeName{"integer", Type::integer}, TypeName{"number", Type::number},
    TypeName{"string", Type::string},   TypeName{"array", Type::array},
    TypeName{"object", Type::object}};

std::string escape_token(std::string_view key) {
  std::string out;
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

class Compiler {
 public:
  Compiler(const Json& root, Strictness strictness) : root_(root), strictness_(strictness) {}

  Result<Schema> compile() {
    static_cast<void>(STRIDE_TRY(node_of(root_, "", 0)));
    while (!pending_.empty()) {
      const Pending next = std::move(pending_.back());
      pending_.pop_back();
      if (auto ok = fill(next); !ok) return std::unexpected(std::move(ok).error());
    }
    Schema out;
    out.nodes_ = std::move(nodes_);
    return out;
  }

 private:
  struct Pending {
    NodeId id;
    const Json* source;
    std::string place;
    size_t depth;
  };

  // Refuses in strict mode, otherwise lets the caller go on without the keyword.
  Result<void> refuse(Errc code, const std::string& place, std::string_view what) const {
    if (strictness_ == Strictness::lenient) return {};
    return fail(code, "schema at \"#{}\": {}", place, what);
  }

  Result<NodeId> node_of(const Json& source, const std::string& place, size_t depth) {
    if (const auto known = ids_.find(&source); known != ids_.end()) return known->second;
    const auto id = static_cast<NodeId>(nodes_.size());
    nodes_.emplace_back();
    ids_.emplace(&source, id);
    if (depth > kMaxDepth) {
      if (auto ok = refuse(Errc::exhausted, place, "nested too deep"); !ok) {
        return std::unexpected(std::move(ok).error());
      }
      return id;
    }
    pending_.push_back({id, &source, place, depth});
    return id;
  }

  Result<void> fill(const Pending& at) {
    const Json& source = *at.source;
    if (source.is_boolean()) {
      nodes_[at.id].never = !source.get<bool>();
      return {};
    }
    if (!source.is_object()) {
      return refuse(Errc::format, at.place, "neither an object nor a boolean");
    }
    Node node;
    if (auto ok = read_types(source, at, node); !ok) return ok;
    if (auto ok = read_values(source, at, node); !ok) return ok;
    if (auto ok = read_object(source, at, node); !ok) return ok;
    if (auto ok = read_array(source, at, node); !ok) return ok;
    if (auto ok = read_combinations(source, at, node); !ok) return ok;
    read_bounds(source, node);
    const Json* nullable = json::member(source, "nullable");
    if (nullable != nullptr && nullable->is_boolean() && nullable->get<bool>()) {
      if (node.types) node.types->add(Type::null);
      if (node.values) node.values->push_back(nullptr);
    }
    nodes_[at.id] = std::move(node);
    return {};
  }

  Result<void> add_type(const Json& name, const Pending& at, TypeSet& types) {
    for (const TypeName& known : kTypeNames) {
      if (name.is_string() && name.get_ref<const std::string&>() == known.name) {
        types.add(known.type);
        return {};
      }
    }
    return refuse(Errc::format, at.place, "\"type\" is not one of JSON's types");
  }

  Result<void> read_types(const Json& source, const Pending& at, Node& node) {
    const Json* type = json::member(source, "type");
    if (type == nullptr) return {};
    TypeSet types;
    if (type->is_array()) {
      for (const Json& name : *type) {
        if (auto ok = add_type(name, at, types); !ok) return ok;
      }
    } else if (auto ok = add_type(*type, at, types); !ok) {
      return ok;
    }
    if (!types.empty()) node.types = types;
    return {};
  }

  Result<void> read_values(const Json& source, const Pending& at, Node& node) {
    if (const Json* constant = json::member(source, "const")) node.values = {*constant};
    const Json* values = json::member(source, "enum");
    if (values == nullptr) return {};
    if (!values->is_array()) return refuse(Errc::format, at.place, "\"enum\" is not an array");
    node.values.emplace(values->begin(), values->end());
    return {};
  }

  Result<void> read_object(const Json& source, const Pending& at, Node& node) {
    if (const Json* properties = json::member(source, "properties")) {
      if (!properties->is_object()) {
        return refuse(Errc::format, at.place, "\"properties\" is not an object");
      }
      for (const auto& [key, value] : properties->get_ref<const Json::object_t&>()) {
        const std::string place = at.place + "/properties/" + escape_token(key);
        node.properties.emplace_back(key, STRIDE_TRY(node_of(value, place, at.depth + 1)));
      }
    }
    if (const Json* required = json::member(source, "required"); required && required->is_array()) {
      for (const Json& key : *required) {
        if (key.is_string()) node.required.push_back(key.get<std::string>());
      }
    }
    return read_child(source, "additionalProperties", at, node.additional_properties);
  }

  Result<void> read_child(const Json& source, std::string_view key, const Pending& at,
                          std::optional<NodeId>& out) {
    const Json* child = json::member(source, key);
    if (child == nullptr) return {};
    out = STRIDE_TRY(node_of(*child, fmt::format("{}/{}", at.place, key), at.depth + 1));
    return {};
  }

  Result<void> read_list(const Json& source, std::string_view key, const Pending& at,
                         std::vector<NodeId>& out) {
    const Json* list = json::member(source, key);
    if (list == nullptr) return {};
    if (!list->is_array()) {
      return refuse(Errc::format, at.place, fmt::format("\"{}\" is not an array", key));
    }
    for (size_t i = 0; i < list->size(); ++i) {
      const std::string place = fmt::format("{}/{}/{}", at.place, key, i);
      out.push_back(STRIDE_TRY(node_of((*list)[i], place, at.depth + 1)));
    }
    return {};
  }

  Result<void> read_array(const Json& source, const Pending& at, Node& node) {
    const Json* items = json::member(source, "items");
    // A list under "items" is the older spelling of prefixItems.
    if (items != nullptr && items->is_array()) {
      return read_list(source, "items", at, node.prefix_items);
    }
    if (auto ok = read_child(source, "items", at, node.items); !ok) return ok;
    return read_list(source, "prefixItems", at, node.prefix_items);
  }

  Result<void> read_combinations(const Json& source, const Pending& at, Node& node) {
    if (auto ok = read_list(source, "anyOf", at, node.any_of); !ok) return ok;
    if (auto ok = read_list(source, "oneOf", at, node.one_of); !ok) return ok;
    if (auto ok = read_list(source, "allOf", at, node.all_of); !ok) return ok;
    const Json* ref = json::member(source, "$ref");
    if (ref == nullptr) return {};
    const std::string target = ref->is_string() ? ref->get<std::string>() : std::string();
    const Json* found =
        target.starts_with('#') ? json::find(root_, std::string_view(target).substr(1)) : nullptr;
    if (found == nullptr) {
      return refuse(Errc::not_found, at.place,
                    fmt::format("\"$ref\" leads to \"{}\", which is not here", target));
    }
    // A target is not inside the referring node, so depth starts again; ids_ ends the cycles.
    node.ref = STRIDE_TRY(node_of(*found, target.substr(1), 0));
    return {};
  }

  static void read_bounds(const Json& source, Node& node) {
    const auto count = [&](std::string_view key, std::optional<size_t>& out) {
      const Json* value = json::member(source, key);
      const auto number = value != nullptr ? json::as_int64(*value) : std::nullopt;
      if (number && *number >= 0) out = static_cast<size_t>(*number);
    };
    const auto bound = [&](std::string_view key, std::optional<double>& out) {
      const Json* value = json::member(source, key);
      if (value != nullptr) out = json::as_double(*value);
    };
    count("minItems", node.min_items);
    count("maxItems", node.max_items);
    count("minLength", node.min_length);
    count("maxLength", node.max_length);
    bound("minimum", node.minimum);
    bound("maximum", node.maximum);
    bound("exclusiveMinimum", node.exclusive_minimum);
    bound("exclusiveMaximum", node.exclusive_maximum);
  }

  const Json& root_;
  Strictness strictness_;
  std::vector<Node> nodes_;
  std::map<const Json*, NodeId> ids_;
  std::vector<Pending> pending_;
};

Schema::Schema() : nodes_(1) {}

Result<Schema> Schema::compile(const Json& source, Strictness strictness) {
  return Compiler(source, strictness).compile();
}

}  // namespace stride::schema
