// SPDX-License-Identifier: Apache-2.0
// From a call to what the engine runs: the prompt is rendered and put into tokens, tools are
// compiled, limits are fitted to the context, and the positions worth keeping are marked.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/call.h"
#include "api/errors.h"
#include "chat/render.h"
#include "engine/engine.h"
#include "engine/service.h"

namespace stride::api {

// Foreign white space is cut from the edges of what was not sampled here; images are refused.
Outcome<chat::Prompt> render_call(const ChatCall& call);

// The prompt of a call in tokens, one for each prompt of a completions call. Refuses what does not
// fit `n_context`, with both numbers; text that cannot fit is refused before it is read.
Outcome<std::vector<engine::GenerationInput>> encode_call(const ChatCall& call,
                                                          const engine::Engine& engine,
                                                          uint32_t n_context);

// One request for each choice (n), prompts outermost.
Outcome<std::vector<engine::ServiceRequest>> prepare(const ChatCall& call,
                                                     const engine::Engine& engine,
                                                     uint32_t n_context);

// Where later prompts are likely to part from this one: before each turn, before the first open
// reasoning (it is dropped from the prompt of the next question), and at the end.
std::vector<uint32_t> marks_of(const engine::Engine& engine, std::span<const engine::Token> prompt);

}  // namespace stride::api
