// SPDX-License-Identifier: Apache-2.0
// Unpacking of 256 weights of a row: 8 blocks of 32 small integers, with their scales in lanes.
// Each type is a struct with
//   kBlockBytes, kBlockValues     the type's block; a group is 256 values, 1 or 8 blocks
//   kForm                         how its integers are stored and multiplied, see Form
//   kOffset                       what is to be taken off each stored integer
//   unpack(bytes, group)          reads exactly one group
#pragma once

#include "kernels/avx2/simd.h"

namespace stride::kernels::avx2 {
namespace {

// maddubs multiplies unsigned by signed bytes and adds pairs into i16 with saturation. Activations
// are within +-127, so a pair stays exact up to 32767 / 254 = 129 of unsigned weight:
//   narrow  u8 <= 16   8 pairs added in i16 reach at most 8 * 254 * 16 = 32512
//   medium  u8 <= 32   4 pairs: 32512
//   halves  u8 <= 64   2 pairs: 32512; a scale for each 16 values
//   wide    i8         multiplied as |w| times x with the sign of w: |w| <= 128, a pair: 32512
enum class Form { narrow, medium, halves, wide };

struct Group {
  __m256i q[8];
  __m256 d;         // lane b: d of block b
  __m256 scale;     // lane b: integer scale of block b
  __m256 d_min;     // types with minima only
  __m256 min;       // lane b
  __m256i scale16;  // halves: 16 x i16, two a block
  __m256i min16;
};

STRIDE_INLINE __m256i low_nibbles(__m256i v) {
  return _mm256_and_si256(v, _mm256_set1_epi8(15));
}

STRIDE_INLINE __m256i high_nibbles(__m256i v) {
  return low_nibbles(_mm256_srli_epi16(v, 4));
}

// 16 bytes: low nibbles are values 0-15, high ones 16-31.
STRIDE_INLINE __m256i spread_nibbles(__m128i v) {
  return low_nibbles(_mm256_set_m128i(_mm_srli_epi16(v, 4), v));
}

// f16 scales of eight blocks that lie `stride` bytes apart.
STRIDE_INLINE __m256 f16_of_8(const std::byte* p, size_t stride) {
  alignas(16) uint16_t bits[8];
  for (size_t b = 0; b < 8; ++b) bits[b] = load_as<uint16_t>(p + b * stride);
  return _mm256_cvtph_ps(_mm_load_si128(reinterpret_cast<const __m128i*>(bits)));
}

struct Q8_0 {
  static constexpr size_t kBlockBytes = 34;
  static constexpr size_t kBlockValues = 32;
  static constexpr Form kForm = Form::wide;
  static constexpr int kOffset = 0;
  static constexpr bool kMin = false;

  STRIDE_INLINE static void unpack(const std::byte* p, Group& out) {
    for (size_t b = 0; b < 8; ++b) out.q[b] = load256(p + 34 * b + 2);
    out.d = f16_of_8(p, 34);
    out.scale = _mm256_set1_ps(1);
  }
};

struct Q4_0 {
  static constexpr size_t kBlockBytes = 18;
  static constexpr size_t kBlockValues = 32;
  static constexpr Form kForm = Form::narrow;
  static constexpr int kOffset = 8;
  static constexpr bool kMin = false;

  STRIDE_INLINE static void unpack(const std::byte* p, Group& out) {
    for (size_t b = 0; b < 8; ++b) out.q[b] = spread_nibbles(load128(p + 18 * b + 2));
    out.d = f16_of_8(p, 18);
    out.scale = _mm256_set1_ps(1);
  }
};

// The values of quant/tables.h.
STRIDE_INLINE __m256i iq4_values() {
  return _mm256_broadcastsi128_si256(
      _mm_setr_epi8(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113));
}

struct IQ4_NL {
  static constexpr size_t kBlockBytes = 18;
  static constexpr size_t kBlockValues = 32;
  static constexpr Form kForm = Form::wide;
  static constexpr int kOffset = 0;
  static constexpr bool kMin = false;

  STRIDE_INLINE static void unpack(const std::byte* p, Group& out) {
    for (size_t b = 0; b < 8; ++b) {
      out.q[b] = _mm256_shuffle_epi8(iq4_values(), spread_nibbles(load128(p + 18 * b + 2)));
    }
    out.d = f16_of_8(p, 18);
    out.scale = _mm256_set1_ps(1);
  }
};

// The values of quant/tables.h, 12 added.
struct MXFP4 {
  static constexpr size_t kBlockBytes = 17;
  static constexpr size_t kBlockValues = 32;
  static constexpr Form kForm = Form::medium;
  static constexpr int kOffset = 12;
  static constexpr bool kMin = false;

