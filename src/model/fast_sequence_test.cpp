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
  // Beside those for drafts the ring has window + max_rows = 12 rows, and 7 of them lie before the
  // first row to come.
  EXPECT_EQ(run.sequence->earliest(), 60U - 12 + 7);
  EXPECT_FALSE(run.sequence->truncate(54));
  EXPECT_FALSE(run.sequence->truncate(61));
  ASSERT_TRUE(run.sequence->truncate(55));
  EXPECT_EQ(run.feed(tail), fresh(golden, std::span(ids).first(55), tail));
}

// A step of drafts after every token changes neither what follows nor how far back one can go, even
// where a call is cut into single rows.
TEST(FastSequence, DraftsThatAreTakenBackLeaveNoTrace) {
  const Golden golden("tiny-f32");
  const auto ids = numbered(60, 1), tail = numbered(9, 200);
  const auto model = golden.load({.n_threads = 1, .max_rows = 1});
  const auto plain = *model->new_sequence(300), drafting = *model->new_sequence(300);
  Output expected, got;
  for (uint32_t i = 0; i < ids.size();) {
    std::vector<Token> call = {ids[i], 7, 8, 9};
    const uint32_t n_right = std::min<uint32_t>(i % 4, static_cast<uint32_t>(ids.size()) - 1 - i);
    std::copy_n(ids.begin() + i + 1, n_right, call.begin() + 1);
    const auto whole = std::span(ids).subspan(i, 1 + n_right);
    ASSERT_TRUE(model->forward(*plain, {.ids = whole, .logits = Logits::all}, expected));
    ASSERT_TRUE(model->forward(*drafting, {.ids = call, .logits = Logits::all, .n_draft = 3}, got));
    i += 1 + n_right;
    ASSERT_TRUE(drafting->truncate(i));
    EXPECT_EQ(drafting->earliest(), plain->earliest()) << i;
    got.logits.resize(expected.logits.size());
    EXPECT_EQ(got.logits, expected.logits) << i;
  }
  for (Sequence* sequence : {plain.get(), drafting.get()}) {
    ASSERT_TRUE(sequence->truncate(sequence->earliest()));
    ASSERT_TRUE(model->forward(*sequence, {.ids = tail}, sequence == plain.get() ? expected : got));
  }
  EXPECT_EQ(got.logits, expected.logits);
}

TEST(FastSequence, CanAlwaysBeEmptied) {
  const Golden golden("tiny-f32");
  const auto ids = numbered(60, 1), tail = numbered(9, 200);
  Rig run(golden);
  run.feed(ids);
  ASSERT_TRUE(run.sequence->truncate(0));
  EXPECT_EQ(run.sequence->earliest(), 0U);
  EXPECT_EQ(run.feed(tail), fresh(golden, {}, tail));
}

TEST(FastSequence, RefusesMoreDraftsThanThereAreHeads) {
  const Golden golden("tiny-f32");
  Rig run(golden);
  Output out;
  const auto ids = numbered(8, 1);
  EXPECT_FALSE(run.model->forward(*run.sequence, {.ids = ids, .n_draft = 4}, out));
  EXPECT_FALSE(
      run.model->forward(*run.sequence, {.ids = std::span(ids).first(2), .n_draft = 3}, out));
  EXPECT_EQ(run.sequence->size(), 0U);
}

TEST(FastSequence, RewindsToAMark) {
  const Golden golden("tiny-q8_0");
  const auto head = numbered(40, 3), answer = numbered(50, 77), tail = numbered(11, 5);
  Rig run(golden);
  run.feed(head);
  const auto mark = run.sequence->mark();
  EXPECT_EQ(mark->size(), 40U);
  EXPECT_GT(mark->bytes(), 0U);
  EXPECT_EQ(mark->bytes(), run.sequence->mark_bytes());
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
  // Per position 2 heads x 16 values x 2 bytes, keys and values: 128 bytes. Two full layers of two
  // pages, and seven sliding ones (four of the trunk, three heads) of window + max_rows + n_mtp.
  EXPECT_EQ(model->sequence_bytes(300), 128U * (2 * 512 + 7 * 15));
  EXPECT_EQ(model->page_bytes(), 128U * 2 * 256);
  EXPECT_EQ(model->window_bytes(300), 128U * 7 * 15);
}

}  // namespace
}  // namespace stride::model
