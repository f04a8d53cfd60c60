// SPDX-License-Identifier: Apache-2.0
// The search behind the types with a scale and a minimum (Q2_K, Q4_K, Q5_K): a block of 256 values
// is d sc q - dmin mn, with q in [0, q_max], sc and mn in [0, scale_max] of each sub-block of kN.
//
// 1. Each sub-block alone: ranges around [min, max] are tried; for the q of each, the best real
// scale
//    and minimum follow from linear least squares.
// 2. d and dmin are set by the largest of them; each sub-block then takes the best (sc, mn) of the
//    nine around its real ones.
// 3. For the q so chosen, d and dmin follow from linear least squares, and step 2 is done again, as
//    long as the weighted squared error falls.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "quant/encode_input.h"
#include "quant/lanes.h"

namespace stride::quant {

// A sub-block's value is scale q - min; min >= 0.
struct Line {
  float scale = 0;
  float min = 0;
};

// Weighted sums over a sub-block, for one choice of its q.
struct LineSums {
  double q = 0, qq = 0, xq = 0;
};

// The sums that no choice of q changes.
struct FixedSums {
  double w = 0, x = 0;
};

template <size_t kN>
FixedSums fixed_sums(const float* x, const float* w) {
  F4 sum_w{}, sum_x{};
  for (size_t i = 0; i < kN; i += 4) {
    sum_w += load4(w + i);
    sum_x += load4(w + i) * load4(x + i);
  }
  return {sum4(sum_w), sum4(sum_x)};
}

// q = (x - base) * inverse, rounded.
template <size_t kN>
LineSums line_sums(const float* x, const float* w, float base, float inverse, float q_max) {
  F4 sum_q{}, sum_qq{}, sum_xq{};
  for (size_t i = 0; i < kN; i += 4) {
    const F4 v = load4(x + i);
    const F4 q = round_within((v - base) * inverse, 0, q_max);
    const F4 wq = load4(w + i) * q;
    sum_q += wq;
    sum_qq += wq * q;
    sum_xq += wq * v;
  }
  return {sum4(sum_q), sum4(sum_qq), sum4(sum_xq)};
}

// The least-squares line for given sums, and how much squared error it takes off (more is better).
struct SolvedLine {
  Line line;
  double gain = 0;
};

inline SolvedLine solve_line(const FixedSums& fixed, const LineSums& sums) {
  const double determinant = fixed.w * sums.qq - sums.q * sums.q;
  if (!(sums.qq > 0)) return {};
  double scale = sums.xq / sums.qq;
  double offset = 0;
  if (determinant > 0) {
    const double free_offset = (sums.qq * fixed.x - sums.q * sums.xq) / determinant;
    if (free_offset < 0) {
      offset = free_offset;
      scale = (fixed.w * sums.xq - sums.q * fixed.x) / determinant;
    }
  }
  if (!(scale > 0)) return {};
  return {{static_cast<float>(scale), static_cast<float>(-offset)},
          scale * sums.xq + offset * fixed.x};
}

// Below this range a sub-block is flat: no f16 scale can tell its values apart.
inline constexpr float kFlatRange = 1e-20f;

// Steps by which the range is widened or narrowed, in units of q.
struct LineSearch {
  float first, step;
  int n_steps, n_refinements;
};

template <size_t kN>
Line fit_line(const float* x, const float* w, float q_max, const LineSearch& search) {
  F4 low4{}, high4 = splat(-kLargestInput);
  for (size_t i = 0; i < kN; i += 4) {
    const F4 v = load4(w + i) > 0 ? load4(x + i) : F4{};
    low4 = min4(low4, v);
    high4 = max4(high4, v);
  }
  const float low = std::min(std::min(low4[0], low4[1]), std::min(low4[2], low4[3]));
  const float high = std::max(std::max(high4[0], high4[1]), std::max(high4[2], high4[3]));
  if (!(high - low > kFlatRange)) return {0, -low};

  const FixedSums fixed = fixed_sums<kN>(x, w);
  SolvedLine best{{(high - low) / q_max, -low}, 0};
  for (int i = 0; i < search.n_steps; ++i) {
    const float inverse =
        (q_max + search.first + search.step * static_cast<float>(i)) / (high - low);
    const SolvedLine solved = solve_line(fixed, line_sums<kN>(x, w, low, inverse, q_max));
    if (solved.gain > best.gain) best = solved;
  }
  for (int i = 0; i < search.n_refinements; ++i) {
    const SolvedLine solved =
        solve_line(fixed, line_sums<kN>(x, w, -best.line.min, 1 / best.line.scale, q_max));
    if (!(solved.gain > best.gain)) break;
    best = solved;
  }
  return best.line;
}

template <size_t kN>
struct AffineBlock {
  static constexpr size_t kSubs = 256 / kN;
  uint16_t d = 0, dmin = 0;  // f16 bits
  std::array<uint8_t, kSubs> sc{};
  std::array<uint8_t, kSubs> mn{};
};

template <size_t kN>
class AffineFitter {
 public:
  static constexpr size_t kSubs = 256 / kN;

  AffineFitter(const BlockInput<256>& in, int q_max, int scale_max, const LineSearch& search)
      : in_(in), q_max_(static_cast<float>(q_max)), scale_max_(scale_max) {
    for (size_t s = 0; s < kSubs; ++s) {
      lines_[s] = fit_line<kN>(x(s), w(s), q_max_, search);
    }
  }