  STRIDE_INLINE static void unpack(const std::byte* p, Group& out) {
    const __m256i values = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0));
    alignas(32) int32_t e[8];
    for (size_t b = 0; b < 8; ++b) {
      out.q[b] = _mm256_shuffle_epi8(values, spread_nibbles(load128(p + 17 * b + 1)));
      e[b] = load_as<uint8_t>(p + 17 * b);
    }
    // 2^(e - 128) from its bits; the two smallest are subnormal.
    const __m256i exponent = load256(e);
    const __m256i normal = _mm256_slli_epi32(_mm256_sub_epi32(exponent, _mm256_set1_epi32(1)), 23);
    const __m256i small = _mm256_sllv_epi32(_mm256_set1_epi32(0x200000), exponent);
    const __m256i is_small = _mm256_cmpgt_epi32(_mm256_set1_epi32(2), exponent);
    out.d = _mm256_castsi256_ps(_mm256_blendv_epi8(normal, small, is_small));
    out.scale = _mm256_set1_ps(1);
  }
};

struct IQ4_XS {
  static constexpr size_t kBlockBytes = 136;
  static constexpr size_t kBlockValues = 256;
  static constexpr Form kForm = Form::wide;
  static constexpr int kOffset = 0;
  static constexpr bool kMin = false;

  STRIDE_INLINE static void unpack(const std::byte* p, Group& out) {
    for (size_t b = 0; b < 8; ++b) {
      out.q[b] = _mm256_shuffle_epi8(iq4_values(), spread_nibbles(load128(p + 8 + 16 * b)));
    }
    out.d = _mm256_set1_ps(f16_at(p));
    const __m256i high = _mm256_set1_epi32(load_as<uint16_t>(p + 2));
    const __m256i low = _mm256_set1_epi32(static_cast<int>(load_as<uint32_t>(p + 4)));
    const __m256i shift = _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28);
    const __m256i low4 = _mm256_and_si256(_mm256_srlv_epi32(low, shift), _mm256_set1_epi32(15));
    const __m256i high2 = _mm256_and_si256(_mm256_srlv_epi32(high, _mm256_srli_epi32(shift, 1)),
                                           _mm256_set1_epi32(3));
    const __m256i scale = _mm256_or_si256(low4, _mm256_slli_epi32(high2, 4));
    out.scale = _mm256_cvtepi32_ps(_mm256_sub_epi32(scale, _mm256_set1_epi32(32)));
  }
};

// The first 16 bytes: d, d_min, and the 12 bytes a b c of eight scales and minima of 6 bits:
// sub-blocks 0-3 whole in a and b, 4-7 as nibbles of c (scales low) and the top pairs of a and b.
STRIDE_INLINE void unpack_affine(const std::byte* p, Group& out) {
  const __m128i x = load128(p);
  // Words: scales 0-3, scales 4-7, minima 0-3, minima 4-7.
  const __m128i low =
      _mm_shuffle_epi8(x, _mm_setr_epi8(4, 5, 6, 7, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15));
  const __m128i top =
      _mm_shuffle_epi8(x, _mm_setr_epi8(-1, -1, -1, -1, 4, 5, 6, 7, -1, -1, -1, -1, 8, 9, 10, 11));
  const __m128i low_mask = _mm_setr_epi32(0x3f3f3f3f, 0x0f0f0f0f, 0x3f3f3f3f, 0x0f0f0f0f);
  const __m128i six =
      _mm_or_si128(_mm_and_si128(_mm_srlv_epi32(low, _mm_setr_epi32(0, 0, 0, 4)), low_mask),
                   _mm_and_si128(_mm_srli_epi16(top, 2), _mm_set1_epi8(0x30)));
  out.scale = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(six));
  out.min = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_unpackhi_epi64(six, six)));
  const __m128 d = _mm_cvtph_ps(x);
  out.d = _mm256_broadcastss_ps(d);
  out.d_min = _mm256_broadcastss_ps(_mm_movehdup_ps(d));
}

struct Q4_K {
  static constexpr size_t kBlockBytes = 144;
  static constexpr size_t kBlockValues = 256;
  static constexpr Form kForm = Form::narrow;
  static constexpr int kOffset = 0;
  static constexpr bool kMin = true;

  STRIDE_INLINE static void unpack(const std::byte* p, Group& out) {
    unpack_affine(p, out);
    for (size_t i = 0; i < 4; ++i) {
      const __m256i v = load256(p + 16 + 32 * i);
      out.q[2 * i] = low_nibbles(v);
      out.q[2 * i + 1] = high_nibbles(v);
    }
  }
};

struct Q5_K {
  static constexpr size_t kBlockBytes = 176;
  static constexpr size_t kBlockValues = 256;
  static constexpr Form kForm = Form::medium;
  static constexpr int kOffset = 0;
  static constexpr bool kMin = true;

  STRIDE_INLINE static void unpack(const std::byte* p, Group& out) {
    unpack_affine(p, out);
    const __m256i bit4 = _mm256_set1_epi8(16);
    __m256i high = load256(p + 16);  // bit b of a byte belongs to block b
    for (size_t i = 0; i < 4; ++i) {
      const __m256i v = load256(p + 48 + 32 * i);
      const __m256i even = _mm256_and_si256(_mm256_slli_epi16(high, 4), bit4);
      const __m256i odd = _mm256_and_si256(_mm256_slli_epi16(high, 3), bit4);
      out.q[2 * i] = _mm256_or_si256(low_nibbles(v), even);
      out.q[2 * i + 1] = _mm256_or_si256(high_nibbles(v), odd);
      high = _mm256_srli_epi16(high, 2);
    }
  }
};

