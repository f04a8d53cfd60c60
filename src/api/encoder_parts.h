// SPDX-License-Identifier: Apache-2.0
// Pieces of JSON that the encoders of several dialects write.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "api/encoder.h"
#include "api/json_text.h"

namespace stride::api {

// "data: ...\n\n", with an "event: ..." line before it where `event` is not empty.
std::string sse(std::string_view event, std::string_view data);
std::string sse_comment_line(std::string_view text);

// "queued, 3 before this one" or "reading the prompt: 512 of 2000 tokens, 3.1 s left".
std::string describe(const WaitState& state);

// The members of usage in OpenAI's chat form, all choices together.
struct UsageSum {
  uint64_t prompt = 0;
  uint64_t cached = 0;
  uint64_t completion = 0;
  uint64_t reasoning = 0;
};
UsageSum sum_usage(std::span<const engine::Generated> choices);
void write_chat_usage(JsonText& out, const UsageSum& usage);

// llama.cpp's timings, with the cause of the end and what guards did.
void write_timings(JsonText& out, const engine::Generated& generated);

// The same of an answer that goes on, which has written `n_written` tokens.
void write_running_timings(JsonText& out, const RunningTimings& timings, uint64_t n_written);

// vLLM's list: null, then for each token of the prompt an object by token id. `n_top` alternatives.
void write_prompt_logprobs(JsonText& out, std::span<const decode::Logprobs> tokens, uint32_t n_top,
                           const text::Tokenizer& tokenizer);

// vLLM's stop_reason: the string or the token that ended the answer, where it was one of those
// that the call named.
void write_stop_reason(JsonText& out, const engine::Generated& generated, const ChatCall& call);

// {"total", "cache", "processed", "time_ms", "eta_ms"}
void write_progress(JsonText& out, const engine::PrefillProgress& progress);

// The members queue_position or prompt_progress, whichever tells something.
void write_wait(JsonText& out, const WaitState& state);

// {"token", "logprob", "bytes", "top_logprobs"}; a token that a guard put there has logprob 0.
void write_token_logprob(JsonText& out, const engine::GeneratedToken& token,
                         const text::Tokenizer& tokenizer);

// "stop", "length" or "tool_calls"; a cancelled answer counts as cut.
std::string_view openai_finish_reason(const engine::Generated& generated);

}  // namespace stride::api
