// SPDX-License-Identifier: Apache-2.0
// Products of weights in groups of sixteen rows (quant/row_groups.h): rows lie in the lanes of a
// vector as they stand in memory, so nothing is transposed or folded. One pass over a group serves
// up to fourteen columns; each step is one vpdpbusd whose second factor is a broadcast from memory.
//
// For each type, a reader of its units:
//   kBlocks      blocks of 32 values in a unit
//   kBias        what is added to its integers to make them unsigned
//   weights()    the 32 integers of a block: vector k has values 4 k .. 4 k + 3 of each row
//   scale()      d times the integer scale, which is exact; kHalves: the integer scale of a half
//   min()        d_min times the integer minimum, exact too
#pragma once

#include <utility>

#include "kernels/avx512vnni/intrinsics.h"
#include "kernels/avx512vnni/matmul.h"

#include "kernels/avx2/rows.h"

namespace stride::kernels::STRIDE_AVX512 {
namespace {

using quant::Type;

struct Block8 {
  __m512i k0, k1, k2, k3, k4, k5, k6, k7;
};

STRIDE_INLINE __m512i load512(const std::byte* p) {
  return _mm512_loadu_si512(p);
}

STRIDE_INLINE __m512i low_nibbles(__m512i v) {
  return _mm512_and_si512(v, _mm512_set1_epi8(15));
}

STRIDE_INLINE __m512i high_nibbles(__m512i v) {
  return low_nibbles(_mm512_srli_epi16(v, 4));
}

STRIDE_INLINE __m512 f16_of_16(const std::byte* p) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}

STRIDE_INLINE __m512 float_of_u8(__m128i v) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(v));
}

STRIDE_INLINE __m512 float_of_i8(__m128i v) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(v));
}

STRIDE_INLINE Block8 nibbles_of(const std::byte* q) {
  const __m512i v0 = load512(q), v1 = load512(q + 64), v2 = load512(q + 128), v3 = load512(q + 192);
  return {low_nibbles(v0),  low_nibbles(v1),  low_nibbles(v2),  low_nibbles(v3),
          high_nibbles(v0), high_nibbles(v1), high_nibbles(v2), high_nibbles(v3)};
}

template <Type type>
STRIDE_INLINE const std::byte* block_q(const std::byte* unit, size_t b) {
  return unit + quant::unit_offsets(type).q + 256 * b;
}

struct GroupQ8_0 {
  static constexpr Type kType = Type::q8_0;
  static constexpr size_t kBlocks = 1, kUnitBytes = 16 * 34;
  static constexpr int kBias = 128;
  static constexpr bool kMin = false, kHalves = false;

  STRIDE_INLINE static Block8 weights(const std::byte* unit, size_t) {
    const std::byte* q = unit + quant::unit_offsets(kType).q;
    const __m512i flip = _mm512_set1_epi8(-128);
    const auto at = [&](size_t k) { return _mm512_xor_si512(load512(q + 64 * k), flip); };
    return {at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)};
  }
  STRIDE_INLINE static __m512 scale(const std::byte* unit, size_t) { return f16_of_16(unit); }
};

struct GroupQ4_0 {
  static constexpr Type kType = Type::q4_0;
  static constexpr size_t kBlocks = 1, kUnitBytes = 16 * 18;
  static constexpr int kBias = 8;
  static constexpr bool kMin = false, kHalves = false;

  STRIDE_INLINE static Block8 weights(const std::byte* unit, size_t) {
    return nibbles_of(block_q<kType>(unit, 0));
  }
  STRIDE_INLINE static __m512 scale(const std::byte* unit, size_t) { return f16_of_16(unit); }
};

// The values of quant/tables.h, 128 added.
STRIDE_INLINE __m512i table_value(__m512i index) {
  const __m512i table = _mm512_broadcast_i32x4(
      _mm_setr_epi8(1, 24, 45, 63, 79, 93, 106, 118, -127, -115, -103, -90, -75, -59, -39, -15));
  return _mm512_shuffle_epi8(table, index);
}

STRIDE_INLINE Block8 table_values(const Block8& i) {
  return {table_value(i.k0), table_value(i.k1), table_value(i.k2), table_value(i.k3),
          table_value(i.k4), table_value(i.k5), table_value(i.k6), table_value(i.k7)};
}

struct GroupIQ4_NL {
  static constexpr Type kType = Type::iq4_nl;
  static constexpr size_t kBlocks = 1, kUnitBytes = 16 * 18;
  static constexpr int kBias = 128;
  static constexpr bool kMin = false, kHalves = false;

