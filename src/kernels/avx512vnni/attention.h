// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/avx512vnni/intrinsics.h"

#include "kernels/attention.h"

namespace stride::kernels::STRIDE_AVX512 {

void attend(const AttentionQueries& queries, const KvView& kv, size_t begin, size_t end,
            AttentionState* states);

}  // namespace stride::kernels::STRIDE_AVX512
