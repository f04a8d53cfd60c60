// SPDX-License-Identifier: Apache-2.0
#include "quant/codec.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "quant/rows.h"

namespace stride::quant {
namespace {

struct RowCodec {
  Type type;
  void (*decode)(const std::byte* in, float* out, size_t n);
  void (*encode)(const EncodeInput& in, std::byte* out);  // null where there is none
};

constexpr std::array kCodecs = {
    RowCodec{Type::f32, decode_f32, encode_f32},
    RowCodec{Type::f16, decode_f16, encode_f16},
    RowCodec{Type::q4_0, decode_q4_0, encode_q4_0},
    RowCodec{Type::q8_0, decode_q8_0, encode_q8_0},
    RowCodec{Type::q2_k, decode_q2_k, encode_q2_k},
    RowCodec{Type::q3_k, decode_q3_k, encode_q3_k},
    RowCodec{Type::q4_k, decode_q4_k, encode_q4_k},
    RowCodec{Type::q5_k, decode_q5_k, encode_q5_k},
    RowCodec{Type::q6_k, decode_q6_k, encode_q6_k},
    RowCodec{Type::iq4_nl, decode_iq4_nl, encode_iq4_nl},
    RowCodec{Type::iq3_s, decode_iq3_s, nullptr},
    RowCodec{Type::iq4_xs, decode_iq4_xs, encode_iq4_xs},
    RowCodec{Type::bf16, decode_bf16, encode_bf16},
    RowCodec{Type::mxfp4, decode_mxfp4, encode_mxfp4},
};

const RowCodec& codec_of(Type type) {
  const auto* codec = std::ranges::find(kCodecs, type, &RowCodec::type);
  STRIDE_CHECK(codec != kCodecs.end());
  return *codec;
}

}  // namespace

void decode(Type type, std::span<const std::byte> bytes, std::span<float> out) {
  STRIDE_CHECK(bytes.size() == row_bytes(type, out.size()));
  codec_of(type).decode(bytes.data(), out.data(), out.size());
}

bool can_encode(Type type) {
  return codec_of(type).encode != nullptr;
}

void encode(Type type, std::span<const float> values, std::span<std::byte> out,
            std::span<const float> importance) {
  STRIDE_CHECK(can_encode(type));
  STRIDE_CHECK(out.size() == row_bytes(type, values.size()));
  if (!importance.empty()) {
    STRIDE_CHECK(values.size() % importance.size() == 0);
    STRIDE_CHECK(importance.size() % type_info(type)->block_values == 0);
  }
  codec_of(type).encode({values, importance}, out.data());
}

}  // namespace stride::quant
