// SPDX-License-Identifier: Apache-2.0
// Answers of /v1/responses. Output is a list of items, one open at a time; each ends with
// response.output_item.done, which holds the whole item: clients build their history from these,
// not from the deltas. Reasoning is told as a summary to clients that asked for summaries, and as
// reasoning text to others.
#include <fmt/format.h>

#include <array>
#include <utility>

#include "api/encoder_parts.h"
#include "api/responses_item.h"

namespace stride::api {
namespace {

using Kind = chat::Delta::Kind;

// Every member of a response, in order, with what stands where neither the request nor the answer
// has a value. An empty one is written by code.
constexpr std::array<std::pair<std::string_view, std::string_view>, 30> kMembers = {{
    {"id", ""},
    {"object", ""},
    {"created_at", ""},
    {"status", ""},
    {"background", "false"},
    {"error", ""},
    {"incomplete_details", ""},
    {"instructions", "null"},
    {"max_output_tokens", "null"},
    {"max_tool_calls", "null"},
    {"model", ""},
    {"output", ""},
    {"output_text", ""},
    {"parallel_tool_calls", "true"},
    {"previous_response_id", "null"},
    {"prompt_cache_key", "null"},
    {"reasoning", R"({"effort":null,"summary":null})"},
    {"safety_identifier", "null"},
    {"service_tier", R"("default")"},
    {"store", ""},
    {"temperature", ""},
    {"text", R"({"format":{"type":"text"}})"},
    {"tool_choice", R"("auto")"},
    {"tools", "[]"},
    {"top_logprobs", "0"},
    {"top_p", ""},
    {"truncation", R"("disabled")"},
    {"usage", ""},
    {"user", "null"},
    {"metadata", "{}"},
}};

class ResponsesEncoder final : public Encoder {
 public:
  ResponsesEncoder(const ChatCall& call, AnswerContext context)
      : call_(call), context_(std::move(context)), id_(answer_id(call.dialect, context_.ids)) {}

  std::string start() override {
    std::string out = lifecycle("response.created");
    return out += lifecycle("response.in_progress");
  }

  std::string wait(const WaitState& state) override {
    JsonText extra;
    write_wait(extra, state);
    return lifecycle("response.in_progress", extra.text());
  }

  std::string progress(const engine::PrefillProgress& progress) override {
    JsonText extra;
    extra.key("prompt_progress");
    write_progress(extra, progress);
    return lifecycle("response.in_progress", extra.text());
  }

  std::string token(uint32_t, const engine::GeneratedToken& token) override {
    if (call_.output.logprobs && token.channel == decode::Channel::content)
      pending_.push_back(token);
    return {};
  }

  std::string delta(uint32_t, const chat::Delta& delta) override {
    std::string out;
    switch (delta.kind) {
      case Kind::reasoning:
        out = open(OutputItem::Kind::reasoning);
        return out += add_reasoning(delta.text);
      case Kind::content:
        out = open(OutputItem::Kind::message);
        return out += add_content(delta.text);
      case Kind::call_begin:
        return begin_call(delta);
      case Kind::call_arguments:
        return add_arguments(delta.text);
      case Kind::call_end:
        item_.cut = delta.ending == chat::CallEnding::cut;
        break;
    }
    return close_item();
  }

  std::string finish(uint32_t, const engine::Generated& generated) override {
    // An answer cut in the middle of an item leaves that item incomplete.
    const bool cut = generated.finish_reason == engine::FinishReason::length ||
                     generated.finish_reason == engine::FinishReason::cancelled;
    item_.cut |= cut;
    std::string out = close_item();
    status_ = cut ? "incomplete" : "completed";
    if (generated.finish_reason == engine::FinishReason::cancelled) status_ = "cancelled";
    JsonText usage;
    write_usage(usage, generated.usage);
    usage_ = usage.take();
    JsonText timings;
    write_timings(timings, generated);
    timings_ = timings.take();
    return out;
  }

  std::string close() override {
    if (status_ == "completed") return lifecycle("response.completed");
    return lifecycle("response.incomplete");
  }

  std::string failure(const Failure& failure) override {
    status_ = "failed";
    error_ = JsonText()
                 .object()
                 .field("code", responses_code(failure))
                 .field("message", failure.message)
                 .end()
                 .take();
    return lifecycle("response.failed");
  }

  std::string body(std::span<const engine::Generated>) override {
    JsonText out;
    write_response(out);
    return out.take();
  }

