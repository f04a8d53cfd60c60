// SPDX-License-Identifier: Apache-2.0
// Rows and heads, with a scripted model that fails on rows that do not belong together, and with a
// real one whose heads are run over the whole text for comparison.
#include "engine/mtp_heads.h"

#include <gtest/gtest.h>

#include <numeric>

#include "base/random.h"
#include "decode/sampler.h"
#include "decode/testing/scripted_model.h"
#include "engine/engine.h"

namespace stride::engine {
namespace {

Result<std::vector<Token>> draft(MtpHeads& heads, model::Model& model, model::Sequence& sequence,
                                 std::span<const Token> tokens, Token next, uint32_t depth) {
  MtpHeads::Round round{&heads, &sequence, tokens, next, depth};
  STRIDE_TRY(MtpHeads::draft(model, {&round, 1}));
  return std::move(round.drafts);
}

using decode::testing::ScriptedModel;
using decode::testing::TokenScript;

constexpr uint32_t kWindow = 32, kMostRows = 16;  // of which a head reads so many at once

// The next token is a sum over the last ones; heads are right where the sum is not `wrong`.
Token next_of(std::span<const Token> tokens) {
  const auto last = tokens.last(std::min<size_t>(tokens.size(), 5));
  return (std::accumulate(last.begin(), last.end(), 0) * 7 + 3) % 50;
}

class MtpHeadsTest : public ::testing::Test {
 protected:
  MtpHeadsTest() {
    model_.add_heads(3, [](uint32_t head, std::span<const Token> tokens) {
      const Token right = next_of(tokens);
      return right % 5 == static_cast<Token>(head) ? right + 1 : right;
    });
    sequence_ = *model_.new_sequence(1000);
    heads_ = std::make_unique<MtpHeads>(model_.config());
  }

  void read(std::span<const Token> ids, uint32_t n_draft = 0) {
    model::Output out;
    ASSERT_TRUE(model_.forward(*sequence_, {.ids = ids, .hidden = true, .n_draft = n_draft}, out));
    heads_->note(static_cast<uint32_t>(tokens_.size()), out.hidden);
    tokens_.insert(tokens_.end(), ids.begin(), ids.end());
  }

  void cut(uint32_t n) {
    ASSERT_TRUE(sequence_->truncate(n));
    tokens_.resize(n);
    heads_->cut(n);
  }

  // One round: drafts, verifies, keeps what is right. How many drafts were.
  uint32_t round(uint32_t depth) {
    std::vector<Token> ids = {next_of(tokens_)};
    if (depth > 0) {
      const auto drafts = draft(*heads_, model_, *sequence_, tokens_, ids[0], depth);
      EXPECT_TRUE(drafts) << drafts.error().message;
      EXPECT_EQ(drafts->size(), depth);
      ids.insert(ids.end(), drafts->begin(), drafts->end());
    }
    const size_t before = tokens_.size();
    read(ids, depth);
    uint32_t n = 0;
    while (n < depth &&
           tokens_[before + 1 + n] == next_of(std::span(tokens_).first(before + 1 + n)))
      ++n;
    if (n < depth) cut(static_cast<uint32_t>(before + 1 + n));
    return n;
  }

  // Every row that a head holds was made from the text as it is now, and none is missing between.
  void check_rows(uint32_t depth, uint32_t first) {
    for (uint32_t k = 0; k < depth; ++k) {
      const auto rows = model_.head_rows(*sequence_, k);
      for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i], first + i) << k;
    }
  }

  ScriptedModel model_{60, kWindow, TokenScript(next_of)};
  std::unique_ptr<model::Sequence> sequence_;
  std::unique_ptr<MtpHeads> heads_;
  std::vector<Token> tokens_;
};

TEST_F(MtpHeadsTest, EveryRowIsMadeFromTheTextThatStayed) {
  const std::vector<Token> prompt = {1, 2, 3, 4, 5, 6, 7};
  read(prompt);
  uint32_t n_right = 0;
  for (int i = 0; i < 100; ++i) {
    n_right += round(3);
    check_rows(3, 0);
    // Head k is k rows behind head 0, which ends at the last row before the draft.
    const uint32_t n = model_.mtp_size(*sequence_, 0);
    EXPECT_EQ(model_.mtp_size(*sequence_, 1), n - 1);
    EXPECT_EQ(model_.mtp_size(*sequence_, 2), n - 2);
    EXPECT_LE(heads_->backlog(3), 6U);
  }
  EXPECT_GT(n_right, 100U);
  EXPECT_LT(n_right, 300U);
}

