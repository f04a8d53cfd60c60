// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace stride::gauntlet {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

TEST(Pcg64, GivesTheNumbersOfItsReference) {
  // The demonstration program of the PCG distribution: seed 42, stream 54.
  Pcg64 random(42, 54);
  EXPECT_EQ(random.next(), 0x86b1da1d72062b68);
  EXPECT_EQ(random.next(), 0x1304aa46c9853d39);
  EXPECT_EQ(random.next(), 0xa3670e9e0dd50358);
  EXPECT_EQ(random.next(), 0xf9090e529a7dae00);
  EXPECT_EQ(random.next(), 0xc85b9fd837996f2c);
  EXPECT_EQ(random.next(), 0x606121f8e3919196);
}

TEST(Statistics, QuantileInterpolatesLinearly) {
  const std::vector<double> values = {40, 10, 20, 30};
  EXPECT_EQ(quantile(values, 0), 10);
  EXPECT_EQ(quantile(values, 0.5), 25);
  EXPECT_EQ(quantile(values, 1), 40);
  EXPECT_DOUBLE_EQ(*quantile(values, 0.9), 37);
  EXPECT_EQ(quantile({}, 0.5), std::nullopt);
}

TEST(Statistics, TailsAreOnlyPrintedWhereThereAreValues) {
  EXPECT_FALSE(quantiles(std::vector<double>(19, 1)).p95);
  EXPECT_TRUE(quantiles(std::vector<double>(20, 1)).p95);
  EXPECT_FALSE(quantiles(std::vector<double>(99, 1)).p99);
  EXPECT_TRUE(quantiles(std::vector<double>(100, 1)).p99);
  EXPECT_EQ(quantiles({}).n, 0);
  EXPECT_FALSE(quantiles({}).p50);
}

TEST(Statistics, WilsonKnownAnswers) {
  // Newcombe (1998), table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
  const auto near = [](std::optional<Interval> interval, double low, double high) {
    ASSERT_TRUE(interval);
    EXPECT_NEAR(interval->low, low, 5e-5);
    EXPECT_NEAR(interval->high, high, 5e-5);
  };
  near(wilson(81, 263), 0.2553, 0.3662);
  near(wilson(15, 148), 0.0624, 0.1605);
  near(wilson(0, 20), 0, 0.1611);
  near(wilson(1, 29), 0.0061, 0.1718);
  EXPECT_EQ(wilson(20, 20)->high, 1);
  EXPECT_EQ(wilson(0, 20)->low, 0);
  EXPECT_FALSE(wilson(0, 0));
}

TEST(Statistics, PassAtAndPassHatKnownAnswers) {
  EXPECT_DOUBLE_EQ(pass_hat_k(5, 3, 3), 1.0 / 10);  // C(3,3) / C(5,3)
  EXPECT_DOUBLE_EQ(pass_hat_k(5, 4, 3), 4.0 / 10);
  EXPECT_DOUBLE_EQ(pass_hat_k(5, 5, 3), 1);
  EXPECT_DOUBLE_EQ(pass_hat_k(5, 2, 3), 0);
  EXPECT_DOUBLE_EQ(pass_at_k(5, 1, 1), 0.2);
  EXPECT_DOUBLE_EQ(pass_at_k(10, 3, 2), 1 - 21.0 / 45);
  EXPECT_DOUBLE_EQ(pass_at_k(4, 0, 4), 0);
  EXPECT_DOUBLE_EQ(pass_at_k(4, 4, 2), 1);
}

TEST(Statistics, StudentMatchesItsTable) {
  EXPECT_NEAR(student_t_975(1), 12.706, 1e-3);
  EXPECT_NEAR(student_t_975(2), 4.303, 1e-3);
  EXPECT_NEAR(student_t_975(3), 3.182, 2e-3);
  EXPECT_NEAR(student_t_975(4), 2.776, 1e-3);
  EXPECT_NEAR(student_t_975(10), 2.228, 1e-3);
  EXPECT_NEAR(student_t_975(60), 2.000, 1e-3);
  EXPECT_NEAR(student_t_975(1e6), 1.960, 1e-3);
}

TEST(Statistics, HolmKnownAnswer) {
  const std::vector<double> p = {0.01, 0.04, 0.03, 0.005};
  EXPECT_THAT(holm(p), ElementsAre(DoubleNear(0.03, 1e-12), DoubleNear(0.06, 1e-12),
                                   DoubleNear(0.06, 1e-12), DoubleNear(0.02, 1e-12)));
  EXPECT_THAT(holm(std::vector<double>{0.7, 0.9}), ElementsAre(1, 1));
  EXPECT_TRUE(holm({}).empty());
}

TEST(Statistics, SignFlipIsExactForFewDifferences) {
  // All five have the same sign: two of 32 assignments are as extreme.
  const std::vector<std::vector<double>> same = {{0.2, 0.1, 0.3, 0.4, 0.25}};
  EXPECT_DOUBLE_EQ(sign_flip_p(same), 2.0 / 32);
  // Fisher's exact: 3, 2, 1, -1: sums of at least 5 in size: +++-, +++ +, ++-+ (3+2-1+1 = 5), and
  // their opposites.
  const std::vector<std::vector<double>> mixed = {{3, 2, 1, -1}};
  EXPECT_DOUBLE_EQ(sign_flip_p(mixed), 6.0 / 16);
  EXPECT_EQ(sign_flip_p(std::vector<std::vector<double>>{{0, 0}}), 1);
  EXPECT_EQ(sign_flip_p({}), 1);
}