 private:
  // Numbers the events, so they must be made in the order in which they are sent.
  std::string event(std::string_view type, std::string_view fields) {
    return sse(type, fmt::format(R"({{"type":"{}","sequence_number":{}{}{}}})", type, sequence_++,
                                 fields.empty() ? "" : ",", fields));
  }

  // An event that holds the response as it is now.
  std::string lifecycle(std::string_view type, std::string_view extra = {}) {
    JsonText response;
    write_response(response);
    std::string fields = "\"response\":" + response.take();
    if (!extra.empty()) fields.append(",").append(extra);
    return event(type, fields);
  }

  void write_response(JsonText& out) const {
    out.object();
    for (const auto& [name, otherwise] : kMembers) {
      const auto echoed = call_.responses.echo.find(name);
      if (echoed != call_.responses.echo.end()) {
        out.raw_field(name, echoed->second);
      } else if (!otherwise.empty()) {
        out.raw_field(name, otherwise);
      } else {
        write_member(out, name);
      }
    }
    if (!call_.responses.conversation.empty())
      out.key("conversation").object().field("id", call_.responses.conversation).end();
    if (!timings_.empty()) out.raw_field("timings", timings_);
    out.end();
  }

  void write_member(JsonText& out, std::string_view name) const {
    out.key(name);
    if (name == "id") {
      out.value(id_);
    } else if (name == "object") {
      out.value("response");
    } else if (name == "created_at") {
      out.value(context_.created);
    } else if (name == "status") {
      out.value(status_);
    } else if (name == "model") {
      out.value(call_.model);
    } else if (name == "output") {
      out.array();
      for (const std::string& item : items_) out.raw(item);
      out.end();
    } else if (name == "output_text") {
      out.value(text_);
    } else if (name == "store") {
      out.value(call_.responses.store);
    } else if (name == "temperature") {
      out.value(call_.options.sampling.temperature);
    } else if (name == "top_p") {
      out.value(call_.options.sampling.top_p);
    } else {
      write_outcome(out, name);
    }
  }

  // What is known at the end only.
  void write_outcome(JsonText& out, std::string_view name) const {
    if (name == "error" && !error_.empty()) {
      out.raw(error_);
    } else if (name == "incomplete_details" && status_ == "incomplete") {
      out.object().field("reason", "max_output_tokens").end();
    } else if (name == "usage" && !usage_.empty()) {
      out.raw(usage_);
    } else {
      out.null();
    }
  }

  static void write_usage(JsonText& out, const engine::Usage& usage) {
    out.object().field("input_tokens", usage.prompt_tokens);
    out.key("input_tokens_details").object().field("cached_tokens", usage.reused_tokens).end();
    out.field("output_tokens", usage.completion_tokens());
    out.key("output_tokens_details")
        .object()
        .field("reasoning_tokens", usage.reasoning_tokens)
        .end();
    out.field("total_tokens", usage.prompt_tokens + usage.completion_tokens()).end();
  }

  // Members that events of an item share.
  std::string at_item(std::string_view rest) const {
    return fmt::format(R"("item_id":"{}","output_index":{}{}{})", item_.id, items_.size(),
                       rest.empty() ? "" : ",", rest);
  }

  std::string at_part(std::string_view rest) const {
    const std::string_view index = summarises() ? "summary_index" : "content_index";
    return at_item(fmt::format(R"("{}":0,{})", index, rest));
  }

  bool summarises() const {
    return item_.kind == OutputItem::Kind::reasoning && call_.responses.summaries;
  }

  std::string item_event(std::string_view type) {
    return event(type,
                 fmt::format(R"("output_index":{},"item":{})", items_.size(), write_item(item_)));
  }

  std::string open(OutputItem::Kind kind) {
    if (item_.kind == kind) return {};
    std::string out = close_item();
    item_ = {.kind = kind, .id = new_item_id(kind)};
    item_.summarised = call_.responses.summaries;
    if (kind == OutputItem::Kind::reasoning && call_.responses.encrypted_reasoning)
      item_.handle = reasoning_handle(context_.ids);
    out += item_event("response.output_item.added");
    return out + event(summarises() ? "response.reasoning_summary_part.added"
                                    : "response.content_part.added",
                       at_part(fmt::format(R"("part":{})", write_part(item_, ""))));
  }

  std::string new_item_id(OutputItem::Kind kind) const {
    const std::string_view prefix = kind == OutputItem::Kind::reasoning ? "rs_"
                                    : kind == OutputItem::Kind::message ? "msg_"
                                    : kind == OutputItem::Kind::custom  ? "ctc_"
                                                                        : "fc_";
    return context_.ids.make(prefix, items_.size());
  }

