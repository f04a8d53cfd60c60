// SPDX-License-Identifier: Apache-2.0
// The paths that run the model.
#include <algorithm>
#include <cctype>
#include <chrono>
#include <random>

#include "api/call_grammar.h"
#include "api/completions_request.h"
#include "api/endpoints.h"
#include "api/fields.h"
#include "api/json_text.h"
#include "api/messages_request.h"
#include "api/openai_chat_request.h"
#include "api/prepare.h"
#include "api/request_common.h"
#include "api/request_log.h"
#include "api/responses_request.h"
#include "base/version.h"
#include "json/json.h"

namespace stride::api {

namespace {

int64_t seconds_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// The names, as far as they may stand in a header.
std::string ignored_header(std::span<const std::string> names) {
  constexpr size_t kMostNames = 32, kMostBytes = 64;
  std::string out;
  for (const std::string& name : names.first(std::min(names.size(), kMostNames))) {
    const bool plain = std::ranges::all_of(name, [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
    });
    if (!plain || name.size() > kMostBytes) continue;
    out += (out.empty() ? "" : ", ") + name;
  }
  return out;
}

uint64_t random_number() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

}  // namespace

Outcome<ChatCall> Endpoints::read_call(const Incoming& in) {
  Json body = STRIDE_TRY(parse_body(in.request.body));
  const CallDefaults defaults = defaults_for_call();
  switch (in.match.route->endpoint) {
    case Endpoint::completions:
      return read_completions_request(body, defaults);
    case Endpoint::responses:
    case Endpoint::response_tokens:
      return read_response_call(in, std::move(body));
    case Endpoint::messages:
      return read_messages_request(body, defaults);
    case Endpoint::message_tokens:
      return read_messages_request(body, defaults, MessagesPurpose::count);
    default:
      return read_chat_request(std::move(body), defaults);
  }
}

// With the items of the responses or the conversation that it goes on from.
Outcome<ChatCall> Endpoints::read_response_call(const Incoming& in, Json body) {
  const std::string previous = STRIDE_TRY(previous_response(body));
  const std::string conversation = STRIDE_TRY(conversation_of(body));
  if (!previous.empty() && !conversation.empty())
    return refuse("conversation", "conversation and previous_response_id cannot be given together");
  if (const auto input = body.find("input"); input != body.end() && input->is_array())
    STRIDE_TRY(items_.resolve(in.client, *input, "input"));
  const Json history = conversation.empty()
                           ? STRIDE_TRY(responses_.history(in.client, previous))
                           : STRIDE_TRY(conversations_.items(in.client, conversation));
  ChatCall call = STRIDE_TRY(read_responses_request(body, history, defaults_for_call()));
  call.responses.conversation = conversation;
  return call;
}

void Endpoints::answer(Incoming in) {
  if (draining_)
    return refuse_request(in, {FailureKind::unavailable, "the server is shutting down"});
  auto call = read_call(in);
  if (!call) return refuse_request(in, call.error());
  if (!call->ignored.empty())
    in.headers.push_back({"x-stride-ignored-fields", ignored_header(call->ignored)});
  turns_.restore(in.client, *call);
  start_answer(in, *std::move(call));
}

void Endpoints::start_answer(const Incoming& in, ChatCall call) {
  if (call.responses.background && (!call.responses.store || call.output.stream))
    return refuse_request(
        in, {FailureKind::invalid_request,
             "background needs store to be true and stream to be false", "background"});
  auto requests = prepare(call, engine_, options_.n_context);
  if (!requests) return refuse_request(in, requests.error());
  const auto grammar = grammar_of(call, grammars_);
  if (!grammar) return refuse_request(in, grammar.error());
  for (engine::ServiceRequest& request : *requests) {
    request.client = in.client;
    request.input.grammar = *grammar;
  }

  Answer::Parts parts;
  parts.context.ids = Ids(random_number());
  parts.context.created = seconds_now();
  parts.context.fingerprint = "stride-" + std::string(version());
  parts.context.n_prompt = static_cast<uint32_t>(requests->front().input.prompt.size());
  if (call.output.return_token_ids) parts.context.prompt = requests->front().input.prompt;
  parts.context.tokenizer = &engine_.tokenizer();
  parts.background = call.responses.background;
  NamedItems fresh = name_input(in, parts.context.ids, call);
  parts.call = std::make_shared<const ChatCall>(std::move(call));
  parts.service = &service_;
  parts.headers = in.headers;
  parts.request_id = in.request.request_id;
  parts.client = in.client;
  parts.on_token_gap = [this](double seconds) { metrics_.on_token_gap(seconds); };
  parts.on_done =
      report_handler(in, parts.call, parts.context.ids, std::move(fresh), trace_of(in, *requests));
  const auto answer = std::make_shared<Answer>(std::move(parts), in.exchange);
  if (!live_.add(answer, options_.per_client))
    return refuse_request(
        in, {FailureKind::rate_limit,
             fmt::format("{} answers of this key go on, as many as it may have at once; try again "
                         "when one has ended",
                         options_.per_client)});
  answer->run(*std::move(requests));
}

// Names what a response is asked, where it will be kept; what of it is to be found by its name
// then. Not when it is kept, which is done by the thread that runs the model.
NamedItems Endpoints::name_input(const Incoming& in, const Ids& ids, ChatCall& call) const {
  ResponsesPart& part = call.responses;
  if (call.dialect != Dialect::responses || (!part.store && part.conversation.empty())) return {};
  InputItems input = items_.read_input(in.client, part.input_items, ids);
  part.input_items = std::move(input.text);
  return std::move(input.fresh);
}

TraceBundle Endpoints::trace_of(const Incoming& in,
                                std::span<const engine::ServiceRequest> requests) const {
  if (!trace_.on()) return {};
  const engine::ServiceRequest& first = requests.front();
  return {.request = in.request,
          .prompt = engine_.tokenizer().decode(first.input.prompt),
          .tokens = first.input.prompt,
          .seed = first.options.sampling.seed};
}

std::function<void(const AnswerReport&)> Endpoints::report_handler(
    const Incoming& in, std::shared_ptr<const ChatCall> call, const Ids& ids, NamedItems fresh,
    TraceBundle trace) {
  return [this, client = in.client, request_id = in.request.request_id, call = std::move(call), ids,
          fresh = std::move(fresh), trace = std::move(trace)](const AnswerReport& report) {
    metrics_.on_answer(report);
    if (options_.log) options_.log(answer_line(report, request_id, client));
    trace_.keep(trace, report);
    for (uint32_t i = 0; i < report.choices.size(); ++i)
      turns_.save(client, *call, ids, i, report.choices[i]);
    if (call->dialect == Dialect::responses && !report.body.empty())
      save_response(client, *call, ids, fresh, report.body);
  };
}

void Endpoints::save_response(const std::string& client, const ChatCall& call, const Ids& ids,
                              const NamedItems& fresh, const std::string& body) {
  const ResponsesPart& part = call.responses;
  if (!part.conversation.empty())
    conversations_.add_response(client, part.conversation,
                                {.text = part.input_items, .fresh = fresh}, body, ids);
  if (part.store)
    responses_.save(client, answer_id(call.dialect, ids),
                    {.previous = part.previous,
                     .input = part.input_items,
                     .response = body,
                     .handle = reasoning_handle(ids)},
                    fresh);
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
    return refuse_request(
        in, {FailureKind::invalid_request, "action can be reasoning_end or cancel", "action"});
  }
  respond(in, 200, JsonText().object().field("success", success).end().take());
}

}  // namespace stride::api
