// SPDX-License-Identifier: Apache-2.0
#include "grammar/number.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace stride::grammar {
namespace {

Decimal decimal(std::string_view text) {
  return *parse_decimal(text);
}

TEST(Decimal, ReadsAndOrders) {
  EXPECT_EQ(to_text(decimal("-001.500")), "-1.5");
  EXPECT_EQ(to_text(decimal("1.25e3")), "1250");
  EXPECT_EQ(to_text(decimal("12e-4")), "0.0012");
  EXPECT_EQ(to_text(decimal("-0.0")), "0");
  EXPECT_FALSE(parse_decimal("1e500"));
  EXPECT_LT(compare(decimal("-2"), decimal("-1.5")), 0);
  EXPECT_LT(compare(decimal("9"), decimal("10")), 0);
  EXPECT_GT(compare(decimal("0.1"), decimal("0.09")), 0);
  EXPECT_EQ(compare(decimal("1.0"), decimal("1")), 0);
}

TEST(Number, IntegersWithinBounds) {
  Random random(7);
  for (int round = 0; round < 200; ++round) {
    const auto lo = static_cast<int>(random.below(400)) - 200;
    const auto hi = lo + static_cast<int>(random.below(200));
    const auto divisor = static_cast<int>(1 + random.below(9));
    NumberRules rules{.integer = true};
    const bool low_inclusive = random.below(2) == 0, high_inclusive = random.below(2) == 0;
    rules.least = Bound{decimal(std::to_string(lo)), low_inclusive};
    rules.most = Bound{decimal(std::to_string(hi)), high_inclusive};
    if (divisor > 1) rules.divisors = {decimal(std::to_string(divisor))};
    const Dfa dfa = *number_dfa(rules);
    for (int value = -450; value <= 450; ++value) {
      const bool fits = (low_inclusive ? value >= lo : value > lo) &&
                        (high_inclusive ? value <= hi : value < hi) && value % divisor == 0;
      EXPECT_EQ(dfa.matches(std::to_string(value)), fits)
          << value << " in " << lo << " to " << hi << " by " << divisor;
    }
    EXPECT_FALSE(dfa.matches("-0") || dfa.matches("01") || dfa.matches("1.0") || dfa.matches("-"));
  }
}

TEST(Number, FractionsWithinBounds) {
  Random random(8);
  const auto draw = [&] { return static_cast<double>(random.below(4000)) / 100 - 20; };
  for (int round = 0; round < 100; ++round) {
    const double lo = draw(), hi = lo + static_cast<double>(random.below(1000)) / 100;
    NumberRules rules;
    rules.least = Bound{decimal(fmt::format("{:.2f}", lo)), true};
    rules.most = Bound{decimal(fmt::format("{:.2f}", hi)), false};
    const Dfa dfa = *number_dfa(rules);
    for (int i = 0; i < 300; ++i) {
      const double value = static_cast<double>(random.below(60000)) / 1000 - 30;
      if (std::abs(value - lo) < 1e-9 || std::abs(value - hi) < 1e-9) continue;
      const std::string text = fmt::format("{:.3f}", value);
      if (text.starts_with("-0.000")) continue;
      EXPECT_EQ(dfa.matches(text), value > lo && value < hi) << text << ' ' << lo << ' ' << hi;
    }
    EXPECT_TRUE(lo == hi || dfa.matches(to_text(decimal(fmt::format("{:.2f}", lo)))));
    EXPECT_FALSE(dfa.matches(fmt::format("{:.2f}", hi)));
  }
}

TEST(Number, HalfOpenBoundsAndHugeOnes) {
  NumberRules rules{.integer = true};
  rules.least = Bound{decimal("123456789012345678901234567890"), false};
  Dfa dfa = *number_dfa(rules);
  EXPECT_TRUE(dfa.matches("123456789012345678901234567891"));
  EXPECT_TRUE(dfa.matches("1000000000000000000000000000000"));
  EXPECT_FALSE(dfa.matches("123456789012345678901234567890") || dfa.matches("-5") ||
               dfa.matches("99"));
  rules = {};
  rules.most = Bound{decimal("2.5"), true};
  dfa = *number_dfa(rules);
  EXPECT_TRUE(dfa.matches("2.50") && dfa.matches("-100.75") && dfa.matches("0") &&
              dfa.matches("-0.5"));
  EXPECT_FALSE(dfa.matches("2.51") || dfa.matches("3") || dfa.matches("1e1"));
}

TEST(Number, MultiplesOfFractions) {
  NumberRules rules;
  rules.divisors = {decimal("0.25"), decimal("0.5")};
  const Dfa dfa = *number_dfa(rules);
  EXPECT_TRUE(dfa.matches("1.5") && dfa.matches("-2") && dfa.matches("0.50") && dfa.matches("0"));
  EXPECT_FALSE(dfa.matches("0.25") || dfa.matches("1.501") || dfa.matches("0.1"));
  const Dfa fine = *number_dfa({.divisors = {decimal("0.0001")}});
  EXPECT_TRUE(fine.matches("0.0075") && fine.matches("3.00010"));
  EXPECT_FALSE(fine.matches("0.00751"));
  EXPECT_FALSE(number_dfa({.divisors = {decimal("1e9")}}));
}

TEST(Number, FreeNumbersAreThoseOfJson) {
  const Dfa any = *number_dfa({}), integer = *number_dfa({.integer = true});
  for (const char* text : {"0", "-0", "1.5", "1e5", "-1.25E-10", "1e+308"})
    EXPECT_EQ(any.matches(text), std::string(text) != "1e+308") << text;
  for (const char* text : {"01", "1.", ".5", "+1", "1e", "--1", ""})
    EXPECT_FALSE(any.matches(text)) << text;
  EXPECT_TRUE(integer.matches("-12") && !integer.matches("1.0") && !integer.matches("-0"));
}

}  // namespace
}  // namespace stride::grammar
