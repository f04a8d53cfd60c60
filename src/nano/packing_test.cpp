// SPDX-License-Identifier: Apache-2.0
#include "nano/packing.h"

#include <gtest/gtest.h>

#include <map>

#include "nano/test_tokenizer.h"

namespace stride::nano {
namespace {

using testing::tokenizer;

Packer make_packer(uint64_t seed = 1) {
  return Packer(Mixture(tokenizer(), seed));
}

TEST(Packing, RowsHoldWholeDocuments) {
  Packer packer = make_packer();
  const auto bos = tokenizer().bos();
  for (const uint32_t length : {512u, 1024u, 2048u, 512u})
    for (int r = 0; r < 8; ++r) {
      const PackedRow row = packer.next_row(length).value();
      ASSERT_EQ(row.tokens.size(), length);
      ASSERT_EQ(row.weights.size(), length);
      ASSERT_EQ(row.starts.size(), length);
      ASSERT_EQ(row.skills.size(), length);
      ASSERT_GT(row.n_used, length / 2);
      for (uint32_t i = 0; i < length; ++i) {
        ASSERT_LE(row.starts[i], i);
        if (i >= row.n_used) {
          ASSERT_EQ(row.tokens[i], tokenizer().pad());
          ASSERT_EQ(row.weights[i], 0);
          ASSERT_EQ(row.starts[i], row.n_used);
        } else {
          ASSERT_EQ(row.tokens[i] == bos, row.starts[i] == i);  // each begins with its own bos
          ASSERT_TRUE(row.starts[i] != i || row.weights[i] < 100);
        }
      }
    }
}

TEST(Packing, WastesLittle) {
  Packer packer = make_packer(4);
  uint64_t n_used = 0;
  constexpr int kRows = 100;
  for (int r = 0; r < kRows; ++r) n_used += packer.next_row(512).value().n_used;
  EXPECT_GT(n_used, kRows * 512 * 0.94);
}

TEST(Packing, IsDeterministicAndResumes) {
  Packer whole = make_packer(7), resumed = make_packer(7);
  for (int r = 0; r < 20; ++r) ASSERT_TRUE(whole.next_row(512));
  ASSERT_TRUE(whole.next_row(1024));
  ASSERT_TRUE(resumed.seek(whole.cursor()));
  EXPECT_EQ(resumed.cursor(), whole.cursor());
  for (const uint32_t length : {1024u, 512u, 2048u})
    for (int r = 0; r < 5; ++r) {
      const PackedRow a = whole.next_row(length).value(), b = resumed.next_row(length).value();
      ASSERT_EQ(a.tokens, b.tokens);
      ASSERT_EQ(a.weights, b.weights);
      ASSERT_EQ(a.starts, b.starts);
    }
  Packer other = make_packer(8);
  EXPECT_NE(other.next_row(512).value().tokens, make_packer(7).next_row(512).value().tokens);
}

TEST(Packing, RefusesForeignCursors) {
  Packer packer = make_packer(1);
  for (const std::string_view cursor :
       {"", "nano", "nano seed=2 next=5 waiting=", "nano seed=1 next=5 waiting=9@512",
        "nano seed=1 next=5 waiting=1", "nano seed=1 next=5 waiting=1@0",
        "nano seed=1 next=5 waiting=1@512;2@512",
        "nano seed=1 next=99999999999999999999 waiting=", "nano seed=1 next=5 waiting=1@99999999"})
    EXPECT_FALSE(packer.seek(cursor)) << cursor;
  EXPECT_TRUE(packer.seek("nano seed=1 next=5 waiting=1@512,2@512"));
  EXPECT_EQ(packer.cursor(), "nano seed=1 next=5 waiting=1@512,2@512");
}

TEST(Packing, SaysThatARowIsTooShort) {
  const auto row = make_packer().next_row(33);
  ASSERT_FALSE(row);
  EXPECT_EQ(row.error().code, Errc::exhausted);
}

TEST(Mixture, FollowsItsShares) {
  std::map<Skill, int> counts;
  const auto shares = sample_shares(512);
  uint32_t total = 0;
  for (const uint32_t share : shares) total += share;
  constexpr int kSamples = 20'000;
  for (uint64_t i = 0; i < kSamples; ++i) ++counts[choose_sample(3, i, 512).skill];
  for (int s = 0; s < kSkills; ++s) {
    const double p = static_cast<double>(shares[static_cast<size_t>(s)]) / total;
    EXPECT_NEAR(counts[static_cast<Skill>(s)], kSamples * p, 5 * std::sqrt(kSamples * p))
        << skill_name(static_cast<Skill>(s));
  }
}

}  // namespace
}  // namespace stride::nano
