// SPDX-License-Identifier: Apache-2.0
#include "train/nano_source.h"

#include <gtest/gtest.h>

#include "nano/vocabulary.h"

namespace stride::train {
namespace {

std::unique_ptr<NanoSource> make_source(uint64_t seed) {
  static const text::Vocabulary vocabulary =
      nano::train_vocabulary({.n_token = 512, .n_sample = 2000, .seed = 1}).value();
  return NanoSource::create(text::Tokenizer::create(vocabulary).value(), seed).value();
}

TEST(NanoSource, KeepsThePromisesOfABatch) {
  const auto source = make_source(1);
  for (const uint32_t length : {512u, 1024u, 2048u}) {
    const Batch batch = source->next_batch(4, length).value();
    const auto checked = check_batch(batch, source->n_vocab());
    EXPECT_TRUE(checked) << checked.error().message;
  }
  EXPECT_EQ(source->skills().size(), 16u);
}

TEST(NanoSource, ContinuesFromItsCursor) {
  const auto whole = make_source(3), resumed = make_source(3);
  ASSERT_TRUE(whole->next_batch(6, 512));
  const std::string cursor = whole->cursor();
  ASSERT_TRUE(resumed->seek(cursor));
  EXPECT_EQ(resumed->cursor(), cursor);
  for (const uint32_t length : {512u, 1024u}) {
    const Batch a = whole->next_batch(3, length).value(),
                b = resumed->next_batch(3, length).value();
    EXPECT_EQ(a.tokens, b.tokens);
    EXPECT_EQ(a.weights, b.weights);
    EXPECT_EQ(a.starts, b.starts);
  }
}

TEST(NanoSource, RefusesForeignCursors) {
  const auto source = make_source(1);
  EXPECT_FALSE(source->seek(""));
  EXPECT_FALSE(source->seek("nano seed=2 next=5 waiting="));
  EXPECT_FALSE(source->seek("nano seed=1 next=5 waiting=9@512"));
  EXPECT_FALSE(source->seek("nano seed=1 next=5 waiting=1@512;2@512"));
  EXPECT_TRUE(source->seek("nano seed=1 next=5 waiting=1@512,2@512"));
}

TEST(NanoSource, SaysThatARowIsTooShort) {
  EXPECT_FALSE(make_source(1)->next_batch(1, 33));
}

}  // namespace
}  // namespace stride::train
