// SPDX-License-Identifier: Apache-2.0
// Functions of one row: against double precision, for every length, with hostile values.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "base/half.h"
#include "kernels/testing.h"

namespace stride::kernels {
namespace {

constexpr double kUnit = 0x1p-24;  // half a unit in the last place, relative
constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr size_t kLengths[] = {1, 2, 7, 8, 9, 16, 31, 64, 100, 1280};

class Elementwise : public testing::TestWithParam<const Kernels*> {
 protected:
  const Kernels& k = *GetParam();
  Random random{21};
};

INSTANTIATE_TEST_SUITE_P(Tables, Elementwise, testing::ValuesIn(tables_to_test()),
                         [](const auto& test) { return table_name(test.param); });

// In units in the last place of the expected value, subnormals included.
double ulps(float value, double expected) {
  const double magnitude = std::max(std::abs(expected), 0x1p-126);
  const double ulp = std::ldexp(1.0, std::ilogb(magnitude) - 23);
  return std::abs(value - expected) / ulp;
}

// Every value of a wide grid alone and in a row: the functions may not care about company.
void check_each(const std::function<void(float*, size_t)>& function,
                const std::function<double(double)>& exact, double tolerance) {
  std::vector<float> in;
  for (double v = -110; v <= 95; v += 0.00713) in.push_back(static_cast<float>(v));
  std::vector<float> out = in;
  function(out.data(), out.size());
  for (size_t i = 0; i < in.size(); ++i) {
    const double expected = exact(in[i]);
    if (expected > std::numeric_limits<float>::max()) {
      EXPECT_EQ(out[i], kInf);
    } else {
      ASSERT_LE(ulps(out[i], expected), tolerance) << in[i];
    }
    float alone = in[i];
    if (i % 7 == 0) function(&alone, 1);
    ASSERT_TRUE(i % 7 != 0 || same_bits(alone, out[i])) << in[i];
  }
}

TEST_P(Elementwise, ExpIsWithinTwoUlps) {
  check_each([&](float* x, size_t n) { k.exp_sum(x, n, 0, 1); },
             [](double x) { return std::exp(x); }, 2);
}

TEST_P(Elementwise, SigmoidIsWithinFourUlps) {
  check_each([&](float* x, size_t n) { k.sigmoid(x, n); },
             [](double x) {
               const double e = std::exp(-x);
               return 1 / (1 + (e > std::numeric_limits<float>::max() ? kInf : e));
             },
             4);
}

TEST_P(Elementwise, ExpOfTheExtremes) {
  float x[] = {-kInf, 0, kInf, NAN, -200, 200, -1e38F};
  k.exp_sum(x, 7, 0, 1);
  EXPECT_EQ(x[0], 0);
  EXPECT_EQ(x[1], 1);
  EXPECT_EQ(x[2], kInf);
  EXPECT_TRUE(std::isnan(x[3]));
  EXPECT_EQ(x[4], 0);
  EXPECT_EQ(x[5], kInf);
  EXPECT_EQ(x[6], 0);
}

TEST_P(Elementwise, ExpSumAndMax) {
  for (const size_t n : kLengths) {
    auto x = random_floats(random, n, 4);
    const float largest = k.max(x.data(), n);
    EXPECT_EQ(largest, *std::ranges::max_element(x));
    double expected = 0;
    for (const float v : x) expected += std::exp((static_cast<double>(v) - largest) / 0.7);
    const float sum = k.exp_sum(x.data(), n, largest, 1 / 0.7F);
    EXPECT_NEAR(sum, expected, 1e-5 * expected);
    EXPECT_LE(*std::ranges::max_element(x), 1);
  }
  EXPECT_EQ(k.max(nullptr, 0), -kInf);
  std::vector<float> damaged(20, NAN);
  damaged[3] = -5;
  damaged[18] = -7;
  EXPECT_EQ(k.max(damaged.data(), 20), -5);
}

// Mean in double; then four roundings.
TEST_P(Elementwise, RmsNorm) {
  for (const size_t n : kLengths) {
    const auto x = random_floats(random, n, 30);
    const auto w = random_floats(random, n);
    double sum = 0;
    for (const float v : x) sum += static_cast<double>(v) * v;
    const double factor = 1 / std::sqrt(sum / static_cast<double>(n) + 1e-5);
    std::vector<float> out = x;
    k.rms_norm(out.data(), out.data(), w.data(), n, 1e-5F);  // in place
    for (size_t i = 0; i < n; ++i) {
      const double expected = x[i] * factor * w[i];
      ASSERT_NEAR(out[i], expected, 6 * kUnit * std::abs(expected)) << n;
    }
  }
}

TEST_P(Elementwise, RopeTurnsThePairsOfEachHead) {
  for (const size_t n_rot : {2U, 8U, 24U, 64U}) {
    const size_t head_dim = 64;
    const size_t half = n_rot / 2;
    std::vector<float> cos(half), sin(half);
    for (size_t i = 0; i < half; ++i) {
      cos[i] = static_cast<float>(std::cos(0.3 * static_cast<double>(i + 1)));
      sin[i] = static_cast<float>(std::sin(0.3 * static_cast<double>(i + 1)));
    }
    const auto x = random_floats(random, 3 * head_dim);
    auto out = x;
    k.rope(out.data(), 3, head_dim, n_rot, cos.data(), sin.data());
    for (size_t i = 0; i < out.size(); ++i) {
      const size_t d = i % head_dim;
      double expected = x[i];
      double magnitude = 0;
      if (d < n_rot) {
        const size_t j = d % half;
        const double partner = d < half ? -x[i + half] : x[i - half];
        expected = static_cast<double>(x[i]) * cos[j] + partner * sin[j];
        magnitude = std::abs(x[i]) + std::abs(partner);
      }
      ASSERT_NEAR(out[i], expected, 3 * kUnit * magnitude) << n_rot << " " << i;
    }
  }
}

TEST_P(Elementwise, SwigluClampsAfterSilu) {
  // gate 12, up 2, limit 7 gives 14; up is clamped on both sides; limit 0 clamps nothing.
  float gate[] = {12, 5, 3, -4, 12};
  float up[] = {2, -1, 100, -100, 100};
  float out[5];
  k.swiglu(out, gate, up, 5, 7);
  const auto silu = [](double x) { return x / (1 + std::exp(-x)); };
  EXPECT_FLOAT_EQ(out[0], 14);
  EXPECT_NEAR(out[1], -silu(5), 1e-6);
  EXPECT_NEAR(out[2], silu(3) * 7, 1e-5);
  EXPECT_NEAR(out[3], silu(-4) * -7, 1e-6);
  EXPECT_FLOAT_EQ(out[4], 49);
  k.swiglu(gate, gate, up, 5, 0);  // in place
  EXPECT_NEAR(gate[4], silu(12) * 100, 1e-3);
  EXPECT_NEAR(gate[2], silu(3) * 100, 1e-3);
}

TEST_P(Elementwise, SwigluKeepsNan) {
  const float gate[] = {NAN, 1};
  const float up[] = {1, NAN};
  float out[2];
  for (const float limit : {0.0F, 7.0F}) {
    k.swiglu(out, gate, up, 2, limit);
    EXPECT_TRUE(std::isnan(out[0]));
    EXPECT_TRUE(std::isnan(out[1]));
  }
}

TEST_P(Elementwise, SwigluOfEveryLength) {
  for (const size_t n : kLengths) {
    const auto gate = random_floats(random, n, 3);
    const auto up = random_floats(random, n, 3);
    std::vector<float> out(n + 1, 99);
    k.swiglu(out.data(), gate.data(), up.data(), n, 2);
    for (size_t i = 0; i < n; ++i) {
      const double silu = gate[i] / (1 + std::exp(-static_cast<double>(gate[i])));
      const double expected = std::min(silu, 2.0) * std::clamp<double>(up[i], -2, 2);
      ASSERT_NEAR(out[i], expected, 8 * kUnit * std::abs(expected));
    }
    EXPECT_EQ(out[n], 99);
  }
}

TEST_P(Elementwise, SumsAndProductsAreExactlyRounded) {
  for (const size_t n : kLengths) {
    const auto x = random_floats(random, n);
    const auto y = random_floats(random, n);
    auto sum = y;
    auto fused = y;
    auto scaled = y;
    k.add(sum.data(), x.data(), n);
    k.add_scaled(fused.data(), x.data(), 0.3F, n);
    k.scale(scaled.data(), 0.3F, n);
    for (size_t i = 0; i < n; ++i) {
      EXPECT_EQ(sum[i], y[i] + x[i]);
      EXPECT_EQ(fused[i], std::fma(0.3F, x[i], y[i]));
      EXPECT_EQ(scaled[i], y[i] * 0.3F);
    }
  }
}

TEST_P(Elementwise, StoredRowsAreTheSameBits) {
  for (const size_t n : {8U, 16U, 128U, 256U}) {
    for (const double deviation : {1.0, 1e-6, 1e5, 1e-42}) {
      auto x = random_floats(random, n, deviation);
      x[n / 2] = static_cast<float>(3 * deviation);
      std::vector<uint16_t> half(n);
      k.store_f16(half.data(), x.data(), n);
      for (size_t i = 0; i < n; ++i) EXPECT_EQ(half[i], f32_to_f16(x[i]));
      std::vector<int8_t> expected(n), out(n);
      float expected_scale = -1;
      float scale = -1;
      kernels_by_name("scalar")->store_int8(expected.data(), &expected_scale, x.data(), n);
      k.store_int8(out.data(), &scale, x.data(), n);
      EXPECT_EQ(out, expected);
      EXPECT_TRUE(same_bits(scale, expected_scale));
      if (deviation > 1e-40) {
        for (size_t i = 0; i < n; ++i) EXPECT_NEAR(scale * out[i], x[i], 0.501 * scale);
      }
    }
  }
}

TEST_P(Elementwise, DamagedRowsStoreANanScale) {
  for (const float damage : {NAN, kInf, -kInf}) {
    std::vector<float> x(16, 1);
    x[11] = damage;
    std::vector<int8_t> out(16, 1);
    float scale = 0;
    k.store_int8(out.data(), &scale, x.data(), 16);
    EXPECT_TRUE(std::isnan(scale));
    EXPECT_EQ(out, std::vector<int8_t>(16));
  }
}

}  // namespace
}  // namespace stride::kernels
