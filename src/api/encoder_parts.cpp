// SPDX-License-Identifier: Apache-2.0
#include "api/encoder_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace stride::api {
namespace {

// What OpenAI's answers hold for a token that can hardly be chosen.
constexpr double kLeastLogprob = -9999;

double finite(double logprob) {
  return std::isfinite(logprob) ? logprob : kLeastLogprob;
}

void write_token_text(JsonText& out, engine::Token id, const text::Tokenizer& tokenizer) {
  const std::string_view piece = tokenizer.piece(id);
  out.field("token", piece);
}

void write_token_bytes(JsonText& out, engine::Token id, const text::Tokenizer& tokenizer) {
  out.key("bytes").array();
  for (const char c : tokenizer.piece(id))
    out.value(static_cast<unsigned>(static_cast<uint8_t>(c)));
  out.end();
}

double rate(uint64_t n, double seconds) {
  return seconds > 0 ? static_cast<double>(n) / seconds : 0;
}

double rounded(double value) {
  return std::round(value * 1000) / 1000;
}

void write_speed(JsonText& out, uint64_t n_read, double read_seconds, uint64_t n_written,
                 double write_seconds) {
  out.field("prompt_n", n_read)
      .field("prompt_ms", rounded(read_seconds * 1e3))
      .field("prompt_per_second", rounded(rate(n_read, read_seconds)))
      .field("predicted_n", n_written)
      .field("predicted_ms", rounded(write_seconds * 1e3))
      .field("predicted_per_second", rounded(rate(n_written, write_seconds)));
}

void write_drafts(JsonText& out, const engine::SpeculationStats::Head& drafts) {
  out.field("draft_n", drafts.n_draft).field("draft_n_accepted", drafts.n_accepted);
}

}  // namespace

std::string Ids::make(std::string_view prefix, uint64_t which) const {
  constexpr std::string_view kLetters =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  uint64_t salt = which;
  for (const char c : prefix) salt = salt * 0x100000001b3 ^ static_cast<uint8_t>(c);
  Random random(seed_ ^ Random(salt).next());
  std::string out(prefix);
  for (int i = 0; i < 24; ++i) out += kLetters[random.below(kLetters.size())];
  return out;
}

std::string Ids::call(Dialect dialect, uint32_t choice, size_t index) const {
  return make(dialect == Dialect::messages ? "toolu_" : "call_", uint64_t{choice} << 32 | index);
}

std::string answer_id(Dialect dialect, const Ids& ids) {
  switch (dialect) {
    case Dialect::chat:
      return ids.make("chatcmpl-", 0);
    case Dialect::completions:
      return ids.make("cmpl-", 0);
    case Dialect::responses:
      return ids.make("resp_", 0);
    case Dialect::messages:
      break;
  }
  return ids.make("msg_", 0);
}

std::string reasoning_handle(const Ids& ids) {
  return ids.make("stride-", 0);
}

std::string sse(std::string_view event, std::string_view data) {
  return event.empty() ? fmt::format("data: {}\n\n", data)
                       : fmt::format("event: {}\ndata: {}\n\n", event, data);
}

std::string sse_comment_line(std::string_view text) {
  return fmt::format(": {}\n\n", text);
}

std::string describe(const WaitState& state) {
  if (state.queue_position > 0)
    return fmt::format("queued, {} before this one", state.queue_position);
  if (!state.progress) return "waiting";
  const engine::PrefillProgress& p = *state.progress;
  if (p.reused + p.processed >= p.total) return "working";
  return fmt::format("reading the prompt: {} of {} tokens, {:.1f} s left", p.reused + p.processed,
                     p.total, p.eta_seconds);
}

UsageSum sum_usage(std::span<const engine::Generated> choices) {
  UsageSum out;
  for (const engine::Generated& choice : choices) {
    // The prompt is one, however many answers were asked for.
    out.prompt = std::max<uint64_t>(out.prompt, choice.usage.prompt_tokens);
    if (&choice == &choices.front()) out.cached = choice.usage.reused_tokens;
    out.completion += choice.usage.completion_tokens();
    out.reasoning += choice.usage.reasoning_tokens;
  }
  return out;
}

void write_chat_usage(JsonText& out, const UsageSum& usage) {
  out.object()
      .field("prompt_tokens", usage.prompt)
      .field("completion_tokens", usage.completion)
      .field("total_tokens", usage.prompt + usage.completion)
      .field("cached_tokens", usage.cached);
  out.key("prompt_tokens_details").object().field("cached_tokens", usage.cached).end();
  out.key("completion_tokens_details").object().field("reasoning_tokens", usage.reasoning).end();
  out.end();
}

