// SPDX-License-Identifier: Apache-2.0
// Answers of /v1/chat/completions. The order of a stream's chunks: the role; reasoning; content;
// for each call its id and name, then its arguments; the reason of the end with the timings; the
// usage where it was asked for; [DONE]. Log-probabilities of a token go with the first chunk that
// its text is a part of, whatever that chunk carries.
#include <fmt/format.h>

#include <utility>

#include "api/encoder_parts.h"

namespace stride::api {
namespace {

using Kind = chat::Delta::Kind;

class ChatEncoder final : public Encoder {
 public:
  ChatEncoder(const ChatCall& call, AnswerContext context)
      : call_(call),
        context_(std::move(context)),
        id_(answer_id(call.dialect, context_.ids)),
        choices_(call.n) {}

  std::string start() override {
    std::string out;
    for (uint32_t i = 0; i < call_.n; ++i) {
      out += chunk(i, R"({"role":"assistant","content":""})", {});
      if (const std::string text = echoed(); !text.empty())
        out += chunk(i, JsonText().object().field("content", text).end().text(), {});
    }
    return out;
  }

  std::string wait(const WaitState& state) override { return sse_comment_line(describe(state)); }

  std::string progress(const engine::PrefillProgress& progress) override {
    if (!call_.output.return_progress) return {};
    JsonText extra;
    write_progress(extra, progress);
    return chunk(0, "{}", {}, {}, extra.text());
  }

  std::string prompt_logprobs(uint32_t choice, std::span<const decode::Logprobs> all) override {
    if (choice == 0) prompt_logprobs_.assign(all.begin(), all.end());
    return {};
  }

  void clock(const RunningTimings& timings) override { timings_ = timings; }

  std::string token(uint32_t choice, const engine::GeneratedToken& token) override {
    ++choices_[choice].n_token;
    if (token.channel == decode::Channel::reasoning) ++choices_[choice].n_reasoning;
    if (call_.output.logprobs || call_.output.return_token_ids)
      choices_[choice].pending.push_back(token);
    return {};
  }

  std::string delta(uint32_t choice, const chat::Delta& delta) override {
    const std::string fields = delta_fields(choice, delta);
    return fields.empty() ? std::string() : chunk(choice, fields, {});
  }

  std::string finish(uint32_t choice, const engine::Generated& generated) override {
    std::string out;
    if (choices_[choice].in_thoughts) {
      choices_[choice].in_thoughts = false;
      out += chunk(choice, R"({"content":"\n</think>\n"})", {});
    }
    JsonText timings;
    write_timings(timings, generated);
    out += chunk(choice, "{}", openai_finish_reason(generated), timings.text(), {}, &generated);
    finished_.push_back(summary_of(generated));
    return out;
  }

  std::string close() override {
    std::string out;
    if (call_.output.include_usage) {
      JsonText json = begin("chat.completion.chunk");
      json.key("choices").array().end().key("usage");
      write_chat_usage(json, sum_usage(finished_));
      out += sse("", json.end().text());
    }
    return out + "data: [DONE]\n\n";
  }

  std::string failure(const Failure& failure) override {
    return sse("", error_body(Dialect::chat, failure, {}));
  }

  std::string body(std::span<const engine::Generated> choices) override {
    JsonText out = begin("chat.completion");
    if (!context_.prompt.empty()) {
      out.key("prompt_token_ids").array();
      for (const engine::Token token : context_.prompt) out.value(token);
      out.end();
    }
    if (call_.output.prompt_logprobs) {
      out.key("prompt_logprobs");
      write_prompt_logprobs(out, prompt_logprobs_, *call_.output.prompt_logprobs,
                            *context_.tokenizer);
    }
    out.key("choices").array();
    for (uint32_t i = 0; i < choices.size(); ++i) write_choice(out, i, choices[i]);
    out.end().key("usage");
    write_chat_usage(out, sum_usage(choices));
    if (!choices.empty()) {
      out.key("timings");
      write_timings(out, choices.front());
    }
    return out.end().take();
  }

