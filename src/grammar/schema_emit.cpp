// SPDX-License-Identifier: Apache-2.0
// From nodes to code. First which nodes have a value at all, and how deep the flattest one nests:
// what has none is left out, so that the code never leads into a dead end.
#include <algorithm>

#include "grammar/json_text.h"
#include "grammar/schema_compiler.h"

namespace stride::grammar {

Result<void> SchemaCompiler::emit() {
  find_heights();
  for (const NodeId id : asked_) {
    if (nodes_[id].height) continue;
    const std::string place =
        nodes_[id].schemas.empty() ? "" : reader_.place_of(nodes_[id].schemas[0]);
    return fail(Errc::invalid_argument, "schema at \"#{}\": no value of at most {} levels fits it",
                place, kMaxNesting);
  }
  for (Node& node : nodes_) builder_.rule(node.rule).height = node.height.value_or(kMaxNesting);
  for (Node& node : nodes_) emit(node);
  return {};
}

void SchemaCompiler::find_heights() {
  for (bool changed = true; changed;) {
    changed = false;
    for (Node& node : nodes_) {
      for (const Alternative& alternative : node.alternatives) {
        const auto height = height_of(alternative);
        if (!height || *height >= kMaxNesting || (node.height && *node.height <= *height)) continue;
        node.height = height;
        changed = true;
      }
    }
  }
}

std::optional<uint32_t> SchemaCompiler::height_of(const Alternative& alternative) const {
  if (alternative.scalars || alternative.counted_string) return 0;
  std::optional<uint32_t> out;
  if (alternative.object) out = object_height(alternative);
  if (alternative.array) {
    const auto array = array_height(alternative);
    if (array) out = std::min(out.value_or(*array), *array);
  }
  return out;
}

std::optional<uint32_t> SchemaCompiler::object_height(const Alternative& alternative) const {
  const Shape& shape = alternative.shape;
  uint32_t height = 0;
  size_t n_required = 0;
  std::vector<uint32_t> others;
  for (const Key& key : alternative.keys) {
    const auto value = nodes_[key.value].height;
    if (key.required) {
      if (!value) return {};
      height = std::max(height, *value + 1);
      ++n_required;
    } else if (value) {
      others.push_back(*value + 1);
    }
  }
  const size_t least = shape.min_properties;
  if (shape.max_properties.value_or(SIZE_MAX) < std::max(n_required, least)) return {};
  if (n_required >= least) return height;
  for (const DynamicKeys& keys : alternative.dynamic) {
    const auto value = nodes_[keys.value].height;
    if (value) others.insert(others.end(), least - n_required, *value + 1);
  }
  if (others.size() < least - n_required) return {};
  std::ranges::sort(others);
  return std::max(height, others[least - n_required - 1]);
}

std::optional<uint32_t> SchemaCompiler::array_height(const Alternative& alternative) const {
  const Shape& shape = alternative.shape;
  const auto most = most_items(alternative);
  if (most && *most < shape.min_items) return {};
  uint32_t height = 0;
  for (size_t i = 0; i < std::min(shape.min_items, alternative.prefix.size() + 1); ++i) {
    const bool in_prefix = i < alternative.prefix.size();
    const NodeId item = in_prefix ? alternative.prefix[i] : *alternative.items;
    height = std::max(height, *nodes_[item].height + 1);
  }
  if (!alternative.contains.empty()) {
    std::optional<uint32_t> found;
    for (const NodeId id : alternative.contains) {
      if (is_possible(id)) found = std::min(found.value_or(UINT32_MAX), *nodes_[id].height + 1);
    }
    // The items behind the prefix are as many as needed, so one of them must do.
    if (!is_possible(alternative.contains.back())) return {};
    height = std::max(height, *found);
  }
  return height;
}

std::optional<size_t> SchemaCompiler::most_items(const Alternative& alternative) const {
  std::optional<size_t> most = alternative.shape.max_items;
  const auto limit = [&](size_t n) { most = std::min(most.value_or(n), n); };
  for (size_t i = 0; i < alternative.prefix.size(); ++i) {
    if (!is_possible(alternative.prefix[i])) limit(i);
  }
  if (!alternative.items || !is_possible(*alternative.items)) limit(alternative.prefix.size());
  if (!alternative.distinct.empty()) limit(alternative.distinct.size());
  return most;
}

void SchemaCompiler::emit(Node& node) {
  std::vector<Place> starts;
  for (Alternative& alternative : node.alternatives) {
    emit_scalars(alternative, starts);
    if (alternative.object && object_height(alternative)) {
      starts.push_back(emit_object(alternative));
    }
    if (alternative.array && array_height(alternative)) {
      starts.push_back(alternative.distinct.empty() ? emit_array(alternative)
                                                    : emit_distinct(alternative));
    }
  }
  builder_.rule(node.rule).start = builder_.split(starts);
}

void SchemaCompiler::emit_scalars(Alternative& alternative, std::vector<Place>& out) {
  if (alternative.scalars) {
    const uint32_t dfa = builder_.add_dfa(*std::exchange(alternative.scalars, std::nullopt));
    out.push_back(builder_.dfa(dfa, builder_.give_back()));
  }
  if (!alternative.counted_string) return;
  const Shape& shape = alternative.shape;
  const uint32_t character = builder_.shared_dfa("character", string_character_dfa);
  const Place text =
      builder_.emit(Op::characters, builder_.literal("\"", builder_.give_back()), character);
  const uint32_t limit = builder_.add_limit(shape.min_length, shape.max_length);
  out.push_back(builder_.literal("\"", builder_.emit(Op::limit, text, limit)));
}

// "{" keys separated by commas "}", where an instruction of its own decides at each key which ones
// are left.
Place SchemaCompiler::emit_object(Alternative& alternative) {
  const Shape& shape = alternative.shape;
  const uint32_t index = builder_.add_object();
  builder_.object(index).limit = builder_.add_limit(shape.min_properties, shape.max_properties);
  const Place behind_value = builder_.reserve();
  const auto value = [&](NodeId id) {
    return builder_.literal(":", builder_.space(call(id, behind_value)));
  };
  uint32_t bit = 0;
  for (const Key& key : alternative.keys) {
    // An impossible key is declared all the same: it is no additional one.
    const std::string quoted_name = quote_canonically(key.name);
    const auto name = std::string_view(quoted_name).substr(1, quoted_name.size() - 2);
    const bool possible = is_possible(key.value);
    const uint32_t height = possible ? *nodes_[key.value].height + 1 : 2 * kMaxNesting;
    builder_.add_key(index, name, {.target = value(key.value), .bit = bit, .height = height});
    if (key.required) builder_.object(index).required |= uint64_t{1} << bit;
    ++bit;
  }
  std::vector<Place> keys;
  if (bit > 0) keys.push_back(builder_.emit(Op::key, 0, index));
  for (DynamicKeys& dynamic : alternative.dynamic) {
    if (!is_possible(dynamic.value)) continue;
    const auto number = static_cast<uint32_t>(builder_.object(index).dynamic.size());
    const uint32_t height = *nodes_[dynamic.value].height + 1;
    const Object::Dynamic entry{builder_.add_dfa(std::move(dynamic.names)), value(dynamic.value),
                                height};
    builder_.object(index).dynamic.push_back(entry);
    keys.push_back(builder_.emit(Op::dynamic_key, 0, index, number));
  }
  const Place close =
      builder_.emit(Op::close_object, builder_.literal("}", builder_.give_back()), index);
  std::vector<Place> first{close}, next{close};
  if (!keys.empty()) {
    const Place quote = builder_.literal("\"", builder_.split(keys));
    first.push_back(builder_.emit(Op::more_keys, quote, index));
    const Place comma = builder_.literal(",", builder_.space(quote));
    next.push_back(builder_.emit(Op::more_keys, comma, index));
  }
  const Place behind_space = builder_.space(builder_.split(next));
  builder_.define(behind_value, behind_space);
  return builder_.literal(
      "{", builder_.emit(Op::open_object, builder_.space(builder_.split(first)), index));
}

// One item, going on at `after`; of an array that must contain something, perhaps such an item.
Place SchemaCompiler::emit_item(const Alternative& alternative, size_t index, Place after) {
  const bool in_prefix = index < alternative.prefix.size();
  std::vector<Place> ways{call(in_prefix ? alternative.prefix[index] : *alternative.items, after)};
  if (!alternative.contains.empty() && is_possible(alternative.contains[index])) {
    const auto least = static_cast<uint32_t>(alternative.shape.min_contains);
    ways.push_back(builder_.emit(Op::found, call(alternative.contains[index], after), least));
  }
  return builder_.split(ways);
}

Place SchemaCompiler::emit_array(const Alternative& alternative) {
  const Shape& shape = alternative.shape;
  const auto most = most_items(alternative);
  const uint32_t limit = builder_.add_limit(shape.min_items, most);
  Place close = builder_.literal("]", builder_.give_back());
  if (!alternative.contains.empty()) {
    close = builder_.emit(Op::found_least, close, static_cast<uint32_t>(shape.min_contains));
  }
  close = builder_.emit(Op::count_least, close);
  // Places with an item of their own, and one for all behind them.
  const size_t n_prefix = std::min(alternative.prefix.size(), most.value_or(SIZE_MAX));
  const bool has_tail = most.value_or(SIZE_MAX) > n_prefix;
  const auto guarded = [&](size_t index, Place place) {
    const bool in_prefix = index < alternative.prefix.size();
    const NodeId item = in_prefix ? alternative.prefix[index] : *alternative.items;
    return builder_.emit(Op::count_up, builder_.emit(Op::can_call, place, nodes_[item].rule));
  };
  const auto further = [&](size_t index, Place item) {
    const Place comma = builder_.literal(",", builder_.space(item));
    return builder_.space(builder_.split(std::array{close, guarded(index, comma)}));
  };
  std::optional<Place> next;  // the item at the index reached so far
  size_t index = n_prefix;
  if (has_tail) {
    const Place after = builder_.reserve();
    next = emit_item(alternative, index, after);
    builder_.define(after, further(index, *next));
  }
  while (index-- > 0) {
    const Place after = next ? further(index + 1, *next) : builder_.space(close);
    next = emit_item(alternative, index, after);
  }
  std::vector<Place> first{close};
  if (next) first.push_back(guarded(0, *next));
  return builder_.literal("[",
                          builder_.emit(Op::limit, builder_.space(builder_.split(first)), limit));
}

Place SchemaCompiler::emit_distinct(Alternative& alternative) {
  const Shape& shape = alternative.shape;
  const uint32_t limit = builder_.add_limit(shape.min_items, most_items(alternative));
  const Place close = builder_.emit(Op::count_least, builder_.literal("]", builder_.give_back()));
  const Place after = builder_.reserve();
  std::vector<Place> ways;
  for (Dfa& value : alternative.distinct) {
    const auto bit = static_cast<uint32_t>(ways.size());
    const Place text = builder_.dfa(builder_.add_dfa(std::move(value)), after);
    ways.push_back(builder_.emit(Op::once, text, bit));
  }
  const Place item = builder_.split(ways);
  const Place comma = builder_.literal(",", builder_.space(item));
  const Place more =
      builder_.space(builder_.split(std::array{close, builder_.emit(Op::count_up, comma)}));
  builder_.define(after, more);
  const std::array first{close, builder_.emit(Op::count_up, item)};
  return builder_.literal("[",
                          builder_.emit(Op::limit, builder_.space(builder_.split(first)), limit));
}

}  // namespace stride::grammar
