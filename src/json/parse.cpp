// SPDX-License-Identifier: Apache-2.0
// A recursive-descent reader. Depth is checked before each descent, so the stack is bounded by
// max_depth; keys are looked up in a hash set once an object grows, so time stays linear where the
// ordered object itself would search all earlier keys.
#include <algorithm>
#include <unordered_map>
#include <vector>

#include "base/utf8.h"
#include "json/json.h"
#include "json/number.h"

namespace stride::json {
namespace {

constexpr size_t kDepthCap = 512;
constexpr size_t kSmallObject = 16;  // up to here a linear search is cheaper than a table

class Parser {
 public:
  Parser(std::string_view text, const ParseOptions& options)
      : text_(text), options_(options), max_depth_(std::min(options.max_depth, kDepthCap)) {}

  Result<Json> parse() {
    if (text_.size() > options_.max_bytes) {
      return fail(Errc::exhausted, "JSON: {} bytes, at most {} are read", text_.size(),
                  options_.max_bytes);
    }
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
    Json value = STRIDE_TRY(read_value(0));
    skip_space();
    if (at_ < text_.size()) return expected("the end of the text");
    return value;
  }

 private:
  using Object = Json::object_t;

  std::unexpected<Error> expected(std::string_view what) const {
    if (at_ >= text_.size()) {
      return fail(Errc::format, "JSON: the text ends at byte {}, expected {}", text_.size(), what);
    }
    const auto byte = static_cast<unsigned char>(text_[at_]);
    if (byte > 0x20 && byte < 0x7f) {
      return fail(Errc::format, "JSON: '{}' at byte {}, expected {}", text_[at_], at_, what);
    }
    return fail(Errc::format, "JSON: byte {:#04x} at byte {}, expected {}", byte, at_, what);
  }

  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
      ++at_;
    }
  }

  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  Result<Json> read_value(size_t depth) {
    skip_space();
    if (++n_value_ > options_.max_values) {
      return fail(Errc::exhausted, "JSON: more than {} values", options_.max_values);
    }
    if (at_ >= text_.size()) return expected("a value");
    switch (text_[at_]) {
      case '{':
        return read_object(depth + 1);
      case '[':
        return read_array(depth + 1);
      case '"':
        return Json(STRIDE_TRY(read_string()));
      case 't':
        return read_word("true", Json(true));
      case 'f':
        return read_word("false", Json(false));
      case 'n':
        return read_word("null", Json(nullptr));
      default:
        return read_number();
    }
  }

  Result<Json> read_word(std::string_view word, Json value) {
    if (!text_.substr(at_).starts_with(word)) return expected(word);
    at_ += word.size();
    return value;
  }

  Result<Json> read_number() {
    const char first = text_[at_];
    if (first != '-' && !(first >= '0' && first <= '9')) return expected("a value");
    const size_t n = number_length(text_.substr(at_));
    if (n == 0) {
      return fail(Errc::format, "JSON: malformed number at byte {}", at_);
    }
    std::optional<Json> number = make_number(text_.substr(at_, n), options_.numbers);
    if (!number) return fail(Errc::format, "JSON: the number at byte {} is too large", at_);
    at_ += n;
    return *std::move(number);
  }

  Result<void> check_depth(size_t depth) const {
    if (depth <= max_depth_) return {};
    return fail(Errc::exhausted, "JSON: nested deeper than {} at byte {}", max_depth_, at_);
  }

  Result<Json> read_array(size_t depth) {
    if (auto ok = check_depth(depth); !ok) return std::unexpected(std::move(ok).error());
    ++at_;
    Json::array_t items;
    skip_space();
    if (take(']')) return Json(std::move(items));
    while (true) {
      items.push_back(STRIDE_TRY(read_value(depth)));
      skip_space();
      if (take(']')) return Json(std::move(items));
      if (!take(',')) return expected("',' or ']'");
    }
  }

  Result<Json> read_object(size_t depth) {
    if (auto ok = check_depth(depth); !ok) return std::unexpected(std::move(ok).error());
    ++at_;
    Object members;
    std::unordered_map<std::string, size_t> places;
    skip_space();
    if (take('}')) return Json(std::move(members));
    while (true) {
      skip_space();
      const size_t key_at = at_;
      if (at_ >= text_.size() || text_[at_] != '"') return expected("a key in quotes");
      std::string key = STRIDE_TRY(read_string());
      skip_space();
      if (!take(':')) return expected("':'");
      Json value = STRIDE_TRY(read_value(depth));
      if (Json* earlier = find_earlier(members, places, key)) {
        if (options_.duplicates == Duplicates::refuse) {
          return fail(Errc::format, "JSON: the key \"{}\" at byte {} is repeated", key, key_at);
        }
        *earlier = std::move(value);
      } else {
        add(members, places, std::move(key), std::move(value));
      }
      skip_space();
      if (take('}')) return Json(std::move(members));
      if (!take(',')) return expected("',' or '}'");
    }
  }

