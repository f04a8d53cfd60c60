// SPDX-License-Identifier: Apache-2.0
#include "grammar/number.h"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "grammar/regex.h"

namespace stride::grammar {
namespace {

constexpr size_t kMaxDigits = 400;
constexpr uint64_t kMaxDivisor = 10'000;

constexpr std::string_view kAnyInteger = "0|-?[1-9][0-9]*";
constexpr std::string_view kAnyNumber =
    R"(-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?([0-9]{1,2}|[12][0-9]{2}|30[0-7]))?)";

int compare_magnitudes(const Decimal& a, const Decimal& b) {
  if (a.integer.size() != b.integer.size()) return a.integer.size() < b.integer.size() ? -1 : 1;
  if (const int order = a.integer.compare(b.integer); order != 0) return order;
  return a.fraction.compare(b.fraction);
}

// A bound of the magnitude, with the comparison that grows digit by digit: the sign of what was
// read so far minus as many digits of the bound.
class Edge {
 public:
  explicit Edge(std::optional<Bound> bound) : bound_(std::move(bound)) {}

  bool exists() const { return bound_.has_value(); }
  const std::string& integer() const { return bound_->value.integer; }
  const std::string& fraction() const { return bound_->value.fraction; }

  int8_t read_integer_digit(int8_t order, size_t at, char digit) const {
    if (!exists() || order != 0 || at >= integer().size()) return order;
    return sign(digit - integer()[at]);
  }
  int8_t end_integer(int8_t order, size_t n_digit) const {
    if (!exists()) return 0;
    if (n_digit != integer().size()) return n_digit < integer().size() ? -1 : 1;
    return order;
  }
  int8_t read_fraction_digit(int8_t order, size_t at, char digit) const {
    if (!exists() || order != 0) return order;
    return sign(digit - (at < fraction().size() ? fraction()[at] : '0'));
  }
  // The order of the whole number, which ends after n_digit digits of its fraction.
  int8_t finish(int8_t order, size_t n_digit) const {
    return exists() && order == 0 && n_digit < fraction().size() ? int8_t{-1} : order;
  }
  bool allows_above(int8_t order) const {
    return !exists() || order > 0 || (order == 0 && bound_->inclusive);
  }
  bool allows_below(int8_t order) const {
    return !exists() || order < 0 || (order == 0 && bound_->inclusive);
  }

 private:
  static int8_t sign(int difference) {
    return static_cast<int8_t>((difference > 0) - (difference < 0));
  }
  std::optional<Bound> bound_;
};

// What the digits behind one sign must satisfy.
struct Side {
  bool possible = true;
  Edge least{std::nullopt}, most{std::nullopt};
};

Bound negated(Bound bound) {
  bound.value.negative = !bound.value.negative && !bound.value.is_zero();
  return bound;
}

Side side_of(const std::optional<Bound>& least, const std::optional<Bound>& most, bool negative) {
  const Bound zero{};
  Side out;
  out.possible = !most || !most->value.negative;
  if (least && !least->value.negative) {
    out.least = Edge(least);
  } else if (negative) {
    out.least = Edge(Bound{.value = {}, .inclusive = false});  // -0 is no spelling
  }
  if (most && !most->value.negative) out.most = Edge(most);
  if (negative && least && compare(least->value, zero.value) == 0) {
    out.least = Edge(Bound{.value = {}, .inclusive = false});
  }
  return out;
}

enum class Place : uint8_t { start, sign, integer, point, fraction };

struct Key {
  Place place = Place::start;
  bool negative = false;
  bool zero = false;   // the integer part is a lone 0
  size_t n_digit = 0;  // of the current part, counted as far as it matters
  int8_t low = 0, high = 0;
  uint64_t remainder = 0;

