// SPDX-License-Identifier: Apache-2.0
// What each path does. One object for the server; its functions run on the workers of the HTTP
// server, several at a time, and so only touch what is fixed, atomic or locks itself.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "api/conversation_store.h"
#include "api/errors.h"
#include "api/failure_response.h"
#include "api/fields.h"
#include "api/item_store.h"
#include "api/live_answers.h"
#include "api/metrics.h"
#include "api/response_store.h"
#include "api/router.h"
#include "api/server.h"
#include "api/trace.h"
#include "api/turn_store.h"
#include "grammar/grammar_cache.h"
#include "json/json_fwd.h"
#include "net/exchange.h"

namespace stride::api {

// A request that has been routed and let in.
struct Incoming {
  net::HttpRequest request;
  net::Exchange exchange;
  RouteMatch match{};
  std::string client{};    // the name of its key, or its address
  net::Headers headers{};  // of every answer
};

class Endpoints {
 public:
  // All outlive the endpoints.
  Endpoints(const engine::Engine& engine, engine::Service& service, Store& store,
            const ServerOptions& options);

  void handle(Incoming in);
  // For what needs no worker: health, ping and version.
  std::optional<net::HttpResponse> quick(const net::HttpRequest& request, const RouteMatch& match);
  void drain() { draining_ = true; }
  // Where the figures of the HTTP server come from.
  void set_http_stats(std::function<net::ServerStats()> stats) { http_stats_ = std::move(stats); }

 private:
  // endpoints_answers.cpp
  void answer(Incoming in);
  Outcome<ChatCall> read_call(const Incoming& in);
  Outcome<ChatCall> read_response_call(const Incoming& in, Json body);
  void start_answer(const Incoming& in, ChatCall call);
  void control(const Incoming& in);

  TraceBundle trace_of(const Incoming& in, std::span<const engine::ServiceRequest> requests) const;
  std::function<void(const AnswerReport&)> report_handler(const Incoming& in,
                                                          std::shared_ptr<const ChatCall> call,
                                                          const Ids& ids, NamedItems fresh,
                                                          TraceBundle trace);
  void save_response(const std::string& client, const ChatCall& call, const Ids& ids,
                     const NamedItems& fresh, const std::string& body);
  NamedItems name_input(const Incoming& in, const Ids& ids, ChatCall& call) const;

  // endpoints_responses.cpp
  std::shared_ptr<Answer> running_response(const Incoming& in) const;
  Outcome<std::string> response(const Incoming& in);
  Outcome<std::string> response_items(const Incoming& in) const;
  Outcome<std::string> cancel_response(const Incoming& in);

  // endpoints_conversations.cpp
  Outcome<Json> read_items(const Incoming& in, const Fields& body, const Ids& ids) const;
  Outcome<std::string> make_conversation(const Incoming& in);
  Outcome<std::string> conversation(const Incoming& in);
  Outcome<std::string> conversation_items(const Incoming& in);
  Outcome<std::string> conversation_item(const Incoming& in);

  // endpoints_tokens.cpp
  Outcome<std::string> count_tokens(Incoming& in);
  Outcome<std::string> tokenize(Incoming& in);
  Outcome<std::string> detokenize(Incoming& in);
  Outcome<std::string> apply_template(Incoming& in);

  // endpoints_info.cpp
  std::string models(const net::HttpRequest& request) const;
  Outcome<std::string> model(const net::HttpRequest& request, const std::string& id) const;
  std::string props() const;
  Outcome<std::string> slots(const net::HttpRequest& request) const;
  std::string load() const;

  CallDefaults defaults_for_call() const;
  void respond(const Incoming& in, net::HttpResponse response) const;
  void respond(const Incoming& in, int status, std::string body) const;
  void respond(const Incoming& in, const Outcome<std::string>& body);
  void refuse_request(const Incoming& in, const Failure& failure);

  const engine::Engine& engine_;
  engine::Service& service_;
  const ServerOptions& options_;
  const int64_t started_;  // seconds since 1970
  std::atomic<bool> draining_ = false;
  std::function<net::ServerStats()> http_stats_;
  ItemStore items_;
  ResponseStore responses_;
  ConversationStore conversations_;
  TurnStore turns_;
  grammar::GrammarCache grammars_;
  Metrics metrics_;
  Trace trace_;
  LiveAnswers live_;
};

}  // namespace stride::api
