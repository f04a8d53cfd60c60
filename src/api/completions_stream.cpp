// SPDX-License-Identifier: Apache-2.0
// Answers of /v1/completions, with log-probabilities in the older form: parallel lists of the
// tokens, their values, the alternatives and the offsets in the text, in characters.
#include <algorithm>
#include <cmath>
#include <utility>

#include "api/encoder_parts.h"

namespace stride::api {
namespace {

double finite(double logprob) {
  return std::isfinite(logprob) ? logprob : -9999;
}

size_t n_character(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; }));
}

class CompletionsEncoder final : public Encoder {
 public:
  CompletionsEncoder(const ChatCall& call, AnswerContext context)
      : call_(call),
        context_(std::move(context)),
        id_(answer_id(call.dialect, context_.ids)),
        choices_(call.n * call.completions.prompts.size()),
        finished_(choices_.size()) {}

  std::string start() override {
    std::string out;
    // With log-probabilities it follows when those are known.
    const bool echo = call_.output.echo && !call_.output.logprobs;
    for (uint32_t i = 0; echo && i < choices_.size(); ++i) out += chunk(i, prompt_of(i), {}, {});
    return out;
  }

  std::string wait(const WaitState& state) override { return sse_comment_line(describe(state)); }

  std::string progress(const engine::PrefillProgress& progress) override {
    if (!call_.output.return_progress) return {};
    JsonText json = begin();
    json.key("choices").array().end().key("prompt_progress");
    write_progress(json, progress);
    return sse("", json.end().text());
  }

  std::string prompt_logprobs(uint32_t choice, std::span<const decode::Logprobs> all) override {
    choices_[choice].prompt.assign(all.begin(), all.end());
    if (!call_.output.stream) return {};
    choices_[choice].pending = prompt_tokens(choice);
    return chunk(choice, prompt_of(choice), {}, {});
  }

  void clock(const RunningTimings& timings) override { timings_ = timings; }

  std::string token(uint32_t choice, const engine::GeneratedToken& token) override {
    ++choices_[choice].n_token;
    if (call_.output.logprobs) choices_[choice].pending.push_back(token);
    return {};
  }

  std::string delta(uint32_t choice, const chat::Delta& delta) override {
    if (delta.kind != chat::Delta::Kind::content || delta.text.empty()) return {};
    return chunk(choice, delta.text, {}, {});
  }

  std::string finish(uint32_t choice, const engine::Generated& generated) override {
    finished_[choice].usage = generated.usage;
    JsonText timings;
    write_timings(timings, generated);
    return chunk(choice, "", openai_finish_reason(generated), timings.text(), &generated);
  }

  std::string close() override {
    std::string out;
    if (call_.output.include_usage) {
      JsonText json = begin();
      json.key("choices").array().end().key("usage");
      write_chat_usage(json, usage_of(finished_));
      out += sse("", json.end().text());
    }
    return out + "data: [DONE]\n\n";
  }

  std::string failure(const Failure& failure) override {
    return sse("", error_body(Dialect::completions, failure, {}));
  }

  std::string body(std::span<const engine::Generated> choices) override {
    JsonText out = begin();
    out.key("choices").array();
    for (uint32_t i = 0; i < choices.size(); ++i) {
      std::string text = call_.output.echo ? prompt_of(i) : std::string();
      text += choices[i].output.content.value_or("");
      choices_[i].offset = 0;
      choices_[i].pending = prompt_tokens(i);
      choices_[i].pending.insert(choices_[i].pending.end(), choices[i].tokens.begin(),
                                 choices[i].tokens.end());
      write_choice(out, i, text, openai_finish_reason(choices[i]), &choices[i]);
    }
    out.end().key("usage");
    write_chat_usage(out, usage_of(choices));
    if (!choices.empty()) {
      out.key("timings");
      write_timings(out, choices.front());
    }
    return out.end().take();
  }

 private:
  struct Choice {
    std::vector<engine::GeneratedToken> pending;
    std::vector<decode::Logprobs> prompt;  // of its tokens after the first
    uint64_t n_token = 0;
    size_t offset = 0;  // characters of the tokens that were told of
  };

  JsonText begin() const {
    JsonText out;
    out.object()
        .field("id", id_)
        .field("object", "text_completion")
        .field("created", context_.created)
        .field("model", call_.model)
        .field("system_fingerprint", context_.fingerprint);
    return out;
  }

  std::string prompt_of(uint32_t choice) const {
    const RawPrompt& prompt = call_.completions.prompts[choice / call_.n];
    if (const auto* text = std::get_if<std::string>(&prompt)) return *text;
    return to_text(std::get<std::vector<engine::Token>>(prompt));
  }