  STRIDE_INLINE static Block8 weights(const std::byte* unit, size_t) {
    return table_values(nibbles_of(block_q<kType>(unit, 0)));
  }
  STRIDE_INLINE static __m512 scale(const std::byte* unit, size_t) { return f16_of_16(unit); }
};

struct GroupIQ4_XS {
  static constexpr Type kType = Type::iq4_xs;
  static constexpr size_t kBlocks = 8, kUnitBytes = 16 * 136;
  static constexpr int kBias = 128;
  static constexpr bool kMin = false, kHalves = false;

  STRIDE_INLINE static Block8 weights(const std::byte* unit, size_t b) {
    return table_values(nibbles_of(block_q<kType>(unit, b)));
  }
  STRIDE_INLINE static __m512 scale(const std::byte* unit, size_t b) {
    constexpr quant::UnitOffsets at = quant::unit_offsets(kType);
    const __m128i low = avx2::load128(unit + at.scales_low + 16 * (b / 2));
    const __m128i high = avx2::load128(unit + at.scales_high + 16 * (b / 4));
    const auto shifted = [](__m128i v, size_t n) {
      return _mm_srl_epi16(v, _mm_cvtsi64_si128(static_cast<long long>(n)));
    };
    const __m128i low4 = _mm_and_si128(shifted(low, 4 * (b % 2)), _mm_set1_epi8(15));
    const __m128i high2 = _mm_and_si128(shifted(high, 2 * (b % 4)), _mm_set1_epi8(3));
    const __m128i six = _mm_or_si128(low4, _mm_slli_epi16(high2, 4));
    return _mm512_mul_ps(f16_of_16(unit), float_of_i8(_mm_sub_epi8(six, _mm_set1_epi8(32))));
  }
};

// sc and mn of a sub-block of Q4_K and Q5_K.
struct AffineBytes {
  __m128i sc, mn;
};

STRIDE_INLINE AffineBytes affine_bytes(const std::byte* unit, size_t b) {
  constexpr quant::UnitOffsets at = quant::unit_offsets(Type::q4_k);
  const __m128i low = avx2::load128(unit + at.scales_low + 16 * b);
  const __m128i pair = avx2::load128(unit + at.scales_high + 16 * (b / 2));
  const __m128i high = _mm_srl_epi16(pair, _mm_cvtsi64_si128(static_cast<long long>(4 * (b % 2))));
  const __m128i nibble = _mm_set1_epi8(15), top = _mm_set1_epi8(0x30);
  return {_mm_or_si128(_mm_and_si128(low, nibble), _mm_and_si128(_mm_slli_epi16(high, 4), top)),
          _mm_or_si128(_mm_and_si128(_mm_srli_epi16(low, 4), nibble),
                       _mm_and_si128(_mm_slli_epi16(high, 2), top))};
}

template <Type type>
struct GroupAffine {
  static constexpr Type kType = type;
  static constexpr size_t kBlocks = 8, kUnitBytes = 16 * (type == Type::q4_k ? 144 : 176);
  static constexpr int kBias = 0;
  static constexpr bool kMin = true, kHalves = false;

  STRIDE_INLINE static __m512i fifth(__m512i nibbles, __m512i bits) {
    return _mm512_or_si512(nibbles, _mm512_and_si512(bits, _mm512_set1_epi8(16)));
  }

  STRIDE_INLINE static Block8 weights(const std::byte* unit, size_t b) {
    const Block8 n = nibbles_of(block_q<kType>(unit, b));
    if constexpr (type == Type::q4_k) {
      return n;
    } else {
      const __m512i h = load512(unit + quant::unit_offsets(kType).bits + 64 * b);
      return {fifth(n.k0, _mm512_slli_epi16(h, 4)),
              fifth(n.k1, _mm512_slli_epi16(h, 3)),
              fifth(n.k2, _mm512_slli_epi16(h, 2)),
              fifth(n.k3, _mm512_slli_epi16(h, 1)),
              fifth(n.k4, h),
              fifth(n.k5, _mm512_srli_epi16(h, 1)),
              fifth(n.k6, _mm512_srli_epi16(h, 2)),
              fifth(n.k7, _mm512_srli_epi16(h, 3))};
    }
  }
  STRIDE_INLINE static __m512 scale(const std::byte* unit, size_t b) {
    return _mm512_mul_ps(f16_of_16(unit), float_of_u8(affine_bytes(unit, b).sc));
  }
  STRIDE_INLINE static __m512 min(const std::byte* unit, size_t b) {
    return _mm512_mul_ps(f16_of_16(unit + quant::unit_offsets(kType).d_min),
                         float_of_u8(affine_bytes(unit, b).mn));
  }
};

