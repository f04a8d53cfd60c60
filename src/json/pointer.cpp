// SPDX-License-Identifier: Apache-2.0
// JSON pointers and member access that answer nullptr where the library would throw.
#include <charconv>

#include "json/json.h"

namespace stride::json {
namespace {

// One token of a pointer with ~1 and ~0 undone; nothing for a stray '~'.
std::optional<std::string> unescape(std::string_view token) {
  std::string out;
  for (size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      out += token[i];
      continue;
    }
    if (++i >= token.size() || (token[i] != '0' && token[i] != '1')) return {};
    out += token[i] == '0' ? '~' : '/';
  }
  return out;
}

const Json* item(const Json& array, std::string_view token) {
  size_t index = 0;
  if (token.empty() || (token.size() > 1 && token[0] == '0')) return nullptr;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (error != std::errc{} || end != token.data() + token.size()) return nullptr;
  return index < array.size() ? &array[index] : nullptr;
}

}  // namespace

const Json* member(const Json& value, std::string_view key) {
  if (!value.is_object()) return nullptr;
  for (const auto& [name, found] : value.get_ref<const Json::object_t&>()) {
    if (name == key) return &found;
  }
  return nullptr;
}

const std::string* string_member(const Json& value, std::string_view key) {
  const Json* found = member(value, key);
  return found != nullptr && found->is_string() ? &found->get_ref<const std::string&>() : nullptr;
}

const Json* find(const Json& root, std::string_view pointer) {
  const Json* at = &root;
  while (!pointer.empty()) {
    if (pointer[0] != '/') return nullptr;
    pointer.remove_prefix(1);
    const size_t end = std::min(pointer.find('/'), pointer.size());
    const std::optional<std::string> token = unescape(pointer.substr(0, end));
    pointer.remove_prefix(end);
    if (!token) return nullptr;
    at = at->is_array() ? item(*at, *token) : member(*at, *token);
    if (at == nullptr) return nullptr;
  }
  return at;
}

}  // namespace stride::json
