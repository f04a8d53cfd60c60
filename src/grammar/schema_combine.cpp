// SPDX-License-Identifier: Apache-2.0
// How schemas combine. oneOf becomes "this one and none of the others"; "none of" and if need the
// negation of a schema, which is written as a schema again, keyword by keyword. Where a keyword has
// no exact negation, the combination is unsupported.
#include <algorithm>

#include "grammar/json_text.h"
#include "grammar/schema_keywords.h"
#include "grammar/schema_reader.h"

namespace stride::grammar {
namespace {

constexpr size_t kDisjointDepth = 3;
constexpr size_t kMaxOneOf = 64;  // each is compared with each

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

// The schema that calls itself by this name.
const Json* find_anchor(const Json& within, std::string_view name, size_t depth) {
  const std::string* own = json::string_member(within, "$anchor");
  if (own != nullptr && *own == name) return &within;
  if (!within.is_structured() || depth == 0) return nullptr;
  for (const auto& part : within.items()) {
    // Values are no schemas.
    constexpr std::string_view kValues[] = {"const", "enum", "default", "examples"};
    const bool is_value =
        within.is_object() && std::ranges::find(kValues, part.key()) != std::end(kValues);
    if (is_value) continue;
    if (const Json* found = find_anchor(part.value(), name, depth - 1)) return found;
  }
  return nullptr;
}

}  // namespace

std::string pointer_token(std::string_view key) {
  std::string out = "/";
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

Json SchemaReader::refer(const Json* schema) {
  Json out = Json::object();
  out[std::string(keyword::kReferred)] = referred_.size();
  referred_.push_back(schema);
  return out;
}

Result<const Json*> SchemaReader::resolve(const Json& ref, const std::string& place) {
  const std::string target = ref.is_string() ? ref.get<std::string>() : std::string();
  if (const auto known = resolved_.find(target); known != resolved_.end()) return known->second;
  std::string pointer = target.starts_with('#') ? target.substr(1) : "?";
  // A fragment of a URI may be percent-encoded.
  for (size_t at = pointer.find('%'); at != std::string::npos; at = pointer.find('%', at + 1)) {
    unsigned code = 0;
    if (std::sscanf(pointer.c_str() + at + 1, "%2x", &code) == 1) {
      pointer.replace(at, 3, 1, static_cast<char>(code));
    }
  }
  const bool is_pointer = pointer.empty() || pointer[0] == '/';
  const Json* found =
      is_pointer ? json::find(root_, pointer) : find_anchor(root_, pointer, 2 * kMaxNesting);
  if (found == nullptr) {
    if (auto ok = unsupported(place, "$ref", "\"" + target + "\" is not in this schema"); !ok) {
      return std::unexpected(ok.error());
    }
    return own(Json(true), place);
  }
  return resolved_[target] = note(*found, is_pointer ? pointer : target.substr(1));
}

Result<void> SchemaReader::apply_combination(const Json& schema, const std::string& place,
                                             Branch& branch) {
  if (const Json* number = json::member(schema, keyword::kReferred)) {
    branch.pending.push_back(referred_[number->get<size_t>()]);
  }
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
    if (auto ok = apply_values(constant, {*constant}, place, branch); !ok) return ok;
  }
  if (const Json* values = json::member(schema, "enum")) {
    if (!values->is_array()) {
      return fail(Errc::invalid_argument, "schema at \"#{}\": \"enum\" is not an array", place);
    }
    const auto listed = values->get<std::vector<Json>>();
    if (auto ok = apply_values(values, listed, place, branch); !ok) return ok;
  }
  if (const Json* differs = json::member(schema, keyword::kDiffers)) {
    for (const Json& value : *differs) {
      branch.shape.excluded.emplace(STRIDE_TRY(spell_scalar(value)), value);
    }
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

Result<void> SchemaReader::apply_values(const Json* source, const std::vector<Json>& values,
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
    return {};
  }
  Shape& shape = branch.shape;
  Shape::Scalars common;
  uint8_t listed_kinds = 0;
  for (const Json& value : values) {
    std::string text = STRIDE_TRY(spell_scalar(value));
    if (shape.values && !shape.values->contains(text)) continue;
    listed_kinds |= kind_of(value);
    common.emplace(std::move(text), value);
  }
  shape.values = std::move(common);
  shape.kinds &= listed_kinds;
  return {};
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
  if (parts.size() > kMaxOneOf) {
    return fail(Errc::exhausted, "schema at \"#{}\": \"oneOf\" has more than {} alternatives",
                place, kMaxOneOf);
  }
  std::vector<const Json*> options;
  for (const Json* part : parts) {
    Json all = Json::array({refer(part)});
    for (const Json* other : parts) {
      if (other == part || are_disjoint(part, other, kDisjointDepth)) continue;
      auto negated = negate(other);
      if (negated) {
        all.push_back(refer(*negated));
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
  Json yes = Json::array({refer(note(*condition, place + "/if"))});
  Json no = Json::array({refer(*negated)});
  if (then != nullptr) yes.push_back(refer(note(*then, place + "/then")));
  if (otherwise != nullptr) no.push_back(refer(note(*otherwise, place + "/else")));
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
        present["allOf"] = Json::array({refer(note(value, at))});
      }
      branch.choices.push_back(options_of(&value, [&] {
        return std::vector{own(std::move(absent), at), own(std::move(present), at)};
      }));
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
    return std::ranges::none_of(*a.values,
                                [&](const auto& value) { return b.values->contains(value.first); });
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
