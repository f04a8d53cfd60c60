// SPDX-License-Identifier: Apache-2.0
// Speculative decoding: runs the trunk ahead of the text, over tokens that the model's MTP heads
// guess, and hands out the logits of one row after the other as the text gets there.
//
// The loop of a generation asks for the logits after its text and does with them what it always
// does: one call of the sampler with the same history and the same state of the random numbers,
// then the guards, the stop strings, the budgets. A draft never enters the text by itself. If the
// token that the text takes next is the draft, its row has been computed already; if it is another
// one, or was forced, what is left of the drafts is taken back. As a row's logits do not depend on
// how many rows are computed with it, the text is token for token that of a generation without
// drafts, greedy or sampled. (It is rejection sampling for a draft of probability one: the draft d
// is accepted with the probability p(d) that the target draws it, and otherwise the token drawn is
// distributed as p without d.)
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/error.h"
#include "engine/session.h"
#include "model/model.h"

namespace stride::engine {

struct SpeculationStats {
  struct Head {
    uint32_t n_draft = 0;
    uint32_t n_accepted = 0;  // became text; never if a head before it was wrong
    uint32_t n_refused = 0;   // the text went another way, and the heads before it were right
  };
  std::vector<Head> heads{};  // those that might have been used; empty without speculation
  uint32_t n_pass = 0;        // runs of the trunk after the prompt
  uint32_t n_token = 0;       // of the text, that those runs have read
  double draft_seconds = 0;

  // Of all heads.
  Head sum() const;
  double tokens_per_pass() const { return n_pass > 0 ? static_cast<double>(n_token) / n_pass : 0; }
  SpeculationStats& operator+=(const SpeculationStats& other);
};

// Fails if the model has fewer heads. Nothing = a depth that is chosen each step.
Result<> check_mtp_depth(std::optional<uint32_t> depth, uint32_t n_mtp);

class Speculator {
 public:
  // With a depth that check_mtp_depth() lets pass. The session outlives the speculator.
  Speculator(Session& session, std::optional<uint32_t> depth, uint32_t n_mtp);

  // For the prompt, whose last row is the first to be handed out.
  model::Output& output() { return out_; }

  // The logits after `text`, which begins with all tokens that were asked about before. At most
  // `n_left` tokens will follow it, at least one.
  Result<std::span<const float>> logits_after(std::span<const Token> text, uint32_t n_left);

  // The same in parts, for who runs several sessions in one batch. Nothing: they are not at hand,
  // and a pass has to be run.
  std::optional<std::span<const float>> at_hand(std::span<const Token> text);
  // What has to be run: ids, of which the last n_draft are guesses, with output() as its output.
  struct Pass {
    std::vector<Token> ids;
    uint32_t n_draft = 0;
    uint32_t n_backlog = 0;  // rows that a head had to read for it
    double seconds = 0;      // that drafting took
    bool alone = true;       // no other sequence takes part in the step

    model::Logits logits() const { return n_draft > 0 ? model::Logits::all : model::Logits::last; }
    void add_drafts(std::span<const Token> drafts, double took);
  };
  // Only after at_hand() gave nothing. What has not become text has been taken back. The pass still
  // lacks its n_draft guesses: see Session::draft_round().
  Result<Pass> plan(std::span<const Token> text, uint32_t n_left, bool alone = true);
  // The session has run the pass, which took so long.
  void ran(Pass pass, double seconds);

  // Takes back what has not become text: the session holds what it would hold without drafts.
  Result<> finish();

  const SpeculationStats& stats() const { return stats_; }

 private:
  void accept(std::span<const Token> unread);
  uint32_t choose_depth(uint32_t n_left, bool alone) const;

  Session* session_;
  uint32_t max_depth_;
  bool adaptive_;
  model::Output out_;          // of the latest step: a row for its last token and each draft
  std::vector<Token> drafts_;  // of the latest step
  uint32_t n_accepted_ = 0;    // of these drafts; the row to be handed out
  SpeculationStats stats_;
};

}  // namespace stride::engine
