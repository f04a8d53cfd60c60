// SPDX-License-Identifier: Apache-2.0
// The paths that run the model.
#include <chrono>
#include <random>

#include "api/completions_request.h"
#include "api/endpoints.h"
#include "api/fields.h"
#include "api/json_text.h"
#include "api/messages_request.h"
#include "api/openai_chat_request.h"
#include "api/prepare.h"
#include "api/request_common.h"
#include "api/responses_request.h"
#include "base/version.h"
#include "json/json.h"

namespace stride::api {

Outcome<ChatCall> Endpoints::read_call(Incoming& in) {
  Json body = STRIDE_TRY(parse_body(in.request.body));
  const CallDefaults defaults = defaults_for_call();
  switch (in.match.route->endpoint) {
    case Endpoint::completions:
      return read_completions_request(body, defaults);
    case Endpoint::responses:
    case Endpoint::response_tokens:
      return read_responses_request(body, Json::array(), defaults);
    case Endpoint::messages:
      return read_messages_request(body, defaults);
    case Endpoint::message_tokens:
      return read_messages_request(body, defaults, MessagesPurpose::count);
    default:
      return read_chat_request(std::move(body), defaults);
  }
}

void Endpoints::answer(Incoming in) {
  if (draining_)
    return refuse_request(in, {FailureKind::unavailable, "the server is shutting down"});
  auto call = read_call(in);
  if (!call) return refuse_request(in, call.error());
  start_answer(std::move(in), *std::move(call));
}

void Endpoints::start_answer(Incoming in, ChatCall call) {
  auto requests = prepare(call, engine_, options_.n_context);
  if (!requests) return refuse_request(in, requests.error());
  for (engine::ServiceRequest& request : *requests) request.client = in.client;

  std::random_device device;
  Answer::Parts parts;
  parts.context.ids = Ids(uint64_t{device()} << 32 | device());
  parts.context.created = std::chrono::duration_cast<std::chrono::seconds>(
                              std::chrono::system_clock::now().time_since_epoch())
                              .count();
  parts.context.fingerprint = "stride-" + std::string(version());
  parts.context.n_prompt = static_cast<uint32_t>(requests->front().input.prompt.size());
  parts.context.tokenizer = &engine_.tokenizer();
  parts.call = std::make_shared<const ChatCall>(std::move(call));
  parts.service = &service_;
  parts.headers = in.headers;
  parts.request_id = in.request.request_id;
  const auto answer = std::make_shared<Answer>(std::move(parts), in.exchange);
  live_.add(answer);
  answer->run(*std::move(requests));
}

// {"id": "chatcmpl-...", "action": "reasoning_end" | "cancel"}
void Endpoints::control(const Incoming& in) {
  const auto body = parse_body(in.request.body);
  if (!body) return refuse_request(in, body.error());
  const Fields fields(*body);
  const auto id = fields.text("id");
  const auto action = fields.text("action");
  if (!id) return refuse_request(in, id.error());
  if (!action) return refuse_request(in, action.error());
  const auto running = live_.find(id->value_or(""));
  if (running == nullptr)
    return refuse_request(in, {FailureKind::not_found, "id names no answer that is running", "id"});
  bool success = true;
  if (action->value_or("") == "reasoning_end") {
    success = running->end_reasoning();
  } else if (action->value_or("") == "cancel") {
    running->cancel();
  } else {
    return refuse_request(in, {FailureKind::invalid_request,
                               "action can be reasoning_end or cancel", "action"});
  }
  respond(in, 200, JsonText().object().field("success", success).end().take());
}

}  // namespace stride::api
