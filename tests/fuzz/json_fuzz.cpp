// SPDX-License-Identifier: Apache-2.0
// Any bytes through the JSON reader: no crash, the error has a place, and what was read is written
// and read again to the same text, in both number modes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "json/json.h"
#include "schema/coerce.h"
#include "schema/schema.h"

namespace {

using stride::Json;
namespace json = stride::json;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_round_trip(std::string_view text, json::Numbers numbers) {
  const json::ParseOptions options{.max_values = 100'000, .numbers = numbers};
  const auto value = json::parse(text, options);
  if (!value) {
    require(!value.error().message.empty());
    return;
  }
  const Json copy = *value;
  const std::string once = json::dump(copy);
  const auto again = json::parse(once, options);
  require(again.has_value());
  require(json::dump(*again) == once);
  require(json::parse(json::python_dump(*value), options).has_value());
  require(stride::schema::same_value(*value, *again));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_round_trip(text, json::Numbers::native);
  check_round_trip(text, json::Numbers::exact);
  stride::schema::parse_python_literal(text);
  // The text as a schema and as a value.
  if (const auto source = json::parse(text, {.max_values = 10'000})) {
    const auto schema =
        stride::schema::Schema::compile(*source, stride::schema::Strictness::lenient);
    if (schema) {
      json::dump(stride::schema::coerce(*schema, text));
      stride::schema::find_fault(*schema, *source, stride::schema::Schema::kRoot, 10'000);
    }
  }
  return 0;
}
