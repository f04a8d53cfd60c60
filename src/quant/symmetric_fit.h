// SPDX-License-Identifier: Apache-2.0
// The search behind the types without a minimum: a value is scale * level, with the levels of a
// grid.
//
// fit_scale(): the largest value of a group is laid on levels around either end of the grid; for
// the levels the others then take, the best scale follows from least squares. SymmetricFitter: a
// block of 256 is d sc level; d is set by the largest scale of its sub-blocks, each takes the best
// sc of the three around its own, then d follows from least squares, repeated as long as the
// weighted squared error falls.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "quant/encode_input.h"
#include "quant/lanes.h"

namespace stride::quant {

// Every integer of [low, high]; the code of a level is level - low.
struct UniformGrid {
  float low, high;

  F4 nearest(F4 v) const { return round_within(v, low, high); }
  void codes(F4 v, uint8_t* out) const {
    const F4 q = nearest(v) - low;
    for (size_t k = 0; k < 4; ++k) out[k] = static_cast<uint8_t>(q[k]);
  }
};

// Sixteen integers in [-128, 127]; the code of a level is its place in the table. Middles between
// two levels are multiples of one half, so a table of half-integer cells decides exactly.
class TableGrid {
 public:
  constexpr explicit TableGrid(const std::array<int8_t, 16>& levels)
      : low(levels[0]), high(levels[0]) {
    for (const int8_t level : levels) {
      low = std::min(low, static_cast<float>(level));
      high = std::max(high, static_cast<float>(level));
    }
    for (size_t cell = 0; cell < kCells; ++cell) {
      const int quarters = 2 * static_cast<int>(cell) - kCells + 1;  // four times the cell's middle
      size_t best = 0;
      for (size_t i = 1; i < levels.size(); ++i) {
        const int now = quarters - 4 * levels[i];
        const int then = quarters - 4 * levels[best];
        if ((now < 0 ? -now : now) < (then < 0 ? -then : then)) best = i;
      }
      code_[cell] = static_cast<uint8_t>(best);
      level_[cell] = levels[best];
    }
  }

  F4 nearest(F4 v) const {
    const F4 at = cells(v);
    return F4{level_[cell(at[0])], level_[cell(at[1])], level_[cell(at[2])], level_[cell(at[3])]};
  }
  void codes(F4 v, uint8_t* out) const {
    const F4 at = cells(v);
    for (size_t k = 0; k < 4; ++k) out[k] = code_[cell(at[k])];
  }

  float low, high;

 private:
  static constexpr int kCells = 512;

  // Never negative, so that the conversion to an integer is a floor.
  static F4 cells(F4 v) { return min4(max4(v * 2 + kCells / 2, F4{}), splat(kCells - 1)); }
  static size_t cell(float at) { return static_cast<size_t>(static_cast<int>(at)); }

  std::array<float, kCells> level_{};
  std::array<uint8_t, kCells> code_{};
};

// Which levels the largest value is tried on: end + (first + i step) away from zero, at both ends.
struct ScaleSearch {
  float first, step;
  int n_steps, n_refinements;
};

struct ScaleSums {
  double qq = 0, xq = 0;

  // The squared error that the best scale takes off.
  double gain() const { return qq > 0 ? xq * xq / qq : 0; }
  float scale() const { return qq > 0 ? static_cast<float>(xq / qq) : 0; }
};

template <size_t kN, class Grid>
ScaleSums scale_sums(const float* x, const float* w, float inverse, const Grid& grid) {
  F4 sum_qq{}, sum_xq{};
  for (size_t i = 0; i < kN; i += 4) {
    const F4 v = load4(x + i);
    const F4 q = grid.nearest(v * inverse);
    const F4 wq = load4(w + i) * q;
    sum_qq += wq * q;
    sum_xq += wq * v;
  }
  return {sum4(sum_qq), sum4(sum_xq)};
}

// Below this size a group is zero: no f16 scale reaches it.
inline constexpr float kZeroSize = 1e-20f;

// The extremes of some values and zero. The largest magnitude is taken from these two rather than
// from a loop over `fabs(v) > fabs(largest)`, which clang 19 miscompiles at -O2.
struct Extremes {
  float low = 0, high = 0;

