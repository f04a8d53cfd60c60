// SPDX-License-Identifier: Apache-2.0
// Damaged batches are refused with their place.
#include "train/data_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stride::train {
namespace {

Batch two_rows() {
  Batch batch;
  batch.n_row = 2;
  batch.length = 4;
  batch.tokens = {1, 2, 3, 4, 5, 6, 7, 8};
  batch.weights.assign(8, kFullWeight);
  batch.starts = {0, 0, 2, 2, 0, 1, 1, 1};
  return batch;
}

TEST(CheckBatch, AcceptsPackedDocuments) {
  EXPECT_TRUE(check_batch(two_rows(), 9));
}

TEST(CheckBatch, NamesATokenOutsideTheVocabulary) {
  const auto result = check_batch(two_rows(), 8);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, testing::HasSubstr("row 1, column 3: token 8"));
}

TEST(CheckBatch, NamesADocumentThatStartsElsewhere) {
  for (const uint32_t start : {0U, 1U, 3U, 4000000000U}) {
    Batch batch = two_rows();
    batch.starts[6] = start;
    EXPECT_EQ(check_batch(batch, 9).has_value(), start == 1) << start;
  }
  Batch batch = two_rows();
  batch.starts[4] = 2;
  const auto result = check_batch(batch, 9);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, testing::HasSubstr("row 1, column 0"));
}

TEST(CheckBatch, RefusesMissingColumns) {
  Batch batch = two_rows();
  batch.weights.pop_back();
  EXPECT_FALSE(check_batch(batch, 9));
  batch = two_rows();
  batch.skills = {1};
  EXPECT_FALSE(check_batch(batch, 9));
  EXPECT_FALSE(check_batch(Batch{}, 9));
}

}  // namespace
}  // namespace stride::train
