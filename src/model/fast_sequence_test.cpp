// SPDX-License-Identifier: Apache-2.0
// Going back: within the rings, and beyond them with a rewind point. What follows must be what a
// fresh sequence gives.
#include "model/fast_sequence.h"

#include <gtest/gtest.h>

#include "model/golden.h"

namespace stride::model {
namespace {

std::vector<Token> numbered(size_t n, Token seed) {
  std::vector<Token> ids(n);
  for (size_t i = 0; i < n; ++i)
    ids[i] = static_cast<Token>((static_cast<size_t>(seed) + i * 37) % 320);
  return ids;
}

struct Rig {
  std::unique_ptr<Model> model;
  std::unique_ptr<Sequence> sequence;

  explicit Rig(const Golden& golden)
      : model(golden.load({.n_threads = 1, .max_rows = 4})), sequence(*model->new_sequence(300)) {}

  // Logits of the last of these ids.
  std::vector<float> feed(std::span<const Token> ids) {
    Output out;
    EXPECT_TRUE(model->forward(*sequence, {.ids = ids}, out));
    return out.logits;
  }
};

// The logits after `head` and then `tail` on a sequence that has seen nothing else.
std::vector<float> fresh(const Golden& golden, std::span<const Token> head,
                         std::span<const Token> tail) {
  Rig run(golden);
  run.feed(head);
  return run.feed(tail);
}

TEST(FastSequence, TruncatesAsFarAsTheRingsReach) {
  const Golden golden("tiny-f32");
  const auto ids = numbered(60, 1), tail = numbered(9, 200);
  Rig run(golden);
  run.feed(ids);
  // The ring has window + max_rows = 12 rows, and 7 of them lie before the first row to come.
  EXPECT_EQ(run.sequence->earliest(), 60U - 12 + 7);
  EXPECT_FALSE(run.sequence->truncate(54));
  EXPECT_FALSE(run.sequence->truncate(61));
  ASSERT_TRUE(run.sequence->truncate(55));
  EXPECT_EQ(run.feed(tail), fresh(golden, std::span(ids).first(55), tail));
}

TEST(FastSequence, RewindsToAMark) {
  const Golden golden("tiny-q8_0");
  const auto head = numbered(40, 3), answer = numbered(50, 77), tail = numbered(11, 5);
  Rig run(golden);
  run.feed(head);
  const auto mark = run.sequence->mark();
  EXPECT_EQ(mark->size(), 40U);
  EXPECT_GT(mark->bytes(), 0U);
  for (int turn = 0; turn < 3; ++turn) {
    run.feed(answer);
    ASSERT_TRUE(run.sequence->rewind(*mark));
    EXPECT_EQ(run.sequence->size(), 40U);
    EXPECT_EQ(run.feed(tail), fresh(golden, head, tail)) << turn;
  }
}

TEST(FastSequence, RefusesMarksItCannotReach) {
  const Golden golden("tiny-f32");
  const auto ids = numbered(40, 3);
  Rig run(golden), other(golden);
  run.feed(ids);
  const auto mark = run.sequence->mark();
  other.feed(std::span(ids).first(10));
  EXPECT_FALSE(other.sequence->rewind(*mark));
  const auto reference = golden.load({.path = Path::reference});
  EXPECT_FALSE(run.sequence->rewind(*(*reference->new_sequence(8))->mark()));
}

TEST(FastSequence, BytesAreWhatIsAllocated) {
  const Golden golden("tiny-f32");
  const auto model = golden.load({.n_threads = 1, .max_rows = 4});
  // Per position 2 heads x 16 values x 2 bytes, keys and values: 128 bytes. Two full layers of 300
  // rows, and seven sliding ones (four of the trunk, three heads) of window + max_rows.
  EXPECT_EQ(model->sequence_bytes(300), 128U * (2 * 300 + 7 * 12));
}

}  // namespace
}  // namespace stride::model
