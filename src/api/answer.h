// SPDX-License-Identifier: Apache-2.0
// One running call: hands its requests to the service, and what comes back through an encoder to
// the client. Listeners of the service hold it alive; the server only knows it weakly.
//
// Called by the service's thread (events), by the server's loop (the client went away) and by the
// keep-alive thread. A mutex guards the encoder; the service is never called with it held.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/encoder.h"
#include "engine/service.h"
#include "net/exchange.h"

namespace stride::api {

using Clock = std::chrono::steady_clock;

// What happened to a call, for metrics, logs and stores.
struct AnswerReport {
  const ChatCall* call = nullptr;
  std::vector<engine::Generated> choices{};  // those that ended, in their order
  std::optional<Failure> failure{};
  bool streamed = false;
  bool client_gone = false;
  double queue_seconds = 0;
  double first_token_seconds = 0;  // from the submission; 0: there was none
  double total_seconds = 0;
  std::string body{};  // the whole answer, also of calls that stream
};

class Answer : public std::enable_shared_from_this<Answer> {
 public:
  struct Parts {
    std::shared_ptr<const ChatCall> call{};
    AnswerContext context{};
    engine::Service* service = nullptr;  // outlives the answer
    net::Headers headers{};              // of every response
    std::string request_id{};
    std::string client{};  // whom it belongs to
    // Goes on without its client, which was told the beginning and asks for the rest.
    bool background = false;
    // Once, on any thread, before the client is told of the end. Must not call the answer.
    std::function<void(const AnswerReport&)> on_done{};
    std::function<void(double seconds)> on_token_gap{};  // between two tokens of a choice
  };

  Answer(Parts parts, net::Exchange exchange);

  // Submits, and begins the stream if all were taken; otherwise answers with the failure.
  void run(std::vector<engine::ServiceRequest> requests);

  // Frees the work. The answer ends with what there is.
  void cancel();
  // Ends the thinking of whatever choice is thinking now.
  bool end_reasoning();
  // Sends a sign of life if nothing was sent for `silence`.
  void keep_alive(Clock::time_point now, Clock::duration silence);

  // The whole answer as it is now; of Responses, where it also says how far it is.
  std::string snapshot();
  // True when nothing more will come; waits for it at most so long.
  bool wait_until_over(std::chrono::milliseconds patience);

  const ChatCall& call() const { return *parts_.call; }
  const std::string& id() const { return id_; }
  const std::string& client() const { return parts_.client; }

 private:
  engine::ServiceListener listener(uint32_t choice);
  void on_queued(uint32_t position);
  void admit();
  void on_prefill(const engine::PrefillProgress& progress);
  void on_prompt_logprobs(uint32_t choice, std::span<const decode::Logprobs> all);
  void on_token(uint32_t choice, const engine::GeneratedToken& token);
  void on_delta(uint32_t choice, const chat::Delta& delta);
  void on_finish(uint32_t choice, Result<engine::Generated> result);
  void abandon(const Failure& failure, size_t n_missing);
  void watch_client();
  void begin();
  void respond(net::HttpResponse response);
  bool is_whole() const;
  void tell_time(Clock::time_point now, const engine::GeneratedToken& token);
  void send(std::string bytes);
  void end_choice(uint32_t choice, Result<engine::Generated> result);
  void complete();
  void fail(const Failure& failure);
  void cancel_requests();
  void report();

  Parts parts_;
  net::Exchange exchange_;
  std::string id_;  // of the answer, as the client knows it
  const Clock::time_point begun_at_ = Clock::now();

  std::mutex mutex_;
  std::condition_variable ended_;
  std::unique_ptr<Encoder> encoder_;
  std::vector<engine::RequestId> requests_;
  std::vector<std::optional<engine::Generated>> choices_;
  WaitState wait_;
  std::string early_;  // events that came before the stream was begun
  bool begun_ = false;
  bool over_ = false;  // nothing more is sent
  bool cancelled_ = false;
  bool client_gone_ = false;
  bool reported_ = false;
  std::string body_;
  size_t n_left_ = 0;  // choices that have not ended
  Clock::time_point last_sent_ = begun_at_;
  Clock::time_point admitted_at_{};
  Clock::time_point first_token_at_{};
  std::vector<Clock::time_point> last_token_at_;  // of each choice
  std::optional<Failure> failure_;
};

}  // namespace stride::api
