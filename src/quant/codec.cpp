// SPDX-License-Identifier: Apache-2.0
#include "quant/codec.h"

#include "base/check.h"
#include "quant/rows.h"

namespace stride::quant {
namespace {

using DecodeRow = void (*)(const std::byte* in, float* out, size_t n);

DecodeRow decoder_of(Type type) {
  switch (type) {
    case Type::f32:
      return decode_f32;
    case Type::f16:
      return decode_f16;
    case Type::bf16:
      return decode_bf16;
    case Type::q8_0:
      return decode_q8_0;
    case Type::q4_0:
      return decode_q4_0;
    case Type::q2_k:
      return decode_q2_k;
    case Type::q3_k:
      return decode_q3_k;
    case Type::q4_k:
      return decode_q4_k;
    case Type::q5_k:
      return decode_q5_k;
    case Type::q6_k:
      return decode_q6_k;
    case Type::iq4_nl:
      return decode_iq4_nl;
    case Type::iq4_xs:
      return decode_iq4_xs;
    case Type::iq3_s:
      return decode_iq3_s;
    case Type::mxfp4:
      return decode_mxfp4;
  }
  return nullptr;
}

}  // namespace

void decode(Type type, std::span<const std::byte> bytes, std::span<float> out) {
  const DecodeRow decode_row = decoder_of(type);
  STRIDE_CHECK(decode_row != nullptr);
  STRIDE_CHECK(bytes.size() == row_bytes(type, out.size()));
  decode_row(bytes.data(), out.data(), out.size());
}

}  // namespace stride::quant