  auto operator<=>(const Key&) const = default;
};

class NumberMachine {
 public:
  NumberMachine(const NumberRules& rules, uint64_t divisor, size_t scale)
      : integer_(rules.integer),
        divides_(!rules.divisors.empty()),
        divisor_(divisor),
        scale_(scale) {
    sides_[0] = side_of(rules.least, rules.most, false);
    const auto flip = [](const std::optional<Bound>& bound) {
      return bound ? std::optional(negated(*bound)) : std::nullopt;
    };
    sides_[1] = side_of(flip(rules.most), flip(rules.least), true);
    for (const Side& side : sides_) {
      for (const Edge* edge : {&side.least, &side.most}) {
        if (!edge->exists()) continue;
        n_integer_ = std::max(n_integer_, edge->integer().size());
        n_fraction_ = std::max(n_fraction_, edge->fraction().size());
      }
    }
    n_fraction_ = std::max(n_fraction_, scale);
  }

  std::optional<Key> step(Key at, uint8_t byte) const {
    if (at.place == Place::start && byte == '-') {
      if (!sides_[1].possible) return {};
      return Key{.place = Place::sign, .negative = true};
    }
    if (byte == '.' && at.place == Place::integer && !integer_) return end_integer(at);
    if (byte < '0' || byte > '9') return {};
    if (at.place == Place::point || at.place == Place::fraction) return read_fraction(at, byte);
    return read_integer(at, byte);
  }

  bool accepts(const Key& at) const {
    if (at.place == Place::fraction) return fits(at);
    if (at.place != Place::integer) return false;
    Key whole = *end_integer(at);
    return fits(whole);
  }

 private:
  const Side& side(const Key& at) const { return sides_[at.negative ? 1 : 0]; }

  std::optional<Key> read_integer(Key at, uint8_t byte) const {
    if (at.zero || !side(at).possible) return {};
    const auto digit = static_cast<char>(byte);
    at.place = Place::integer;
    if (at.n_digit == 0 && digit == '0') {
      at.zero = true;
      return at;
    }
    at.low = side(at).least.read_integer_digit(at.low, at.n_digit, digit);
    at.high = side(at).most.read_integer_digit(at.high, at.n_digit, digit);
    ++at.n_digit;
    if (at.n_digit > n_integer_) {
      // Longer than both bounds: above them, however it goes on.
      if (side(at).most.exists()) return {};
      at.n_digit = n_integer_ + 1;
      at.low = at.high = 0;
    }
    at.remainder = (at.remainder * 10 + static_cast<uint64_t>(digit - '0')) % divisor_;
    return at;
  }

  std::optional<Key> end_integer(Key at) const {
    at.low = side(at).least.end_integer(at.low, at.n_digit);
    at.high = side(at).most.end_integer(at.high, at.n_digit);
    at.place = Place::point;
    at.n_digit = 0;
    at.zero = false;
    return at;
  }

  std::optional<Key> read_fraction(Key at, uint8_t byte) const {
    const auto digit = static_cast<char>(byte);
    at.place = Place::fraction;
    at.low = side(at).least.read_fraction_digit(at.low, at.n_digit, digit);
    at.high = side(at).most.read_fraction_digit(at.high, at.n_digit, digit);
    if (at.n_digit < scale_) {
      at.remainder = (at.remainder * 10 + static_cast<uint64_t>(digit - '0')) % divisor_;
    } else if (divides_ && digit != '0') {
      return {};
    }
    at.n_digit = std::min(at.n_digit + 1, n_fraction_ + 1);
    return at;
  }

  bool fits(const Key& at) const {
    uint64_t remainder = at.remainder;
    for (size_t i = at.n_digit; i < scale_; ++i) remainder = remainder * 10 % divisor_;
    return remainder == 0 &&
           side(at).least.allows_above(side(at).least.finish(at.low, at.n_digit)) &&
           side(at).most.allows_below(side(at).most.finish(at.high, at.n_digit));
  }

