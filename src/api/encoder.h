// SPDX-License-Identifier: Apache-2.0
// From what the engine tells of an answer to the bytes of one dialect: events of a stream, or one
// body. An encoder is pure: no clock, no socket, no thread of its own; the same calls give the same
// bytes. Calls for one choice come in the engine's order; choices may interleave.
//
// Each function returns whole server-sent events, or nothing where there is nothing to send. Order:
//   start  (wait | progress)*  prompt_logprobs?  (clock? token* delta*)*  finish for each choice
//   close
// failure() may come after start() at any time and ends the stream.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "api/errors.h"
#include "engine/generate.h"
#include "engine/prefill.h"
#include "text/tokenizer.h"

namespace stride::api {

// Names that are new in each answer: the prefix and 24 letters and digits. A function of the seed,
// so streamed and whole answers of one call agree.
class Ids {
 public:
  explicit Ids(uint64_t seed) : seed_(seed) {}
  std::string make(std::string_view prefix, uint64_t which) const;
  // Of a tool call: "call_..." or, for Messages, "toolu_...".
  std::string call(Dialect dialect, uint32_t choice, size_t index) const;

 private:
  uint64_t seed_;
};

// The name of the answer: "chatcmpl-...", "cmpl-...", "resp_..." or "msg_...".
std::string answer_id(Dialect dialect, const Ids& ids);

// What an encoder must know beside the request.
struct AnswerContext {
  Ids ids{0};
  int64_t created = 0;  // seconds since 1970
  std::string fingerprint{};
  uint32_t n_prompt = 0;                // tokens
  std::vector<engine::Token> prompt{};  // where the call asks for token ids
  const text::Tokenizer* tokenizer = nullptr;
};

// The text by which a client hands the reasoning of an answer back without having to know it: the
// signature of Messages, the encrypted_content of Responses (see turn_store.h).
std::string reasoning_handle(const Ids& ids);

// The state of a request that has not been admitted, or whose prompt is being read.
struct WaitState {
  uint32_t queue_position = 0;  // requests before this one; 0: it is running
  std::optional<engine::PrefillProgress> progress{};
};

// How long a choice has taken until now.
struct RunningTimings {
  uint32_t n_prompt = 0;  // tokens read
  uint32_t n_cached = 0;  // and found in the cache
  double prompt_seconds = 0;
  double decode_seconds = 0;
  engine::SpeculationStats::Head drafts{};
};

class Encoder {
 public:
  virtual ~Encoder() = default;

  virtual std::string start() = 0;
  // Sent while nothing else is: a comment or an event that keeps clients waiting.
  virtual std::string wait(const WaitState& state) = 0;
  // Sent after each chunk of the prompt.
  virtual std::string progress(const engine::PrefillProgress& progress) = 0;
  // How likely the tokens of the prompt after the first were; before the first token of the choice.
  virtual std::string prompt_logprobs(uint32_t, std::span<const decode::Logprobs>) { return {}; }
  // For the events that follow, where the call asks for timings_per_token.
  virtual void clock(const RunningTimings&) {}
  virtual std::string delta(uint32_t choice, const chat::Delta& delta) = 0;
  virtual std::string token(uint32_t choice, const engine::GeneratedToken& token) = 0;
  virtual std::string finish(uint32_t choice, const engine::Generated& generated) = 0;
  virtual std::string close() = 0;
  virtual std::string failure(const Failure& failure) = 0;
  // The whole answer; for calls that do not stream.
  virtual std::string body(std::span<const engine::Generated> choices) = 0;
};

// By the call's dialect. The call and what the context points to outlive the encoder.
std::unique_ptr<Encoder> make_encoder(const ChatCall& call, AnswerContext context);
std::unique_ptr<Encoder> make_chat_encoder(const ChatCall& call, AnswerContext context);
std::unique_ptr<Encoder> make_completions_encoder(const ChatCall& call, AnswerContext context);
std::unique_ptr<Encoder> make_responses_encoder(const ChatCall& call, AnswerContext context);
std::unique_ptr<Encoder> make_messages_encoder(const ChatCall& call, AnswerContext context);

}  // namespace stride::api
