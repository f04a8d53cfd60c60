// SPDX-License-Identifier: Apache-2.0
// The reference path against the float64 oracle. It differs by the rounding of stored values to
// float only, so 1e-4 is generous: the figures seen are near 1e-6.
#include <gtest/gtest.h>

#include <algorithm>

#include "model/golden.h"

namespace stride::model {
namespace {

class Reference : public testing::TestWithParam<const char*> {};

TEST_P(Reference, MatchesTheOracle) {
  const Golden golden(GetParam());
  const auto model = golden.load({.path = Path::reference});
  ASSERT_TRUE(model);
  const AllOutputs got = run_everything(*model, golden.ids);
  EXPECT_LT(relative_error(got.trunk.logits, golden.logits), 1e-4);
  EXPECT_LT(relative_error(got.trunk.hidden, golden.hidden), 1e-4);
  EXPECT_EQ(got.trunk.experts, golden.experts);
  ASSERT_EQ(got.mtp.size(), 3U);
  for (size_t k = 0; k < 3; ++k)
    EXPECT_LT(relative_error(got.mtp[k].logits, golden.mtp[k]), 1e-4) << k;
}

TEST_P(Reference, DoesNotDependOnPieces) {
  const Golden golden(GetParam());
  const auto model = golden.load({.path = Path::reference, .max_rows = 16});
  const AllOutputs whole = run_everything(*model, golden.ids);
  for (const size_t piece : {1, 7}) {
    const AllOutputs cut = run_everything(*model, golden.ids, piece);
    EXPECT_EQ(cut.trunk.logits, whole.trunk.logits) << piece;
    for (size_t k = 0; k < 3; ++k) EXPECT_EQ(cut.mtp[k].logits, whole.mtp[k].logits) << piece;
  }
}

// `greedy` in the goldens is the argmax of each row.
TEST_P(Reference, HasTheSameBestTokens) {
  const Golden golden(GetParam());
  const auto model = golden.load({.path = Path::reference});
  const AllOutputs got = run_everything(*model, golden.ids);
  const size_t n_vocab = model->config().n_vocab;
  for (size_t t = 0; t < golden.ids.size(); ++t) {
    const auto row = std::span(got.trunk.logits).subspan(t * n_vocab, n_vocab);
    EXPECT_EQ(std::ranges::max_element(row) - row.begin(), golden.greedy[t]) << t;
  }
}

INSTANTIATE_TEST_SUITE_P(Tiny, Reference, testing::Values("tiny-f32", "tiny-q8_0", "tiny-q4_k_s"));

TEST(ReferenceModel, RefusesBadRequestsAndStaysAsItWas) {
  const Golden golden("tiny-f32");
  const auto model = golden.load({.path = Path::reference});
  auto sequence = *model->new_sequence(8);
  Output out;
  const std::vector<Token> outside = {0, 320}, negative = {-1}, many(9, 1), good = {1, 2};
  EXPECT_EQ(model->forward(*sequence, {.ids = outside}, out).error().message,
            "token 320 at place 1 is not in the vocabulary of 320 tokens");
  EXPECT_FALSE(model->forward(*sequence, {.ids = negative}, out));
  EXPECT_EQ(model->forward(*sequence, {.ids = many}, out).error().code, Errc::exhausted);
  EXPECT_EQ(sequence->size(), 0U);
  EXPECT_TRUE(model->forward(*sequence, {.ids = good}, out));
  EXPECT_EQ(sequence->size(), 2U);
  EXPECT_FALSE(model->forward_mtp(*sequence, 3, {.ids = good}, out.hidden, out));
  EXPECT_FALSE(model->forward_mtp(*sequence, 0, {.ids = good}, {}, out));
  EXPECT_FALSE(sequence->truncate(3));
}

}  // namespace
}  // namespace stride::model