  bool integer_, divides_;
  uint64_t divisor_;
  size_t scale_;
  Side sides_[2];
  size_t n_integer_ = 0, n_fraction_ = 0;
};

// The least common multiple of the divisors in units of 10^-scale.
Result<uint64_t> common_divisor(const std::vector<Decimal>& divisors, size_t scale) {
  uint64_t out = 1;
  bool first = true;
  for (const Decimal& divisor : divisors) {
    std::string digits = divisor.integer + divisor.fraction;
    digits.append(scale - divisor.fraction.size(), '0');
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || value == 0 || value > kMaxDivisor) {
      return fail(Errc::unsupported, "multiples of {} are beyond what can be enforced",
                  to_text(divisor));
    }
    out = first ? value : std::lcm(out, value);
    first = false;
    if (out > kMaxDivisor) {
      return fail(Errc::unsupported, "a common multiple of {} is beyond what can be enforced", out);
    }
  }
  return out;
}

}  // namespace

Result<Decimal> parse_decimal(std::string_view text) {
  Decimal out;
  if (text.starts_with('-')) {
    out.negative = true;
    text.remove_prefix(1);
  }
  const size_t at_exponent = std::min(text.find_first_of("eE"), text.size());
  long exponent = 0;
  if (at_exponent < text.size()) {
    std::string_view digits = text.substr(at_exponent + 1);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    if (error != std::errc{} || exponent > long{kMaxDigits} || exponent < -long{kMaxDigits}) {
      return fail(Errc::unsupported, "the number has more than {} digits", kMaxDigits);
    }
  }
  const std::string_view mantissa = text.substr(0, at_exponent);
  const size_t at_point = std::min(mantissa.find('.'), mantissa.size());
  out.integer = mantissa.substr(0, at_point);
  if (at_point < mantissa.size()) out.fraction = mantissa.substr(at_point + 1);
  for (; exponent > 0; --exponent) {
    out.integer += out.fraction.empty() ? '0' : out.fraction[0];
    if (!out.fraction.empty()) out.fraction.erase(0, 1);
  }
  for (; exponent < 0; ++exponent) {
    out.fraction.insert(out.fraction.begin(), out.integer.empty() ? '0' : out.integer.back());
    if (!out.integer.empty()) out.integer.pop_back();
  }
  out.integer.erase(0, std::min(out.integer.find_first_not_of('0'), out.integer.size()));
  const size_t last = out.fraction.find_last_not_of('0');
  out.fraction.resize(last == std::string::npos ? 0 : last + 1);
  if (out.is_zero()) out.negative = false;
  if (out.integer.size() + out.fraction.size() > kMaxDigits) {
    return fail(Errc::unsupported, "the number has more than {} digits", kMaxDigits);
  }
  return out;
}

std::string to_text(const Decimal& number) {
  std::string out = number.negative ? "-" : "";
  out += number.integer.empty() ? "0" : number.integer;
  if (!number.fraction.empty()) out += "." + number.fraction;
  return out;
}

int compare(const Decimal& a, const Decimal& b) {
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  const int order = compare_magnitudes(a, b);
  return a.negative ? -order : order;
}

Result<Dfa> number_dfa(const NumberRules& rules) {
  const bool free =
      !rules.least && !rules.most && rules.divisors.empty() && (rules.integer || !rules.plain);
  if (free) return regex_dfa(rules.integer ? kAnyInteger : kAnyNumber, Anchoring::whole);
  size_t scale = 0;
  for (const Decimal& divisor : rules.divisors) scale = std::max(scale, divisor.fraction.size());
  const uint64_t divisor = STRIDE_TRY(common_divisor(rules.divisors, scale));
  const NumberMachine machine(rules, divisor, scale);
  return explore(
      ByteClasses::alone("-.0123456789"), Key{},
      [&](const Key& at, uint8_t byte) { return machine.step(at, byte); },
      [&](const Key& at) { return machine.accepts(at); });
}

}  // namespace stride::grammar