  void include(float v) {
    low = std::min(low, v);
    high = std::max(high, v);
  }
  float largest() const { return -low > high ? low : high; }  // in magnitude, with its sign
};

// The value that is largest in magnitude among those that weigh anything.
template <size_t kN>
float largest_value(const float* x, const float* w) {
  Extremes extremes;
  for (size_t i = 0; i < kN; ++i) extremes.include(w[i] > 0 ? x[i] : 0.0f);
  return extremes.largest();
}

// The real scale, of either sign, with the least weighted squared error.
template <size_t kN, class Grid>
float fit_scale(const float* x, const float* w, const Grid& grid, const ScaleSearch& search) {
  const float largest = largest_value<kN>(x, w);
  if (!(std::fabs(largest) > kZeroSize)) return 0;
  ScaleSums best;
  for (int i = 0; i < 2 * search.n_steps; ++i) {
    const float away = search.first + search.step * static_cast<float>(i / 2);
    const float level = i % 2 == 0 ? grid.low - away : grid.high + away;
    const ScaleSums sums = scale_sums<kN>(x, w, level / largest, grid);
    if (sums.gain() > best.gain()) best = sums;
  }
  for (int i = 0; i < search.n_refinements && best.scale() != 0; ++i) {
    const ScaleSums sums = scale_sums<kN>(x, w, 1 / best.scale(), grid);
    if (!(sums.gain() > best.gain())) break;
    best = sums;
  }
  return best.scale();
}

template <size_t kN, class Grid>
double scale_error(const float* x, const float* w, float scale, const Grid& grid) {
  const float inverse = scale != 0 ? 1 / scale : 0;
  F4 sum{};
  for (size_t i = 0; i < kN; i += 4) {
    const F4 v = load4(x + i);
    const F4 e = grid.nearest(v * inverse) * scale - v;
    sum += load4(w + i) * e * e;
  }
  return sum4(sum);
}

// The f16 nearest to a real scale or one of its two neighbours, whichever errs least: among the
// subnormal ones the step is not small.
template <size_t kN, class Grid>
uint16_t fit_f16_scale(const float* x, const float* w, float scale, const Grid& grid) {
  const uint16_t nearest = nearest_scale(scale);
  uint16_t best = nearest;
  double best_error = scale_error<kN>(x, w, f16_to_f32(nearest), grid);
  for (const int step : {-1, 1}) {
    const int magnitude = (nearest & 0x7fff) + step;
    if (magnitude < 0 || magnitude > 0x7bff) continue;
    const auto bits = static_cast<uint16_t>((nearest & 0x8000) | magnitude);
    const double error = scale_error<kN>(x, w, f16_to_f32(bits), grid);
    if (error < best_error) {
      best = bits;
      best_error = error;
    }
  }
  return best;
}

// The codes of values under a scale; those of 0 where the scale is 0.
template <size_t kN, class Grid>
std::array<uint8_t, kN> codes(const float* x, float scale, const Grid& grid) {
  const float inverse = scale != 0 ? 1 / scale : 0;
  std::array<uint8_t, kN> out{};
  for (size_t i = 0; i < kN; i += 4) grid.codes(load4(x + i) * inverse, out.data() + i);
  return out;
}

template <size_t kN>
struct SymmetricBlock {
  uint16_t d = 0;  // f16 bits
  std::array<int8_t, 256 / kN> sc{};
};

template <size_t kN, class Grid>
class SymmetricFitter {
 public:
  static constexpr size_t kSubs = 256 / kN;

  // sc lies in [-sc_size, sc_size - 1].
  SymmetricFitter(const BlockInput<256>& in, const Grid& grid, int sc_size,
                  const ScaleSearch& search)
      : in_(in), grid_(grid), sc_size_(sc_size) {
    for (size_t s = 0; s < kSubs; ++s) scales_[s] = fit_scale<kN>(x(s), w(s), grid_, search);
  }

  SymmetricBlock<kN> fit() const {
    Extremes extremes;
    for (const float scale : scales_) extremes.include(scale);
    const float step = extremes.largest() / static_cast<float>(-sc_size_);
    double error = 0;
    SymmetricBlock<kN> best = assign(scale_away_from_zero(step), error);
    for (int round = 0; round < 2; ++round) {
      const uint16_t d = refit(best);
      if (d == best.d) break;
      double new_error = 0;
      const SymmetricBlock<kN> next = assign(d, new_error);
      if (!(new_error < error)) break;
      best = next;
      error = new_error;
    }
    return best;
  }

  std::array<uint8_t, 256> codes_of(const SymmetricBlock<kN>& block) const {
    std::array<uint8_t, 256> out{};
    for (size_t s = 0; s < kSubs; ++s) {
      const float scale = f16_to_f32(block.d) * static_cast<float>(block.sc[s]);
      std::ranges::copy(codes<kN>(x(s), scale, grid_), out.begin() + kN * s);
    }
    return out;
  }

 private:
  const float* x(size_t s) const { return in_.x.data() + kN * s; }
  const float* w(size_t s) const { return in_.w.data() + kN * s; }

  SymmetricBlock<kN> assign(uint16_t d, double& error) const {
    SymmetricBlock<kN> out{d, {}};
    const float unit = f16_to_f32(d);
    error = 0;
    for (size_t s = 0; s < kSubs; ++s) {
      const auto size = static_cast<float>(sc_size_);
      const float real = unit != 0 ? std::min(std::max(scales_[s] / unit, -size), size - 1) : 0;
      const auto sc0 = static_cast<int>(std::lround(real));
      double best = -1;
      for (int sc = std::max(sc0 - 1, -sc_size_); sc <= std::min(sc0 + 1, sc_size_ - 1); ++sc) {
        const double e = scale_error<kN>(x(s), w(s), unit * static_cast<float>(sc), grid_);
        if (best >= 0 && !(e < best)) continue;
        best = e;
        out.sc[s] = static_cast<int8_t>(sc);
      }
      error += best;
    }
    return out;
  }

  // Least squares of x = d (sc level) over the block, levels fixed.
  uint16_t refit(const SymmetricBlock<kN>& block) const {
    ScaleSums all;
    for (size_t s = 0; s < kSubs; ++s) {
      const double sc = block.sc[s];
      const float scale = f16_to_f32(block.d) * static_cast<float>(block.sc[s]);
      if (scale == 0) continue;
      const ScaleSums sums = scale_sums<kN>(x(s), w(s), 1 / scale, grid_);
      all.qq += sc * sc * sums.qq;
      all.xq += sc * sums.xq;
    }
    return all.qq > 0 ? nearest_scale(all.scale()) : block.d;
  }

  const BlockInput<256>& in_;
  const Grid& grid_;
  int sc_size_;
  std::array<float, kSubs> scales_{};
};

}  // namespace stride::quant