struct Q6_K {
  static constexpr size_t kBlockBytes = 210;
  static constexpr size_t kBlockValues = 256;
  static constexpr Form kForm = Form::halves;
  static constexpr int kOffset = 32;
  static constexpr bool kMin = false;

  STRIDE_INLINE static void unpack(const std::byte* p, Group& out) {
    const __m256i pair = _mm256_set1_epi8(0x30);
    for (size_t h = 0; h < 2; ++h) {
      const __m256i low0 = load256(p + 64 * h);
      const __m256i low1 = load256(p + 64 * h + 32);
      const __m256i high = load256(p + 128 + 32 * h);
      __m256i* q = out.q + 4 * h;
      q[0] = _mm256_or_si256(low_nibbles(low0), _mm256_and_si256(_mm256_slli_epi16(high, 4), pair));
      q[1] = _mm256_or_si256(low_nibbles(low1), _mm256_and_si256(_mm256_slli_epi16(high, 2), pair));
      q[2] = _mm256_or_si256(high_nibbles(low0), _mm256_and_si256(high, pair));
      q[3] =
          _mm256_or_si256(high_nibbles(low1), _mm256_and_si256(_mm256_srli_epi16(high, 2), pair));
    }
    out.scale16 = _mm256_cvtepi8_epi16(load128(p + 192));
    out.d = _mm256_set1_ps(f16_at(p + 208));
  }
};

// Bit pair k of byte 32 h + i is value 128 h + 32 k + i.
STRIDE_INLINE void unpack_pairs(const std::byte* p, __m256i* q) {
  for (size_t h = 0; h < 2; ++h) {
    __m256i v = load256(p + 32 * h);
    for (size_t k = 0; k < 4; ++k) {
      q[4 * h + k] = _mm256_and_si256(v, _mm256_set1_epi8(3));
      v = _mm256_srli_epi16(v, 2);
    }
  }
}

struct Q2_K {
  static constexpr size_t kBlockBytes = 84;
  static constexpr size_t kBlockValues = 256;
  static constexpr Form kForm = Form::halves;
  static constexpr int kOffset = 0;
  static constexpr bool kMin = true;

  STRIDE_INLINE static void unpack(const std::byte* p, Group& out) {
    unpack_pairs(p + 16, out.q);
    const __m128i scales = load128(p);
    const __m128i nibble = _mm_set1_epi8(15);
    out.scale16 = _mm256_cvtepi8_epi16(_mm_and_si128(scales, nibble));
    out.min16 = _mm256_cvtepi8_epi16(_mm_and_si128(_mm_srli_epi16(scales, 4), nibble));
    out.d = _mm256_set1_ps(f16_at(p + 80));
    out.d_min = _mm256_set1_ps(f16_at(p + 82));
  }
};

struct Q3_K {
  static constexpr size_t kBlockBytes = 110;
  static constexpr size_t kBlockValues = 256;
  static constexpr Form kForm = Form::halves;
  static constexpr int kOffset = 4;
  static constexpr bool kMin = false;

  STRIDE_INLINE static void unpack(const std::byte* p, Group& out) {
    unpack_pairs(p + 32, out.q);
    __m256i high = load256(p);  // bit b of a byte belongs to block b
    const __m256i bit0 = _mm256_set1_epi8(1);
    for (size_t b = 0; b < 8; ++b) {
      const __m256i bit = _mm256_slli_epi16(_mm256_and_si256(high, bit0), 2);
      out.q[b] = _mm256_or_si256(out.q[b], bit);
      high = _mm256_srli_epi16(high, 1);
    }
    // Sixteen scales of 6 bits: nibbles in bytes 0-7 (low ones first), pairs in bytes 8-11.
    const auto low = load_as<uint64_t>(p + 96);
    const auto pairs = load_as<uint32_t>(p + 104);
    const __m128i nibbles =
        _mm_and_si128(_mm_set_epi64x(static_cast<int64_t>(low >> 4), static_cast<int64_t>(low)),
                      _mm_set1_epi8(15));
    const __m128i shifted =
        _mm_srlv_epi32(_mm_set1_epi32(static_cast<int>(pairs)), _mm_setr_epi32(0, 2, 4, 6));
    const __m128i top = _mm_slli_epi16(_mm_and_si128(shifted, _mm_set1_epi8(3)), 4);
    const __m128i scales = _mm_sub_epi8(_mm_or_si128(nibbles, top), _mm_set1_epi8(32));
    out.scale16 = _mm256_cvtepi8_epi16(scales);
    out.d = _mm256_set1_ps(f16_at(p + 108));
  }
};

}  // namespace
}  // namespace stride::kernels::avx2
