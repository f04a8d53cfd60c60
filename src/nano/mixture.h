// SPDX-License-Identifier: Apache-2.0
// Which skills are practised how often. A training document is a pure function of (seed, index,
// length): the skill is drawn by the shares for this length of row, the sample by its generator,
// the form of thinking by a fixed share. Longer rows shift the shares towards recall and tools.
#pragma once

#include <cstdint>
#include <vector>

#include "base/error.h"
#include "nano/render.h"
#include "nano/sample.h"
#include "text/tokenizer.h"

namespace stride::nano {

struct Document {
  RenderedSample rendered;
  Skill skill = Skill::arithmetic;
};

// The sample number `index` of the training mixture for rows of `length` tokens, from the training
// side of the split.
Sample choose_sample(uint64_t seed, uint64_t index, uint32_t length);

class Mixture {
 public:
  // The tokenizer must outlive the mixture.
  Mixture(const text::Tokenizer& tokenizer, uint64_t seed) : tokenizer_(&tokenizer), seed_(seed) {}

  // At most `length` tokens: samples that come out longer are drawn again. Fails with exhausted if
  // the row is too short for nearly everything.
  Result<Document> document(uint64_t index, uint32_t length) const;

  const text::Tokenizer& tokenizer() const { return *tokenizer_; }
  uint64_t seed() const { return seed_; }

 private:
  const text::Tokenizer* tokenizer_;
  uint64_t seed_;
};

// Samples of each skill in a thousand, for rows of this length.
std::vector<uint32_t> sample_shares(uint32_t length);

}  // namespace stride::nano
