// SPDX-License-Identifier: Apache-2.0
// One function a type and direction, behind codec.h, which checks the sizes. n is the number of
// values, a whole number of blocks; `in` and `out` may have any alignment.
#pragma once

#include <cstddef>

#include "quant/encode_input.h"

namespace stride::quant {

void decode_f32(const std::byte* in, float* out, size_t n);
void decode_f16(const std::byte* in, float* out, size_t n);
void decode_bf16(const std::byte* in, float* out, size_t n);
void decode_q8_0(const std::byte* in, float* out, size_t n);
void decode_q4_0(const std::byte* in, float* out, size_t n);
void decode_q2_k(const std::byte* in, float* out, size_t n);
void decode_q3_k(const std::byte* in, float* out, size_t n);
void decode_q4_k(const std::byte* in, float* out, size_t n);
void decode_q5_k(const std::byte* in, float* out, size_t n);
void decode_q6_k(const std::byte* in, float* out, size_t n);
void decode_iq4_nl(const std::byte* in, float* out, size_t n);
void decode_iq4_xs(const std::byte* in, float* out, size_t n);
void decode_iq3_s(const std::byte* in, float* out, size_t n);
void decode_mxfp4(const std::byte* in, float* out, size_t n);

void encode_f32(const EncodeInput& in, std::byte* out);
void encode_f16(const EncodeInput& in, std::byte* out);
void encode_bf16(const EncodeInput& in, std::byte* out);
void encode_q8_0(const EncodeInput& in, std::byte* out);
void encode_q4_0(const EncodeInput& in, std::byte* out);
void encode_q2_k(const EncodeInput& in, std::byte* out);
void encode_q3_k(const EncodeInput& in, std::byte* out);
void encode_q4_k(const EncodeInput& in, std::byte* out);
void encode_q5_k(const EncodeInput& in, std::byte* out);
void encode_q6_k(const EncodeInput& in, std::byte* out);
void encode_iq4_nl(const EncodeInput& in, std::byte* out);
void encode_iq4_xs(const EncodeInput& in, std::byte* out);
void encode_mxfp4(const EncodeInput& in, std::byte* out);

}  // namespace stride::quant