struct GroupQ6_K {
  static constexpr Type kType = Type::q6_k;
  static constexpr size_t kBlocks = 8, kUnitBytes = 16 * 210;
  static constexpr int kBias = 32;
  static constexpr bool kMin = false, kHalves = true;

  STRIDE_INLINE static __m512i pair(__m512i nibbles, __m512i bits) {
    return _mm512_or_si512(nibbles, _mm512_and_si512(bits, _mm512_set1_epi8(0x30)));
  }

  STRIDE_INLINE static Block8 weights(const std::byte* unit, size_t b) {
    const Block8 n = nibbles_of(block_q<kType>(unit, b));
    const std::byte* bits = unit + quant::unit_offsets(kType).bits + 128 * b;
    const __m512i h0 = load512(bits), h1 = load512(bits + 64);
    return {pair(n.k0, _mm512_slli_epi16(h0, 4)),
            pair(n.k1, _mm512_slli_epi16(h0, 2)),
            pair(n.k2, h0),
            pair(n.k3, _mm512_srli_epi16(h0, 2)),
            pair(n.k4, _mm512_slli_epi16(h1, 4)),
            pair(n.k5, _mm512_slli_epi16(h1, 2)),
            pair(n.k6, h1),
            pair(n.k7, _mm512_srli_epi16(h1, 2))};
  }
  STRIDE_INLINE static __m512 scale(const std::byte* unit, size_t half) {
    return float_of_i8(avx2::load128(unit + quant::unit_offsets(kType).scales_low + 16 * half));
  }
};

STRIDE_INLINE __m512i broadcast4(const int8_t* x) {
  return _mm512_set1_epi32(avx2::load_as<int32_t>(reinterpret_cast<const std::byte*>(x)));
}

// The factors of one block that all columns share.
struct Factors {
  __m512 scale, scale1, min, d;
};

// The exact integer sums of one block and column, its first and its second sixteen values apart.
struct Sums {
  __m512i low, high;
};

// -kBias times the sum of each half, from both 16-bit sums in one broadcast; else zeros.
template <class T>
STRIDE_INLINE Sums first_sums(const Q8Row& x, size_t block) {
  const __m512i zero = _mm512_setzero_si512();
  if constexpr (!T::kHalves) {
    return {zero, zero};
  } else {
    const __m512i sums = broadcast4(reinterpret_cast<const int8_t*>(x.sum16 + 2 * block));
    const __m512i take0 = _mm512_set1_epi32(-T::kBias & 0xffff),
                  take1 = _mm512_set1_epi32(-T::kBias * 0x10000);
    return {_mm512_dpwssd_epi32(zero, take0, sums), _mm512_dpwssd_epi32(zero, take1, sums)};
  }
}

// The sums of kN columns side by side, each in two chains of four products: one chain of eight is
// longer than the processor looks ahead.
template <class T, size_t kN>
STRIDE_INLINE void add_products(Sums (&sums)[kN], const Block8& w, const Q8Row* x, size_t block) {
  for (size_t c = 0; c < kN; ++c) sums[c] = first_sums<T>(x[c], block);
  const auto add = [&](__m512i low, __m512i high, size_t k) __attribute__((always_inline)) {
    for (size_t c = 0; c < kN; ++c) {
      const int8_t* value = x[c].value + 32 * block + 4 * k;
      sums[c].low = stride_dpbusd_broadcast(sums[c].low, low, value);
      sums[c].high = stride_dpbusd_broadcast(sums[c].high, high, value + 16);
    }
  };
  add(w.k0, w.k4, 0);
  add(w.k1, w.k5, 1);
  add(w.k2, w.k6, 2);
  add(w.k3, w.k7, 3);
}

// F of one block and column.
template <class T>
STRIDE_INLINE __m512 block_product(const Sums& sums, const Factors& factors, const Q8Row& x,
                                   size_t block) {
  if constexpr (T::kHalves) {
    const __m512 s = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums.high), factors.scale1,
                                     _mm512_mul_ps(_mm512_cvtepi32_ps(sums.low), factors.scale));
    return _mm512_mul_ps(factors.d, s);
  } else {
    __m512 s = _mm512_cvtepi32_ps(_mm512_add_epi32(sums.low, sums.high));
    const __m512 x_sum = _mm512_set1_ps(x.sum[block]);
    if constexpr (T::kBias != 0) s = _mm512_fnmadd_ps(_mm512_set1_ps(T::kBias), x_sum, s);
    const __m512 f = _mm512_mul_ps(factors.scale, s);
    if constexpr (!T::kMin) return f;
    return _mm512_fnmadd_ps(factors.min, x_sum, f);
  }
}

