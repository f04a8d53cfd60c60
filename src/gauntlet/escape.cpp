// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/escape.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/utf8.h"

namespace stride::gauntlet {
namespace {

bool turns_direction(char32_t code) {
  return code == 0x61c || code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

bool is_control(char32_t code) {
  if (code == '\n' || code == '\t') return false;
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
         code == 0xfffe || code == 0xffff;
}

template <class Put>
std::string for_each_character(std::string_view text, Put put) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (size_t at = 0; at < text.size();) {
    const Utf8Character character = decode_utf8(text, at);
    if (character.code == '\r') {
      if (at + 1 >= text.size() || text[at + 1] != '\n') put(out, U'\n');
    } else {
      put(out, character.code);
    }
    at += character.size;
  }
  return out;
}

std::string escape_markup(std::string_view text) {
  return for_each_character(text, [](std::string& out, char32_t code) {
    if (code == '<') {
      out += "&lt;";
    } else if (code == '>') {
      out += "&gt;";
    } else if (code == '&') {
      out += "&amp;";
    } else if (code == '"') {
      out += "&quot;";
    } else if (code == '\'') {
      out += "&#39;";
    } else if (is_control(code) || turns_direction(code)) {
      out += fmt::format("&lt;U+{:04X}&gt;", static_cast<uint32_t>(code));
    } else {
      append_utf8(out, code);
    }
  });
}

}  // namespace

std::string escape_html(std::string_view text) {
  return escape_markup(text);
}

std::string escape_xml(std::string_view text) {
  return escape_markup(text);
}

std::string escape_markdown(std::string_view text) {
  return for_each_character(text, [](std::string& out, char32_t code) {
    constexpr std::string_view kMarkup = "\\`*_{}[]<>#|~!&";
    if (code == '\n' || code == '\t') {
      out += ' ';
    } else if (is_control(code) || turns_direction(code)) {
      out += fmt::format("(U+{:04X})", static_cast<uint32_t>(code));
    } else {
      if (code < 0x80 && kMarkup.find(static_cast<char>(code)) != std::string_view::npos)
        out += '\\';
      append_utf8(out, code);
    }
  });
}

std::string csv_field(std::string_view text) {
  std::string safe = to_valid_utf8(text);
  std::erase(safe, '\0');
  if (!safe.empty() && std::string_view("=+-@\t\r").find(safe[0]) != std::string_view::npos)
    safe.insert(0, 1, '\'');
  if (safe.find_first_of(",\"\r\n") == std::string::npos) return safe;
  std::string quoted = "\"";
  for (const char c : safe) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string shortened(std::string_view text, size_t n) {
  size_t at = 0;
  for (size_t i = 0; i < n && at < text.size(); ++i) at += decode_utf8(text, at).size;
  std::string out(text.substr(0, at));
  if (at < text.size()) out += "\xe2\x80\xa6";
  return out;
}

}  // namespace stride::gauntlet