  // `places` is empty until the object outgrows kSmallObject.
  static Json* find_earlier(Object& members, const std::unordered_map<std::string, size_t>& places,
                            const std::string& key) {
    if (!places.empty()) {
      const auto found = places.find(key);
      return found == places.end()
                 ? nullptr
                 : &(members.begin() + static_cast<std::ptrdiff_t>(found->second))->second;
    }
    for (auto& [name, value] : members) {
      if (name == key) return &value;
    }
    return nullptr;
  }

  // Past the map's own emplace, which would search all keys again.
  static void add(Object& members, std::unordered_map<std::string, size_t>& places, std::string key,
                  Json value) {
    if (!places.empty()) places.emplace(key, members.size());
    static_cast<Object::Container&>(members).emplace_back(std::move(key), std::move(value));
    if (places.empty() && members.size() > kSmallObject) {
      for (size_t i = 0; i < members.size(); ++i) {
        places.emplace((members.begin() + static_cast<std::ptrdiff_t>(i))->first, i);
      }
    }
  }

  Result<std::string> read_string() {
    ++at_;
    std::string out;
    while (true) {
      const size_t plain = at_;
      while (at_ < text_.size() && is_plain(text_[at_])) ++at_;
      out.append(text_.substr(plain, at_ - plain));
      if (at_ >= text_.size()) return expected("'\"'");
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return out;
      }
      if (c == '\\') {
        if (auto ok = read_escape(out); !ok) return std::unexpected(std::move(ok).error());
        continue;
      }
      const Utf8Character character = decode_utf8(text_, at_);
      if (static_cast<unsigned char>(c) < 0x20) return expected("an escaped control character");
      if (!character.valid) return expected("well-formed UTF-8");
      out.append(text_.substr(at_, character.size));
      at_ += character.size;
    }
  }

  static bool is_plain(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
  }

  Result<void> read_escape(std::string& out) {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    ++at_;
    if (at_ >= text_.size()) return expected("an escape");
    if (text_[at_] == 'u') {
      ++at_;
      append_utf8(out, STRIDE_TRY(read_code_point()));
      return {};
    }
    const size_t which = kNames.find(text_[at_]);
    if (which == std::string_view::npos) return expected("one of \"\\/bfnrtu");
    out.push_back(kValues[which]);
    ++at_;
    return {};
  }

  // After "\u": a code point, with the second half of a surrogate pair if it follows.
  Result<uint32_t> read_code_point() {
    const uint32_t first = STRIDE_TRY(read_hex4());
    if (first < 0xd800 || first >= 0xdc00 || !text_.substr(at_).starts_with("\\u")) return first;
    const size_t back = at_;
    at_ += 2;
    const uint32_t second = STRIDE_TRY(read_hex4());
    if (second >= 0xdc00 && second < 0xe000) {
      return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
    }
    at_ = back;  // the first half stands alone; the next escape is read for itself
    return first;
  }

  Result<uint32_t> read_hex4() {
    uint32_t value = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      if (at_ >= text_.size()) return expected("four hexadecimal digits");
      const char c = text_[at_];
      uint32_t digit = 0;
      if (c >= '0' && c <= '9') {
        digit = static_cast<uint32_t>(c - '0');
      } else if (c >= 'a' && c <= 'f') {
        digit = static_cast<uint32_t>(c - 'a' + 10);
      } else if (c >= 'A' && c <= 'F') {
        digit = static_cast<uint32_t>(c - 'A' + 10);
      } else {
        return expected("four hexadecimal digits");
      }
      value = value * 16 + digit;
    }
    return value;
  }

  std::string_view text_;
  const ParseOptions& options_;
  size_t max_depth_;
  size_t at_ = 0;
  size_t n_value_ = 0;
};

}  // namespace

Result<Json> parse(std::string_view text, const ParseOptions& options) {
  return Parser(text, options).parse();
}

}  // namespace stride::json
