// SPDX-License-Identifier: Apache-2.0
#include "schema/coerce.h"

#include <array>

namespace stride::schema {
namespace {

constexpr json::ParseOptions kExact{.numbers = json::Numbers::exact};

std::string_view trim_json_space(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// An object or array as JSON or as a Python literal; the kind that is allowed, or the other one
// where only containers are allowed at all.
std::optional<Json> read_container(std::string_view text, TypeSet types) {
  if (text.empty() || (text[0] != '{' && text[0] != '[' && text[0] != '(')) return {};
  std::optional<Json> value;
  if (auto parsed = json::parse(text, kExact)) {
    value = *std::move(parsed);
  } else {
    value = parse_python_literal(text);
  }
  if (!value || !(value->is_object() || value->is_array())) return {};
  const bool fits = types.has(value->is_object() ? Type::object : Type::array);
  return fits || !types.has(Type::string) ? value : std::nullopt;
}

std::optional<Json> read_scalar(std::string_view text, TypeSet types) {
  if (types.has(Type::number) || types.has(Type::integer)) {
    const bool any_number = types.has(Type::number) || !types.has(Type::string);
    if (any_number || json::is_integer_text(text)) {
      if (auto number = json::exact_number(text)) return number;
    }
  }
  if (types.has(Type::boolean)) {
    if (text == "true" || text == "True") return Json(true);
    if (text == "false" || text == "False") return Json(false);
  }
  if (types.has(Type::null) && (text == "null" || text == "None")) return Json(nullptr);
  return {};
}

// Where the schema lists its values, a string among them that is the text itself.
bool is_listed_string(const Schema& schema, NodeId id, std::string_view text, size_t depth) {
  const Node& node = schema.node(id);
  if (node.values) {
    for (const Json& value : *node.values) {
      if (value.is_string() && value.get_ref<const std::string&>() == text) return true;
    }
  }
  return depth > 0 && node.ref && is_listed_string(schema, *node.ref, text, depth - 1);
}

}  // namespace

bool is_plain_string(const Schema& schema, NodeId id) {
  const TypeSet types = schema.types(id);
  return types.empty() || types == TypeSet::all() || types.only(Type::string);
}

Json coerce(const Schema& schema, std::string_view text, NodeId id) {
  const TypeSet types = schema.types(id);
  if (is_plain_string(schema, id) || is_listed_string(schema, id, text, kMaxDepth)) {
    return Json(std::string(text));
  }
  const std::string_view bare = trim_json_space(text);
  if (types.has(Type::object) || types.has(Type::array)) {
    if (auto value = read_container(bare, types)) return *std::move(value);
  }
  if (auto value = read_scalar(bare, types)) return *std::move(value);
  return Json(std::string(text));
}

}  // namespace stride::schema
