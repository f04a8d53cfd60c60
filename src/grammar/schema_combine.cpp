// SPDX-License-Identifier: Apache-2.0
// How schemas combine. oneOf becomes "this one and none of the others"; "none of" and if need the
// negation of a schema, which is written as a schema again, keyword by keyword. Where a keyword has
// no exact negation, the combination is unsupported.
#include <algorithm>

#include "grammar/schema_keywords.h"
#include "grammar/schema_reader.h"
#include "schema/schema.h"

namespace stride::grammar {
namespace {

constexpr size_t kDisjointDepth = 3;

// The alternatives that say whether a value is `constant`: an object or array becomes a schema of
// its parts, so that it meets the other constraints part by part.
Json schema_of(const Json& constant) {
  Json out = Json::object();
  if (constant.is_object()) {
    out["type"] = "object";
    out["additionalProperties"] = false;
    out["properties"] = Json::object();
    out["required"] = Json::array();
    for (const auto& [key, value] : constant.get_ref<const Json::object_t&>()) {
      out["properties"][key]["const"] = value;
      out["required"].push_back(key);
    }
    return out;
  }
  out["type"] = "array";
  out["minItems"] = out["maxItems"] = constant.size();
  out["prefixItems"] = Json::array();
  for (const Json& item : constant) out["prefixItems"].push_back(Json{{"const", item}});
  return out;
}

bool is_scalar(const Json& value) {
  return !value.is_object() && !value.is_array();
}

uint8_t kind_of(const Json& scalar) {
  if (json::is_number(scalar)) return kinds::kNumber;
  if (scalar.is_string()) return kinds::kString;
  if (scalar.is_boolean()) return scalar.get<bool>() ? kinds::kTrue : kinds::kFalse;
  return kinds::kNull;
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

bool has_value(const std::vector<Json>& values, const Json& value) {
  return std::ranges::any_of(values,
                             [&](const Json& known) { return schema::same_value(known, value); });
}

}  // namespace

Result<const Json*> SchemaReader::resolve(const Json& ref, const std::string& place) {
  const std::string target = ref.is_string() ? ref.get<std::string>() : std::string();
  std::string pointer = target.starts_with('#') ? target.substr(1) : "?";
  // A fragment of a URI may be percent-encoded.
  for (size_t at = pointer.find('%'); at != std::string::npos; at = pointer.find('%', at + 1)) {
    unsigned code = 0;
    if (std::sscanf(pointer.c_str() + at + 1, "%2x", &code) == 1) {
      pointer.replace(at, 3, 1, static_cast<char>(code));
    }
  }
  const bool is_pointer = pointer.empty() || pointer[0] == '/';
  const Json* found = is_pointer ? json::find(root_, pointer) : nullptr;
  if (found == nullptr) {
    if (auto ok = unsupported(place, "$ref", "\"" + target + "\" is not in this schema"); !ok) {
      return std::unexpected(ok.error());
    }
    return own(Json(true), place);
  }
  return note(*found, pointer);
}

Result<void> SchemaReader::apply_combination(const Json& schema, const std::string& place,
                                             Branch& branch) {
  if (const Json* ref = json::member(schema, "$ref")) {
    branch.pending.push_back(STRIDE_TRY(resolve(*ref, place)));
  }
  for (const Json* part : STRIDE_TRY(read_list(schema, "allOf", place))) {
    branch.pending.push_back(part);
  }
  if (json::member(schema, "anyOf") != nullptr) {
    branch.choices.push_back(STRIDE_TRY(read_list(schema, "anyOf", place)));
  }
  if (const Json* constant = json::member(schema, "const")) {
    apply_values(constant, {*constant}, place, branch);
  }
  if (const Json* values = json::member(schema, "enum")) {
    if (!values->is_array()) {
      return fail(Errc::invalid_argument, "schema at \"#{}\": \"enum\" is not an array", place);
    }
    apply_values(values, values->get<std::vector<Json>>(), place, branch);
  }
  if (const Json* differs = json::member(schema, keyword::kDiffers)) {
    for (const Json& value : *differs) branch.shape.excluded.push_back(value);
  }
  if (const Json* one = json::member(schema, "oneOf")) {
    if (auto ok = apply_one_of(*one, place, branch); !ok) return ok;
  }
  if (const Json* inner = json::member(schema, "not")) {
    auto negated = negate(note(*inner, place + "/not"));
    if (negated) {
      branch.pending.push_back(*negated);
    } else if (is_exact()) {
      return std::unexpected(std::move(negated).error());
    }
  }
  if (auto ok = apply_if(schema, place, branch); !ok) return ok;
  return apply_dependents(schema, place, branch);
}

void SchemaReader::apply_values(const Json* source, const std::vector<Json>& values,
                                const std::string& place, Branch& branch) {
  if (!std::ranges::all_of(values, is_scalar)) {
    branch.choices.push_back(options_of(source, [&] {
      std::vector<const Json*> options;
      Json scalars = Json::array();
      for (const Json& value : values) {
        if (is_scalar(value)) {
          scalars.push_back(value);
        } else {
          options.push_back(own(schema_of(value), place));
        }
      }
      // Scalars come back here alone, as one of the alternatives.
      if (!scalars.empty()) options.push_back(own(Json{{"enum", std::move(scalars)}}, place));
      return options;
    }));
    return;
  }
  Shape& shape = branch.shape;
  std::vector<Json> common;
  for (const Json& value : values) {
    const bool listed = !shape.values || has_value(*shape.values, value);
    if (listed && !has_value(common, value)) common.push_back(value);
  }
  uint8_t listed_kinds = 0;
  for (const Json& value : common) listed_kinds |= kind_of(value);
  shape.values = std::move(common);
  shape.kinds &= listed_kinds;
}

Result<void> SchemaReader::apply_one_of(const Json& list, const std::string& place,
                                        Branch& branch) {
  if (const auto known = options_.find(&list); known != options_.end()) {
    branch.choices.push_back(known->second);
    return {};
  }
  std::vector<const Json*> parts;
  if (!list.is_array()) {
    return fail(Errc::invalid_argument, "schema at \"#{}\": \"oneOf\" is not an array", place);
  }
  for (size_t i = 0; i < list.size(); ++i) {
    parts.push_back(note(list[i], fmt::format("{}/oneOf/{}", place, i)));
  }
  std::vector<const Json*> options;
  for (const Json* part : parts) {
    Json all = Json::array({*part});
    for (const Json* other : parts) {
      if (other == part || are_disjoint(part, other, kDisjointDepth)) continue;
      auto negated = negate(other);
      if (negated) {
        all.push_back(**negated);
      } else if (is_exact()) {
        return fail(Errc::unsupported,
                    "schema at \"#{}\": \"oneOf\" cannot be enforced: \"#{}\" and \"#{}\" may both "
                    "fit, and {}",
                    place, place_of(part), place_of(other), negated.error().message);
      }
    }
    options.push_back(all.size() == 1 ? part
                                      : own(Json{{"allOf", std::move(all)}}, place_of(part)));
  }
  branch.choices.push_back(options_[&list] = std::move(options));
  return {};
}

Result<void> SchemaReader::apply_if(const Json& schema, const std::string& place, Branch& branch) {
  const Json* condition = json::member(schema, "if");
  const Json* then = json::member(schema, "then");
  const Json* otherwise = json::member(schema, "else");
  if (condition == nullptr || (then == nullptr && otherwise == nullptr)) return {};
  auto negated = negate(note(*condition, place + "/if"));
  if (!negated) {
    if (!is_exact()) return {};
    return std::unexpected(std::move(negated).error());
  }
  Json yes = Json::array({*condition}), no = Json::array({**negated});
  if (then != nullptr) yes.push_back(*then);
  if (otherwise != nullptr) no.push_back(*otherwise);
  branch.choices.push_back(options_of(condition, [&] {
    return std::vector{own(Json{{"allOf", std::move(yes)}}, place),
                       own(Json{{"allOf", std::move(no)}}, place)};
  }));
  return {};
}

// Either the key is absent, or what depends on it holds.
Result<void> SchemaReader::apply_dependents(const Json& schema, const std::string& place,
                                            Branch& branch) {
  for (const std::string_view key : {"dependentRequired", "dependentSchemas", "dependencies"}) {
    const Json* map = json::member(schema, key);
    if (map == nullptr) continue;
    if (!map->is_object()) {
      return fail(Errc::invalid_argument, "schema at \"#{}\": \"{}\" is not an object", place, key);
    }
    for (const auto& [name, value] : map->get_ref<const Json::object_t&>()) {
      const std::string at = fmt::format("{}/{}{}", place, key, pointer_token(name));
      Json absent = Json::object(), present = Json::object();
      absent["properties"][name] = false;
      present["type"] = "object";
      present["required"] = Json::array({name});
      if (value.is_array()) {
        for (const Json& needed : value) present["required"].push_back(needed);
      } else {
        present["allOf"] = Json::array({value});
      }
      branch.choices.push_back(options_of(&value, [&] {
        return std::vector{own(std::move(absent), at), own(std::move(present), at)};
      }));
    }
  }
  return {};
}

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

Result<void> SchemaReader::negate_keyword(const Json& schema, const std::string& key,
                                          const Json& value, Json& branches) {
  const auto count = json::as_int64(value).value_or(0);
  const auto add_count = [&](std::string_view type, std::string_view opposite, int64_t by) {
    if (count + by >= 0) branches.push_back(typed(type, opposite, count + by));
  };
  if (key == "type") {
    Json others = Json::array();
    const Json names = value.is_array() ? value : Json::array({value});
    const auto listed = [&](const char* name) {
      return std::ranges::find(names, Json(name)) != names.end();
    };
    for (const char* name : {"null", "boolean", "string", "array", "object", "number"}) {
      const bool integers = name == std::string_view("number") && listed("integer");
      if (!listed(name) && !integers) others.push_back(name);
    }
    if (listed("integer") && !listed("number")) {
      branches.push_back(typed("number", keyword::kFraction, true));
    }
    if (!others.empty()) branches.push_back(Json{{"type", std::move(others)}});
  } else if (key == "const" || key == "enum") {
    Json values = key == "const" ? Json::array({value}) : value;
    if (!std::ranges::all_of(values, is_scalar)) {
      return fail(Errc::unsupported, "\"{}\" of objects and arrays has no negation", key);
    }
    Json differs = Json::object();
    differs[std::string(keyword::kDiffers)] = std::move(values);
    branches.push_back(std::move(differs));
  } else if (key == keyword::kDiffers) {
    branches.push_back(Json{{"enum", value}});
  } else if (key == "minimum" || key == "exclusiveMinimum" || key == "maximum" ||
             key == "exclusiveMaximum") {
    const bool is_least = key.ends_with("inimum");
    const bool inclusive = !key.starts_with("exclusive");
    branches.push_back(typed("number",
                             is_least ? (inclusive ? "exclusiveMaximum" : "maximum")
                                      : (inclusive ? "exclusiveMinimum" : "minimum"),
                             value));
  } else if (key == "minLength") {
    add_count("string", "maxLength", -1);
  } else if (key == "maxLength") {
    add_count("string", "minLength", 1);
  } else if (key == "minItems") {
    add_count("array", "maxItems", -1);
  } else if (key == "maxItems") {
    add_count("array", "minItems", 1);
  } else if (key == "minProperties") {
    add_count("object", "maxProperties", -1);
  } else if (key == "maxProperties") {
    add_count("object", "minProperties", 1);
  } else if (key == "pattern") {
    branches.push_back(typed("string", keyword::kUnmatched, value));
  } else if (key == keyword::kUnmatched) {
    branches.push_back(typed("string", "pattern", value));
  } else if (key == "required" && value.is_array()) {
    for (const Json& name : value) {
      Json absent = Json::object();
      absent[name.get<std::string>()] = false;
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
  } else if (key == "anyOf") {
    Json all = Json::array();
    for (const Json& part : value) all.push_back(not_of(part));
    branches.push_back(Json{{"allOf", std::move(all)}});
  } else if (key == "allOf") {
    for (const Json& part : value) branches.push_back(not_of(part));
  } else if (key == "not") {
    branches.push_back(value);
  } else if (key == "$ref") {
    const Json* target = STRIDE_TRY(resolve(value, place_of(&schema)));
    branches.push_back(*STRIDE_TRY(negate(target)));
  } else {
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
                                            "if",
                                            "then",
                                            "else",
                                            "dependentRequired",
                                            "dependentSchemas",
                                            "dependencies",
                                            "multipleOf",
                                            "format",
                                            "$dynamicRef",
                                            keyword::kFraction};
    if (std::ranges::find(kOthers, key) != std::end(kOthers)) {
      return fail(Errc::unsupported,
                  "schema at \"#{}\": \"{}\" has no negation that can be enforced",
                  place_of(&schema), key);
    }
  }
  return {};
}

bool SchemaReader::are_disjoint(const Json* a, const Json* b, size_t depth) {
  const auto left = expand({a}), right = expand({b});
  if (!left || !right) return false;
  return std::ranges::all_of(*left, [&](const Shape& x) {
    return std::ranges::all_of(*right, [&](const Shape& y) { return are_disjoint(x, y, depth); });
  });
}

bool SchemaReader::are_disjoint(const Shape& a, const Shape& b, size_t depth) {
  const uint8_t common = a.kinds & b.kinds;
  if (common == 0) return true;
  if (a.values && b.values) {
    return std::ranges::none_of(*a.values, [&](const Json& v) { return has_value(*b.values, v); });
  }
  // Objects that tell which of the two they are, by a member that both must have.
  if (common != kinds::kObject || depth == 0) return false;
  for (const std::string& name : a.required) {
    if (!b.required.contains(name)) continue;
    const auto left = member(a, name), right = member(b, name);
    if (!left || !right) continue;
    const auto x = expand(*left), y = expand(*right);
    if (!x || !y || (*left).empty() || (*right).empty()) continue;
    const bool disjoint = std::ranges::all_of(*x, [&](const Shape& p) {
      return std::ranges::all_of(*y, [&](const Shape& q) { return are_disjoint(p, q, depth - 1); });
    });
    if (disjoint) return true;
  }
  return false;
}

}  // namespace stride::grammar
