// SPDX-License-Identifier: Apache-2.0
// From shapes to nodes: which texts the scalars have, which keys an object, which items an array.
#include <algorithm>

#include "grammar/formats.h"
#include "grammar/json_text.h"
#include "grammar/regex.h"
#include "grammar/schema_compiler.h"

namespace stride::grammar {
namespace {

constexpr size_t kMaxPatterns = 6;  // of keys, of one object: their subsets are told apart
constexpr size_t kMaxWords = 64;    // of a finite set of keys or items that is listed instead

Result<Dfa> narrowed(std::optional<Dfa> so_far, Dfa with) {
  return so_far ? intersect(*so_far, with) : Result<Dfa>(std::move(with));
}

Result<std::optional<Dfa>> widened(std::optional<Dfa> so_far, const std::optional<Dfa>& with) {
  if (!so_far) return with;
  if (!with) return so_far;
  return std::optional(STRIDE_TRY(unite(*so_far, *with)));
}

bool refuses_all(const Conjunction& schemas) {
  return std::ranges::any_of(
      schemas, [](const Json* schema) { return schema->is_boolean() && !schema->get<bool>(); });
}

// The spellings of one number without exponent.
std::string spellings(const Decimal& number) {
  std::string text = to_text(number);
  const size_t point = text.find('.');
  if (point != std::string::npos) text.replace(point, 1, "\\.");
  if (number.is_zero()) text = "-?0";
  return text + (number.fraction.empty() ? "(\\.0+)?" : "0*");
}

}  // namespace

Result<uint32_t> SchemaCompiler::rule_of(const Conjunction& schemas, bool needed) {
  const NodeId id = STRIDE_TRY(node_of(schemas));
  if (needed) asked_.push_back(id);
  while (!pending_.empty()) {
    const NodeId next = pending_.back();
    pending_.pop_back();
    if (auto ok = read(next); !ok) return std::unexpected(std::move(ok).error());
  }
  return nodes_[id].rule;
}

Result<SchemaCompiler::NodeId> SchemaCompiler::node_of(const Conjunction& schemas) {
  const auto [at, added] = ids_.emplace(schemas, static_cast<NodeId>(nodes_.size()));
  if (!added) return at->second;
  nodes_.push_back({.schemas = schemas, .rule = builder_.add_rule()});
  pending_.push_back(at->second);
  if (builder_.n_state() > kMaxStates || nodes_.size() > kMaxNodes) {
    return fail(Errc::exhausted, "the schema describes more than {} places of a value", kMaxNodes);
  }
  return at->second;
}

Result<void> SchemaCompiler::read(NodeId id) {
  std::vector<Shape> shapes = STRIDE_TRY(reader_.expand(Conjunction(nodes_[id].schemas)));
  std::vector<Alternative> alternatives;
  std::optional<Dfa> scalars;
  for (Shape& shape : shapes) {
    Alternative one = STRIDE_TRY(read_alternative(std::move(shape)));
    scalars = STRIDE_TRY(widened(std::move(scalars), one.scalars));
    one.scalars.reset();
    if (one.counted_string || one.object || one.array) alternatives.push_back(std::move(one));
  }
  if (scalars && !scalars->empty()) {
    // The scalars of all alternatives are told apart by one automaton.
    Alternative one;
    one.scalars = std::move(scalars);
    alternatives.push_back(std::move(one));
  }
  nodes_[id].alternatives = std::move(alternatives);
  return {};
}

Result<SchemaCompiler::Alternative> SchemaCompiler::read_alternative(Shape shape) {
  Alternative out{.shape = std::move(shape)};
  const std::string place = fmt::format("schema at \"#{}\"", out.shape.place);
  if (auto ok = read_scalars(out); !ok) return within(place, std::move(ok).error());
  if ((out.shape.kinds & kinds::kObject) != 0) {
    if (auto ok = read_object(out); !ok) return std::unexpected(std::move(ok).error());
  }
  if ((out.shape.kinds & kinds::kArray) != 0) {
    if (auto ok = read_array(out); !ok) return std::unexpected(std::move(ok).error());
  }
  return out;
}

Result<void> SchemaCompiler::read_scalars(Alternative& out) {
  const Shape& shape = out.shape;
  const uint8_t allowed = shape.kinds;
  std::optional<Dfa> number;
  if ((allowed & kinds::kNumber) != 0) number = STRIDE_TRY(numbers(shape));
  std::optional<Dfa> text;
  const bool is_string = (allowed & kinds::kString) != 0;
  if (is_string) text = STRIDE_TRY(text_dfa(shape));
  if (shape.values) {
    out.scalars = STRIDE_TRY(listed_values(shape, number, text));
    return {};
  }
  std::vector<std::string> words;
  const auto add_word = [&](uint8_t kind, const char* word) {
    if ((allowed & kind) != 0 && !shape.excluded.contains(word)) words.emplace_back(word);
  };
  add_word(kinds::kNull, "null");
  add_word(kinds::kTrue, "true");
  add_word(kinds::kFalse, "false");
  std::optional<Dfa> all = std::move(number);
  if (!words.empty()) all = STRIDE_TRY(widened(std::move(all), STRIDE_TRY(words_dfa(words))));
  const bool is_free = shape.min_length == 0 && !shape.max_length;
  if (text) {
    const Dfa spelled = STRIDE_TRY(spell_canonically(*text));
    all = STRIDE_TRY(widened(std::move(all), STRIDE_TRY(quoted(spelled))));
  } else if (is_string && is_free) {
    all = STRIDE_TRY(widened(std::move(all), any_string_dfa()));
  } else if (is_string) {
    out.counted_string = shape.min_length <= shape.max_length.value_or(shape.min_length);
  }
  out.scalars = std::move(all);
  return {};
}

Result<Dfa> SchemaCompiler::numbers(const Shape& shape) {
  NumberRules rules = shape.number;
  const auto is_number = [](const auto& value) { return json::is_number(value.second); };
  rules.plain = shape.fraction || std::ranges::any_of(shape.excluded, is_number);
  Dfa out = STRIDE_TRY(number_dfa(rules));
  if (shape.fraction) {
    out = STRIDE_TRY(
        intersect(out, STRIDE_TRY(regex_dfa(R"(-?[0-9]+\.[0-9]*[1-9][0-9]*)", Anchoring::whole))));
  }
  for (const auto& value : shape.excluded) {
    if (!is_number(value)) continue;
    const Decimal number = STRIDE_TRY(parse_decimal(value.first));
    out = STRIDE_TRY(subtract(out, STRIDE_TRY(regex_dfa(spellings(number), Anchoring::whole))));
    if (auto ok = reader_.spend(out); !ok) return std::unexpected(std::move(ok).error());
  }
  if (auto ok = reader_.spend(out); !ok) return std::unexpected(std::move(ok).error());
  return out;
}

Result<std::optional<Dfa>> SchemaCompiler::text_dfa(const Shape& shape) {
  std::optional<Dfa> out;
  for (const std::string& pattern : shape.patterns) {
    out = STRIDE_TRY(narrowed(std::move(out), *STRIDE_TRY(reader_.pattern(pattern))));
  }
  for (const std::string& format : shape.formats) {
    out = STRIDE_TRY(narrowed(std::move(out), STRIDE_TRY(format_dfa(format))));
  }
  std::vector<std::string> excluded;
  for (const auto& [text, value] : shape.excluded) {
    if (value.is_string()) excluded.push_back(value.get<std::string>());
  }
  if (!excluded.empty() || !shape.unmatched.empty()) {
    if (!out) out = any_text_dfa();
    out = STRIDE_TRY(subtract(*out, STRIDE_TRY(words_dfa(excluded))));
  }
  for (const std::string& pattern : shape.unmatched) {
    out = STRIDE_TRY(subtract(*out, *STRIDE_TRY(reader_.pattern(pattern))));
  }
  const bool is_free = shape.min_length == 0 && !shape.max_length;
  if (out && !is_free) {
    const Dfa length = STRIDE_TRY_AT("lengths beside other limits of a string",
                                     length_dfa(shape.min_length, shape.max_length));
    out = STRIDE_TRY(intersect(*out, length));
  }
  if (out) {
    if (auto ok = reader_.spend(*out); !ok) return std::unexpected(std::move(ok).error());
  }
  return out;
}

Result<std::optional<Dfa>> SchemaCompiler::listed_values(const Shape& shape,
                                                         const std::optional<Dfa>& numbers,
                                                         const std::optional<Dfa>& texts) {
  std::vector<std::string> words;
  for (const auto& [spelled, value] : *shape.values) {
    if (shape.excluded.contains(spelled)) continue;
    if (json::is_number(value)) {
      if (numbers && numbers->matches(spelled)) words.push_back(spelled);
    } else if (value.is_string()) {
      const std::string& text = value.get_ref<const std::string&>();
      const auto n_character = static_cast<size_t>(std::ranges::count_if(
          text, [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; }));
      const bool fits = n_character >= shape.min_length &&
                        n_character <= shape.max_length.value_or(n_character) &&
                        (!texts || texts->matches(text));
      if ((shape.kinds & kinds::kString) != 0 && fits) words.push_back(spelled);
    } else {
      const uint8_t kind = value.is_null()     ? kinds::kNull
                           : value.get<bool>() ? kinds::kTrue
                                               : kinds::kFalse;
      if ((shape.kinds & kind) != 0) words.push_back(spelled);
    }
  }
  if (words.empty()) return std::optional<Dfa>();
  Dfa out = STRIDE_TRY(words_dfa(words));
  if (auto ok = reader_.spend(out); !ok) return std::unexpected(std::move(ok).error());
  return std::optional(std::move(out));
}

// The texts that the schemas of all keys allow; nothing where there are none.
Result<std::optional<Dfa>> SchemaCompiler::name_dfa(const Shape& shape) {
  std::optional<Dfa> out;
  for (const Json* schema : shape.names) {
    std::optional<Dfa> one;
    for (const Shape& name : STRIDE_TRY(reader_.expand({schema}))) {
      if ((name.kinds & kinds::kString) == 0) continue;
      std::optional<Dfa> text = STRIDE_TRY(text_dfa(name));
      if (name.values) {
        std::vector<std::string> words;
        for (const auto& [spelled, value] : *name.values) {
          if (value.is_string()) words.push_back(value.get<std::string>());
        }
        text = STRIDE_TRY(narrowed(std::move(text), STRIDE_TRY(words_dfa(words))));
      } else if (!text) {
        text = STRIDE_TRY(length_dfa(name.min_length, name.max_length));
      }
      one = STRIDE_TRY(widened(std::move(one), text));
    }
    out = STRIDE_TRY(narrowed(std::move(out), one ? *std::move(one) : Dfa()));
  }
  return out;
}

Result<void> SchemaCompiler::read_object(Alternative& out) {
  const Shape& shape = out.shape;
  const std::optional<Dfa> names = STRIDE_TRY_AT(
      fmt::format("schema at \"#{}\": \"propertyNames\"", shape.place), name_dfa(shape));
  out.object = true;
  const auto add = [&](const std::string& name, bool required) -> Result<void> {
    const auto same = [&](const Key& key) { return key.name == name; };
    if (std::ranges::any_of(out.keys, same)) return {};
    if (names && !names->matches(name)) {
      if (required) out.object = false;
      return {};
    }
    const Conjunction schemas = STRIDE_TRY(reader_.member(shape, name));
    out.keys.push_back({name, STRIDE_TRY(node_of(schemas)), required});
    if (out.keys.size() <= kMaxProperties) return {};
    return fail(Errc::exhausted, "schema at \"#{}\": \"properties\" declares more than {} keys",
                shape.place, kMaxProperties);
  };
  for (const ObjectPart& part : shape.objects) {
    for (const auto& [name, schema] : part.properties) {
      if (auto ok = add(name, shape.required.contains(name)); !ok) return ok;
    }
  }
  for (const std::string& name : shape.required) {
    if (auto ok = add(name, true); !ok) return ok;
  }
  if (auto ok = read_dynamic(out, names); !ok) return ok;
  if (out.keys.size() > kMaxProperties) {
    return fail(Errc::exhausted, "schema at \"#{}\": \"properties\" declares more than {} keys",
                shape.place, kMaxProperties);
  }
  return {};
}

// Keys that are not declared, by the set of key patterns that they match.
Result<void> SchemaCompiler::read_dynamic(Alternative& out, const std::optional<Dfa>& names) {
  const Shape& shape = out.shape;
  std::vector<std::string> patterns;
  for (const ObjectPart& part : shape.objects) {
    for (const auto& [pattern, schema] : part.patterns) {
      if (std::ranges::find(patterns, pattern) == patterns.end()) patterns.push_back(pattern);
    }
  }
  if (patterns.size() > kMaxPatterns) {
    return fail(Errc::exhausted,
                "schema at \"#{}\": \"patternProperties\" has more than {} patterns", shape.place,
                kMaxPatterns);
  }
  std::vector<Dfa> automata;
  for (const std::string& pattern : patterns) {
    automata.push_back(*STRIDE_TRY(reader_.pattern(pattern)));
  }
  for (uint32_t subset = 0; subset < (uint32_t{1} << patterns.size()); ++subset) {
    Dfa dfa = names ? *names : any_text_dfa();
    for (size_t i = 0; i < patterns.size(); ++i) {
      dfa = (subset >> i & 1) != 0 ? STRIDE_TRY(intersect(dfa, automata[i]))
                                   : STRIDE_TRY(subtract(dfa, automata[i]));
      if (auto ok = reader_.spend(dfa); !ok) return ok;
    }
    Conjunction schemas;
    for (const ObjectPart& part : shape.objects) {
      bool matched = false;
      for (const auto& [pattern, schema] : part.patterns) {
        const auto index = std::ranges::find(patterns, pattern) - patterns.begin();
        if ((subset >> index & 1) == 0) continue;
        schemas.push_back(schema);
        matched = true;
      }
      if (!matched && part.additional != nullptr) schemas.push_back(part.additional);
    }
    std::ranges::sort(schemas);
    const auto repeated = std::ranges::unique(schemas);
    schemas.erase(repeated.begin(), repeated.end());
    if (dfa.empty() || refuses_all(schemas)) continue;
    const NodeId value = STRIDE_TRY(node_of(schemas));
    const bool may_be_finite = names || subset != 0;
    const auto words = may_be_finite ? dfa.words(kMaxWords) : std::nullopt;
    if (!words) {
      out.dynamic.push_back({STRIDE_TRY(spell_canonically(dfa)), value});
      continue;
    }
    for (const std::string& word : *words) {
      const auto same = [&](const Key& key) { return key.name == word; };
      if (std::ranges::none_of(out.keys, same)) out.keys.push_back({word, value, false});
    }
  }
  return {};
}

Result<void> SchemaCompiler::read_array(Alternative& out) {
  const Shape& shape = out.shape;
  out.array = shape.min_items <= shape.max_items.value_or(shape.min_items);
  size_t n_prefix = 0;
  for (const ArrayPart& part : shape.arrays) n_prefix = std::max(n_prefix, part.prefix.size());
  for (size_t i = 0; i <= n_prefix; ++i) {
    Conjunction schemas = reader_.item(shape, i);
    const bool refused = refuses_all(schemas);
    const NodeId id = STRIDE_TRY(node_of(schemas));
    if (i < n_prefix) {
      out.prefix.push_back(id);
    } else if (!refused) {
      out.items = id;
    }
    if (shape.contains == nullptr) continue;
    schemas.push_back(shape.contains);
    std::ranges::sort(schemas);
    out.contains.push_back(STRIDE_TRY(node_of(schemas)));
  }
  if (shape.contains != nullptr && (shape.max_items || !out.items)) {
    auto ok = reader_.unsupported(shape.place, "contains", "the number of items is limited");
    if (!ok) return ok;
    out.contains.clear();
  }
  return read_unique(out);
}

// Unique items are remembered by a bit each, so they must be of a small set.
Result<void> SchemaCompiler::read_unique(Alternative& out) {
  const Shape& shape = out.shape;
  if (!shape.unique || shape.max_items.value_or(2) < 2) return {};
  std::optional<Dfa> scalars;
  bool listed = out.prefix.empty() && out.items.has_value() && shape.contains == nullptr;
  if (listed) {
    for (Shape& item : STRIDE_TRY(reader_.expand(reader_.item(shape, 0)))) {
      Alternative one{.shape = std::move(item)};
      const bool is_scalar = (one.shape.kinds & (kinds::kArray | kinds::kObject)) == 0;
      if (is_scalar) {
        if (auto ok = read_scalars(one); !ok) return ok;
      }
      listed = listed && is_scalar && !one.counted_string;
      scalars = STRIDE_TRY(widened(std::move(scalars), one.scalars));
    }
  }
  const auto words = listed && scalars ? scalars->words(kMaxWords) : std::nullopt;
  if (!words) {
    return reader_.unsupported(shape.place, "uniqueItems",
                               "the items are not of a small set of scalars");
  }
  for (const std::string& word : *words) out.distinct.push_back(STRIDE_TRY(words_dfa({word})));
  return {};
}

}  // namespace stride::grammar
