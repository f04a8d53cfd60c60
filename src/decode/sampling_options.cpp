// SPDX-License-Identifier: Apache-2.0
// The table of ranges. NaN fails every comparison and so every range.
#include "decode/sampling_options.h"

#include <limits>

namespace stride::decode {

namespace {

struct Range {
  const char* name;
  double value;
  double low;
  double high;
  bool open_low = false;  // low itself is not allowed
};

Result<> check_range(const Range& r) {
  const bool above = r.open_low ? r.value > r.low : r.value >= r.low;
  if (above && r.value <= r.high) return {};
  return fail(Errc::invalid_argument, "{} is {}; it must be {} {} and at most {}", r.name, r.value,
              r.open_low ? "more than" : "at least", r.low, r.high);
}

Result<> check_biases(const std::vector<TokenBias>& biases, uint32_t n_vocab) {
  constexpr float kLimit = 1000;
  if (biases.size() > kMaxBiases)
    return fail(Errc::invalid_argument, "logit_bias has {} entries; at most {} are allowed",
                biases.size(), kMaxBiases);
  for (const TokenBias& b : biases) {
    if (b.id < 0 || static_cast<uint32_t>(b.id) >= n_vocab)
      return fail(Errc::invalid_argument, "logit_bias names token {}; the vocabulary has {}", b.id,
                  n_vocab);
    const bool banned = b.bias == -std::numeric_limits<float>::infinity();
    if (!banned && !(b.bias >= -kLimit && b.bias <= kLimit))
      return fail(Errc::invalid_argument,
                  "logit_bias of token {} is {}; it must lie in -{} to {}, or be minus infinity",
                  b.id, b.bias, kLimit, kLimit);
  }
  return {};
}

}  // namespace

Result<> check_options(const SamplingOptions& o, uint32_t n_vocab) {
  const Range ranges[] = {
      {"temperature", o.temperature, 0, 100},
      {"top_p", o.top_p, 0, 1, true},
      {"min_p", o.min_p, 0, 1},
      {"typical_p", o.typical_p, 0, 1, true},
      {"repetition_penalty", o.penalties.repetition, 0, 100, true},
      {"frequency_penalty", o.penalties.frequency, -100, 100},
      {"presence_penalty", o.penalties.presence, -100, 100},
      {"dry_multiplier", o.dry.multiplier, 0, 100},
      {"dry_base", o.dry.base, 1, 100},
      {"dry_allowed_length", static_cast<double>(o.dry.allowed_length), 1, 1'000'000},
  };
  for (const Range& range : ranges) STRIDE_TRY(check_range(range));
  return check_biases(o.bias, n_vocab);
}

}  // namespace stride::decode