  // The prompt's tokens as the older form of log-probabilities has them: without the one that was
  // put in front of a text. Of the first there is nothing to tell.
  std::vector<engine::GeneratedToken> prompt_tokens(uint32_t choice) const {
    std::vector<engine::GeneratedToken> out;
    if (!call_.output.echo || !call_.output.logprobs) return out;
    const RawPrompt& prompt = call_.completions.prompts[choice / call_.n];
    const text::Tokenizer& tokenizer = *context_.tokenizer;
    if (const auto* ids = std::get_if<std::vector<engine::Token>>(&prompt)) {
      out.push_back({.id = ids->front()});
    } else if (!tokenizer.add_bos() || tokenizer.bos() < 0) {
      out.push_back(
          {.id = tokenizer.encode(std::get<std::string>(prompt), text::Special::forbid).front()});
    }
    for (const decode::Logprobs& token : choices_[choice].prompt) {
      out.push_back({.id = token.chosen.id, .logprobs = token});
      auto& top = out.back().logprobs->top;
      if (top.size() > *call_.options.n_logprobs) top.resize(*call_.options.n_logprobs);
    }
    return out;
  }

  std::string to_text(std::span<const engine::Token> tokens) const {
    return context_.tokenizer->decode(tokens);
  }

  // Several prompts: each counts once, however many answers it has.
  UsageSum usage_of(std::span<const engine::Generated> choices) const {
    UsageSum out = sum_usage(choices);
    out.prompt = 0;
    for (size_t i = 0; i < choices.size(); i += call_.n)
      out.prompt += choices[i].usage.prompt_tokens;
    return out;
  }

  std::string chunk(uint32_t choice, std::string_view text, std::string_view finish_reason,
                    std::string_view timings, const engine::Generated* ended = nullptr) {
    JsonText out = begin();
    out.key("choices").array();
    write_choice(out, choice, text, finish_reason, ended);
    out.end();
    if (call_.output.include_usage) out.null_field("usage");
    if (!timings.empty()) {
      out.raw_field("timings", timings);
    } else if (call_.output.timings_per_token) {
      out.key("timings");
      write_running_timings(out, timings_, choices_[choice].n_token);
    }
    return sse("", out.end().text());
  }

  void write_choice(JsonText& out, uint32_t choice, std::string_view text,
                    std::string_view finish_reason, const engine::Generated* ended) {
    out.object().field("text", text).field("index", choice);
    write_logprobs(out, choices_[choice]);
    if (finish_reason.empty()) {
      out.null_field("finish_reason");
    } else {
      out.field("finish_reason", finish_reason);
    }
    if (ended != nullptr) write_stop_reason(out, *ended, call_);
    if (ended != nullptr && call_.output.prompt_logprobs) {
      out.key("prompt_logprobs");
      write_prompt_logprobs(out, choices_[choice].prompt, *call_.output.prompt_logprobs,
                            *context_.tokenizer);
    }
    out.end();
  }

  void write_logprobs(JsonText& out, Choice& choice) const {
    if (!call_.output.logprobs || choice.pending.empty()) {
      out.null_field("logprobs");
      return;
    }
    const text::Tokenizer& tokenizer = *context_.tokenizer;
    out.key("logprobs").object().key("tokens").array();
    for (const auto& token : choice.pending) out.value(tokenizer.piece(token.id));
    out.end().key("token_logprobs").array();
    // Nothing is told of the first token of a prompt; what was not chosen is certain.
    const auto untold = [](const auto& token) { return !token.logprobs && !token.forced; };
    for (const auto& token : choice.pending) {
      if (untold(token)) {
        out.null();
      } else {
        out.value(token.logprobs ? finite(token.logprobs->chosen.logprob) : 0.0);
      }
    }
    out.end().key("top_logprobs").array();
    for (const auto& token : choice.pending) {
      if (untold(token)) {
        out.null();
        continue;
      }
      out.object();
      if (token.logprobs) {
        for (const auto& other : token.logprobs->top)
          out.field(tokenizer.piece(other.id), finite(other.logprob));
      }
      out.end();
    }
    out.end().key("text_offset").array();
    for (const auto& token : choice.pending) {
      out.value(choice.offset);
      choice.offset += n_character(tokenizer.piece(token.id));
    }
    out.end().end();
    choice.pending.clear();
  }

  const ChatCall& call_;
  AnswerContext context_;
  std::string id_;
  std::vector<Choice> choices_;
  std::vector<engine::Generated> finished_;  // their usage
  RunningTimings timings_;
};

}  // namespace

std::unique_ptr<Encoder> make_completions_encoder(const ChatCall& call, AnswerContext context) {
  return std::make_unique<CompletionsEncoder>(call, std::move(context));
}

}  // namespace stride::api
