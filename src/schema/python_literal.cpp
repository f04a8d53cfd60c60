// SPDX-License-Identifier: Apache-2.0
// Models that were trained on Python write dictionaries with single quotes, True and None where
// JSON is wanted. This reads that subset; everything else (sets, calls, names, operators) is
// refused.
#include <array>

#include "base/utf8.h"
#include "schema/coerce.h"

namespace stride::schema {
namespace {

constexpr size_t kMaxLiteralDepth = 64;

class LiteralParser {
 public:
  explicit LiteralParser(std::string_view text) : text_(text) {}

  std::optional<Json> parse() {
    std::optional<Json> value = read_value(0);
    skip_space();
    if (at_ < text_.size()) return {};
    return value;
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").contains(text_[at_])) ++at_;
  }

  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  std::optional<Json> read_value(size_t depth) {
    skip_space();
    if (at_ >= text_.size() || depth > kMaxLiteralDepth) return {};
    switch (text_[at_]) {
      case '{':
        return read_dict(depth);
      case '[':
        return read_list(depth, ']');
      case '(':
        return read_list(depth, ')');
      case '\'':
      case '"':
        return read_string();
      default:
        return read_word();
    }
  }

  std::optional<Json> read_word() {
    constexpr std::string_view kEnd = " \t\r\n,:]})";
    const size_t end = std::min(text_.find_first_of(kEnd, at_), text_.size());
    const std::string_view word = text_.substr(at_, end - at_);
    at_ = end;
    if (word == "True" || word == "true") return Json(true);
    if (word == "False" || word == "false") return Json(false);
    if (word == "None" || word == "null") return Json(nullptr);
    return json::exact_number(word);
  }

  // A list or tuple. One value in parentheses without a comma is that value itself.
  std::optional<Json> read_list(size_t depth, char close) {
    ++at_;
    Json out = Json::array();
    bool comma = false;
    while (true) {
      skip_space();
      if (take(close)) break;
      if (!out.empty() && !comma) return {};
      std::optional<Json> item = read_value(depth + 1);
      if (!item) return {};
      out.push_back(*std::move(item));
      skip_space();
      comma = take(',');
    }
    if (close == ')' && out.size() == 1 && !comma) return Json(std::move(out[0]));
    return out;
  }

  // Keys are strings; other scalars become strings as they would on the way to JSON.
  std::optional<std::string> read_key(size_t depth) {
    std::optional<Json> key = read_value(depth + 1);
    if (!key || key->is_array() || key->is_object()) return {};
    if (key->is_string()) return key->get<std::string>();
    return json::dump(*key);
  }

  std::optional<Json> read_dict(size_t depth) {
    ++at_;
    Json out = Json::object();
    bool comma = true;
    while (true) {
      skip_space();
      if (take('}')) return out;
      if (!comma) return {};
      std::optional<std::string> key = read_key(depth);
      skip_space();
      if (!key || !take(':')) return {};
      std::optional<Json> value = read_value(depth + 1);
      if (!value) return {};
      out[*key] = *std::move(value);
      skip_space();
      comma = take(',');
    }
  }

  std::optional<Json> read_string() {
    const char quote = text_[at_++];
    std::string out;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == quote) return Json(to_valid_utf8(out));
      if (c == '\n') return {};
      if (c != '\\') {
        out += c;
      } else if (!read_escape(out)) {
        return {};
      }
    }
    return {};
  }

  bool read_escape(std::string& out) {
    constexpr std::string_view kNames = "\\'\"abfnrtv0";
    constexpr std::string_view kValues{"\\'\"\a\b\f\n\r\t\v\0", 11};
    if (at_ >= text_.size()) return false;
    const char c = text_[at_++];
    if (c == '\n') return true;
    if (c == 'x') return read_code(2, out);
    if (c == 'u') return read_code(4, out);
    if (c == 'U') return read_code(8, out);
    if (const size_t which = kNames.find(c); which != std::string_view::npos) {
      out += kValues[which];
    } else {
      out += '\\';
      out += c;
    }
    return true;
  }

  bool read_hex(size_t n_digit, char32_t& code) {
    if (text_.size() - at_ < n_digit) return false;
    code = 0;
    for (const char c : text_.substr(at_, n_digit)) {
      const size_t digit = std::string_view("0123456789abcdef").find(static_cast<char>(c | 0x20));
      if (digit == std::string_view::npos) return false;
      code = code * 16 + static_cast<char32_t>(digit);
    }
    at_ += n_digit;
    return true;
  }

  bool read_code(size_t n_digit, std::string& out) {
    char32_t code = 0;
    if (!read_hex(n_digit, code)) return false;
    // Two escapes for one character, as JSON writers make them.
    if (code >= 0xd800 && code < 0xdc00 && text_.substr(at_).starts_with("\\u")) {
      const size_t back = at_;
      char32_t low = 0;
      at_ += 2;
      if (read_hex(4, low) && low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      } else {
        at_ = back;
      }
    }
    append_utf8(out, code);
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

std::optional<Json> parse_python_literal(std::string_view text) {
  return LiteralParser(text).parse();
}

}  // namespace stride::schema
