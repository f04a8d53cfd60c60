// SPDX-License-Identifier: Apache-2.0
#include "bench/simulated_heads.h"

#include <limits>

#include "base/random.h"

namespace stride::bench {

Result<std::unique_ptr<SimulatedHeads>> SimulatedHeads::create(model::Model& inner,
                                                               std::vector<double> acceptance) {
  const uint32_t n_mtp = inner.config().n_mtp;
  if (acceptance.size() != n_mtp)
    return fail(Errc::invalid_argument, "{} acceptances are given, but the model has {} MTP heads",
                acceptance.size(), n_mtp);
  for (const double a : acceptance) {
    if (!(a >= 0 && a <= 1))
      return fail(Errc::invalid_argument, "an acceptance is {}; it must be from 0 to 1", a);
  }
  return std::unique_ptr<SimulatedHeads>(new SimulatedHeads(inner, std::move(acceptance)));
}

void SimulatedHeads::tell(std::span<const model::Token> text, uint64_t seed) {
  text_.assign(text.begin(), text.end());
  seed_ = seed;
}

bool SimulatedHeads::is_right(uint32_t position, uint32_t head) const {
  Random random(seed_ ^ (uint64_t{position} << 8 | head) * 0xd1342543de82ef95);
  return random.uniform() < acceptance_[head];
}

// The last row of the guess holds x_n, which is not in the sequence yet, at head 0, and one guess
// more at each further head.
Result<> SimulatedHeads::forward_mtp(model::Sequence& sequence, uint32_t head,
                                     const model::Request& request, std::span<const float> hidden,
                                     model::Output& out) {
  STRIDE_TRY(inner_.forward_mtp(sequence, head, request, hidden, out));
  const uint32_t at = sequence.size() + 1 + head;
  if (at >= text_.size() || out.logits.empty()) return {};
  const size_t last_row = out.logits.size() - config().n_vocab;
  constexpr float kMost = std::numeric_limits<float>::max();
  out.logits[last_row + static_cast<size_t>(text_[at])] = is_right(at, head) ? kMost : -kMost;
  return {};
}

}  // namespace stride::bench