// Adds one block to the results of columns `column` to `column` + kN - 1.
template <class T, size_t kN>
STRIDE_INLINE void add_block(__m512* acc, const Block8& w, const Factors& factors, const Q8Row* x,
                             size_t block) {
  Sums sums[kN];
  add_products<T>(sums, w, x, block);
  for (size_t c = 0; c < kN; ++c) {
    const __m512 f = block_product<T>(sums[c], factors, x[c], block);
    acc[c] = _mm512_fmadd_ps(f, _mm512_set1_ps(x[c].scale[block]), acc[c]);
  }
}

template <class T>
STRIDE_INLINE Factors factors_of(const std::byte* unit, size_t b) {
  Factors f;
  if constexpr (T::kHalves) {
    f.scale = T::scale(unit, 2 * b);
    f.scale1 = T::scale(unit, 2 * b + 1);
    f.d = f16_of_16(unit);
  } else {
    f.scale = T::scale(unit, b);
    if constexpr (T::kMin) f.min = T::min(unit, b);
  }
  return f;
}

// Bytes read ahead of the kernel. On two threads 2 and 4 KiB reach the rate of plain reads, 8 and
// 12 do not.
constexpr size_t kGroupAhead = 4096;

// Sixteen rows times kCol columns: out[c * out_stride + 0 .. 15].
template <class T, size_t kCol>
void multiply_group(float* out, size_t out_stride, const std::byte* group, size_t n_in,
                    const std::byte* x, size_t x_stride) {
  Q8Row row[kCol];
  __m512 acc[kCol];
#pragma GCC unroll 16
  for (size_t c = 0; c < kCol; ++c) {
    row[c] = q8_row(x + c * x_stride, n_in);
    acc[c] = _mm512_setzero_ps();
  }
  const size_t n_block = n_in / 32;
  for (size_t block = 0; block < n_block; group += T::kUnitBytes) {
    for (size_t b = 0; b < T::kBlocks; ++b, ++block) {
      // A few lines at a time: a burst for the whole unit would wait for free fill buffers.
      constexpr size_t kBytes = T::kUnitBytes / T::kBlocks;
      avx2::prefetch<kBytes>(group + kGroupAhead + b * kBytes);
      const Block8 w = T::weights(group, b);
      const Factors factors = factors_of<T>(group, b);
#pragma GCC unroll 16
      for (size_t c = 0; c + 1 < kCol; c += 2) add_block<T, 2>(acc + c, w, factors, row + c, block);
      if constexpr (kCol % 2 != 0)
        add_block<T, 1>(acc + kCol - 1, w, factors, row + kCol - 1, block);
    }
  }
#pragma GCC unroll 16
  for (size_t c = 0; c < kCol; ++c) _mm512_storeu_ps(out + c * out_stride, acc[c]);
}

// Columns of a pass. More of them share the work of unpacking a block; their sums, its eight
// vectors and its factors must fit the registers. Builds that are for tests alone have fewer: all
// of them take minutes to compile with sanitizers or in emulation.
template <class T>
#ifdef STRIDE_KERNELS_FEW_COLUMNS
constexpr size_t kMostColumns = 3;
#else
constexpr size_t kMostColumns = T::kHalves ? 11 : 14;
#endif

template <class T>
using MultiplyGroup = void (*)(float* out, size_t out_stride, const std::byte* group, size_t n_in,
                               const std::byte* x, size_t x_stride);

// multiply_group of 1, 2, ... columns.
template <class T, class Before>
struct MultiplyGroups;
template <class T, size_t... kBefore>
struct MultiplyGroups<T, std::index_sequence<kBefore...>> {
  static constexpr MultiplyGroup<T> kOf[] = {multiply_group<T, kBefore + 1>...};
};

// Columns go in passes of almost the same number: 16 are 8 and 8, not 14 and 2.
template <class T>
void product_groups(const Product& a) {
  constexpr auto& kMultiply = MultiplyGroups<T, std::make_index_sequence<kMostColumns<T>>>::kOf;
  const size_t n_pass = (a.n_col + kMostColumns<T> - 1) / kMostColumns<T>;
  for (size_t r = a.row_begin; r < a.row_end; r += quant::kGroupRows) {
    const std::byte* group = a.w.data + r * a.w.row_bytes;
    for (size_t pass = 0, column = 0; pass < n_pass; ++pass) {
      const size_t n_col = a.n_col / n_pass + (pass < a.n_col % n_pass);
      kMultiply[n_col - 1](a.out + column * a.out_stride + r, a.out_stride, group, a.w.n_in,
                           a.x + column * a.x_stride, a.x_stride);
      column += n_col;
    }
  }
}

}  // namespace
}  // namespace stride::kernels::STRIDE_AVX512
