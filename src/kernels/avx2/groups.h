// SPDX-License-Identifier: Apache-2.0
// Products of weights in groups of sixteen rows (quant/row_groups.h). Rows already stand side by
// side, so a panel is filled without transposing; then it is multiplied like any other.
#pragma once

#include "kernels/avx2/panel.h"
#include "quant/row_groups.h"

namespace stride::kernels::avx2 {
namespace {

// Offsets of a unit's parts, by the type's reader.
template <class T>
constexpr quant::Type kGroupType = quant::Type::q8_0;
template <>
constexpr quant::Type kGroupType<Q4_0> = quant::Type::q4_0;
template <>
constexpr quant::Type kGroupType<IQ4_NL> = quant::Type::iq4_nl;
template <>
constexpr quant::Type kGroupType<IQ4_XS> = quant::Type::iq4_xs;
template <>
constexpr quant::Type kGroupType<Q4_K> = quant::Type::q4_k;
template <>
constexpr quant::Type kGroupType<Q5_K> = quant::Type::q5_k;
template <>
constexpr quant::Type kGroupType<Q6_K> = quant::Type::q6_k;

template <class T>
constexpr quant::UnitOffsets kOffsets = quant::unit_offsets(kGroupType<T>);

// Adds what sub-block b has beyond four bits to word k of eight rows, h = 0 or 1.
template <class T>
STRIDE_INLINE __m256i complete(__m256i nibbles, const std::byte* unit, size_t b, size_t k,
                               size_t h) {
  constexpr quant::Type type = kGroupType<T>;
  const auto shifted = [](__m256i v, size_t n) {
    return _mm256_srl_epi16(v, _mm_cvtsi64_si128(static_cast<long long>(n)));
  };
  if constexpr (type == quant::Type::q5_k) {
    const __m256i bits = load256(unit + kOffsets<T>.bits + 64 * b + 32 * h);
    const __m256i bit = _mm256_and_si256(shifted(bits, k), _mm256_set1_epi8(1));
    return _mm256_or_si256(nibbles, _mm256_slli_epi16(bit, 4));
  } else if constexpr (type == quant::Type::q6_k) {
    const __m256i bits = load256(unit + kOffsets<T>.bits + 128 * b + 64 * (k / 4) + 32 * h);
    const __m256i pair = _mm256_and_si256(shifted(bits, 2 * (k % 4)), _mm256_set1_epi8(3));
    return _mm256_or_si256(nibbles, _mm256_slli_epi16(pair, 4));
  } else if constexpr (T::kForm == Form::wide) {
    return _mm256_shuffle_epi8(iq4_values(), nibbles);
  } else {
    return nibbles;
  }
}

// The integers of sub-block b of a unit as block `to` of the panel.
template <class T>
STRIDE_INLINE void fill_integers(Panel& panel, size_t to, const std::byte* unit, size_t b) {
  for (size_t h = 0; h < 2; ++h) {
    const std::byte* q = unit + kOffsets<T>.q + 32 * h;
    if constexpr (kGroupType<T> == quant::Type::q8_0) {
      for (size_t k = 0; k < 8; ++k) store256(panel.q[8 * to + k][8 * h], load256(q + 64 * k));
    } else {
      for (size_t v = 0; v < 4; ++v) {
        const __m256i both = load256(q + 256 * b + 64 * v);
        store256(panel.q[8 * to + v][8 * h], complete<T>(low_nibbles(both), unit, b, v, h));
        store256(panel.q[8 * to + 4 + v][8 * h],
                 complete<T>(high_nibbles(both), unit, b, v + 4, h));
      }
    }
  }
}

// Integer scales and minima of a sub-block of rows 0 to 15.
struct ScaleBytes {
  int8_t scale[kPanelRows];
  int8_t min[kPanelRows];
};

template <class T>
STRIDE_INLINE ScaleBytes scale_bytes(const std::byte* unit, size_t b) {
  const auto byte = [&](size_t at) { return load_as<uint8_t>(unit + at); };
  ScaleBytes out;
  for (size_t r = 0; r < kPanelRows; ++r) {
    if constexpr (T::kMin) {
      const int low = byte(kOffsets<T>.scales_low + 16 * b + r);
      const int high = byte(kOffsets<T>.scales_high + 16 * (b / 2) + r) >> (4 * (b % 2));
      out.scale[r] = static_cast<int8_t>((low & 15) | (high & 3) << 4);
      out.min[r] = static_cast<int8_t>(low >> 4 | (high & 12) << 2);
    } else {
      const int low = byte(kOffsets<T>.scales_low + 16 * (b / 2) + r) >> (4 * (b % 2)) & 15;
      const int high = byte(kOffsets<T>.scales_high + 16 * (b / 4) + r) >> (2 * (b % 4)) & 3;
      out.scale[r] = static_cast<int8_t>((low | high << 4) - 32);
    }
  }
  return out;
}

STRIDE_INLINE __m256 floats_of_i8(const int8_t* p) {
  return _mm256_cvtepi32_ps(
      _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
}

template <class T>
STRIDE_INLINE void fill_scales(Panel& panel, size_t to, const std::byte* unit, size_t b) {
  for (size_t h = 0; h < 2; ++h) {
    const __m256 d = _mm256_cvtph_ps(load128(unit + 16 * h));
    if constexpr (T::kForm == Form::halves) {
      _mm256_store_ps(panel.d + 8 * h, d);
      const auto* scale = reinterpret_cast<const int8_t*>(unit + kOffsets<T>.scales_low);
      for (size_t i = 0; i < 2; ++i)
        _mm256_store_ps(panel.scale[i][to] + 8 * h, floats_of_i8(scale + 32 * b + 16 * i + 8 * h));
    } else if constexpr (T::kBlockValues == 32) {
      _mm256_store_ps(panel.scale[0][to] + 8 * h, d);
    } else {
      const ScaleBytes bytes = scale_bytes<T>(unit, b);
      _mm256_store_ps(panel.scale[0][to] + 8 * h,
                      _mm256_mul_ps(d, floats_of_i8(bytes.scale + 8 * h)));
      if constexpr (T::kMin) {
        const __m256 d_min = _mm256_cvtph_ps(load128(unit + kOffsets<T>.d_min + 16 * h));
        _mm256_store_ps(panel.min[0][to] + 8 * h,
                        _mm256_mul_ps(d_min, floats_of_i8(bytes.min + 8 * h)));
      }
    }
  }
}

// n_block blocks of 32 from block `first` of a group on; `first` is a multiple of 8.
template <class T>
STRIDE_INLINE void fill_panel(Panel& panel, const std::byte* group, size_t first, size_t n_block) {
  constexpr size_t kSub = T::kBlockValues / 32, kUnitBytes = kPanelRows * T::kBlockBytes;
  for (size_t b = 0; b < n_block; ++b) {
    const std::byte* unit = group + (first + b) / kSub * kUnitBytes;
    fill_integers<T>(panel, b, unit, b % kSub);
    fill_scales<T>(panel, b, unit, b % kSub);
  }
}

template <class T, class Tiles>
void product_groups(const Product& a) {
  const size_t n_block = a.w.n_in / 32;
  alignas(64) float acc[kPanelColumns][kPanelRows];
  Panel panel;
  for (size_t r = a.row_begin; r < a.row_end; r += kPanelRows) {
    for (size_t c0 = 0; c0 < a.n_col; c0 += kPanelColumns) {
      const size_t n_col = a.n_col - c0 < kPanelColumns ? a.n_col - c0 : kPanelColumns;
      __builtin_memset(acc, 0, n_col * sizeof acc[0]);
      for (size_t b = 0; b < n_block; b += 8) {
        const size_t n = n_block - b < 8 ? n_block - b : 8;
        fill_panel<T>(panel, a.w.data + r * a.w.row_bytes, b, n);
        multiply_columns<T, Tiles, Tiles::kMaxColumns>(panel, a, c0, n_col, b, n, acc);
      }
      for (size_t c = 0; c < n_col; ++c)
        __builtin_memcpy(a.out + (c0 + c) * a.out_stride + r, acc[c], sizeof acc[c]);
    }
  }
}

}  // namespace
}  // namespace stride::kernels::avx2