TEST_F(MtpHeadsTest, DepthsMayChangeFromRoundToRound) {
  Random random(3);
  read(std::vector<Token>{9});  // less than the heads are deep
  for (int i = 0; i < 300; ++i) {
    round(static_cast<uint32_t>(random.below(4)));
    if (tokens_.size() < kMostRows) check_rows(3, 0);
    for (uint32_t k = 0; k < 3; ++k) {
      for (const int64_t row : model_.head_rows(*sequence_, k)) EXPECT_GE(row, 0) << k;
    }
  }
}

TEST_F(MtpHeadsTest, OfALongBacklogTheLastRowsAreRead) {
  std::vector<Token> prompt(200);
  std::iota(prompt.begin(), prompt.end(), 0);
  for (Token& t : prompt) t %= 50;
  read(std::span(prompt).first(150));
  read(std::span(prompt).subspan(150));
  round(3);
  check_rows(3, 200 - kMostRows);
  EXPECT_EQ(model_.mtp_size(*sequence_, 0), kMostRows);
  for (int i = 0; i < 100; ++i) round(1);  // leaves the deeper heads far behind
  round(3);
  EXPECT_LE(model_.mtp_size(*sequence_, 1), kMostRows);
  for (uint32_t k = 0; k < 3; ++k) {
    for (const int64_t row : model_.head_rows(*sequence_, k)) EXPECT_GE(row, 0) << k;
  }
}

TEST_F(MtpHeadsTest, GoingBackBeginsAnew) {
  read(std::vector<Token>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  round(3);
  cut(6);
  read(std::vector<Token>{20, 21, 22});
  round(3);
  check_rows(3, 6);
  round(0);
  cut(static_cast<uint32_t>(tokens_.size()) - 1);  // only a row that no head has read
  round(2);
  check_rows(3, 6);
  heads_->restart(static_cast<uint32_t>(tokens_.size()));
  round(0);
  const auto first = static_cast<uint32_t>(tokens_.size()) - 1;
  round(3);
  check_rows(3, first);
}

// What the heads say when the model runs them over a text that is known: row i of head k has the
// token i + 1 + k, and guesses the one after it.
std::vector<std::vector<Token>> guesses(model::Model& model, std::span<const Token> ids) {
  const auto sequence = *model.new_sequence(200);
  model::Output out;
  EXPECT_TRUE(model.forward(*sequence, {.ids = ids, .hidden = true}, out));
  const size_t width = model.config().n_embd, n_vocab = model.config().n_vocab;
  std::vector<std::vector<Token>> all;
  for (uint32_t k = 0; k < model.config().n_mtp; ++k) {
    std::vector<float> hidden = std::move(out.hidden);
    const auto shifted = ids.subspan(k + 1);
    hidden.resize(shifted.size() * width);
    EXPECT_TRUE(model.forward_mtp(
        *sequence, k, {.ids = shifted, .logits = model::Logits::all, .hidden = true}, hidden, out));
    all.emplace_back();
    for (size_t i = 0; i < shifted.size(); ++i)
      all.back().push_back(
          *decode::argmax(std::span<const float>(out.logits).subspan(i * n_vocab, n_vocab)));
  }
  return all;
}

TEST(MtpHeads, DraftsAreThoseOfHeadsThatHaveReadTheWholeText) {
  for (const model::Path path : {model::Path::reference, model::Path::fast}) {
    std::vector<std::string> warnings;
    const auto engine = *Engine::load(
        {.model = STRIDE_GOLDEN "/tiny/tiny-f32.gguf", .options = {.path = path, .n_threads = 1}},
        warnings);
    model::Model& model = engine->model();
    const auto sequence = *model.new_sequence(200);
    MtpHeads heads(model.config());
    Random random(5);
    std::vector<Token> text;
    for (int i = 0; i < 60; ++i) text.push_back(static_cast<Token>(random.below(300)));
    model::Output out;
    uint32_t n = 0;  // tokens read
    const auto read = [&](uint32_t count) {
      ASSERT_TRUE(model.forward(*sequence,
                                {.ids = std::span(text).subspan(n, count), .hidden = true}, out));
      heads.note(n, out.hidden);
      n += count;
    };
    read(5);
    while (n + 1 < text.size()) {
      const auto known = std::span(text).first(n);
      const auto drafts = draft(heads, model, *sequence, known, text[n], 3);
      ASSERT_TRUE(drafts) << drafts.error().message;
      std::vector<Token> ids(text.begin(), text.begin() + n + 1);
      for (uint32_t k = 0; k < 3; ++k) {
        EXPECT_EQ((*drafts)[k], guesses(model, ids)[k].back()) << n << " " << k;
        ids.push_back((*drafts)[k]);
      }
      read(std::min<uint32_t>(1 + n % 4, static_cast<uint32_t>(text.size()) - n));
    }
  }
}

}  // namespace
}  // namespace stride::engine
