// SPDX-License-Identifier: Apache-2.0
// A model whose MTP heads are right as often as is stated, for measuring what drafts bring on
// random weights, whose own heads are never right.
//
// It is told the text that will be said. The heads of the model behind it are run, as they would
// be; then head k's logits are changed so that it guesses the text with the probability stated for
// it, and anything else otherwise. A guess counts only where the heads before it were right, so
// this is the acceptance given that they were. As text never depends on drafts, it can be had by a
// generation without them; what is accepted is then the model's own token, and all that is run is
// what a trained model with such heads would run.
//
// Whether a guess is right depends on the seed, its position and its head alone, not on how deep
// drafts are or what was asked before.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/error.h"
#include "model/model.h"

namespace stride::bench {

class SimulatedHeads final : public model::Model {
 public:
  // A probability for each head of the model. The model outlives this one, as do the sequences of
  // either, which are the same.
  static Result<std::unique_ptr<SimulatedHeads>> create(model::Model& inner,
                                                        std::vector<double> acceptance);

  // What sequences will hold, prompt included, and the luck of the guesses. Behind the end of the
  // text, and before the first call, guesses are the heads' own.
  void tell(std::span<const model::Token> text, uint64_t seed);
  // Whether head `head` is right about the token at `position`.
  bool is_right(uint32_t position, uint32_t head) const;

  const model::Config& config() const override { return inner_.config(); }
  uint64_t sequence_bytes(uint32_t capacity) const override {
    return inner_.sequence_bytes(capacity);
  }
  uint64_t scratch_bytes() const override { return inner_.scratch_bytes(); }
  uint64_t page_bytes() const override { return inner_.page_bytes(); }
  uint64_t window_bytes(uint32_t capacity) const override { return inner_.window_bytes(capacity); }
  Result<std::unique_ptr<model::Sequence>> new_sequence(uint32_t capacity) override {
    return inner_.new_sequence(capacity);
  }
  Result<> forward(model::Sequence& sequence, const model::Request& request,
                   model::Output& out) override {
    return inner_.forward(sequence, request, out);
  }
  Result<> forward_batch(std::span<const model::Part> parts,
                         const std::atomic<bool>* stop) override {
    return inner_.forward_batch(parts, stop);
  }
  Result<> forward_mtp(model::Sequence& sequence, uint32_t head, const model::Request& request,
                       std::span<const float> hidden, model::Output& out) override;
  uint32_t mtp_size(const model::Sequence& sequence, uint32_t head) const override {
    return inner_.mtp_size(sequence, head);
  }
  Result<> truncate_mtp(model::Sequence& sequence, uint32_t head, uint32_t n) override {
    return inner_.truncate_mtp(sequence, head, n);
  }

 private:
  SimulatedHeads(model::Model& inner, std::vector<double> acceptance)
      : inner_(inner), acceptance_(std::move(acceptance)) {}

  model::Model& inner_;
  std::vector<double> acceptance_;
  std::vector<model::Token> text_;
  uint64_t seed_ = 0;
};

}  // namespace stride::bench
