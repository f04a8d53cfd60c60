// SPDX-License-Identifier: Apache-2.0
// Unpacking of the type whose values are found in a grid.
#pragma once

#include "kernels/avx2/decode.h"
#include "quant/tables.h"

namespace stride::kernels::avx2 {
namespace {

// Eight indices of 9 bits, low bytes and the bits above them, name four magnitudes each; signs are
// a bit a value.
STRIDE_INLINE __m256i grid_values(uint64_t low, uint8_t high, uint32_t signs) {
  static_assert(sizeof quant::kIq3sGrid == 512 * sizeof(int));
  const auto* grid = reinterpret_cast<const int*>(&quant::kIq3sGrid);
  const __m256i low8 = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<int64_t>(low)));
  const __m256i bit =
      _mm256_srlv_epi32(_mm256_set1_epi32(high << 8), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  const __m256i index = _mm256_or_si256(low8, _mm256_and_si256(bit, _mm256_set1_epi32(256)));
  // Plain loads: the gather instruction is no faster.
  alignas(32) uint32_t at[8];
  store256(at, index);
  const __m256i magnitude = _mm256_setr_epi32(grid[at[0]], grid[at[1]], grid[at[2]], grid[at[3]],
                                              grid[at[4]], grid[at[5]], grid[at[6]], grid[at[7]]);
  // Byte i takes sign byte i / 8 and looks at its bit i % 8.
  const __m256i spread = _mm256_shuffle_epi8(
      _mm256_set1_epi32(static_cast<int>(signs)),
      _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303));
  const __m256i own_bit = _mm256_set1_epi64x(static_cast<int64_t>(0x8040201008040201U));
  const __m256i negative = _mm256_cmpeq_epi8(_mm256_and_si256(spread, own_bit), own_bit);
  return _mm256_sub_epi8(_mm256_xor_si256(magnitude, negative), negative);
}

struct IQ3_S {
  static constexpr size_t kBlockBytes = 110;
  static constexpr size_t kBlockValues = 256;
  static constexpr Form kForm = Form::wide;
  static constexpr int kOffset = 0;
  static constexpr bool kMin = false;

  STRIDE_INLINE static void unpack(const std::byte* p, Group& out) {
    for (size_t b = 0; b < 8; ++b) {
      out.q[b] = grid_values(load_as<uint64_t>(p + 2 + 8 * b), load_as<uint8_t>(p + 66 + b),
                             load_as<uint32_t>(p + 74 + 4 * b));
    }
    const __m256i nibbles =
        _mm256_srlv_epi32(_mm256_set1_epi32(static_cast<int>(load_as<uint32_t>(p + 106))),
                          _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28));
    const __m256i scale = _mm256_and_si256(nibbles, _mm256_set1_epi32(15));
    // 1 + 2 s
    out.scale =
        _mm256_cvtepi32_ps(_mm256_or_si256(_mm256_slli_epi32(scale, 1), _mm256_set1_epi32(1)));
    out.d = _mm256_set1_ps(f16_at(p));
  }
};

}  // namespace
}  // namespace stride::kernels::avx2
