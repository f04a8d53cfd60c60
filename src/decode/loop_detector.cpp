// SPDX-License-Identifier: Apache-2.0
// Both signs of a loop, kept up to date token by token.
#include "decode/loop_detector.h"

#include <algorithm>

namespace stride::decode {

LoopDetector::LoopDetector() : recent_(kWindow) {
  reset();
}

void LoopDetector::reset() {
  run_.fill(0);
  grams_.clear();
  counts_.clear();
  n_ = 0;
}

LoopDetector::Sign LoopDetector::add(Token token) {
  const Sign sign = periodic(token);
  recent_[n_ % kWindow] = token;
  ++n_;
  return stale() ? Sign::loop : sign;
}

LoopDetector::Sign LoopDetector::periodic(Token token) {
  Sign sign = Sign::none;
  const uint64_t longest = std::min<uint64_t>(n_, kMaxPeriod);
  for (uint32_t p = 1; p <= longest; ++p) {
    run_[p] = recent_[(n_ - p) % kWindow] == token ? run_[p] + 1 : 0;
    const uint32_t least = std::max(kMinRun, kCopies * p);
    if (run_[p] >= least / 2) sign = std::max(sign, run_[p] >= least ? Sign::loop : Sign::early);
  }
  return sign;
}

uint64_t LoopDetector::last_gram() const {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a over tokens
  for (uint32_t i = kGram; i >= 1; --i) {
    hash ^= static_cast<uint32_t>(recent_[(n_ - i) % kWindow]);
    hash *= 0x100000001b3;
  }
  return hash;
}

bool LoopDetector::stale() {
  if (n_ < kGram) return false;
  const uint64_t gram = last_gram();
  const size_t slot = (n_ - kGram) % kWindow;
  if (grams_.size() < kWindow) {
    grams_.push_back(gram);
  } else {
    const auto old = counts_.find(grams_[slot]);
    if (--old->second == 0) counts_.erase(old);
    grams_[slot] = gram;
  }
  ++counts_[gram];
  return grams_.size() == kWindow && counts_.size() < kWindow / kMinFresh;
}

}  // namespace stride::decode
