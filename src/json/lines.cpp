// SPDX-License-Identifier: Apache-2.0
#include "json/lines.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace stride::json {
namespace {

// Walks over text that is known to be valid, so it looks only for what separates values.
class LineFinder {
 public:
  explicit LineFinder(std::string_view text) : text_(text) {}

  void value(const std::string& path) {
    skip_space();
    found[path] = line_;
    switch (peek()) {
      case '{':
        return members(path);
      case '[':
        return items(path);
      case '"':
        string();
        return;
      default:
        while (at_ < text_.size() && !is_end(text_[at_])) ++at_;
    }
  }

  std::map<std::string, uint32_t, std::less<>> found;

 private:
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
  static bool is_end(char c) { return is_space(c) || c == ',' || c == ']' || c == '}'; }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_space() {
    for (; is_space(peek()); ++at_) line_ += text_[at_] == '\n' ? 1 : 0;
  }

  // Steps over the character if it comes next.
  bool take(char c) {
    skip_space();
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  // The characters between the quotes; at the end both are behind.
  std::string_view string() {
    const size_t begin = ++at_;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    const size_t end = std::min(at_, text_.size());
    at_ = end + 1;
    return text_.substr(begin, end - begin);
  }

  static std::string below(const std::string& path, std::string_view name) {
    return path.empty() ? std::string(name) : fmt::format("{}/{}", path, name);
  }

  void members(const std::string& path) {
    ++at_;
    do {
      skip_space();
      if (peek() != '"') break;
      const std::string_view name = string();
      take(':');
      value(below(path, name));
    } while (take(','));
    take('}');
  }

  void items(const std::string& path) {
    ++at_;
    if (take(']')) return;
    size_t i = 0;
    do value(below(path, std::to_string(i++)));
    while (take(','));
    take(']');
  }

  std::string_view text_;
  size_t at_ = 0;
  uint32_t line_ = 1;
};

}  // namespace

std::map<std::string, uint32_t, std::less<>> lines(std::string_view text) {
  LineFinder finder(text);
  finder.value("");
  return std::move(finder.found);
}

}  // namespace stride::json
