// SPDX-License-Identifier: Apache-2.0
// From a row of logits to weighted candidates, and from candidates to the token drawn.
#include "decode/candidates.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"

namespace stride::decode {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

Result<float> largest_logit(std::span<const float> logits) {
  float largest = -kInfinity;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (!(logits[i] < kInfinity))
      return fail(Errc::internal, "the model's logit for token {} is {}", i, logits[i]);
    largest = std::max(largest, logits[i]);
  }
  if (largest == -kInfinity) return fail(Errc::invalid_argument, "every token is ruled out");
  return largest;
}

}  // namespace

Result<> make_candidates(std::span<const float> logits, double temperature, Candidates& out) {
  const double largest = STRIDE_TRY(largest_logit(logits));
  out.clear();
  for (size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] == -kInfinity) continue;
    const double logit = (logits[i] - largest) / temperature;
    out.push_back({static_cast<Token>(i), logit, std::exp(logit)});
  }
  return {};
}

Token draw(const Candidates& candidates, double uniform) {
  STRIDE_CHECK(!candidates.empty());
  double total = 0;
  for (const Candidate& c : candidates) total += c.weight;
  const double target = uniform * total;
  double sum = 0;
  Token last = candidates.front().id;
  for (const Candidate& c : candidates) {
    if (c.weight <= 0) continue;
    sum += c.weight;
    last = c.id;
    if (target < sum) break;
  }
  return last;
}

}  // namespace stride::decode
