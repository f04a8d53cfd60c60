// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/store_codec.h"

#include "json/json.h"

namespace stride::gauntlet {
namespace {

Result<Json> parse_array(std::string_view text) {
  Json value = STRIDE_TRY(json::parse(text));
  if (!value.is_array()) return fail(Errc::format, "a column of the store is not a JSON array");
  return value;
}

}  // namespace

std::string encode_calls(std::span<const CapturedCall> calls) {
  Json out = Json::array();
  for (const CapturedCall& call : calls)
    out.push_back({{"id", call.id}, {"name", call.name}, {"arguments", call.arguments}});
  return json::dump(out);
}

Result<std::vector<CapturedCall>> decode_calls(std::string_view text) {
  std::vector<CapturedCall> calls;
  for (const Json& value : STRIDE_TRY(parse_array(text))) {
    const std::string* id = json::string_member(value, "id");
    const std::string* name = json::string_member(value, "name");
    const std::string* arguments = json::string_member(value, "arguments");
    if (id == nullptr || name == nullptr || arguments == nullptr)
      return fail(Errc::format, "a stored call lacks its id, name or arguments");
    calls.push_back({*id, *name, *arguments});
  }
  return calls;
}

std::string encode_numbers(std::span<const double> values) {
  return json::dump(Json(std::vector<double>(values.begin(), values.end())));
}

Result<std::vector<double>> decode_numbers(std::string_view text) {
  std::vector<double> numbers;
  for (const Json& value : STRIDE_TRY(parse_array(text))) {
    const auto number = json::as_double(value);
    if (!number) return fail(Errc::format, "a stored list holds something that is not a number");
    numbers.push_back(*number);
  }
  return numbers;
}

std::string encode_strings(std::span<const std::string> values) {
  return json::dump(Json(std::vector<std::string>(values.begin(), values.end())));
}

Result<std::vector<std::string>> decode_strings(std::string_view text) {
  std::vector<std::string> strings;
  for (const Json& value : STRIDE_TRY(parse_array(text))) {
    if (!value.is_string())
      return fail(Errc::format, "a stored list holds something that is not a string");
    strings.push_back(value.get<std::string>());
  }
  return strings;
}

}  // namespace stride::gauntlet
