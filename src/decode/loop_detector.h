// SPDX-License-Identifier: Apache-2.0
// Notices that a text has begun to go round in circles. Two signs are looked for, in constant time
// and memory per token:
//   - the same p tokens again and again: the last n tokens equal those p earlier, for a p of at
//   most
//     kMaxPeriod, with n >= max(kMinRun, kCopies * p); half of that is an early sign;
//   - sentences recurring with small changes: of the 8-grams in the last kWindow tokens less than
//     one in kMinFresh is new.
// Tables, rulers and counting do not come near either limit; the tests show the margins.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "model/model.h"

namespace stride::decode {

using model::Token;

class LoopDetector {
 public:
  static constexpr uint32_t kMaxPeriod = 256;
  static constexpr uint32_t kMinRun = 192;
  static constexpr uint32_t kCopies = 4;
  static constexpr uint32_t kGram = 8;
  static constexpr uint32_t kWindow = 1024;
  static constexpr uint32_t kMinFresh = 4;

  enum class Sign : uint8_t { none, early, loop };

  LoopDetector();

  // Adds a token; says what the text looks like now.
  Sign add(Token token);

  void reset();

 private:
  Sign periodic(Token token);
  bool stale();
  uint64_t last_gram() const;

  std::vector<Token> recent_;                      // ring of kWindow tokens
  std::array<uint32_t, kMaxPeriod + 1> run_{};     // [p] tokens in a row equal to those p earlier
  std::vector<uint64_t> grams_;                    // ring of the hashes of the last 8-grams
  std::unordered_map<uint64_t, uint32_t> counts_;  // of the hashes in grams_
  uint64_t n_ = 0;                                 // tokens seen
};

}  // namespace stride::decode
