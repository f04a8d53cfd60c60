// SPDX-License-Identifier: Apache-2.0
// The negation of a schema, as a schema: a value is refused where it fails one of the keywords, so
// each keyword gives one alternative. Keywords without an exact negation are unsupported.
#include <algorithm>

#include "grammar/schema_keywords.h"
#include "grammar/schema_reader.h"

namespace stride::grammar {
namespace {

bool is_scalar(const Json& value) {
  return !value.is_object() && !value.is_array();
}

Json typed(std::string_view type, std::string_view key, Json value) {
  Json out = Json::object();
  out["type"] = type;
  out[std::string(key)] = std::move(value);
  return out;
}

Json not_of(const Json& schema) {
  Json out = Json::object();
  out["not"] = schema;
  return out;
}

struct Opposite {
  std::string_view keyword, type, opposite;
  int64_t by;
};
constexpr Opposite kOpposites[] = {
    {"minimum", "number", "exclusiveMaximum", 0},
    {"exclusiveMinimum", "number", "maximum", 0},
    {"maximum", "number", "exclusiveMinimum", 0},
    {"exclusiveMaximum", "number", "minimum", 0},
    {"minLength", "string", "maxLength", -1},
    {"maxLength", "string", "minLength", 1},
    {"minItems", "array", "maxItems", -1},
    {"maxItems", "array", "minItems", 1},
    {"minProperties", "object", "maxProperties", -1},
    {"maxProperties", "object", "minProperties", 1},
    {"pattern", "string", keyword::kUnmatched, 0},
    {keyword::kUnmatched, "string", "pattern", 0},
};

}  // namespace

Result<const Json*> SchemaReader::negate(const Json* schema) {
  const std::string place = place_of(schema);
  const auto [known, added] = negations_.emplace(schema, nullptr);
  if (!added) {
    if (known->second != nullptr) return known->second;
    return fail(Errc::unsupported, "schema at \"#{}\": a recursive schema cannot be negated",
                place);
  }
  if (schema->is_boolean()) return known->second = own(Json(!schema->get<bool>()), place);
  if (!schema->is_object()) {
    negations_.erase(known);
    return fail(Errc::invalid_argument, "schema at \"#{}\": neither an object nor a boolean",
                place);
  }
  Json branches = Json::array();
  for (const auto& [key, value] : schema->get_ref<const Json::object_t&>()) {
    if (auto ok = negate_keyword(*schema, key, value, branches); !ok) {
      negations_.erase(schema);
      return std::unexpected(std::move(ok).error());
    }
  }
  Json out = Json::object();
  out["anyOf"] = std::move(branches);
  return negations_[schema] = own(std::move(out), place);
}

// What is negated by one keyword, for values of one type.
bool SchemaReader::negate_limit(const std::string& key, const Json& value, Json& branches) {
  const auto found = std::ranges::find(kOpposites, key, &Opposite::keyword);
  if (found == std::end(kOpposites)) return false;
  if (found->by == 0) {
    branches.push_back(typed(found->type, found->opposite, value));
    return true;
  }
  const int64_t count = json::as_int64(value).value_or(0) + found->by;
  if (count >= 0) branches.push_back(typed(found->type, found->opposite, count));
  return true;
}

void SchemaReader::negate_type(const Json& value, Json& branches) {
  const Json names = value.is_array() ? value : Json::array({value});
  const auto listed = [&](std::string_view name) {
    return std::ranges::find(names, Json(name)) != names.end();
  };
  const bool integers = listed("integer");
  Json others = Json::array();
  for (const std::string_view name : {"null", "boolean", "string", "array", "object", "number"}) {
    if (!listed(name) && !(integers && name == "number")) others.push_back(name);
  }
  if (integers && !listed("number")) {
    branches.push_back(typed("number", keyword::kFraction, true));
  }
  if (!others.empty()) branches.push_back(Json{{"type", std::move(others)}});
}

// Members and items: one of them is missing, or refused by its schema.
bool SchemaReader::negate_parts(const Json& schema, const std::string& key, const Json& value,
                                Json& branches) {
  if (key == "required" && value.is_array()) {
    for (const Json& name : value) {
      Json absent = Json::object();
      if (name.is_string()) absent[name.get<std::string>()] = false;
      branches.push_back(typed("object", "properties", std::move(absent)));
    }
  } else if (key == "properties" && value.is_object()) {
    for (const auto& [name, member] : value.get_ref<const Json::object_t&>()) {
      Json present = typed("object", "required", Json::array({name}));
      present["properties"][name] = not_of(member);
      branches.push_back(std::move(present));
    }
  } else if (key == "items" && !value.is_array() && !schema.contains("prefixItems")) {
    branches.push_back(typed("array", "contains", not_of(value)));
  } else if (key == "contains" && !schema.contains("minContains") &&
             !schema.contains("maxContains")) {
    branches.push_back(typed("array", "items", not_of(value)));
  } else {
    return false;
  }
  return true;
}

Result<bool> SchemaReader::negate_combination(const std::string& key, const Json& value,
                                              const std::string& place, Json& branches) {
  if (key == "const" || key == "enum") {
    Json values = key == "const" ? Json::array({value}) : value;
    if (!std::ranges::all_of(values, is_scalar)) {
      return fail(Errc::unsupported, "\"{}\" of objects and arrays has no negation", key);
    }
    Json differs = Json::object();
    differs[std::string(keyword::kDiffers)] = std::move(values);
    branches.push_back(std::move(differs));
  } else if (key == keyword::kDiffers) {
    branches.push_back(Json{{"enum", value}});
  } else if (key == "anyOf") {
    Json all = Json::array();
    for (const Json& part : value) all.push_back(not_of(part));
    branches.push_back(Json{{"allOf", std::move(all)}});
  } else if (key == "allOf") {
    for (const Json& part : value) branches.push_back(not_of(part));
  } else if (key == "not") {
    branches.push_back(value);
  } else if (key == "$ref") {
    branches.push_back(refer(STRIDE_TRY(negate(STRIDE_TRY(resolve(value, place))))));
  } else if (key == keyword::kReferred) {
    branches.push_back(refer(STRIDE_TRY(negate(referred_[value.get<size_t>()]))));
  } else {
    return false;
  }
  return true;
}

Result<void> SchemaReader::negate_keyword(const Json& schema, const std::string& key,
                                          const Json& value, Json& branches) {
  if (key == "type") {
    negate_type(value, branches);
    return {};
  }
  if (negate_limit(key, value, branches) || negate_parts(schema, key, value, branches)) return {};
  if (STRIDE_TRY(negate_combination(key, value, place_of(&schema), branches))) return {};
  // Everything else is an annotation.
  constexpr std::string_view kOthers[] = {"additionalProperties",
                                          "patternProperties",
                                          "propertyNames",
                                          "unevaluatedProperties",
                                          "unevaluatedItems",
                                          "prefixItems",
                                          "items",
                                          "contains",
                                          "minContains",
                                          "maxContains",
                                          "uniqueItems",
                                          "oneOf",
                                          "then",
                                          "else",
                                          "dependentRequired",
                                          "dependentSchemas",
                                          "dependencies",
                                          "multipleOf",
                                          "format",
                                          "$dynamicRef",
                                          "$recursiveRef",
                                          keyword::kFraction};
  if (std::ranges::find(kOthers, key) == std::end(kOthers)) return {};
  return fail(Errc::unsupported, "schema at \"#{}\": \"{}\" has no negation that can be enforced",
              place_of(&schema), key);
}

}  // namespace stride::grammar
