// SPDX-License-Identifier: Apache-2.0
// Attention with vectors of sixteen floats; a last vector of at most eight queries is narrow.
#include "kernels/avx512vnni/attention.h"

#include "kernels/avx2/attention_tiles.h"
#include "kernels/avx512vnni/lanes.h"

namespace stride::kernels::STRIDE_AVX512 {
namespace {

struct Isa {
  using Wide = Lanes16;
  static constexpr size_t kPairPositions = 8;
  static constexpr size_t kPositions = 16;
  static constexpr size_t kValueVectors = 4;
};

}  // namespace

void attend(const AttentionQueries& queries, const KvView& kv, size_t begin, size_t end,
            AttentionState* states) {
  avx2::attend_with<Isa>(queries, kv, begin, end, states);
}

}  // namespace stride::kernels::STRIDE_AVX512