TEST(Statistics, SignFlipOfManyIsNearTheExactValue) {
  // 14 equal differences: only two of 2^14 assignments are as extreme.
  const std::vector<std::vector<double>> clear = {std::vector<double>(14, 0.5)};
  EXPECT_LT(sign_flip_p(clear), 0.002);
  // +1 and -1 in equal number: every assignment is as extreme.
  std::vector<double> balanced(70, 1.0);
  for (size_t i = 0; i < balanced.size(); i += 2) balanced[i] = -1;
  EXPECT_DOUBLE_EQ(sign_flip_p(std::vector<std::vector<double>>{balanced}), 1);
}

TEST(Statistics, BootstrapOfConstantCellsIsAPoint) {
  const std::vector<Stratum> strata(15, Stratum(5, {0.5}));
  const Estimate estimate = bootstrap_mean(strata);
  EXPECT_DOUBLE_EQ(estimate.value, 0.5);
  ASSERT_TRUE(estimate.ci);
  EXPECT_DOUBLE_EQ(estimate.ci->low, 0.5);
  EXPECT_DOUBLE_EQ(estimate.ci->high, 0.5);
}

TEST(Statistics, NoIntervalWithoutObservedSpread) {
  std::vector<Stratum> strata(3, Stratum{{0.1}, {0.9}});
  strata[1] = {{0.5}};
  EXPECT_FALSE(bootstrap_mean(strata).ci);
  EXPECT_DOUBLE_EQ(bootstrap_mean(strata).value, 0.5);
  strata[1] = {{0.4, 0.6}};  // the repeats of one variant show some
  EXPECT_TRUE(bootstrap_mean(strata).ci);
}

TEST(Statistics, SameSeedSameInterval) {
  const std::vector<Stratum> strata(4, Stratum{{0.1}, {0.9}, {0.3}, {0.7}});
  EXPECT_EQ(bootstrap_mean(strata, 7).ci, bootstrap_mean(strata, 7).ci);
  EXPECT_NE(bootstrap_mean(strata, 7).ci, bootstrap_mean(strata, 8).ci);
}

// Runs of a model whose true score is known: how often the interval holds it.
struct Simulation {
  size_t tests = 15, variants = 5, repeats = 1;
  double between = 0.2, within = 0.15;  // spread of variants and of repeats
};

double coverage(const Simulation& simulation, size_t n_runs) {
  constexpr double kTruth = 0.6;
  Random random(3);
  size_t held = 0;
  for (size_t run = 0; run < n_runs; ++run) {
    std::vector<Stratum> strata;
    for (size_t test = 0; test < simulation.tests; ++test) {
      // Tests differ in difficulty about the truth; their mean is exactly it.
      const double level = kTruth + (test % 2 == 0 ? 0.2 : -0.2) *
                                        (test + 1 < simulation.tests || simulation.tests % 2 == 0);
      Stratum stratum(simulation.variants);
      for (auto& variant : stratum) {
        const double hardness = simulation.between * random.normal();
        for (size_t r = 0; r < simulation.repeats; ++r)
          variant.push_back(level + hardness + simulation.within * random.normal());
      }
      strata.push_back(stratum);
    }
    const Estimate estimate = bootstrap_mean(strata, run, 2000);
    held += estimate.ci && estimate.ci->low <= kTruth && kTruth <= estimate.ci->high ? 1 : 0;
  }
  return static_cast<double>(held) / static_cast<double>(n_runs);
}

TEST(Statistics, IntervalOfTheAverageCovers) {
  for (const Simulation& simulation :
       {Simulation{}, Simulation{.repeats = 4}, Simulation{.repeats = 4, .between = 0},
        Simulation{.repeats = 2, .within = 0}}) {
    const double share = coverage(simulation, 1500);
    EXPECT_GE(share, 0.93) << simulation.repeats << " repeats";
    EXPECT_LE(share, 0.97) << simulation.repeats << " repeats";
  }
}

TEST(Statistics, IntervalOfOneTestCoversToo) {
  for (const size_t variants : {5u, 8u}) {
    const double share = coverage({.tests = 1, .variants = variants, .repeats = 3}, 1500);
    EXPECT_GE(share, 0.93) << variants;
    EXPECT_LE(share, 0.97) << variants;
  }
}

TEST(Statistics, VerdictNeedsBothIntervalAndProbability) {
  const auto estimate = [](double low, double high) {
    return Estimate{(low + high) / 2, Interval{low, high}};
  };
  EXPECT_EQ(verdict(estimate(0.06, 0.2), 0.01), Verdict::a);
  EXPECT_EQ(verdict(estimate(-0.2, -0.06), 0.01), Verdict::b);
  EXPECT_EQ(verdict(estimate(0.06, 0.2), 0.06), Verdict::undecided);
  EXPECT_EQ(verdict(estimate(-0.04, 0.04), 0.9), Verdict::tie);
  EXPECT_EQ(verdict(estimate(-0.04, 0.06), 0.9), Verdict::undecided);
  EXPECT_EQ(verdict({.value = 0.3}, 0.001), Verdict::undecided);
}

}  // namespace
}  // namespace stride::gauntlet
