// SPDX-License-Identifier: Apache-2.0
// Number texts and their doubles. Two texts are the same number when sign, significant digits and
// the power of ten of the first digit agree; that comparison is exact and needs no big arithmetic.
#include "json/number.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

namespace stride::json {
namespace {

constexpr uint8_t kExactSubtype = 0x6e;
constexpr int64_t kMaxExponent = int64_t{1}
                                 << 50;  // beyond this an exponent's value does not matter

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

size_t count_digits(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - at;
}

struct Decimal {
  bool negative = false;
  std::string digits;    // no leading and no trailing zeros; empty for zero
  int64_t exponent = 0;  // of the first digit: 0.d1d2d3... x 10^exponent

  bool operator==(const Decimal&) const = default;
};

int64_t read_exponent(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int64_t value = 0;
  for (const char c : text) value = std::min(value * 10 + (c - '0'), kMaxExponent);
  return negative ? -value : value;
}

// `text` must be a JSON number.
Decimal read_decimal(std::string_view text) {
  Decimal out;
  out.negative = text.starts_with('-');
  if (out.negative) text.remove_prefix(1);
  const size_t e = std::min(text.find_first_of("eE"), text.size());
  const std::string_view mantissa = text.substr(0, e);
  const size_t point = std::min(mantissa.find('.'), mantissa.size());
  out.digits = mantissa.substr(0, point);
  if (point < mantissa.size()) out.digits += mantissa.substr(point + 1);
  out.exponent = static_cast<int64_t>(point);
  if (e < text.size()) out.exponent += read_exponent(text.substr(e + 1));
  const size_t n_leading = std::min(out.digits.find_first_not_of('0'), out.digits.size());
  out.digits.erase(0, n_leading);
  out.exponent -= static_cast<int64_t>(n_leading);
  while (out.digits.ends_with('0')) out.digits.pop_back();
  if (out.digits.empty()) out.exponent = 0;
  return out;
}

// The nearest double, or nothing where it would overflow or underflow.
std::optional<double> read_double(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return {};
  return value;
}

template <class Integer>
std::optional<Integer> read_integer(std::string_view text) {
  Integer value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

Json keep_text(std::string_view text) {
  return Json::binary(std::vector<uint8_t>(text.begin(), text.end()), kExactSubtype);
}

// The value of an integer however it is spelled, where it fits.
std::optional<int64_t> integer_value(const Decimal& decimal) {
  if (decimal.digits.empty()) return 0;
  const auto n_digit = static_cast<int64_t>(decimal.digits.size());
  if (decimal.exponent < n_digit || decimal.exponent > 19) return {};
  std::string text = decimal.negative ? "-" : "";
  text += decimal.digits;
  text.append(static_cast<size_t>(decimal.exponent - n_digit), '0');
  return read_integer<int64_t>(text);
}

}  // namespace

size_t number_length(std::string_view text) {
  size_t at = text.starts_with('-') ? 1 : 0;
  const size_t n_integer = count_digits(text, at);
  if (n_integer == 0 || (n_integer > 1 && text[at] == '0')) return 0;
  at += n_integer;
  if (at < text.size() && text[at] == '.') {
    const size_t n_fraction = count_digits(text, at + 1);
    if (n_fraction == 0) return 0;
    at += 1 + n_fraction;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    size_t digits = at + 1;
    if (digits < text.size() && (text[digits] == '+' || text[digits] == '-')) ++digits;
    const size_t n_exponent = count_digits(text, digits);
    if (n_exponent == 0) return 0;
    at = digits + n_exponent;
  }
  return at;
}

bool is_number_text(std::string_view text) {
  return !text.empty() && number_length(text) == text.size();
}

bool is_integer_text(std::string_view text) {
  return is_number_text(text) && text.find_first_of(".eE") == std::string_view::npos;
}

std::optional<Json> make_number(std::string_view text, Numbers numbers) {
  const bool is_integer = text.find_first_of(".eE") == std::string_view::npos;
  if (is_integer && !(numbers == Numbers::exact && text == "-0")) {
    if (const auto value = read_integer<int64_t>(text)) return Json(*value);
    if (const auto value = read_integer<uint64_t>(text)) return Json(*value);
  }
  const std::optional<double> value = read_double(text);
  if (numbers == Numbers::native) {
    if (value) return Json(*value);
    // What is not zero but below the smallest double is as good as zero for a configuration.
    if (read_decimal(text).exponent < 0) return Json(0.0);
    return {};
  }
  if (value && !is_integer && python_repr(*value) == text) return Json(*value);
  return keep_text(text);
}

std::optional<Json> exact_number(std::string_view text) {
  if (!is_number_text(text)) return {};
  return make_number(text, Numbers::exact);
}

std::optional<std::string_view> exact_text(const Json& value) {
  if (!value.is_binary()) return {};
  const auto& bytes = value.get_binary();
  if (!bytes.has_subtype() || bytes.subtype() != kExactSubtype) return {};
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

bool is_number(const Json& value) {
  return value.is_number() || exact_text(value).has_value();
}

std::optional<int64_t> as_int64(const Json& value) {
  if (const auto text = exact_text(value)) return integer_value(read_decimal(*text));
  if (value.is_number_unsigned()) {
    const auto number = value.get<uint64_t>();
    if (number > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return {};
    return static_cast<int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<int64_t>();
  if (!value.is_number_float()) return {};
  const auto number = value.get<double>();
  // 2^63 is a double, the largest int64 is not.
  if (!(number >= -0x1p63 && number < 0x1p63) || number != std::trunc(number)) return {};
  return static_cast<int64_t>(number);
}

std::optional<double> as_double(const Json& value) {
  if (const auto text = exact_text(value)) {
    if (const auto number = read_double(*text)) return number;
    return read_decimal(*text).exponent < 0 ? std::optional(0.0) : std::nullopt;
  }
  if (!value.is_number()) return {};
  const auto number = value.get<double>();
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::string python_repr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::array<char, 40> buffer;
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                    std::chars_format::scientific);
  const std::string_view text(buffer.data(), static_cast<size_t>(result.ptr - buffer.data()));
  const size_t e = text.find('e');
  const auto exponent = static_cast<int>(read_exponent(text.substr(e + 1)));
  // Python writes the exponent only outside [1e-4, 1e16), with at least two digits.
  if (exponent < -4 || exponent >= 16) {
    return fmt::format("{}e{}{:02}", text.substr(0, e), exponent < 0 ? '-' : '+',
                       std::abs(exponent));
  }
  const auto fixed =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed);
  std::string out(buffer.data(), fixed.ptr);
  if (out.find('.') == std::string::npos) out += ".0";
  return out;
}

std::string python_number(std::string_view text) {
  if (text.find_first_of(".eE") == std::string_view::npos) {
    return std::string(text == "-0" ? "0" : text);
  }
  const std::optional<double> value = read_double(text);
  if (!value) return std::string(text);
  std::string repr = python_repr(*value);
  return read_decimal(repr) == read_decimal(text) ? repr : std::string(text);
}

}  // namespace stride::json
