// SPDX-License-Identifier: Apache-2.0
// The tokens that may still be chosen, and the filters that narrow them down. Every filter is a
// pure function of the list: it keeps at least one candidate, keeps the ascending order of ids,
// breaks ties in favour of the lower id, and adds in the same order always, so a result never
// depends on how a sort was done or on the number of threads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "model/model.h"

namespace stride::decode {

using model::Token;

struct Candidate {
  Token id = 0;
  double logit = 0;   // after the temperature, less the largest: at most 0
  double weight = 0;  // exp(logit): the probability up to a common factor
};

// Ascending ids, at least one entry, and at least one weight of 1.
using Candidates = std::vector<Candidate>;

// Divides by the temperature (> 0) and weighs. Tokens at minus infinity are left out. Fails if a
// logit is NaN or plus infinity, or if no token is left.
Result<> make_candidates(std::span<const float> logits, double temperature, Candidates& out);

// The k most probable; k = 0 keeps all.
void keep_top_k(Candidates& candidates, uint32_t k);

// The smallest set of the most probable whose share of the probability reaches p; p >= 1 keeps all.
void keep_top_p(Candidates& candidates, double p);

// Those at least p times as probable as the most probable; p <= 0 keeps all.
void keep_min_p(Candidates& candidates, double p);

// Locally typical sampling (Meister et al., 2022): the smallest set, taken in the order of
// | -log p_i - H | with H the entropy, whose share of the probability reaches p; p >= 1 keeps all.
void keep_typical(Candidates& candidates, double p);

// The candidate at `uniform` in [0, 1) of the cumulative distribution, in the order of ids.
Token draw(const Candidates& candidates, double uniform);

}  // namespace stride::decode
