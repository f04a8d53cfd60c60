// SPDX-License-Identifier: Apache-2.0
// Several sequences in one run of the model, sequences that share their beginning, and runs that
// are broken off: each sequence gives what it gives alone.
#include <gtest/gtest.h>

#include <atomic>

#include "base/random.h"
#include "model/golden.h"
#include "model/model.h"

namespace stride::model {
namespace {

constexpr uint32_t kContext = 1500;

std::vector<Token> random_ids(Random& random, size_t n) {
  std::vector<Token> ids(n);
  for (Token& id : ids) id = static_cast<Token>(random.below(320));
  return ids;
}

// A sequence that only ever runs alone, and its double that runs in batches.
struct Twins {
  std::unique_ptr<Sequence> alone, batched;
  std::vector<Token> ids;
  Request request;
  Output expected, out;

  explicit Twins(Model& model)
      : alone(*model.new_sequence(kContext)), batched(*model.new_sequence(kContext)) {}
};

class FastBatch : public testing::TestWithParam<std::tuple<unsigned, KvType>> {
 protected:
  LoadOptions options() const {
    return {
        .n_threads = std::get<0>(GetParam()), .max_rows = 12, .kv_type = std::get<1>(GetParam())};
  }
};

TEST_P(FastBatch, EveryPartHasTheResultsThatItHasAlone) {
  const Golden golden("tiny-q4_k_s");
  const auto model = golden.load(options());
  Random random(5);
  std::vector<Twins> twins;
  for (int i = 0; i < 5; ++i) twins.emplace_back(*model);
  for (int round = 0; round < 12; ++round) {
    std::vector<Part> parts;
    for (Twins& t : twins) {
      // From single tokens with drafts to prompts of several steps; some sit out.
      const size_t n = random.below(3) == 0 ? 1 + random.below(40) : 1 + random.below(4);
      if (random.below(5) == 0) continue;
      t.ids = random_ids(random, n);
      t.request = {.ids = t.ids,
                   .logits = static_cast<Logits>(random.below(3)),
                   .hidden = random.below(2) == 0,
                   .experts = random.below(2) == 0,
                   .n_draft = static_cast<uint32_t>(random.below(std::min<size_t>(n, 4)))};
      ASSERT_TRUE(model->forward(*t.alone, t.request, t.expected));
      parts.push_back({t.batched.get(), t.request, {}, &t.out});
    }
    ASSERT_TRUE(model->forward_batch(parts, nullptr));
    for (Twins& t : twins) {
      EXPECT_EQ(t.out.logits, t.expected.logits);
      EXPECT_EQ(t.out.hidden, t.expected.hidden);
      EXPECT_EQ(t.out.experts, t.expected.experts);
      const uint32_t taken_back = static_cast<uint32_t>(random.below(t.request.n_draft + 1));
      t.request.n_draft = 0;
      for (Sequence* s : {t.alone.get(), t.batched.get()})
        ASSERT_TRUE(s->truncate(s->size() - taken_back));
    }
  }
}

TEST_P(FastBatch, HeadsToo) {
  const Golden golden("tiny-f32");
  const auto model = golden.load(options());
  Random random(6);
  std::vector<Twins> twins;
  for (int i = 0; i < 3; ++i) twins.emplace_back(*model);
  std::vector<std::vector<float>> hidden(twins.size());
  for (int round = 0; round < 4; ++round) {
    std::vector<Part> parts;
    for (size_t i = 0; i < twins.size(); ++i) {
      Twins& t = twins[i];
      t.ids = random_ids(random, 1 + random.below(20));
      hidden[i].resize(t.ids.size() * model->config().n_embd);
      for (float& x : hidden[i]) x = static_cast<float>(random.uniform()) - 0.5F;
      t.request = {.ids = t.ids, .logits = Logits::all, .hidden = true};
      ASSERT_TRUE(model->forward_mtp(*t.alone, 1, t.request, hidden[i], t.expected));
      parts.push_back({t.batched.get(), t.request, hidden[i], &t.out});
    }
    ASSERT_TRUE(model->forward_mtp_batch(1, parts));
    for (const Twins& t : twins) {
      EXPECT_EQ(t.out.logits, t.expected.logits);
      EXPECT_EQ(t.out.hidden, t.expected.hidden);
    }
  }
}

TEST_P(FastBatch, ARefusedPartRefusesAll) {
  const Golden golden("tiny-f32");
  const auto model = golden.load(options());
  Twins a(*model), b(*model);
  const std::vector<Token> good = {1, 2, 3}, bad = {1, 400};
  const std::vector<Part> parts = {{a.batched.get(), {.ids = good}, {}, &a.out},
                                   {b.batched.get(), {.ids = bad}, {}, &b.out}};
  EXPECT_FALSE(model->forward_batch(parts, nullptr));
  EXPECT_EQ(a.batched->size(), 0U);
}

// What follows a wish to stop, at any time before or during the run, is as if it had never begun.
TEST_P(FastBatch, ARunThatIsBrokenOffLeavesNoTrace) {
  const Golden golden("tiny-q4_k_s");
  const auto model = golden.load(options());
  Random random(7);
  Twins a(*model);
  const auto head = random_ids(random, 50), tail = random_ids(random, 5);
  ASSERT_TRUE(model->forward(*a.alone, {.ids = head}, a.expected));
  ASSERT_TRUE(model->forward(*a.batched, {.ids = head}, a.out));
  std::atomic<bool> stop = true;
  for (int i = 0; i < 3; ++i) {
    const auto other = random_ids(random, 12);
    const Part part{a.batched.get(), {.ids = other}, {}, &a.out};
    const auto result = model->forward_batch({&part, 1}, &stop);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::cancelled);
  }
  EXPECT_EQ(a.batched->size(), 50U);
  ASSERT_TRUE(model->forward(*a.alone, {.ids = tail, .logits = Logits::all}, a.expected));
  ASSERT_TRUE(model->forward(*a.batched, {.ids = tail, .logits = Logits::all}, a.out));
  EXPECT_EQ(a.out.logits, a.expected.logits);
}

// Sequences that begin with what another one holds, and then go ways of their own.
TEST_P(FastBatch, SequencesShareTheirBeginning) {
  const Golden golden("tiny-f32");
  const auto model = golden.load(options());
  Random random(8);
  for (const size_t n_shared : {3UL, 256UL, 300UL}) {
    const auto shared = random_ids(random, n_shared), more = random_ids(random, 300);
    Twins first(*model), second(*model);
    Output out;
    ASSERT_TRUE(model->forward(*first.batched, {.ids = shared}, out));
    const auto mark = first.batched->mark();
    ASSERT_TRUE(model->forward(*first.batched, {.ids = more}, out));
    // The second one has been used before.
    ASSERT_TRUE(model->forward(*second.batched, {.ids = more}, out));
    const std::vector<cache::SharedPage> pages(first.batched->pages().begin(),
                                               first.batched->pages().end());
    ASSERT_TRUE(second.batched->adopt(pages, *mark));
    EXPECT_EQ(second.batched->size(), n_shared);
    for (Twins* t : {&second, &first}) {
      const auto tail = random_ids(random, 40);
      ASSERT_TRUE(model->forward(*t->alone, {.ids = shared}, out));
      if (t == &first) {
        ASSERT_TRUE(model->forward(*t->alone, {.ids = more}, out));
      }
      ASSERT_TRUE(model->forward(*t->alone, {.ids = tail, .logits = Logits::all}, t->expected));
      ASSERT_TRUE(model->forward(*t->batched, {.ids = tail, .logits = Logits::all}, t->out));
      EXPECT_EQ(t->out.logits, t->expected.logits) << n_shared;
    }
  }
}

// A mark made after more has been read is the one that was made in time.
TEST_P(FastBatch, MarksMayBeMadeLater) {
  const Golden golden("tiny-q8_0");
  const auto model = golden.load(options());
  Random random(10);
  const auto shared = random_ids(random, 260), more = random_ids(random, 7);
  Twins first(*model), second(*model);
  Output out;
  ASSERT_TRUE(model->forward(*first.batched, {.ids = shared}, out));
  ASSERT_TRUE(model->forward(*first.batched, {.ids = more}, out));
  const std::vector<cache::SharedPage> pages(first.batched->pages().begin(),
                                             first.batched->pages().end());
  EXPECT_EQ(first.batched->mark_at(268), nullptr);
  if (const uint32_t earliest = first.batched->earliest(); earliest > 1) {
    EXPECT_EQ(first.batched->mark_at(earliest - 1), nullptr);
  }
  const auto tail = random_ids(random, 40);
  for (const uint32_t n : {260U, 263U, 267U}) {
    const auto mark = first.batched->mark_at(n);
    ASSERT_NE(mark, nullptr) << n;
    EXPECT_EQ(mark->size(), n);
    ASSERT_TRUE(second.batched->adopt(pages, *mark));
    ASSERT_TRUE(second.alone->truncate(0));
    ASSERT_TRUE(model->forward(*second.alone, {.ids = shared}, out));
    ASSERT_TRUE(model->forward(*second.alone, {.ids = std::span(more).first(n - 260)}, out));
    ASSERT_TRUE(
        model->forward(*second.alone, {.ids = tail, .logits = Logits::all}, second.expected));
    ASSERT_TRUE(model->forward(*second.batched, {.ids = tail, .logits = Logits::all}, second.out));
    EXPECT_EQ(second.out.logits, second.expected.logits) << n;
  }
}

TEST_P(FastBatch, WhatDoesNotFitIsNotAdopted) {
  const Golden golden("tiny-f32");
  const auto model = golden.load(options());
  Random random(9);
  Twins twins(*model);
  Output out;
  ASSERT_TRUE(model->forward(*twins.alone, {.ids = random_ids(random, 300)}, out));
  const auto mark = twins.alone->mark();
  EXPECT_FALSE(twins.batched->adopt(twins.alone->pages().first(1), *mark));
  const auto small = *model->new_sequence(100);
  EXPECT_FALSE(small->adopt(twins.alone->pages(), *mark));
}

INSTANTIATE_TEST_SUITE_P(ThreadsAndTypes, FastBatch,
                         testing::Combine(testing::Values(1U, 2U),
                                          testing::Values(KvType::f16, KvType::int8)));

}  // namespace
}  // namespace stride::model