  std::string add_reasoning(const std::string& text) {
    item_.text += text;
    return event(
        summarises() ? "response.reasoning_summary_text.delta" : "response.reasoning_text.delta",
        at_part("\"delta\":" + json_string(text)));
  }

  std::string add_content(const std::string& text) {
    item_.text += text;
    text_ += text;
    const std::string logprobs = take_logprobs();
    item_.logprobs += item_.logprobs.empty() || logprobs.empty() ? "" : ",";
    item_.logprobs += logprobs;
    return event("response.output_text.delta", at_part(fmt::format(R"("delta":{},"logprobs":[{}])",
                                                                   json_string(text), logprobs)));
  }

  // The entries of the tokens since the last call.
  std::string take_logprobs() {
    std::string out;
    for (const engine::GeneratedToken& token : std::exchange(pending_, {})) {
      JsonText json;
      write_token_logprob(json, token, *context_.tokenizer);
      out += (out.empty() ? "" : ",") + json.text();
    }
    return out;
  }

  std::string begin_call(const chat::Delta& delta) {
    std::string out = close_item();
    pending_.clear();
    const auto origin = call_.responses.origins.find(delta.text);
    const bool known = origin != call_.responses.origins.end();
    item_.kind = known && origin->second.custom ? OutputItem::Kind::custom : OutputItem::Kind::call;
    item_.id = new_item_id(item_.kind);
    item_.call_id = context_.ids.call(call_.dialect, 0, delta.index);
    item_.name = known ? origin->second.name : delta.text;
    item_.space = known ? origin->second.space : "";
    return out + item_event("response.output_item.added");
  }

  std::string add_arguments(const std::string& text) {
    item_.text += text;
    // The free text of a custom tool is inside the arguments, and known when they are whole.
    if (item_.kind == OutputItem::Kind::custom) return {};
    return event("response.function_call_arguments.delta",
                 at_item("\"delta\":" + json_string(text)));
  }

  std::string close_item() {
    if (item_.kind == OutputItem::Kind::none) return {};
    item_.done = true;
    std::string out = close_content();
    out += item_event("response.output_item.done");
    items_.push_back(write_item(item_));
    item_ = {};
    return out;
  }

  // The events that end the parts of an item, before the item itself ends.
  std::string close_content() {
    switch (item_.kind) {
      case OutputItem::Kind::reasoning:
        return close_reasoning();
      case OutputItem::Kind::message: {
        std::string out = event("response.output_text.done",
                                at_part(fmt::format(R"("text":{},"logprobs":[{}])",
                                                    json_string(item_.text), item_.logprobs)));
        return out += event("response.content_part.done", at_part(whole_part()));
      }
      case OutputItem::Kind::call:
        return event("response.function_call_arguments.done",
                     at_item(fmt::format(R"("name":{},"arguments":{})", json_string(item_.name),
                                         json_string(item_.text))));
      case OutputItem::Kind::custom: {
        const std::string input = json_string(custom_input(item_.text));
        std::string out =
            event("response.custom_tool_call_input.delta", at_item("\"delta\":" + input));
        return out += event("response.custom_tool_call_input.done", at_item("\"input\":" + input));
      }
      case OutputItem::Kind::none:
        break;
    }
    return {};
  }

  std::string close_reasoning() {
    const std::string text = at_part("\"text\":" + json_string(item_.text));
    std::string out = event(
        summarises() ? "response.reasoning_summary_text.done" : "response.reasoning_text.done",
        text);
    return out += event(
               summarises() ? "response.reasoning_summary_part.done" : "response.content_part.done",
               at_part(whole_part()));
  }

  std::string whole_part() const {
    return fmt::format(R"("part":{})", write_part(item_, item_.text));
  }

  const ChatCall& call_;
  AnswerContext context_;
  std::string id_;
  uint64_t sequence_ = 0;
  OutputItem item_;                              // the one that is open
  std::vector<std::string> items_;               // those that are done, as JSON
  std::vector<engine::GeneratedToken> pending_;  // whose log-probabilities were not told
  std::string text_;                             // of all messages
  std::string_view status_ = "in_progress";
  std::string usage_;
  std::string timings_;
  std::string error_;
};

}  // namespace

std::unique_ptr<Encoder> make_responses_encoder(const ChatCall& call, AnswerContext context) {
  return std::make_unique<ResponsesEncoder>(call, std::move(context));
}

}  // namespace stride::api
