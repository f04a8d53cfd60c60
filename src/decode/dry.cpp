// SPDX-License-Identifier: Apache-2.0
// DRY in linear time. With the text reversed, the repetition that ends just before position i is
// the length of the common prefix of the whole and of what starts at i: the Z function, which is
// found for all i in one pass (Gusfield, 1997).
#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "decode/penalties.h"

namespace stride::decode {

namespace {

// Larger ones rule a token out in effect and would only lose precision.
constexpr double kMaxPenalty = 1e6;

// z[i] = length of the longest common prefix of s and s[i..]; z[0] = 0.
std::vector<uint32_t> z_function(std::span<const Token> s) {
  std::vector<uint32_t> z(s.size());
  size_t left = 0, right = 0;  // the prefix match found so far that reaches furthest
  for (size_t i = 1; i < s.size(); ++i) {
    size_t n = i < right ? std::min<size_t>(right - i, z[i - left]) : 0;
    while (i + n < s.size() && s[n] == s[i + n]) ++n;
    z[i] = static_cast<uint32_t>(n);
    if (i + n > right) {
      left = i;
      right = i + n;
    }
  }
  return z;
}

}  // namespace

void penalise_dry(std::span<float> logits, std::span<const Token> recent, const DryPenalty& penalty,
                  const std::unordered_set<Token>& breakers) {
  if (!penalty.active() || recent.empty()) return;
  const std::vector<Token> reversed(recent.rbegin(), recent.rend());
  const auto first_breaker =
      std::find_if(reversed.begin(), reversed.end(), [&](Token t) { return breakers.contains(t); });
  // What is repeated lies after the last breaker, so no match is longer than that.
  const auto limit = static_cast<uint32_t>(first_breaker - reversed.begin());
  const std::vector<uint32_t> z = z_function(reversed);
  std::unordered_map<Token, uint32_t> longest;  // by the token that followed the earlier copy
  for (size_t i = 1; i < reversed.size(); ++i) {
    const uint32_t n = std::min(z[i], limit);
    const Token next = reversed[i - 1];
    if (n == 0 || n < penalty.allowed_length || breakers.contains(next)) continue;
    uint32_t& entry = longest[next];
    entry = std::max(entry, n);
  }
  for (const auto& [id, n] : longest) {
    if (id < 0 || static_cast<size_t>(id) >= logits.size()) continue;
    const double value = penalty.multiplier * std::pow(penalty.base, n - penalty.allowed_length);
    logits[id] -= static_cast<float>(std::min(value, kMaxPenalty));
  }
}

}  // namespace stride::decode
