// SPDX-License-Identifier: Apache-2.0
// Keeps the multi-token-prediction heads of one sequence up with its trunk, and lets them guess.
//
// Tokens are x_0, x_1, ...; H_i is the trunk's hidden row of position i. Head 0 joins H_i with
// x_{i+1} and guesses x_{i+2}; its output joined with x_{i+2} is head 1's row i, and so on down the
// chain. When the trunk has run up to position n and x_{n+1} is chosen, row n of head 0 gives the
// first draft, which takes the place of x_{n+2} in row n of head 1, and so on. The last k rows of
// head k then hold drafts in the place of tokens: they are taken back at once and computed again in
// the next round, from the tokens that have come by then.
//
// Heads are run lazily: hidden rows wait here until a draft is asked for. Of a long backlog, as a
// prompt leaves it, only the last rows are run: a head could attend to a window of them, but the
// hidden row that it joins knows the text already, and reading hundreds of rows in each head before
// a first guess costs more than what it gets wrong without them. Where the session goes back
// to rows whose hidden state is gone, the heads begin anew behind that place: this costs accepted
// drafts, never a wrong token, as whatever the heads say is verified.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "model/model.h"

namespace stride::engine {

using model::Token;

class MtpHeads {
 public:
  explicit MtpHeads(const model::Config& config);

  // The trunk has run over the positions from `first` on: their hidden rows [n, n_embd].
  void note(uint32_t first, std::span<const float> hidden);
  // The sequence was truncated to n tokens.
  void cut(uint32_t n);
  // The sequence is at n tokens, and nothing is known about the rows that its heads hold.
  void restart(uint32_t n) { restart(0, n); }

  // Rows that a draft of this depth would run in the head that has most to read.
  uint32_t backlog(uint32_t depth) const;

  // What is drafted for one sequence: it holds `tokens`, and `next` will follow them. The last rows
  // of the sequence must have been noted.
  struct Round {
    MtpHeads* heads;
    model::Sequence* sequence;
    std::span<const Token> tokens;
    Token next;
    uint32_t depth;               // 1 .. n_mtp
    std::vector<Token> drafts{};  // result: what each of the first `depth` heads guesses
  };
  // Drafts for several sequences, of which a head's weights are read once.
  static Result<> draft(model::Model& model, std::span<Round> rounds);

 private:
  // What a head has yet to read: the rows of positions first, first + 1, ...
  struct Head {
    uint32_t first = 0;
    std::vector<float> hidden;  // [n, n_embd] of the level below
    bool forget = false;        // its cache holds rows that do not lie before `first`
  };

  uint32_t n_row(const Head& head) const {
    return static_cast<uint32_t>(head.hidden.size() / n_embd_);
  }
  void restart(uint32_t head, uint32_t first);
  void feed(uint32_t head, uint32_t first, std::span<const float> hidden);
  void keep_last(uint32_t head, uint32_t n);
  Result<model::Part> part(model::Model& model, model::Sequence& sequence, uint32_t head,
                           std::span<const Token> ids);
  Result<Token> ran(model::Model& model, const model::Part& part, uint32_t head);
  void drop_stale(uint32_t depth);

  uint32_t n_embd_;
  uint32_t most_rows_;  // that a head reads at once
  std::vector<Head> heads_;
  model::Output out_;
};

}  // namespace stride::engine
