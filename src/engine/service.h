// SPDX-License-Identifier: Apache-2.0
// Many answers at once: what a server asks of the engine. Requests are submitted from any thread;
// one thread of the service runs the model and calls the listeners, in order for each request.
//
//   const auto id = STRIDE_TRY(service.submit(std::move(request), std::move(listener)));
//   ...
//   service.cancel(id);  // the client went away
//
// An answer is, byte for byte, the one that generate() would give to the request alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "chat/tool_schemas.h"
#include "engine/engine.h"
#include "engine/generate.h"

namespace stride::engine {

// Never used twice in the life of a service.
using RequestId = uint64_t;

enum class Lane : uint8_t {
  interactive,
  background,  // titles, topics, summaries: only where no interactive request waits
};

struct ServiceRequest {
  GenerationInput input{};
  // What input.tools points to, kept for as long as the request lives.
  std::shared_ptr<const chat::ToolSchemas> tools{};
  GenerationOptions options{};
  // Positions of the prompt that later prompts are likely to share: ends of turns and of the tools.
  std::vector<uint32_t> marks{};
  std::string client{};  // requests of different clients take turns; the name of a key, say
  // Only requests with the same salt share cached prompts.
  std::string cache_salt{};
  Lane lane = Lane::interactive;
  std::optional<std::chrono::milliseconds> deadline{};  // from now until the end of the answer
};

// Any may be empty. Called on the service's thread; must not block and must not call the service.
struct ServiceListener {
  // How many requests are before this one; called when it changes.
  std::function<void(uint32_t position)> on_queued{};
  std::function<void(const PrefillProgress&)> on_prefill{};
  std::function<void(std::span<const decode::Logprobs>)> on_prompt_logprobs{};
  std::function<void(const chat::Delta&)> on_delta{};
  std::function<void(const GeneratedToken&)> on_token{};
  // The last call, always made. A cancelled request ends well, with cause `cancelled`; one whose
  // deadline passed before its first token ends with Errc::timeout.
  std::function<void(Result<Generated>)> on_finish{};
};

struct ServiceStats {
  uint32_t n_running = 0;
  uint32_t n_waiting = 0;
  uint64_t cache_bytes = 0;  // of keys and values in memory, shared ones once
  uint64_t cache_budget_bytes = 0;
  uint64_t prompt_tokens = 0;  // since the start, of admitted requests
  uint64_t reused_tokens = 0;  // of them
  uint64_t generated_tokens = 0;
  uint64_t n_step = 0;      // runs of the model
  uint64_t n_row = 0;       // tokens they computed
  uint64_t n_set_back = 0;  // times that a running request was put back for want of memory
  uint64_t n_draft = 0;
  uint64_t n_draft_accepted = 0;
};

class Service {
 public:
  virtual ~Service() = default;

  // Options and length are checked here. Errc::exhausted with "queue" in its message: too many
  // wait, try again later; Errc::cancelled: the service is shutting down.
  virtual Result<RequestId> submit(ServiceRequest request, ServiceListener listener) = 0;
  // Takes effect before the next step of the model. An unknown id is ignored.
  virtual void cancel(RequestId id) = 0;
  // Closes the reasoning of a running request before its next token; false if it is not in one.
  virtual bool end_reasoning(RequestId id) = 0;
  virtual ServiceStats stats() const = 0;
  // No new requests; returns when the running ones have ended or at `until`, whatever is first,
  // and cancels the rest.
  virtual void shut_down(std::chrono::steady_clock::time_point until) = 0;
};

}  // namespace stride::engine
