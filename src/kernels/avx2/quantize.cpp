// SPDX-License-Identifier: Apache-2.0
// Activation rows to int8, the same bytes as the scalar kernel writes.
#include "kernels/avx2/avx2.h"
#include "kernels/avx2/simd.h"

namespace stride::kernels::avx2 {
namespace {

struct Row {
  int8_t* value;
  float* scale;
  float* sum;
  int16_t* sum16;
};

// The largest magnitude as bits: integers order as floats do, infinity and NaN above all.
STRIDE_INLINE uint32_t largest_bits(const __m256 (&x)[4]) {
  const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
  __m256i top = _mm256_setzero_si256();
  for (const __m256 v : x) {
    top = _mm256_max_epi32(top, _mm256_and_si256(_mm256_castps_si256(v), magnitude));
  }
  __m128i half = _mm_max_epi32(_mm256_castsi256_si128(top), _mm256_extracti128_si256(top, 1));
  half = _mm_max_epi32(half, _mm_shuffle_epi32(half, 0x4E));
  half = _mm_max_epi32(half, _mm_shuffle_epi32(half, 0xB1));
  return static_cast<uint32_t>(_mm_cvtsi128_si32(half));
}

STRIDE_INLINE __m256i round_to_bytes(const __m256 (&x)[4], float inverse) {
  __m256i v[4];
  for (int i = 0; i < 4; ++i) {
    v[i] = _mm256_cvtps_epi32(_mm256_mul_ps(x[i], _mm256_set1_ps(inverse)));
  }
  const __m256i words0 = _mm256_packs_epi32(v[0], v[1]);
  const __m256i words1 = _mm256_packs_epi32(v[2], v[3]);
  return _mm256_permutevar8x32_epi32(_mm256_packs_epi16(words0, words1),
                                     _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

STRIDE_INLINE void set_sums(const Row& row, size_t b, __m256i q) {
  const __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), q);
  __m256i sums = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
  sums = _mm256_hadd_epi32(sums, sums);
  sums = _mm256_hadd_epi32(sums, sums);
  const int first = _mm_cvtsi128_si32(_mm256_castsi256_si128(sums));
  const int second = _mm_cvtsi128_si32(_mm256_extracti128_si256(sums, 1));
  row.sum16[2 * b] = static_cast<int16_t>(first);
  row.sum16[2 * b + 1] = static_cast<int16_t>(second);
  row.sum[b] = static_cast<float>(first + second);
}

STRIDE_INLINE void quantize_block(const Row& row, size_t b, const float* from) {
  __m256 x[4];
  for (int i = 0; i < 4; ++i) x[i] = _mm256_loadu_ps(from + 8 * i);
  const uint32_t bits = largest_bits(x);
  float largest;
  __builtin_memcpy(&largest, &bits, sizeof largest);
  __m256i q = _mm256_setzero_si256();
  if (bits >= 0x7f800000U) [[unlikely]] {
    row.scale[b] = __builtin_nanf("");
  } else if (largest < 0x1p-119F) {
    row.scale[b] = 0;
  } else {
    q = round_to_bytes(x, 127.0F / largest);
    row.scale[b] = largest / 127.0F;
  }
  store256(row.value + 32 * b, q);
  set_sums(row, b, q);
}

}  // namespace

void quantize_row(std::byte* out, const float* x, size_t n) {
  const Q8Layout at = q8_layout(n);
  const Row row = {reinterpret_cast<int8_t*>(out), reinterpret_cast<float*>(out + at.scale),
                   reinterpret_cast<float*>(out + at.sum),
                   reinterpret_cast<int16_t*>(out + at.sum16)};
  const size_t n_block = n / kQ8Block;
  for (size_t b = 0; b < n_block; ++b) quantize_block(row, b, x + kQ8Block * b);
  __builtin_memset(out + n, 0, at.scale - n);
  __builtin_memset(row.scale + n_block, 0, at.sum - at.scale - n_block * sizeof(float));
  __builtin_memset(row.sum + n_block, 0, at.sum16 - at.sum - n_block * sizeof(float));
  __builtin_memset(row.sum16 + 2 * n_block, 0, at.bytes - at.sum16 - 2 * n_block * sizeof(int16_t));
}

}  // namespace stride::kernels::avx2
