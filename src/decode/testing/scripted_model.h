// SPDX-License-Identifier: Apache-2.0
// A model for tests that says what a script tells it to: the logits after each token are a function
// of all tokens so far. It keeps the promises of model::Sequence, a bounded look-back included, and
// counts what it is asked to compute, so that tests can tell what was read again. It may have MTP
// heads, whose guesses follow a script too, and which fail on rows that do not belong together.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "model/model.h"

namespace stride::decode::testing {

using model::Token;

// Logits [n_vocab] after these tokens (at least one).
using LogitScript = std::function<std::vector<float>(std::span<const Token> tokens)>;
// The token whose logit is 1 where all others are 0.
using TokenScript = std::function<Token(std::span<const Token> tokens)>;
// What head `head` guesses to follow these tokens, the guesses of the heads before it included.
using HeadScript = std::function<Token(uint32_t head, std::span<const Token> tokens)>;

// Of all rewind points that were taken of a model's sequences and still live, and the most that
// there ever were together with the pages of the sequence that the last of them was taken of.
struct PointBytes {
  uint64_t now = 0;
  uint64_t most = 0;
};

class ScriptedModel : public model::Model {
 public:
  // Sequences can be truncated by at most `look_back` tokens.
  ScriptedModel(uint32_t n_vocab, uint32_t look_back, LogitScript script);
  ScriptedModel(uint32_t n_vocab, uint32_t look_back, TokenScript script);
  void add_heads(uint32_t n, HeadScript script);

  // The position of each row that the head holds, provided that the tokens it was computed from are
  // those of the sequence; -1 if they are not.
  std::vector<int64_t> head_rows(const model::Sequence& sequence, uint32_t head) const;

  uint64_t n_row() const { return n_row_; }           // rows computed since the start
  uint64_t n_call() const { return n_call_; }         // calls of forward()
  uint32_t largest_call() const { return largest_; }  // rows of the largest one
  const PointBytes& point_bytes() const { return *points_; }
  std::function<void()> on_forward = [] {};  // called at the start of each forward()

  const model::Config& config() const override { return config_; }
  uint64_t sequence_bytes(uint32_t capacity) const override { return uint64_t{capacity} * 1024; }
  uint64_t scratch_bytes() const override { return 0; }
  uint64_t page_bytes() const override { return uint64_t{4} * cache::kPageTokens; }
  uint64_t window_bytes(uint32_t) const override { return 1000; }
  Result<std::unique_ptr<model::Sequence>> new_sequence(uint32_t capacity) override;
  Result<> forward(model::Sequence& sequence, const model::Request& request,
                   model::Output& out) override;
  Result<> forward_mtp(model::Sequence& sequence, uint32_t head, const model::Request& request,
                       std::span<const float> hidden, model::Output& out) override;
  uint32_t mtp_size(const model::Sequence& sequence, uint32_t head) const override;
  Result<> truncate_mtp(model::Sequence& sequence, uint32_t head, uint32_t n) override;

 private:
  model::Config config_;
  uint32_t look_back_;
  std::shared_ptr<PointBytes> points_ = std::make_shared<PointBytes>();
  LogitScript script_;
  HeadScript head_script_;
  uint64_t n_row_ = 0;
  uint64_t n_call_ = 0;
  uint32_t largest_ = 0;
};

}  // namespace stride::decode::testing
