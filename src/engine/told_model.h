// SPDX-License-Identifier: Apache-2.0
// For tests: a real model whose heads are told what the text will be, and get it wrong now and
// then. The heads of a random model are never right, so drafts of theirs would never be accepted.
#pragma once

#include <utility>
#include <vector>

#include "base/random.h"
#include "model/model.h"

namespace stride::engine {

class ToldModel final : public model::Model {
 public:
  explicit ToldModel(model::Model& inner) : inner_(inner) {}
  void tell(std::vector<model::Token> text) { text_ = std::move(text); }

  const model::Config& config() const override { return inner_.config(); }
  uint64_t sequence_bytes(uint32_t n) const override { return inner_.sequence_bytes(n); }
  uint64_t scratch_bytes() const override { return inner_.scratch_bytes(); }
  Result<std::unique_ptr<model::Sequence>> new_sequence(uint32_t n) override {
    return inner_.new_sequence(n);
  }
  Result<> forward(model::Sequence& s, const model::Request& r, model::Output& out) override {
    return inner_.forward(s, r, out);
  }
  Result<> forward_mtp(model::Sequence& s, uint32_t head, const model::Request& r,
                       std::span<const float> hidden, model::Output& out) override {
    STRIDE_TRY(inner_.forward_mtp(s, head, r, hidden, out));
    const size_t at = s.size() + 1 + head;
    if (at < text_.size() && random_.uniform() < 0.7) out.logits[text_[at]] = 1e9F;
    return {};
  }
  uint32_t mtp_size(const model::Sequence& s, uint32_t head) const override {
    return inner_.mtp_size(s, head);
  }
  Result<> truncate_mtp(model::Sequence& s, uint32_t head, uint32_t n) override {
    return inner_.truncate_mtp(s, head, n);
  }

 private:
  model::Model& inner_;
  std::vector<model::Token> text_;
  Random random_{1};
};

}  // namespace stride::engine