  AffineBlock<kN> fit() {
    float scale = 0, min = 0;
    for (const Line& line : lines_) {
      scale = std::max(scale, line.scale);
      min = std::max(min, line.min);
    }
    const auto steps = static_cast<float>(scale_max_);
    double error = 0;
    AffineBlock<kN> best =
        assign(scale_away_from_zero(scale / steps), scale_away_from_zero(min / steps), error);
    for (int round = 0; round < 2; ++round) {
      const auto [d, dmin] = refit(best);
      if (d == best.d && dmin == best.dmin) break;
      double new_error = 0;
      const AffineBlock<kN> next = assign(d, dmin, new_error);
      if (!(new_error < error)) break;
      best = next;
      error = new_error;
    }
    return best;
  }

  // The q that belong to a block, in the order of the values.
  std::array<uint8_t, 256> quantise(const AffineBlock<kN>& block) const {
    std::array<uint8_t, 256> out{};
    for (size_t s = 0; s < kSubs; ++s) {
      const Line line = line_of(block, s);
      if (!(line.scale > 0)) continue;
      for (size_t i = 0; i < kN; i += 4) {
        const F4 q = round_within((load4(x(s) + i) + line.min) * (1 / line.scale), 0, q_max_);
        for (size_t k = 0; k < 4; ++k) out[kN * s + i + k] = static_cast<uint8_t>(q[k]);
      }
    }
    return out;
  }

 private:
  const float* x(size_t s) const { return in_.x.data() + kN * s; }
  const float* w(size_t s) const { return in_.w.data() + kN * s; }

  static Line line_of(const AffineBlock<kN>& block, size_t s) {
    return {f16_to_f32(block.d) * static_cast<float>(block.sc[s]),
            f16_to_f32(block.dmin) * static_cast<float>(block.mn[s])};
  }

  double error_of(size_t s, const Line& line) const {
    const float inverse = line.scale > 0 ? 1 / line.scale : 0;
    F4 sum{};
    for (size_t i = 0; i < kN; i += 4) {
      const F4 v = load4(x(s) + i) + line.min;
      const F4 e = round_within(v * inverse, 0, q_max_) * line.scale - v;
      sum += load4(w(s) + i) * e * e;
    }
    return sum4(sum);
  }

  int nearest_step(float value, float unit) const {
    if (!(unit > 0)) return 0;
    return static_cast<int>(std::lround(std::min(value / unit, static_cast<float>(scale_max_))));
  }

  // Step 2 for given d and dmin; `error` becomes the weighted squared error of the block.
  AffineBlock<kN> assign(uint16_t d, uint16_t dmin, double& error) const {
    AffineBlock<kN> out{d, dmin};
    const float unit = f16_to_f32(d);
    const float min_unit = f16_to_f32(dmin);
    error = 0;
    for (size_t s = 0; s < kSubs; ++s) {
      const int sc0 = nearest_step(lines_[s].scale, unit);
      const int mn0 = nearest_step(lines_[s].min, min_unit);
      double best = -1;
      for (int sc = std::max(sc0 - 1, 0); sc <= std::min(sc0 + 1, scale_max_); ++sc) {
        for (int mn = std::max(mn0 - 1, 0); mn <= std::min(mn0 + 1, scale_max_); ++mn) {
          const double e =
              error_of(s, {unit * static_cast<float>(sc), min_unit * static_cast<float>(mn)});
          if (best >= 0 && !(e < best)) continue;
          best = e;
          out.sc[s] = static_cast<uint8_t>(sc);
          out.mn[s] = static_cast<uint8_t>(mn);
        }
      }
      error += best;
    }
    return out;
  }

  // Step 3: least squares of x = d (sc q) - dmin mn over the block, q fixed.
  std::pair<uint16_t, uint16_t> refit(const AffineBlock<kN>& block) const {
    double aa = 0, ab = 0, bb = 0, xa = 0, xb = 0;  // a = sc q, b = mn
    for (size_t s = 0; s < kSubs; ++s) {
      const Line line = line_of(block, s);
      const FixedSums fixed = fixed_sums<kN>(x(s), w(s));
      const LineSums sums =
          line_sums<kN>(x(s), w(s), -line.min, line.scale > 0 ? 1 / line.scale : 0, q_max_);
      const double sc = block.sc[s];
      const double mn = block.mn[s];
      aa += sc * sc * sums.qq;
      ab += sc * mn * sums.q;
      bb += mn * mn * fixed.w;
      xa += sc * sums.xq;
      xb += mn * fixed.x;
    }
    const double determinant = aa * bb - ab * ab;
    if (!(determinant > 0)) {
      return {aa > 0 ? nearest_scale(static_cast<float>(std::max(xa / aa, 0.0))) : block.d,
              block.dmin};
    }
    const double d = (xa * bb - xb * ab) / determinant;
    const double dmin = (xa * ab - xb * aa) / determinant;
    if (!(d > 0 && dmin > 0)) return {block.d, block.dmin};
    return {nearest_scale(static_cast<float>(d)), nearest_scale(static_cast<float>(dmin))};
  }

  const BlockInput<256>& in_;
  float q_max_;
  int scale_max_;
  std::array<Line, kSubs> lines_{};
};

}  // namespace stride::quant
