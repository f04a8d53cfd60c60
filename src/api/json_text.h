// SPDX-License-Identifier: Apache-2.0
// Writes JSON text from front to back, for answers: an event of a stream is a few fields, and a
// tree of values for each would cost more than the token it carries. Commas and colons are put by
// the writer; that brackets match is the caller's care.
//
//   JsonText out;
//   out.object().field("index", 0).key("delta").object().field("content", text).end().end();
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace stride::api {

class JsonText {
 public:
  JsonText& object() { return open('{', '}'); }
  JsonText& array() { return open('[', ']'); }
  JsonText& end();  // of the innermost object or array

  JsonText& key(std::string_view name);

  JsonText& value(std::string_view text);
  JsonText& value(const char* text) { return value(std::string_view(text)); }
  JsonText& value(const std::string& text) { return value(std::string_view(text)); }
  JsonText& value(bool yes) { return raw(yes ? "true" : "false"); }
  JsonText& value(double number);  // NaN and infinities are null
  template <std::integral Number>
  JsonText& value(Number number) {
    return raw(std::to_string(number));
  }
  JsonText& null() { return raw("null"); }
  // Text that is JSON already.
  JsonText& raw(std::string_view json);

  template <class T>
  JsonText& field(std::string_view name, const T& content) {
    return key(name).value(content);
  }
  JsonText& null_field(std::string_view name) { return key(name).null(); }
  JsonText& raw_field(std::string_view name, std::string_view json) { return key(name).raw(json); }

  const std::string& text() const { return text_; }
  std::string take() { return std::move(text_); }

 private:
  JsonText& open(char begin, char end);
  void before_value();

  std::string text_;
  std::string ends_;  // closing brackets still to be written, innermost last
  bool comma_ = false;
};

// A string as JSON, with its quotes.
std::string json_string(std::string_view text);

}  // namespace stride::api
