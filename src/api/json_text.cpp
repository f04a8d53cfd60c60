// SPDX-License-Identifier: Apache-2.0
#include "api/json_text.h"

#include <fmt/core.h>

#include <cmath>

#include "json/escape.h"

namespace stride::api {

void JsonText::before_value() {
  if (comma_) text_ += ',';
  comma_ = true;
}

JsonText& JsonText::open(char begin, char end) {
  before_value();
  text_ += begin;
  ends_ += end;
  comma_ = false;
  return *this;
}

JsonText& JsonText::end() {
  text_ += ends_.back();
  ends_.pop_back();
  comma_ = true;
  return *this;
}

JsonText& JsonText::key(std::string_view name) {
  value(name);
  text_ += ':';
  comma_ = false;
  return *this;
}

JsonText& JsonText::value(std::string_view text) {
  before_value();
  text_ += '"';
  json::append_escaped(text_, text);
  text_ += '"';
  return *this;
}

JsonText& JsonText::value(double number) {
  return std::isfinite(number) ? raw(fmt::format("{}", number)) : null();
}

JsonText& JsonText::raw(std::string_view json) {
  before_value();
  text_ += json;
  return *this;
}

std::string json_string(std::string_view text) {
  return JsonText().value(text).take();
}

}  // namespace stride::api
