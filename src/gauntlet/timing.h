// SPDX-License-Identifier: Apache-2.0
// What an EventLog says about time and tokens. Only what was observed: an answer that came in one
// piece has no time of a first token, and a usage that cannot be true is not believed.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "gauntlet/attempt.h"
#include "gauntlet/event.h"

namespace stride::gauntlet {

using CountTokens = std::function<size_t(std::string_view)>;

// The usage that is believed. Where the claim is missing or cannot be true (a note says why), the
// output is counted by `count_tokens` or estimated from the bytes, and `source` says so.
TokenUsage read_usage(EventLog& log, const CountTokens& count_tokens);

// Everything of Timing that follows from events. `streamed`: tokens arrived one after the other.
Timing read_timing(const EventLog& log, bool streamed, const TokenUsage& usage,
                   const CountTokens& count_tokens);

}  // namespace stride::gauntlet
