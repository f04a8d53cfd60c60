// SPDX-License-Identifier: Apache-2.0
// Questions about a compiled schema that need no value.
#include "schema/schema.h"

#include <cmath>

namespace stride::schema {
namespace {

constexpr size_t kMaxWalk = 256;  // nodes in a row; the bound of the stack

// What the node says itself, without those it refers to.
TypeSet own_types(const Node& node) {
  TypeSet out = TypeSet::all();
  if (node.types) {
    out = *node.types;
  } else if (!node.properties.empty() || node.additional_properties) {
    out = TypeSet();
    out.add(Type::object);
  } else if (node.items || !node.prefix_items.empty()) {
    out = TypeSet();
    out.add(Type::array);
  }
  if (!node.values) return out;
  TypeSet of_values;
  for (const Json& value : *node.values) of_values.add(type_of(value));
  return out & of_values;
}

}  // namespace

Type type_of(const Json& value) {
  if (value.is_null()) return Type::null;
  if (value.is_boolean()) return Type::boolean;
  if (value.is_string()) return Type::string;
  if (value.is_array()) return Type::array;
  if (value.is_object()) return Type::object;
  if (value.is_number_integer()) return Type::integer;
  if (value.is_number_float()) {
    const auto number = value.get<double>();
    return std::isfinite(number) && number == std::trunc(number) ? Type::integer : Type::number;
  }
  // Kept as text: an integer's text, or any spelling of a 64-bit integer.
  const std::string text = json::dump(value);
  return json::is_integer_text(text) || json::as_int64(value) ? Type::integer : Type::number;
}

// What one walk knows: each node is entered once, so branching schemas that refer to themselves
// cost their size and no more.
struct Schema::Walk {
  explicit Walk(size_t n_node) : entered(n_node), types(n_node, TypeSet::all()) {}

  std::vector<bool> entered;
  std::vector<TypeSet> types;  // of nodes left; everything for those still open
};

TypeSet Schema::types(NodeId id) const {
  Walk walk(nodes_.size());
  return types_within(id, walk, kMaxWalk);
}

TypeSet Schema::types_within(NodeId id, Walk& walk, size_t depth) const {
  const Node& at = nodes_[id];
  if (at.never) return {};
  if (walk.entered[id] || depth == 0) return walk.types[id];
  walk.entered[id] = true;
  TypeSet out = own_types(at);
  if (at.ref) out = out & types_within(*at.ref, walk, depth - 1);
  for (const NodeId all : at.all_of) out = out & types_within(all, walk, depth - 1);
  for (const auto* group : {&at.any_of, &at.one_of}) {
    if (group->empty()) continue;
    TypeSet any;
    for (const NodeId branch : *group) any = any | types_within(branch, walk, depth - 1);
    out = out & any;
  }
  walk.types[id] = out;
  return out;
}

std::optional<NodeId> Schema::property(std::string_view key, NodeId id) const {
  Walk walk(nodes_.size());
  return property_within(key, id, walk, kMaxWalk);
}

std::optional<NodeId> Schema::property_within(std::string_view key, NodeId id, Walk& walk,
                                              size_t depth) const {
  if (walk.entered[id] || depth == 0) return {};
  walk.entered[id] = true;
  const Node& at = nodes_[id];
  for (const auto& [name, child] : at.properties) {
    if (name == key) return child;
  }
  if (at.ref) {
    if (const auto found = property_within(key, *at.ref, walk, depth - 1)) return found;
  }
  for (const auto* group : {&at.all_of, &at.any_of, &at.one_of}) {
    for (const NodeId branch : *group) {
      if (const auto found = property_within(key, branch, walk, depth - 1)) return found;
    }
  }
  return {};
}

}  // namespace stride::schema
