// SPDX-License-Identifier: Apache-2.0
#include "decode/sampling_options.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>

namespace stride::decode {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

struct Case {
  const char* name;
  std::function<void(SamplingOptions&, double)> set;
  std::vector<double> good;
  std::vector<double> bad;
};

TEST(SamplingOptions, EveryParameterHasARange) {
  const std::vector<Case> cases{
      {"temperature", [](auto& o, double v) { o.temperature = v; }, {0, 1, 100}, {-1e-9, 101}},
      {"top_p", [](auto& o, double v) { o.top_p = v; }, {1e-9, 1}, {0, -1, 1.01}},
      {"min_p", [](auto& o, double v) { o.min_p = v; }, {0, 1}, {-0.1, 1.1}},
      {"typical_p", [](auto& o, double v) { o.typical_p = v; }, {0.1, 1}, {0, 2}},
      {"repetition_penalty",
       [](auto& o, double v) { o.penalties.repetition = v; },
       {0.5, 1, 2},
       {0, -1, 1e9}},
      {"frequency_penalty",
       [](auto& o, double v) { o.penalties.frequency = v; },
       {-2, 0, 2},
       {-1e9, 1e9}},
      {"presence_penalty",
       [](auto& o, double v) { o.penalties.presence = v; },
       {-2, 0, 2},
       {-1e9, 1e9}},
      {"dry_multiplier", [](auto& o, double v) { o.dry.multiplier = v; }, {0, 0.8}, {-1, 1e9}},
      {"dry_base", [](auto& o, double v) { o.dry.base = v; }, {1, 1.75}, {0.9, 1e9}},
      {"logit_bias",
       [](auto& o, double v) { o.bias = {{3, static_cast<float>(v)}}; },
       {-100, 0, 100, -kInf},
       {1e9, -1e9}},
  };
  for (const Case& c : cases) {
    std::vector<double> bad = c.bad;
    bad.insert(bad.end(), {kNan, kInf});
    for (const double v : c.good) {
      SamplingOptions options;
      c.set(options, v);
      EXPECT_TRUE(check_options(options, 10)) << c.name << " " << v;
    }
    for (const double v : bad) {
      SamplingOptions options;
      c.set(options, v);
      const auto result = check_options(options, 10);
      ASSERT_FALSE(result) << c.name << " " << v;
      EXPECT_EQ(result.error().code, Errc::invalid_argument);
      EXPECT_NE(result.error().message.find(c.name), std::string::npos) << result.error().message;
    }
  }
}

TEST(SamplingOptions, BiasesNameTokensOfTheVocabulary) {
  SamplingOptions options;
  for (const Token id : {-1, 10, INT32_MAX, INT32_MIN}) {
    options.bias = {{id, 1}};
    EXPECT_FALSE(check_options(options, 10)) << id;
  }
  options.bias.assign(kMaxBiases + 1, {1, 1});
  EXPECT_FALSE(check_options(options, 10));
}

TEST(SamplingOptions, AllowedLengthIsAtLeastOne) {
  SamplingOptions options;
  options.dry.allowed_length = 0;
  EXPECT_FALSE(check_options(options, 10));
}

}  // namespace
}  // namespace stride::decode
