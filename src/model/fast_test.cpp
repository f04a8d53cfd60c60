// SPDX-License-Identifier: Apache-2.0
// The fast path against the float64 oracle, and against itself in every way of cutting the work.
//
// The f32 model differs from the oracle by float sums and the f16 cache: 1e-3 is the bound, near
// 3e-4 is seen. Quantised models multiply int8 activations, whose rounding is about 0.4 % of a
// row's norm in each product; random tiny nets amplify it (near-ties of the router flip), trained
// ones do not.
#include <gtest/gtest.h>

#include <algorithm>

#include "model/golden.h"

namespace stride::model {
namespace {

std::vector<double> row_errors(std::span<const float> a, std::span<const float> b, size_t width) {
  std::vector<double> errors;
  for (size_t at = 0; at < b.size(); at += width) {
    errors.push_back(relative_error(a.subspan(at, width), b.subspan(at, width)));
  }
  std::ranges::sort(errors);
  return errors;
}

double share_of_equal_argmax(std::span<const float> a, std::span<const float> b, size_t width) {
  size_t equal = 0, n = 0;
  for (size_t at = 0; at < b.size(); at += width, ++n) {
    const auto best = [&](std::span<const float> all) {
      const auto row = all.subspan(at, width);
      return std::ranges::max_element(row) - row.begin();
    };
    equal += best(a) == best(b);
  }
  return static_cast<double>(equal) / static_cast<double>(n);
}

TEST(Fast, FloatModelMatchesTheOracle) {
  const Golden golden("tiny-f32");
  const auto model = golden.load({.path = Path::fast, .n_threads = 1});
  ASSERT_TRUE(model);
  const AllOutputs got = run_everything(*model, golden.ids);
  EXPECT_LT(relative_error(got.trunk.logits, golden.logits), 1e-3);
  EXPECT_LT(relative_error(got.trunk.hidden, golden.hidden), 1e-3);
  EXPECT_EQ(got.trunk.experts, golden.experts);
  ASSERT_EQ(got.mtp.size(), 3U);
  for (size_t k = 0; k < 3; ++k)
    EXPECT_LT(relative_error(got.mtp[k].logits, golden.mtp[k]), 1e-3) << k;
}

struct Precision {
  const char* model;
  Activations activations;
  double median_error;  // of a row's logits, trunk and each head
  double equal_argmax;  // share of rows
};

class FastQuantised : public testing::TestWithParam<Precision> {};

TEST_P(FastQuantised, StaysNearTheOracle) {
  const Golden golden(GetParam().model);
  const auto model = golden.load({.n_threads = 1, .activations = GetParam().activations});
  ASSERT_TRUE(model);
  const AllOutputs got = run_everything(*model, golden.ids);
  const size_t n_vocab = model->config().n_vocab;
  const auto check = [&](std::span<const float> a, std::span<const float> b, const char* what) {
    const auto errors = row_errors(a, b, n_vocab);
    EXPECT_LE(errors[errors.size() / 2], GetParam().median_error) << what;
    EXPECT_GE(share_of_equal_argmax(a, b, n_vocab), GetParam().equal_argmax) << what;
  };
  check(got.trunk.logits, golden.logits, "trunk");
  for (size_t k = 0; k < 3; ++k) check(got.mtp[k].logits, golden.mtp[k], "mtp");
}

// With int8, the rows whose best token differs are those where a router's near-tie flips an expert
// (errors of 0.1 to 1) or where the two best logits are closer than the error.
INSTANTIATE_TEST_SUITE_P(
    Tiny, FastQuantised,
    testing::Values(Precision{"tiny-q8_0", Activations::automatic, 0.002, 0.97},
                    Precision{"tiny-q4_k_s", Activations::automatic, 0.002, 0.97},
                    Precision{"tiny-q8_0", Activations::int8, 0.05, 0.8},
                    Precision{"tiny-q4_k_s", Activations::int8, 0.05, 0.8}));

class FastInvariance : public testing::TestWithParam<std::tuple<const char*, KvType, Activations>> {
};

// Bit for bit, whatever the pieces, the rows of a step and the threads.
TEST_P(FastInvariance, PiecesStepsAndThreadsChangeNothing) {
  const auto [name, kv_type, activations] = GetParam();
  const Golden golden(name);
  LoadOptions options{.n_threads = 1, .kv_type = kv_type, .activations = activations};
  const AllOutputs want = run_everything(*golden.load(options), golden.ids);
  struct Cut {
    uint32_t n_threads, max_rows;
    size_t piece;
  };
  for (const Cut cut :
       {Cut{1, 512, 1}, Cut{2, 5, 48}, Cut{2, 512, 7}, Cut{3, 512, 64}, Cut{2, 16, 1}}) {
    options.n_threads = cut.n_threads;
    options.max_rows = cut.max_rows;
    const AllOutputs got = run_everything(*golden.load(options), golden.ids, cut.piece);
    EXPECT_EQ(got.trunk.logits, want.trunk.logits)
        << cut.n_threads << " " << cut.max_rows << " " << cut.piece;
    EXPECT_EQ(got.trunk.hidden, want.trunk.hidden);
    for (size_t k = 0; k < 3; ++k) EXPECT_EQ(got.mtp[k].logits, want.mtp[k].logits);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Tiny, FastInvariance,
    testing::Values(std::tuple("tiny-f32", KvType::f16, Activations::automatic),
                    std::tuple("tiny-q8_0", KvType::int8, Activations::int8),
                    std::tuple("tiny-q4_k_s", KvType::f16, Activations::int8),
                    std::tuple("tiny-q4_k_s", KvType::int8, Activations::int16)));

// Positions beyond one chunk of attention, which threads share where they are more than the heads.
TEST(Fast, ThreadsShareLongContexts) {
  const Golden golden("tiny-f32");
  std::vector<Token> ids(2200);
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = golden.ids[i * 7 % golden.ids.size()];
  Output want, got;
  for (const unsigned n_threads : {1U, 3U, 5U}) {
    const auto model = golden.load({.n_threads = n_threads, .max_rows = 64});
    const auto sequence = *model->new_sequence(static_cast<uint32_t>(ids.size()));
    ASSERT_TRUE(model->forward(*sequence, {.ids = std::span(ids).first(2100)}, got));
    ASSERT_TRUE(model->forward(*sequence, {.ids = std::span(ids).subspan(2100, 99)}, got));
    ASSERT_TRUE(model->forward(*sequence, {.ids = std::span(ids).last(1)}, got));
    if (n_threads == 1) want = got;
    EXPECT_EQ(got.logits, want.logits) << n_threads;
  }
}

TEST(Fast, Int8CacheStaysNearTheF16Cache) {
  const Golden golden("tiny-f32");
  const auto f16 = golden.load({.path = Path::fast, .kv_type = KvType::f16});
  const auto int8 = golden.load({.path = Path::fast, .kv_type = KvType::int8});
  const AllOutputs a = run_everything(*f16, golden.ids), b = run_everything(*int8, golden.ids);
  const auto errors = row_errors(b.trunk.logits, a.trunk.logits, f16->config().n_vocab);
  EXPECT_GT(errors.front(), 0);
  EXPECT_LT(errors[errors.size() / 2], 0.02);
}

}  // namespace
}  // namespace stride::model
