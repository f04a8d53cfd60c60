// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/timing.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace stride::gauntlet {
namespace {

constexpr double kBytesPerToken = 4;  // where nothing better is known
// Beyond these a claim is not a matter of the vocabulary. The longest tokens are runs of spaces.
constexpr uint64_t kMostBytesPerToken = 16, kSlack = 64;
constexpr uint64_t kMostTokens = uint64_t{1} << 40;

double seconds(int64_t ns) {
  return static_cast<double>(ns) * 1e-9;
}

struct TokenFrame {
  int64_t t_ns = 0;
  size_t n_byte = 0;
  double n_token = 0;
};

std::vector<TokenFrame> token_frames(const EventLog& log, const CountTokens& count_tokens) {
  std::vector<TokenFrame> frames;
  uint32_t last = 0;
  for (const Event& event : log.events) {
    if (!bears_tokens(event.channel)) continue;
    if (frames.empty() || event.frame != last) frames.push_back({.t_ns = event.t_ns});
    last = event.frame;
    frames.back().n_byte += event.text.size();
    if (count_tokens) frames.back().n_token += static_cast<double>(count_tokens(event.text));
  }
  return frames;
}

struct Visible {
  uint64_t n_byte = 0;
  uint64_t n_frame = 0;
  uint64_t n_reasoning_byte = 0;
};

Visible measure_visible(const EventLog& log) {
  Visible visible;
  for (const TokenFrame& frame : token_frames(log, {})) {
    visible.n_byte += frame.n_byte;
    ++visible.n_frame;
  }
  for (const Event& event : log.events)
    if (event.channel == Channel::reasoning) visible.n_reasoning_byte += event.text.size();
  return visible;
}

uint64_t count_output(const EventLog& log, const CountTokens& count_tokens, uint64_t n_byte) {
  if (!count_tokens)
    return static_cast<uint64_t>(std::ceil(static_cast<double>(n_byte) / kBytesPerToken));
  uint64_t n_token = 0;
  for (const Event& event : log.events)
    if (bears_tokens(event.channel)) n_token += count_tokens(event.text);
  return n_token;
}

// Why a claim about the output cannot be true; empty where it can.
std::string doubt(const UsageClaim& claim, uint64_t output, const Visible& visible) {
  if (output > kMostTokens) return fmt::format("usage claims {} output tokens", output);
  if (claim.reasoning && *claim.reasoning > output)
    return fmt::format("usage claims {} reasoning tokens of {} output tokens", *claim.reasoning,
                       output);
  if (visible.n_byte > output * kMostBytesPerToken + kSlack)
    return fmt::format("usage claims {} output tokens for {} bytes of text", output,
                       visible.n_byte);
  if (visible.n_frame > output + output / 2 + kSlack)
    return fmt::format("usage claims {} output tokens in {} frames that hold text", output,
                       visible.n_frame);
  // Reasoning that is not shown explains a count that is too large.
  const bool may_be_hidden = visible.n_reasoning_byte == 0;
  const uint64_t shown = output - (may_be_hidden ? claim.reasoning.value_or(0) : 0);
  if (shown > visible.n_byte + kSlack)
    return fmt::format("usage claims {} output tokens where {} bytes of text were sent{}", shown,
                       visible.n_byte,
                       may_be_hidden ? "; either reasoning is hidden or the count is wrong" : "");
  return {};
}

TokenUsage with_output(TokenUsage usage, uint64_t output) {
  usage.output = output;
  usage.source = TokenSource::usage;
  return usage;
}

}  // namespace

TokenUsage read_usage(EventLog& log, const CountTokens& count_tokens) {
  const UsageClaim& claim = log.usage;
  TokenUsage usage{.input = claim.input,
                   .cached = claim.cached,
                   .reasoning = claim.reasoning,
                   .cost_usd = claim.cost_usd};
  if (claim.unreadable) log.note("a count in usage is no natural number");
  if (claim.cached && claim.input && *claim.cached > *claim.input) {
    log.note("usage claims more cached tokens than the prompt has");
    usage.cached.reset();
  }
  const Visible visible = measure_visible(log);
  std::optional<uint64_t> output = claim.output;
  if (output && claim.input && claim.total && *claim.total != *claim.input + *output &&
      *claim.total != *claim.input + *output + claim.reasoning.value_or(0))
    log.note("the counts of usage do not add up to its total");
  // Some servers count the reasoning beside the output; their total tells.
  if (output && claim.reasoning && claim.input && claim.total && *claim.reasoning > 0 &&
      *claim.total == *claim.input + *output + *claim.reasoning)
    *output += *claim.reasoning;
  if (output) {
    const std::string reason = doubt(claim, *output, visible);
    if (reason.empty()) return with_output(usage, *output);
    log.note(reason);
    if (claim.reasoning && *claim.reasoning > *output) usage.reasoning.reset();
  }
  if (visible.n_byte == 0) {
    // There is nothing to hold against the claim.
    if (output && *output <= kMostTokens) usage = with_output(usage, *output);
    return usage;
  }
  usage.output = count_output(log, count_tokens, visible.n_byte);
  usage.source = count_tokens ? TokenSource::tokenizer : TokenSource::estimate;
  if (usage.reasoning && *usage.reasoning > *usage.output) usage.reasoning.reset();
  return usage;
}

Timing read_timing(const EventLog& log, bool streamed, const TokenUsage& usage,
                   const CountTokens& count_tokens) {
  Timing timing;
  bool answer_has_text = false;
  for (const Event& event : log.events)
    if (event.channel == Channel::answer)
      answer_has_text |= event.text.find_first_not_of(" \t\r\n") != event.text.npos;
  for (const Event& event : log.events) {
    const double t = seconds(event.t_ns);
    if (event.channel == Channel::open) {
      timing.ttfb = t;
      continue;
    }
    if (!timing.ttfe) timing.ttfe = t;
    if (!streamed || !bears_tokens(event.channel)) continue;
    if (!timing.ttft) timing.ttft = t;
    timing.last_token = t;
    if (event.channel == Channel::reasoning && !timing.ttfr) timing.ttfr = t;
    // White space alone is no answer, so it has no time either.
    const bool delivers = event.channel == Channel::tool_name ||
                          event.channel == Channel::tool_args ||
                          (event.channel == Channel::answer && answer_has_text);
    if (!delivers) continue;
    if (!timing.ttfa) timing.ttfa = t;
    timing.last_answer = t;
  }
  if (!streamed) return timing;

  const std::vector<TokenFrame> frames = token_frames(log, count_tokens);
  double n_byte = 0;
  for (const TokenFrame& frame : frames) n_byte += static_cast<double>(frame.n_byte);
  const bool hidden = !timing.ttfr && usage.reasoning;
  const double n_output = static_cast<double>(usage.output.value_or(0)) -
                          static_cast<double>(hidden ? *usage.reasoning : 0);
  for (size_t i = 1; i < frames.size(); ++i) {
    const double gap = seconds(frames[i].t_ns - frames[i - 1].t_ns);
    const double n_token = count_tokens ? frames[i].n_token
                                        : n_output * static_cast<double>(frames[i].n_byte) / n_byte;
    timing.itl.push_back(gap);
    timing.itl_norm.push_back(gap / std::max(n_token, 1.0));
    timing.max_gap = std::max(timing.max_gap.value_or(0), gap);
  }
  return timing;
}

}  // namespace stride::gauntlet
