// SPDX-License-Identifier: Apache-2.0
// Sizes of the attention stage that the scratch memory depends on.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stride::model {

// Rows of a prompt that share one pass over the keys: with 12 heads a group and 128 dimensions,
// their sums are 48 KiB.
constexpr uint32_t kQueryRows = 8;
// A state's maximum and sum, kept behind its dimensions.
constexpr size_t kStateExtra = 2;

}  // namespace stride::model
