// SPDX-License-Identifier: Apache-2.0
// A JSON Schema as a tree: compiled once from JSON, then asked for types, coercions and validity.
//
// Read: type (name or list), enum, const, properties, required, additionalProperties, items,
// prefixItems, minItems, maxItems, minLength, maxLength, minimum, maximum, exclusiveMinimum,
// exclusiveMaximum, anyOf, oneOf, allOf, $ref inside the document ("#", "#/$defs/x", any pointer),
// nullable (OpenAPI), true and false. Other keywords are read as annotations: they allow
// everything.
//
// A schema is a graph of nodes in one vector; a $ref is an edge to the node of its target, so
// cycles cost nothing to build. Whoever walks it carries a budget (kMaxDepth), as a cycle of
// references without a value between them never ends otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "json/json.h"

namespace stride::schema {

inline constexpr size_t kMaxDepth = 64;

// A set of JSON's types.
enum class Type : uint8_t { null, boolean, integer, number, string, array, object };

class TypeSet {
 public:
  constexpr TypeSet() = default;
  static constexpr TypeSet all() { return TypeSet(0x7f); }

  constexpr void add(Type type) { bits_ |= bit(type); }
  // A number includes the integers.
  constexpr bool has(Type type) const {
    return (bits_ & bit(type)) != 0 || (type == Type::integer && has(Type::number));
  }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool only(Type type) const { return bits_ == bit(type); }
  constexpr TypeSet operator|(TypeSet other) const {
    return TypeSet(static_cast<uint8_t>(bits_ | other.bits_));
  }
  // Integer meets number in integer.
  constexpr TypeSet operator&(TypeSet other) const {
    uint8_t common = bits_ & other.bits_;
    if (has(Type::integer) && other.has(Type::integer)) common |= bit(Type::integer);
    return TypeSet(common);
  }
  constexpr bool operator==(const TypeSet&) const = default;

 private:
  explicit constexpr TypeSet(uint8_t bits) : bits_(bits) {}
  static constexpr uint8_t bit(Type type) {
    return static_cast<uint8_t>(1U << static_cast<uint8_t>(type));
  }

  uint8_t bits_ = 0;
};

// The type of a value; an integer is any number without fraction, 1.0 too.
Type type_of(const Json& value);

using NodeId = uint32_t;

struct Node {
  bool never = false;  // the schema false
  std::optional<TypeSet> types;
  std::optional<std::vector<Json>> values;  // of enum or const
  std::vector<std::pair<std::string, NodeId>> properties;
  std::vector<std::string> required;
  std::optional<NodeId> additional_properties;
  std::optional<NodeId> items;
  std::vector<NodeId> prefix_items;
  std::vector<NodeId> any_of;
  std::vector<NodeId> one_of;
  std::vector<NodeId> all_of;
  std::optional<NodeId> ref;
  std::optional<size_t> min_items, max_items, min_length, max_length;
  std::optional<double> minimum, maximum, exclusive_minimum, exclusive_maximum;
};

enum class Strictness {
  strict,   // what cannot be honoured is an error that names the place as a JSON pointer
  lenient,  // what cannot be honoured allows anything: for tools that only have to be called
};

class Schema {
 public:
  // The schema of anything.
  Schema();

  // Errors (strict): a $ref that leads nowhere or out of the document, a keyword of the wrong kind,
  // nesting beyond kMaxDepth.
  static Result<Schema> compile(const Json& source, Strictness strictness = Strictness::strict);

  static constexpr NodeId kRoot = 0;
  const Node& node(NodeId id) const { return nodes_[id]; }
  size_t n_node() const { return nodes_.size(); }

  // The types that a value of this node can have, by type, enum, const, $ref and the combinations.
  // Properties without a type mean an object and items an array, as authors of tools intend it.
  TypeSet types(NodeId id = kRoot) const;

  // The schema of an object's member, looked for through $ref and the combinations as well; nothing
  // where it is not declared. Where several declare it the first is taken.
  std::optional<NodeId> property(std::string_view key, NodeId id = kRoot) const;

 private:
  friend class Compiler;

  struct Walk;

  TypeSet types_within(NodeId id, Walk& walk, size_t depth) const;
  std::optional<NodeId> property_within(std::string_view key, NodeId id, Walk& walk,
                                        size_t depth) const;

  std::vector<Node> nodes_;
};

// Nothing where `value` is valid, otherwise one sentence with the place of the first fault:
// "/days: is a string, which is not allowed here". `budget` bounds the work on schemas that branch.
std::optional<std::string> find_fault(const Schema& schema, const Json& value,
                                      NodeId id = Schema::kRoot, size_t budget = 100'000);
inline bool is_valid(const Schema& schema, const Json& value, NodeId id = Schema::kRoot) {
  return !find_fault(schema, value, id);
}

// True where both are the same JSON value: numbers by value, objects in any order of keys.
bool same_value(const Json& a, const Json& b);

}  // namespace stride::schema
