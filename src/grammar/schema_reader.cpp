// SPDX-License-Identifier: Apache-2.0
// Reading single keywords into a Shape. How schemas combine is in schema_combine.cpp.
#include "grammar/schema_reader.h"

#include <algorithm>
#include <array>

#include "grammar/formats.h"
#include "grammar/regex.h"
#include "grammar/schema_keywords.h"
#include "json/number.h"
#include "schema/schema.h"

namespace stride::grammar {
namespace {

constexpr size_t kMaxExpanded = 50'000;  // alternatives tried for one whole schema

struct KindName {
  std::string_view name;
  uint8_t kinds;
};
constexpr std::array kKindNames = {
    KindName{"null", kinds::kNull},     KindName{"boolean", kinds::kTrue | kinds::kFalse},
    KindName{"number", kinds::kNumber}, KindName{"integer", kinds::kNumber},
    KindName{"string", kinds::kString}, KindName{"array", kinds::kArray},
    KindName{"object", kinds::kObject}};

std::unexpected<Error> malformed(const std::string& place, std::string_view keyword,
                                 std::string_view what) {
  return fail(Errc::invalid_argument, "schema at \"#{}\": \"{}\" {}", place, keyword, what);
}

Conjunction as_set(Conjunction schemas) {
  std::ranges::sort(schemas);
  const auto repeated = std::ranges::unique(schemas);
  schemas.erase(repeated.begin(), repeated.end());
  return schemas;
}

void tighten(std::optional<Bound>& bound, Bound with, int direction) {
  const int order = bound ? direction * compare(with.value, bound->value) : 1;
  if (order > 0 || (order == 0 && !with.inclusive)) bound = std::move(with);
}

}  // namespace

SchemaReader::SchemaReader(const Json& root, Enforcement enforcement)
    : root_(root), enforcement_(enforcement) {
  note(root, "");
}

const Json* SchemaReader::note(const Json& schema, std::string place) {
  places_.emplace(&schema, std::move(place));
  return &schema;
}

const Json* SchemaReader::own(Json schema, const std::string& place) {
  owned_.push_back(std::move(schema));
  return note(owned_.back(), place);
}

Result<void> SchemaReader::spend(const Dfa& dfa) {
  n_built_ += dfa.n_state();
  if (n_built_ <= kMaxBuiltStates) return {};
  return fail(Errc::exhausted, "schema: its automata have more than {} states together",
              kMaxBuiltStates);
}

Result<const Dfa*> SchemaReader::pattern(const std::string& source) {
  if (const auto known = patterns_.find(source); known != patterns_.end()) return &known->second;
  Dfa dfa = STRIDE_TRY(regex_dfa(source, Anchoring::search));
  if (auto ok = spend(dfa); !ok) return std::unexpected(std::move(ok).error());
  return &patterns_.emplace(source, std::move(dfa)).first->second;
}

const Json* SchemaReader::not_a_string() {
  if (not_a_string_ == nullptr) {
    Json schema = Json::object();
    schema["type"] = {"null", "boolean", "number", "array", "object"};
    not_a_string_ = own(std::move(schema), "");
  }
  return not_a_string_;
}

const std::string& SchemaReader::place_of(const Json* schema) const {
  return places_.at(schema);
}

Result<void> SchemaReader::unsupported(const std::string& place, std::string_view keyword,
                                       std::string_view why) const {
  if (!is_exact()) return {};
  return fail(Errc::unsupported, "schema at \"#{}\": \"{}\" cannot be enforced{}{}", place, keyword,
              why.empty() ? "" : ": ", why);
}

Result<std::vector<Shape>> SchemaReader::expand(const Conjunction& schemas) {
  std::vector<Shape> out;
  std::vector<Branch> work(1);
  work[0].pending.assign(schemas.rbegin(), schemas.rend());
  if (!schemas.empty()) work[0].shape.place = place_of(schemas[0]);
  while (!work.empty()) {
    Branch branch = std::move(work.back());
    work.pop_back();
    bool alive = true;
    while (alive && !branch.pending.empty()) {
      const Json* schema = branch.pending.back();
      branch.pending.pop_back();
      if (branch.seen.insert(schema).second) alive = STRIDE_TRY(apply(*schema, branch));
    }
    if (!alive || branch.shape.kinds == 0) continue;
    ++n_expanded_;
    if (branch.choices.empty()) {
      out.push_back(std::move(branch.shape));
      continue;
    }
    const std::vector<const Json*> options = std::move(branch.choices.back());
    branch.choices.pop_back();
    for (const Json* option : std::vector(options.rbegin(), options.rend())) {
      work.push_back(branch);
      work.back().pending.push_back(option);
    }
    n_expanded_ += options.size();
    if (out.size() + work.size() > kMaxAlternatives || n_expanded_ > kMaxExpanded) {
      return fail(Errc::exhausted, "schema at \"#{}\": more than {} alternatives",
                  branch.shape.place, kMaxAlternatives);
    }
  }
  return out;
}

Result<bool> SchemaReader::apply(const Json& schema, Branch& branch) {
  if (schema.is_boolean()) return schema.get<bool>();
  const std::string place = place_of(&schema);
  if (!schema.is_object()) {
    return fail(Errc::invalid_argument, "schema at \"#{}\": neither an object nor a boolean",
                place);
  }
  Shape& shape = branch.shape;
  for (const auto& [key, value] : schema.get_ref<const Json::object_t&>()) {
    if (key == "type") {
      const Json* nullable = json::member(schema, "nullable");
      const bool or_null = nullable != nullptr && nullable->is_boolean() && nullable->get<bool>();
      const uint8_t null = or_null ? shape.kinds & kinds::kNull : 0;
      if (auto ok = apply_type(value, place, shape); !ok) return std::unexpected(ok.error());
      shape.kinds |= null;
      continue;
    }
    if (STRIDE_TRY(apply_number(key, value, place, shape))) continue;
    if (STRIDE_TRY(apply_string(key, value, place, shape))) continue;
    static_cast<void>(STRIDE_TRY(apply_count(key, value, place, shape)));
  }
  if (auto ok = apply_object(schema, place, shape); !ok) return std::unexpected(ok.error());
  if (auto ok = apply_array(schema, place, shape); !ok) return std::unexpected(ok.error());
  if (auto ok = apply_combination(schema, place, branch); !ok) return std::unexpected(ok.error());
  if (auto ok = refuse_rest(schema, place); !ok) return std::unexpected(ok.error());
  return true;
}

// "nullable" belongs to OpenAPI: it adds null to the type beside it.
Result<void> SchemaReader::apply_type(const Json& value, const std::string& place, Shape& shape) {
  const std::vector<Json> names =
      value.is_array() ? value.get<std::vector<Json>>() : std::vector<Json>{value};
  uint8_t allowed = 0;
  bool integer = false, number = false;
  for (const Json& name : names) {
    const auto known = std::ranges::find_if(kKindNames, [&](const KindName& kind) {
      return name.is_string() && name.get_ref<const std::string&>() == kind.name;
    });
    if (known == kKindNames.end()) return malformed(place, "type", "is not one of JSON's types");
    allowed |= known->kinds;
    integer |= known->name == "integer";
    number |= known->name == "number";
  }
  shape.kinds &= allowed;
  if (integer && !number) shape.number.integer = true;
  return {};
}

Result<bool> SchemaReader::apply_number(const std::string& key, const Json& value,
                                        const std::string& place, Shape& shape) {
  if (key == keyword::kFraction) {
    shape.fraction = true;
    return true;
  }
  const bool is_least = key == "minimum" || key == "exclusiveMinimum";
  const bool is_most = key == "maximum" || key == "exclusiveMaximum";
  if (!is_least && !is_most && key != "multipleOf") return false;
  // Draft 4 has exclusiveMinimum as a flag beside minimum.
  if (!json::is_number(value)) return malformed(place, key, "is not a number");
  Decimal number = STRIDE_TRY_AT(fmt::format("schema at \"#{}\": \"{}\"", place, key),
                                 parse_decimal(json::dump(value)));
  if (key == "multipleOf") {
    if (number.negative || number.is_zero()) return malformed(place, key, "is not positive");
    shape.number.divisors.push_back(std::move(number));
  } else {
    Bound bound{std::move(number), key == "minimum" || key == "maximum"};
    tighten(is_least ? shape.number.least : shape.number.most, std::move(bound), is_least ? 1 : -1);
  }
  return true;
}

Result<bool> SchemaReader::apply_string(const std::string& key, const Json& value,
                                        const std::string& place, Shape& shape) {
  const bool is_pattern = key == "pattern" || key == keyword::kUnmatched;
  if (!is_pattern && key != "format") return false;
  if (!value.is_string()) return malformed(place, key, "is not a string");
  const std::string& text = value.get_ref<const std::string&>();
  if (key == "format") {
    // Formats that are not enforced are annotations, as JSON Schema has all of them.
    if (is_enforced_format(text)) shape.formats.push_back(text);
    return true;
  }
  auto pattern = parse_regex(text, Anchoring::search);
  if (!pattern) {
    if (!is_exact()) return true;
    return within(fmt::format("schema at \"#{}\": \"pattern\"", place), std::move(pattern).error());
  }
  (key == "pattern" ? shape.patterns : shape.unmatched).push_back(text);
  return true;
}

Result<bool> SchemaReader::apply_count(const std::string& key, const Json& value,
                                       const std::string& place, Shape& shape) {
  struct Count {
    std::string_view key;
    size_t* least;
    std::optional<size_t>* most;
  };
  const std::array counts = {Count{"minLength", &shape.min_length, nullptr},
                             Count{"maxLength", nullptr, &shape.max_length},
                             Count{"minItems", &shape.min_items, nullptr},
                             Count{"maxItems", nullptr, &shape.max_items},
                             Count{"minProperties", &shape.min_properties, nullptr},
                             Count{"maxProperties", nullptr, &shape.max_properties}};
  for (const Count& count : counts) {
    if (key != count.key) continue;
    const auto number = json::as_int64(value);
    if (!number || *number < 0) return malformed(place, key, "is not a count");
    const auto n = static_cast<size_t>(*number);
    if (count.least != nullptr) *count.least = std::max(*count.least, n);
    if (count.most != nullptr) *count.most = std::min(count.most->value_or(n), n);
    return true;
  }
  return false;
}

Result<void> SchemaReader::apply_object(const Json& schema, const std::string& place,
                                        Shape& shape) {
  ObjectPart part;
  const auto read_map = [&](std::string_view key, auto& out) -> Result<void> {
    const Json* map = json::member(schema, key);
    if (map == nullptr) return {};
    if (!map->is_object()) return malformed(place, key, "is not an object");
    for (const auto& [name, value] : map->get_ref<const Json::object_t&>()) {
      out.emplace_back(name, note(value, fmt::format("{}/{}{}", place, key, pointer_token(name))));
    }
    return {};
  };
  if (auto ok = read_map("properties", part.properties); !ok) return ok;
  if (auto ok = read_map("patternProperties", part.patterns); !ok) return ok;
  std::erase_if(part.patterns, [&](const auto& pattern) {
    return !is_exact() && !parse_regex(pattern.first, Anchoring::search);
  });
  for (const std::string_view key : {"additionalProperties", "unevaluatedProperties"}) {
    if (const Json* additional = json::member(schema, key)) {
      if (key == "unevaluatedProperties" && part.additional != nullptr) break;
      part.additional = note(*additional, fmt::format("{}/{}", place, key));
    }
  }
  if (!part.properties.empty() || !part.patterns.empty() || part.additional != nullptr) {
    shape.objects.push_back(std::move(part));
  }
  if (const Json* names = json::member(schema, "propertyNames")) {
    shape.names.push_back(note(*names, place + "/propertyNames"));
  }
  const Json* required = json::member(schema, "required");
  if (required == nullptr || required->is_boolean()) return {};  // a flag in draft 3
  if (!required->is_array()) return malformed(place, "required", "is not an array");
  for (const Json& name : *required) {
    if (!name.is_string()) return malformed(place, "required", "holds something else than names");
    shape.required.insert(name.get<std::string>());
  }
  return {};
}

Result<void> SchemaReader::apply_array(const Json& schema, const std::string& place, Shape& shape) {
  ArrayPart part;
  const Json* items = json::member(schema, "items");
  // A list under "items" is the older spelling of prefixItems, with additionalItems behind it.
  const bool older = items != nullptr && items->is_array();
  const std::string_view prefix_key = older ? "items" : "prefixItems";
  part.prefix = STRIDE_TRY(read_list(schema, prefix_key, place));
  std::string_view items_key = older ? "additionalItems" : "items";
  if (json::member(schema, items_key) == nullptr) items_key = "unevaluatedItems";
  if (const Json* rest = json::member(schema, items_key)) {
    part.items = note(*rest, fmt::format("{}/{}", place, items_key));
  }
  if (part.prefix.size() > kMaxRepeat) return malformed(place, prefix_key, "is too long");
  if (!part.prefix.empty() || part.items != nullptr) shape.arrays.push_back(std::move(part));
  const Json* unique = json::member(schema, "uniqueItems");
  if (unique != nullptr && unique->is_boolean() && unique->get<bool>()) shape.unique = true;
  const Json* contains = json::member(schema, "contains");
  if (contains == nullptr) return {};
  size_t least = 1;
  if (const Json* count = json::member(schema, "minContains")) {
    const auto number = json::as_int64(*count);
    if (!number || *number < 0) return malformed(place, "minContains", "is not a count");
    least = static_cast<size_t>(*number);
  }
  if (json::member(schema, "maxContains") != nullptr) {
    if (auto ok = unsupported(place, "maxContains"); !ok) return ok;
  }
  if (least == 0) return {};
  if (shape.contains != nullptr) return unsupported(place, "contains", "it is there twice");
  shape.contains = note(*contains, place + "/contains");
  shape.min_contains = least;
  return {};
}

Result<std::vector<const Json*>> SchemaReader::read_list(const Json& schema, std::string_view key,
                                                         const std::string& place) {
  std::vector<const Json*> out;
  const Json* list = json::member(schema, key);
  if (list == nullptr) return out;
  if (!list->is_array()) return malformed(place, key, "is not an array");
  for (size_t i = 0; i < list->size(); ++i) {
    out.push_back(note((*list)[i], fmt::format("{}/{}/{}", place, key, i)));
  }
  return out;
}

// "Unevaluated" is "additional" where nothing beside it evaluates anything.
Result<void> SchemaReader::refuse_rest(const Json& schema, const std::string& place) const {
  constexpr std::array kApplicators = {
      "allOf",   "anyOf", "oneOf", "not", "if", "then", "else", "$ref", "dependentSchemas",
      "contains"};
  const bool combines = std::ranges::any_of(
      kApplicators, [&](const char* key) { return json::member(schema, key) != nullptr; });
  for (const std::string_view key : {"unevaluatedProperties", "unevaluatedItems"}) {
    const Json* value = json::member(schema, key);
    const bool harmless = value == nullptr || (value->is_boolean() && value->get<bool>());
    if (harmless || !combines) continue;
    if (auto ok = unsupported(place, key, "beside other schemas"); !ok) return ok;
  }
  for (const std::string_view key : {"$dynamicRef", "$recursiveRef"}) {
    if (json::member(schema, key) == nullptr) continue;
    if (auto ok = unsupported(place, key); !ok) return ok;
  }
  const Json* id = json::member(schema, "$id");
  if (id != nullptr && !place.empty() && id->is_string()) {
    return unsupported(place, "$id", "inside of a schema");
  }
  return {};
}

Result<Conjunction> SchemaReader::member(const Shape& shape, const std::string& key) {
  Conjunction out;
  for (const ObjectPart& part : shape.objects) {
    bool known = false;
    for (const auto& [name, schema] : part.properties) {
      if (name != key) continue;
      out.push_back(schema);
      known = true;
    }
    for (const auto& [pattern, schema] : part.patterns) {
      const Dfa* dfa =
          STRIDE_TRY_AT(fmt::format("schema at \"#{}\"", place_of(schema)), this->pattern(pattern));
      if (!dfa->matches(key)) continue;
      out.push_back(schema);
      known = true;
    }
    if (!known && part.additional != nullptr) out.push_back(part.additional);
  }
  return as_set(std::move(out));
}

Conjunction SchemaReader::item(const Shape& shape, size_t index) const {
  Conjunction out;
  for (const ArrayPart& part : shape.arrays) {
    if (index < part.prefix.size()) {
      out.push_back(part.prefix[index]);
    } else if (part.items != nullptr) {
      out.push_back(part.items);
    }
  }
  return as_set(std::move(out));
}

}  // namespace stride::grammar