 private:
  struct Choice {
    std::vector<engine::GeneratedToken> pending;  // not yet told of
    uint64_t n_token = 0;
    uint64_t n_reasoning = 0;
    bool in_thoughts = false;  // a <think> was written into the content and not yet closed
  };

  // Only what the usage is summed from.
  static engine::Generated summary_of(const engine::Generated& generated) {
    engine::Generated out;
    out.usage = generated.usage;
    return out;
  }

  JsonText begin(std::string_view object) const {
    JsonText out;
    out.object()
        .field("id", id_)
        .field("object", object)
        .field("created", context_.created)
        .field("model", call_.model)
        .field("system_fingerprint", context_.fingerprint);
    return out;
  }

  // The object of one delta; empty where the client does not want to see it.
  std::string delta_fields(uint32_t choice, const chat::Delta& delta) {
    JsonText out;
    out.object();
    switch (delta.kind) {
      case Kind::reasoning:
        if (!write_reasoning(out, choice, delta.text)) return {};
        break;
      case Kind::content:
        out.field("content", close_thoughts(choice) + delta.text);
        break;
      case Kind::call_begin:
        if (std::string closing = close_thoughts(choice); !closing.empty())
          out.field("content", closing);
        write_call_begin(out, choice, delta);
        break;
      case Kind::call_arguments:
        out.key("tool_calls").array().object().field("index", delta.index);
        out.key("function").object().field("arguments", delta.text).end().end().end();
        break;
      case Kind::call_end:
        return {};
    }
    return out.end().take();
  }

  bool write_reasoning(JsonText& out, uint32_t choice, const std::string& text) {
    switch (call_.output.reasoning) {
      case ReasoningField::none:
        return false;
      case ReasoningField::in_content: {
        const bool first = !std::exchange(choices_[choice].in_thoughts, true);
        out.field("content", (first ? "<think>\n" : "") + text);
        return true;
      }
      case ReasoningField::both:
      case ReasoningField::reasoning:
      case ReasoningField::reasoning_content:
        break;
    }
    write_reasoning_fields(out, text);
    return true;
  }

  void write_reasoning_fields(JsonText& out, const std::string& text) const {
    const ReasoningField field = call_.output.reasoning;
    if (field != ReasoningField::reasoning) out.field("reasoning_content", text);
    if (field != ReasoningField::reasoning_content) out.field("reasoning", text);
  }

  std::string close_thoughts(uint32_t choice) {
    return std::exchange(choices_[choice].in_thoughts, false) ? "\n</think>\n" : "";
  }

  void write_call_begin(JsonText& out, uint32_t choice, const chat::Delta& delta) const {
    out.key("tool_calls").array().object().field("index", delta.index);
    out.field("id", context_.ids.call(call_.dialect, choice, delta.index));
    out.field("type", "function").key("function").object();
    out.field("name", delta.text).field("arguments", "").end().end().end();
  }

  // The text that the answer goes on from, for clients that want it in front.
  std::string echoed() const {
    if (!call_.output.echo || !call_.continue_final) return {};
    return chat::content_text(call_.conversation.messages.back());
  }

  // One event. `timings` and `ended` go with the finish reason.
  std::string chunk(uint32_t choice, std::string_view delta, std::string_view finish_reason,
                    std::string_view timings = {}, std::string_view progress = {},
                    const engine::Generated* ended = nullptr) {
    JsonText out = begin("chat.completion.chunk");
    out.key("choices").array().object().field("index", choice).raw_field("delta", delta);
    write_pending(out, choices_[choice]);
    if (finish_reason.empty()) {
      out.null_field("finish_reason");
    } else {
      out.field("finish_reason", finish_reason);
    }
    if (ended != nullptr) {
      out.field("finish_cause", engine::name(ended->finish_cause));
      write_stop_reason(out, *ended, call_);
    }
    out.end().end();
    if (call_.output.continuous_usage) {
      out.key("usage");
      write_chat_usage(out, usage_so_far());
    } else if (call_.output.include_usage) {
      out.null_field("usage");
    }
    if (!timings.empty()) {
      out.raw_field("timings", timings);
    } else if (call_.output.timings_per_token) {
      out.key("timings");
      write_running_timings(out, timings_, choices_[choice].n_token);
    }
    if (!progress.empty()) out.raw_field("prompt_progress", progress);
    return sse("", out.end().text());
  }

