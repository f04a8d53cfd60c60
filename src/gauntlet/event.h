// SPDX-License-Identifier: Apache-2.0
// What the frames of an answer said, in the order of their arrival and free of any dialect: timed
// events of one channel each, and what is no text (usage, errors, the end).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gauntlet/attempt.h"

namespace stride::gauntlet {

enum class Channel : uint8_t {
  open,  // the response headers
  role,  // a frame that only opens the message
  reasoning,
  answer,
  refusal,
  tool_name,
  tool_args,
  markup,  // tags and the white space around them: generated, but of no channel
  usage,
  finish,
  error,
  ping,
  done,
};
std::string_view name(Channel channel);

// Text that the model generated.
bool bears_tokens(Channel channel);

struct Event {
  int64_t t_ns = 0;  // since t0, when the bytes that completed the frame were received
  Channel channel = Channel::open;
  uint32_t frame = 0;  // events of one frame share the number
  uint32_t index = 0;  // of the tool call
  std::string text{};

  bool operator==(const Event&) const = default;
};

struct EndpointError {
  std::string message{};
  std::string type{};  // "rate_limit_error", "context_length_exceeded": type and code as sent
  int status = 0;      // where the error names one
};

// As the endpoint claims; whether it is believed is decided by read_usage().
struct UsageClaim {
  std::optional<uint64_t> input{}, cached{}, output{}, reasoning{}, total{};
  std::optional<double> cost_usd{};
  bool unreadable = false;  // a count that is no natural number
};

class EventLog {
 public:
  void begin_frame(int64_t t_ns);
  // Of the current frame. Empty text of a channel that bears tokens is no event.
  void add(Channel channel, std::string_view text = {}, uint32_t index = 0);
  // A line about an oddity, kept once.
  void note(std::string_view line);

  // The call a fragment belongs to. `index` and `id` may be missing: servers leave out either, or
  // give several calls the same index with different ids.
  uint32_t call(std::optional<uint64_t> index, std::string_view id);
  void name_call(uint32_t index, std::string_view name);
  void extend_call(uint32_t index, std::string_view arguments);

  bool seen(Channel channel) const;  // with text, where the channel bears tokens

  std::vector<Event> events{};
  std::vector<CapturedCall> calls{};
  std::vector<std::string> notes{};
  std::string finish_reason{}, model{}, signature{};
  UsageClaim usage{};
  std::optional<EndpointError> error{};
  bool done = false;        // the dialect's end marker
  bool recognized = false;  // at least one frame was of the dialect
  bool mixed = false;       // the chunks of two answers alternate
  size_t n_text_bytes = 0;

 private:
  int64_t t_ns_ = 0;
  uint32_t n_frame_ = 0;
  std::vector<std::optional<uint64_t>> call_indexes_{};  // as sent, beside calls
};

}  // namespace stride::gauntlet