void write_timings(JsonText& out, const engine::Generated& generated) {
  const engine::Usage& usage = generated.usage;
  const engine::Timings& timings = generated.timings;
  const uint32_t n_read = usage.prompt_tokens - std::min(usage.prompt_tokens, usage.reused_tokens);
  const uint32_t n_written = usage.completion_tokens();
  out.object()
      .field("cache_n", usage.reused_tokens)
      .field("cache_matched_n", usage.matched_tokens)
      .field("cache_miss", engine::name(usage.cache_miss));
  write_speed(out, n_read, timings.prefill_seconds, n_written, timings.decode_seconds);
  write_drafts(out, generated.speculation.sum());
  out.field("finish_cause", engine::name(generated.finish_cause));
  out.key("guards").array();
  for (const decode::Intervention& intervention : generated.interventions)
    out.object()
        .field("guard", decode::name(intervention.guard))
        .field("at", intervention.at)
        .end();
  out.end().end();
}

void write_running_timings(JsonText& out, const RunningTimings& timings, uint64_t n_written) {
  const uint32_t n_read = timings.n_prompt - std::min(timings.n_prompt, timings.n_cached);
  out.object().field("cache_n", timings.n_cached);
  write_speed(out, n_read, timings.prompt_seconds, n_written, timings.decode_seconds);
  write_drafts(out, timings.drafts);
  out.end();
}

void write_prompt_logprobs(JsonText& out, std::span<const decode::Logprobs> tokens, uint32_t n_top,
                           const text::Tokenizer& tokenizer) {
  const auto write = [&](const decode::TokenLogprob& token, size_t rank) {
    out.key(std::to_string(token.id)).object().field("logprob", finite(token.logprob));
    if (rank > 0) {
      out.field("rank", rank);
    } else {
      out.null_field("rank");
    }
    out.field("decoded_token", tokenizer.piece(token.id)).end();
  };
  out.array().null();
  for (const decode::Logprobs& token : tokens) {
    out.object();
    const auto top = std::span(token.top).first(std::min<size_t>(n_top, token.top.size()));
    for (size_t i = 0; i < top.size(); ++i) write(top[i], i + 1);
    if (std::ranges::find(top, token.chosen.id, &decode::TokenLogprob::id) == top.end())
      write(token.chosen, 0);
    out.end();
  }
  out.end();
}

void write_stop_reason(JsonText& out, const engine::Generated& generated, const ChatCall& call) {
  if (generated.stop_token) {
    out.field("stop_reason", *generated.stop_token);
  } else if (generated.stop_string && *generated.stop_string < call.options.stop.size()) {
    out.field("stop_reason", call.options.stop[*generated.stop_string]);
  }
}

void write_progress(JsonText& out, const engine::PrefillProgress& progress) {
  out.object()
      .field("total", progress.total)
      .field("cache", progress.reused)
      .field("processed", progress.reused + progress.processed)
      .field("time_ms", static_cast<int64_t>(progress.seconds * 1e3))
      .field("eta_ms", static_cast<int64_t>(progress.eta_seconds * 1e3))
      .end();
}

void write_wait(JsonText& out, const WaitState& state) {
  if (state.queue_position > 0) {
    out.field("queue_position", state.queue_position);
  } else if (state.progress) {
    out.key("prompt_progress");
    write_progress(out, *state.progress);
  }
}

void write_token_logprob(JsonText& out, const engine::GeneratedToken& token,
                         const text::Tokenizer& tokenizer) {
  out.object();
  write_token_text(out, token.id, tokenizer);
  out.field("logprob", token.logprobs ? finite(token.logprobs->chosen.logprob) : 0.0);
  write_token_bytes(out, token.id, tokenizer);
  out.key("top_logprobs").array();
  if (token.logprobs) {
    for (const decode::TokenLogprob& other : token.logprobs->top) {
      out.object();
      write_token_text(out, other.id, tokenizer);
      out.field("logprob", finite(other.logprob));
      write_token_bytes(out, other.id, tokenizer);
      out.end();
    }
  }
  out.end().end();
}

std::string_view openai_finish_reason(const engine::Generated& generated) {
  switch (generated.finish_reason) {
    case engine::FinishReason::stop:
      return "stop";
    case engine::FinishReason::tool_calls:
      return "tool_calls";
    case engine::FinishReason::length:
    case engine::FinishReason::cancelled:
      break;
  }
  return "length";
}

}  // namespace stride::api
