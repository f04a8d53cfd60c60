// SPDX-License-Identifier: Apache-2.0
// Answers of Anthropic's /v1/messages. Blocks of a stream come one after the other: one is closed
// before the next begins. The usage of message_start counts the whole prompt as input, since how
// much of it is cached is not known yet; that of message_delta is exact.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/encoder_parts.h"

namespace stride::api {
namespace {

using Kind = chat::Delta::Kind;

class MessagesEncoder final : public Encoder {
 public:
  MessagesEncoder(const ChatCall& call, AnswerContext context)
      : call_(call),
        context_(std::move(context)),
        id_(answer_id(call.dialect, context_.ids)),
        signature_(reasoning_handle(context_.ids)) {}

  std::string start() override {
    JsonText out;
    out.object().field("type", "message_start").key("message");
    begin_message(out).key("content").array().end();
    out.null_field("stop_reason").null_field("stop_sequence").key("usage");
    write_usage(out, {.prompt_tokens = context_.n_prompt});
    out.end();
    return sse("message_start", out.end().text()) + ping({});
  }

  std::string wait(const WaitState& state) override {
    JsonText out;
    write_wait(out, state);
    return ping(out.text());
  }

  std::string progress(const engine::PrefillProgress& progress) override {
    JsonText out;
    out.key("prompt_progress");
    write_progress(out, progress);
    return ping(out.text());
  }

  std::string token(uint32_t, const engine::GeneratedToken&) override { return {}; }

  std::string delta(uint32_t, const chat::Delta& delta) override {
    std::string out;
    switch (delta.kind) {
      case Kind::reasoning:
        out = open(Block::thinking, R"({"type":"thinking","thinking":"","signature":""})");
        if (!call_.messages.omit_thinking)
          out += block_delta("thinking_delta", "thinking", delta.text);
        return out;
      case Kind::content:
        out = open(Block::text, R"({"type":"text","text":""})");
        return out += block_delta("text_delta", "text", delta.text);
      case Kind::call_begin:
        return begin_call(delta);
      case Kind::call_arguments:
        return block_delta("input_json_delta", "partial_json", delta.text);
      case Kind::call_end:
        break;
    }
    return close_block();
  }

  std::string finish(uint32_t, const engine::Generated& generated) override {
    std::string out;
    // Some clients fail on a message without any block.
    if (n_block_ == 0) out += open(Block::text, R"({"type":"text","text":""})");
    out += close_block();
    JsonText json;
    json.object().field("type", "message_delta").key("delta").object();
    write_stop(json, generated);
    json.end().key("usage");
    write_usage(json, generated.usage);
    json.key("timings");
    write_timings(json, generated);
    return out + sse("message_delta", json.end().text());
  }

  std::string close() override { return sse("message_stop", R"({"type":"message_stop"})"); }

  std::string failure(const Failure& failure) override {
    return sse("error", error_body(Dialect::messages, failure, {}));
  }

  std::string body(std::span<const engine::Generated> choices) override {
    const engine::Generated& generated = choices.front();
    JsonText out;
    begin_message(out).key("content").array();
    write_blocks(out, generated.output);
    out.end();
    write_stop(out, generated);
    out.key("usage");
    write_usage(out, generated.usage);
    out.key("timings");
    write_timings(out, generated);
    return out.end().take();
  }

 private:
  enum class Block { none, thinking, text, call };

  JsonText& begin_message(JsonText& out) const {
    return out.object()
        .field("id", id_)
        .field("type", "message")
        .field("role", "assistant")
        .field("model", call_.model);
  }

  static void write_usage(JsonText& out, const engine::Usage& usage) {
    out.object()
        .field("input_tokens",
               usage.prompt_tokens - std::min(usage.prompt_tokens, usage.reused_tokens))
        .field("cache_creation_input_tokens", 0)
        .field("cache_read_input_tokens", usage.reused_tokens)
        .field("output_tokens", usage.completion_tokens())
        .end();
  }

  void write_stop(JsonText& out, const engine::Generated& generated) const {
    using enum engine::FinishReason;
    const bool by_string = generated.finish_reason == stop && generated.stop_string;
    out.field("stop_reason", by_string                               ? "stop_sequence"
                             : generated.finish_reason == tool_calls ? "tool_use"
                             : generated.finish_reason == stop       ? "end_turn"
                                                                     : "max_tokens");
    if (by_string && *generated.stop_string < call_.options.stop.size()) {
      out.field("stop_sequence", call_.options.stop[*generated.stop_string]);
    } else {
      out.null_field("stop_sequence");
    }
  }

  // `fields` are members, as text, that follow the type.
  static std::string ping(std::string_view fields) {
    return sse("ping", fields.empty() ? R"({"type":"ping"})"
                                      : fmt::format(R"({{"type":"ping",{}}})", fields));
  }

  // Opens a block, unless one of this kind is open.
  std::string open(Block kind, std::string_view content) {
    if (block_ == kind) return {};
    std::string out = close_block();
    block_ = kind;
    JsonText json;
    json.object().field("type", "content_block_start").field("index", n_block_++);
    json.raw_field("content_block", content);
    return out + sse("content_block_start", json.end().text());
  }

  std::string close_block() {
    if (block_ == Block::none) return {};
    std::string out;
    if (block_ == Block::thinking) out = block_delta("signature_delta", "signature", signature_);
    block_ = Block::none;
    JsonText json;
    json.object().field("type", "content_block_stop").field("index", n_block_ - 1);
    return out + sse("content_block_stop", json.end().text());
  }

  std::string block_delta(std::string_view type, std::string_view field, std::string_view text) {
    JsonText json;
    json.object().field("type", "content_block_delta").field("index", n_block_ - 1);
    json.key("delta").object().field("type", type).field(field, text).end();
    return sse("content_block_delta", json.end().text());
  }

  std::string begin_call(const chat::Delta& delta) {
    std::string out = close_block();
    JsonText content;
    write_call(content, delta.index, delta.text, "{}");
    return out + open(Block::call, content.text());
  }

  void write_call(JsonText& out, size_t index, std::string_view name,
                  std::string_view input) const {
    out.object().field("type", "tool_use").field("id", context_.ids.call(call_.dialect, 0, index));
    out.field("name", name).raw_field("input", input).end();
  }

  void write_blocks(JsonText& out, const chat::ParsedOutput& output) const {
    if (output.reasoning) {
      out.object().field("type", "thinking");
      out.field("thinking", call_.messages.omit_thinking ? "" : *output.reasoning);
      out.field("signature", signature_).end();
    }
    const bool empty = !output.reasoning && output.calls.empty();
    if (output.content || empty)
      out.object().field("type", "text").field("text", output.content.value_or("")).end();
    for (size_t i = 0; i < output.calls.size(); ++i) {
      const chat::ParsedCall& call = output.calls[i];
      // What was cut is no object; it is handed out as text, and max_tokens says why.
      const bool cut = call.ending == chat::CallEnding::cut;
      std::string input = call.arguments.empty() ? "{}" : call.arguments;
      if (cut) input = JsonText().object().field("partial_json", call.arguments).end().take();
      write_call(out, i, call.name, input);
    }
  }

  const ChatCall& call_;
  AnswerContext context_;
  std::string id_;
  std::string signature_;
  Block block_ = Block::none;
  size_t n_block_ = 0;  // begun
};

}  // namespace

std::unique_ptr<Encoder> make_messages_encoder(const ChatCall& call, AnswerContext context) {
  return std::make_unique<MessagesEncoder>(call, std::move(context));
}

}  // namespace stride::api
