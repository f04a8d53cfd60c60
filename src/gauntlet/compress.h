// SPDX-License-Identifier: Apache-2.0
// Texts as zstd frames, for transcripts. Reading is bounded: the frame names its size, and one that
// claims more than the limit, or lies, is refused.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace stride::gauntlet {

inline constexpr size_t kMaxTranscriptBytes = size_t{256} << 20;

std::string compress(std::string_view text);
Result<std::string> decompress(std::string_view frame, size_t max_bytes = kMaxTranscriptBytes);

}  // namespace stride::gauntlet