  UsageSum usage_so_far() const {
    UsageSum out;
    out.prompt = context_.n_prompt;
    for (const Choice& choice : choices_) {
      out.completion += choice.n_token;
      out.reasoning += choice.n_reasoning;
    }
    for (const engine::Generated& done : finished_) out.cached = done.usage.reused_tokens;
    return out;
  }

  void write_pending(JsonText& out, Choice& choice) const {
    if (call_.output.logprobs) {
      out.key("logprobs");
      write_logprobs(out, choice.pending);
    } else {
      out.null_field("logprobs");
    }
    if (call_.output.return_token_ids) write_token_ids(out, choice.pending);
    choice.pending.clear();
  }

  void write_logprobs(JsonText& out, std::span<const engine::GeneratedToken> tokens) const {
    if (tokens.empty()) {
      out.null();
      return;
    }
    out.object();
    const auto write = [&](std::string_view name, decode::Channel channel) {
      out.key(name).array();
      for (const engine::GeneratedToken& token : tokens) {
        if (token.channel == channel) write_token_logprob(out, token, *context_.tokenizer);
      }
      out.end();
    };
    write("content", decode::Channel::content);
    write("reasoning_content", decode::Channel::reasoning);
    out.null_field("refusal").end();
  }

  static void write_token_ids(JsonText& out, std::span<const engine::GeneratedToken> tokens) {
    out.key("token_ids").array();
    for (const engine::GeneratedToken& token : tokens) out.value(token.id);
    out.end();
  }

  void write_choice(JsonText& out, uint32_t index, const engine::Generated& generated) const {
    out.object().field("index", index).key("message");
    write_message(out, index, generated.output);
    if (call_.output.logprobs) {
      out.key("logprobs");
      write_logprobs(out, generated.tokens);
    } else {
      out.null_field("logprobs");
    }
    if (call_.output.return_token_ids) write_token_ids(out, generated.tokens);
    out.field("finish_reason", openai_finish_reason(generated));
    out.field("finish_cause", engine::name(generated.finish_cause));
    write_stop_reason(out, generated, call_);
    out.end();
  }

  void write_message(JsonText& out, uint32_t choice, const chat::ParsedOutput& output) const {
    out.object().field("role", "assistant");
    std::string content = echoed() + output.content.value_or("");
    const ReasoningField field = call_.output.reasoning;
    if (field == ReasoningField::in_content && output.reasoning)
      content = "<think>\n" + *output.reasoning + "\n</think>\n" + content;
    if (content.empty() && !output.calls.empty()) {
      out.null_field("content");
    } else {
      out.field("content", content);
    }
    out.null_field("refusal");
    const bool shown = field != ReasoningField::none && field != ReasoningField::in_content;
    if (shown && output.reasoning) write_reasoning_fields(out, *output.reasoning);
    if (!output.calls.empty()) write_calls(out, choice, output.calls);
    out.end();
  }

  void write_calls(JsonText& out, uint32_t choice, std::span<const chat::ParsedCall> calls) const {
    out.key("tool_calls").array();
    for (size_t i = 0; i < calls.size(); ++i) {
      out.object().field("id", context_.ids.call(call_.dialect, choice, i));
      out.field("type", "function").key("function").object();
      out.field("name", calls[i].name).field("arguments", calls[i].arguments).end().end();
    }
    out.end();
  }

  const ChatCall& call_;
  AnswerContext context_;
  std::string id_;
  std::vector<Choice> choices_;
  std::vector<engine::Generated> finished_;  // their usage
  std::vector<decode::Logprobs> prompt_logprobs_;
  RunningTimings timings_;
};

}  // namespace

std::unique_ptr<Encoder> make_chat_encoder(const ChatCall& call, AnswerContext context) {
  return std::make_unique<ChatEncoder>(call, std::move(context));
}

}  // namespace stride::api
