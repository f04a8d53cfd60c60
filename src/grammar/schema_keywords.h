// SPDX-License-Identifier: Apache-2.0
// Keywords of our own, for what JSON Schema cannot say but negation needs.
#pragma once

#include <string_view>

namespace stride::grammar::keyword {

inline constexpr std::string_view kDiffers = "\x01-differs";      // from each of these scalars
inline constexpr std::string_view kUnmatched = "\x01-unmatched";  // by this pattern
inline constexpr std::string_view kReferred = "\x01-referred";    // the schema of this number
inline constexpr std::string_view kFraction = "\x01-fraction";    // is no integer

}  // namespace stride::grammar::keyword
