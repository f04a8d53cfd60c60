// SPDX-License-Identifier: Apache-2.0
// JSON Schema to rules of a Program: one rule for each place of a value, shared by all that refer
// to it, so that recursion is a call.
//
//   SchemaCompiler compiler(reader, builder);
//   const uint32_t rule = STRIDE_TRY(compiler.rule_of({&schema}));
//   if (auto ok = compiler.emit(); !ok) ...   // once, when all rules are asked for
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "grammar/program_builder.h"
#include "grammar/schema_reader.h"

namespace stride::grammar {

class SchemaCompiler {
 public:
  SchemaCompiler(SchemaReader& reader, ProgramBuilder& builder)
      : reader_(reader), builder_(builder) {}

  // The rule of the values of these schemas; its code comes with emit(). Where no value is
  // `needed`, a rule without values is never entered.
  Result<uint32_t> rule_of(const Conjunction& schemas, bool needed = true);
  // Errors: invalid_argument where a rule that needs a value has none.
  Result<void> emit();

  // The texts, without quotes and escapes, of the strings that the shape allows; nothing where they
  // are limited by their length only.
  Result<std::optional<Dfa>> text_dfa(const Shape& shape);

 private:
  using NodeId = uint32_t;

  struct Key {
    std::string name;
    NodeId value = 0;
    bool required = false;
  };
  struct DynamicKeys {
    Dfa names;  // canonical spelling, without quotes
    NodeId value = 0;
  };
  // One way of a value; at most one of the kinds of containers, any of the scalars.
  struct Alternative {
    Shape shape;
    std::optional<Dfa> scalars{};
    bool counted_string = false;
    bool object = false, array = false;
    std::vector<Key> keys{};
    std::vector<DynamicKeys> dynamic{};
    std::vector<NodeId> prefix{};
    std::optional<NodeId> items{};
    std::vector<NodeId> contains{};  // for each of the prefix, then of the items
    std::vector<Dfa> distinct{};     // the values that an array of unique items may hold
  };
  struct Node {
    Conjunction schemas;
    uint32_t rule = 0;
    std::vector<Alternative> alternatives{};
    std::optional<uint32_t> height{};  // nothing: no value
  };

  Result<NodeId> node_of(const Conjunction& schemas);
  Result<void> read(NodeId id);
  Result<Alternative> read_alternative(Shape shape);
  Result<void> read_scalars(Alternative& out);
  Result<Dfa> numbers(const Shape& shape);
  Result<std::optional<Dfa>> strings(const Shape& shape);
  Result<std::optional<Dfa>> listed_values(const Shape& shape, const std::optional<Dfa>& numbers,
                                           const std::optional<Dfa>& strings);
  Result<void> read_object(Alternative& out);
  Result<void> read_dynamic(Alternative& out, const std::optional<Dfa>& names);
  Result<std::optional<Dfa>> name_dfa(const Shape& shape);
  Result<void> read_array(Alternative& out);
  Result<void> read_unique(Alternative& out);

  void find_heights();
  std::optional<uint32_t> height_of(const Alternative& alternative) const;
  std::optional<uint32_t> object_height(const Alternative& alternative) const;
  std::optional<uint32_t> array_height(const Alternative& alternative) const;
  // How many items an array may have, given which of its places have a value.
  std::optional<size_t> most_items(const Alternative& alternative) const;
  bool is_possible(NodeId id) const { return nodes_[id].height.has_value(); }

  void emit(Node& node);
  void emit_scalars(Alternative& alternative, std::vector<Place>& out);
  Place emit_object(Alternative& alternative);
  Place emit_array(const Alternative& alternative);
  Place emit_distinct(Alternative& alternative);
  Place emit_item(const Alternative& alternative, size_t index, Place after);
  Place call(NodeId id, Place next) { return builder_.emit(Op::call, next, nodes_[id].rule); }

  SchemaReader& reader_;
  ProgramBuilder& builder_;
  std::vector<Node> nodes_;
  std::map<Conjunction, NodeId> ids_;
  std::vector<NodeId> pending_;
  std::vector<NodeId> asked_;
};

}  // namespace stride::grammar
