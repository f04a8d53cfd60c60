// SPDX-License-Identifier: Apache-2.0
// The two writers differ in separators and in how they spell numbers; everything else, the escapes
// first of all, is shared so that they cannot drift apart.
#include <charconv>
#include <cmath>

#include "base/utf8.h"
#include "json/json.h"
#include "json/number.h"

namespace stride::json {
namespace {

enum class Style { compact, python };

void append_float(std::string& out, double value, Style style) {
  if (std::isfinite(value)) {
    out += python_repr(value);
  } else if (style == Style::compact) {
    out += "null";
  } else {
    out += std::isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity";
  }
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

void append_value(std::string& out, const Json& value, Style style);

void append_array(std::string& out, const Json& value, Style style) {
  const std::string_view comma = style == Style::python ? ", " : ",";
  out += '[';
  bool first = true;
  for (const Json& item : value) {
    if (!first) out += comma;
    first = false;
    append_value(out, item, style);
  }
  out += ']';
}

void append_object(std::string& out, const Json& value, Style style) {
  const std::string_view comma = style == Style::python ? ", " : ",";
  const std::string_view colon = style == Style::python ? ": " : ":";
  out += '{';
  bool first = true;
  for (const auto& [key, item] : value.get_ref<const Json::object_t&>()) {
    if (!first) out += comma;
    first = false;
    append_string(out, key);
    out += colon;
    append_value(out, item, style);
  }
  out += '}';
}

void append_value(std::string& out, const Json& value, Style style) {
  switch (value.type()) {
    case Json::value_t::object:
      return append_object(out, value, style);
    case Json::value_t::array:
      return append_array(out, value, style);
    case Json::value_t::string:
      return append_string(out, value.get_ref<const std::string&>());
    case Json::value_t::boolean:
      out += value.get<bool>() ? "true" : "false";
      return;
    case Json::value_t::number_integer:
      out += std::to_string(value.get<int64_t>());
      return;
    case Json::value_t::number_unsigned:
      out += std::to_string(value.get<uint64_t>());
      return;
    case Json::value_t::number_float:
      return append_float(out, value.get<double>(), style);
    case Json::value_t::binary:
      if (const auto text = exact_text(value)) {
        out += style == Style::python ? python_number(*text) : std::string(*text);
        return;
      }
      break;
    default:
      break;
  }
  out += "null";
}

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  size_t at = 0;
  while (at < text.size()) {
    size_t end = at;
    while (end < text.size() && static_cast<unsigned char>(text[end]) >= 0x20 && text[end] != '"' &&
           text[end] != '\\') {
      ++end;
    }
    out += to_valid_utf8(text.substr(at, end - at));
    if (end == text.size()) return;
    const char c = text[end];
    constexpr std::string_view kValues = "\"\\\b\f\n\r\t";
    constexpr std::string_view kNames = "\"\\bfnrt";
    out += '\\';
    if (const size_t which = kValues.find(c); which != std::string_view::npos) {
      out += kNames[which];
    } else {
      out += "u00";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    }
    at = end + 1;
  }
}

std::string dump(const Json& value) {
  std::string out;
  append_value(out, value, Style::compact);
  return out;
}

std::string python_dump(const Json& value) {
  std::string out;
  append_value(out, value, Style::python);
  return out;
}

std::string python_str(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
  if (value.is_null()) return "None";
  if (value.is_number_float()) return python_repr(value.get<double>());
  return python_dump(value);
}

}  // namespace stride::json
