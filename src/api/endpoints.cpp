// SPDX-License-Identifier: Apache-2.0
#include "api/endpoints.h"

#include <chrono>
#include <random>

#include "api/json_text.h"
#include "base/version.h"

namespace stride::api {
namespace {

uint64_t random_number() {
  std::random_device device;
  // 53 bits, so that a seed in JSON survives readers that keep numbers as doubles.
  return (uint64_t{device()} << 32 | device()) >> 11;
}

int64_t seconds_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Endpoints::Endpoints(const engine::Engine& engine, engine::Service& service, Store& store,
                     const ServerOptions& options)
    : engine_(engine),
      service_(service),
      options_(options),
      started_(seconds_now()),
      items_(store),
      responses_(store),
      conversations_(store),
      turns_(store, engine),
      metrics_(options.defaults.model),
      trace_(options.trace_folder),
      live_(options.silence) {}

CallDefaults Endpoints::defaults_for_call() const {
  CallDefaults out = options_.defaults;
  out.random_seed = options_.seed ? *options_.seed : random_number();
  return out;
}

void Endpoints::respond(const Incoming& in, net::HttpResponse response) const {
  response.headers.insert(response.headers.end(), in.headers.begin(), in.headers.end());
  in.exchange.respond(std::move(response));
}

void Endpoints::respond(const Incoming& in, int status, std::string body) const {
  respond(in, net::json_response(status, std::move(body)));
}

void Endpoints::respond(const Incoming& in, const Outcome<std::string>& body) {
  if (!body) return refuse_request(in, body.error());
  respond(in, 200, *body);
}

void Endpoints::refuse_request(const Incoming& in, const Failure& failure) {
  metrics_.on_failure(failure);
  respond(in, failure_response(in.match.dialect, failure, in.request.request_id));
}

std::optional<net::HttpResponse> Endpoints::quick(const net::HttpRequest& request,
                                                  const RouteMatch& match) {
  switch (match.route->endpoint) {
    case Endpoint::health:
      if (draining_)
        return failure_response(match.dialect,
                                {FailureKind::unavailable, "the server is shutting down"},
                                request.request_id);
      return net::json_response(200, R"({"status":"ok"})");
    case Endpoint::ping:
    case Endpoint::nothing:
      return net::json_response(200, "{}");
    case Endpoint::version:
      return net::json_response(200, JsonText().object().field("version", version()).end().take());
    case Endpoint::embeddings:
      return failure_response(match.dialect,
                              {FailureKind::not_supported, "this model gives no embeddings"},
                              request.request_id);
    default:
      return std::nullopt;
  }
}

void Endpoints::handle(Incoming in) {
  switch (in.match.route->endpoint) {
    case Endpoint::chat:
    case Endpoint::completions:
    case Endpoint::responses:
    case Endpoint::messages:
      return answer(std::move(in));
    case Endpoint::chat_control:
      return control(in);
    case Endpoint::chat_tokens:
    case Endpoint::response_tokens:
    case Endpoint::message_tokens:
      return respond(in, count_tokens(in));
    case Endpoint::tokenize:
      return respond(in, tokenize(in));
    case Endpoint::detokenize:
      return respond(in, detokenize(in));
    case Endpoint::apply_template:
      return respond(in, apply_template(in));
    case Endpoint::models:
      return respond(in, 200, models(in.request));
    case Endpoint::model:
      return respond(in, model(in.request, in.match.id));
    case Endpoint::props:
      return respond(in, 200, props());
    case Endpoint::slots:
      return respond(in, slots(in.request));
    case Endpoint::slot:
      return refuse_request(
          in, {FailureKind::not_supported,
               "slots are not saved to files, restored or erased: what was read is kept in memory "
               "and found again by its beginning, whichever slot runs the request"});
    case Endpoint::response:
      return respond(in, response(in));
    case Endpoint::response_items:
      return respond(in, response_items(in));
    case Endpoint::response_cancel:
      return respond(in, cancel_response(in));
    case Endpoint::conversations:
      return respond(in, make_conversation(in));
    case Endpoint::conversation:
      return respond(in, conversation(in));
    case Endpoint::conversation_items:
      return respond(in, conversation_items(in));
    case Endpoint::conversation_item:
      return respond(in, conversation_item(in));
    case Endpoint::metrics:
      return respond(in, {.headers = {{"Content-Type", "text/plain; version=0.0.4"}},
                          .body = metrics_.text(service_.stats(), http_stats_())});
    case Endpoint::load:
      return respond(in, 200, load());
    default:
      return refuse_request(in, {FailureKind::not_found, "there is nothing here"});
  }
}

}  // namespace stride::api
