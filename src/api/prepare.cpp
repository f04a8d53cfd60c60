// SPDX-License-Identifier: Apache-2.0
#include "api/prepare.h"

#include <algorithm>
#include <utility>

namespace stride::api {
namespace {

// No token of a vocabulary stands for more bytes, so a text of n bytes has at least n / 256 tokens.
constexpr uint64_t kMostTokenBytes = 256;

uint64_t n_byte(const chat::Prompt& prompt) {
  uint64_t out = 0;
  for (const chat::Segment& segment : prompt.segments) out += segment.text.size();
  return out;
}

Outcome<> check_bytes(uint64_t n_bytes, uint32_t n_context) {
  const uint64_t at_least = n_bytes / kMostTokenBytes;
  if (at_least >= n_context) return std::unexpected(prompt_too_long(at_least, n_context));
  return {};
}

Outcome<> check_length(const engine::GenerationInput& input, uint32_t n_context) {
  // One token must be left for the answer.
  if (input.prompt.size() < n_context) return {};
  return std::unexpected(prompt_too_long(input.prompt.size(), n_context));
}

Outcome<engine::GenerationInput> encode_raw(const RawPrompt& raw, const engine::Engine& engine,
                                            uint32_t n_context) {
  engine::GenerationInput out;
  if (const auto* text = std::get_if<std::string>(&raw)) {
    STRIDE_TRY(check_bytes(text->size(), n_context));
    out = engine.encode_raw(*text);
  } else {
    out.prompt = std::get<std::vector<engine::Token>>(raw);
    const auto n_vocab = static_cast<engine::Token>(engine.tokenizer().size());
    for (const engine::Token token : out.prompt) {
      if (token < 0 || token >= n_vocab)
        return refuse("prompt",
                      fmt::format("prompt holds token {}; the vocabulary has {}", token, n_vocab));
    }
  }
  if (out.prompt.empty()) return refuse("prompt", "prompt is empty");
  STRIDE_TRY(check_length(out, n_context));
  return out;
}

// Nothing is compiled where no call can follow.
Outcome<std::shared_ptr<const chat::ToolSchemas>> compile_tools(const ChatCall& call) {
  std::vector<std::string> tools = call.conversation.tools;
  tools.insert(tools.end(), call.deferred_tools.begin(), call.deferred_tools.end());
  if (tools.empty() || call.rules.choice == ToolChoice::none) return nullptr;
  auto schemas = STRIDE_TRY(chat::ToolSchemas::parse(tools));
  return std::make_shared<const chat::ToolSchemas>(std::move(schemas));
}

}  // namespace

Outcome<chat::Prompt> render_call(const ChatCall& call) {
  chat::RenderOptions options;
  options.trim = chat::Trim::foreign;
  options.images = chat::Images::refuse;
  if (call.continue_final) options.final_turn = chat::FinalTurn::continued;
  return STRIDE_TRY(chat::render(call.conversation, options));
}

Outcome<std::vector<engine::GenerationInput>> encode_call(const ChatCall& call,
                                                          const engine::Engine& engine,
                                                          uint32_t n_context) {
  std::vector<engine::GenerationInput> out;
  if (call.dialect == Dialect::completions) {
    for (const RawPrompt& raw : call.completions.prompts)
      out.push_back(STRIDE_TRY(encode_raw(raw, engine, n_context)));
    return out;
  }
  const chat::Prompt prompt = STRIDE_TRY(render_call(call));
  STRIDE_TRY(check_bytes(n_byte(prompt), n_context));
  out.push_back(STRIDE_TRY(engine.encode(prompt)));
  STRIDE_TRY(check_length(out.back(), n_context));
  return out;
}

Outcome<std::vector<engine::ServiceRequest>> prepare(const ChatCall& call,
                                                     const engine::Engine& engine,
                                                     uint32_t n_context) {
  const auto tools = STRIDE_TRY(compile_tools(call));
  auto inputs = STRIDE_TRY(encode_call(call, engine, n_context));
  std::vector<engine::ServiceRequest> out;
  for (engine::GenerationInput& input : inputs) {
    input.tools = tools.get();
    if (call.options.min_tokens > call.options.max_tokens.value_or(UINT32_MAX))
      return refuse("min_tokens", fmt::format("min_tokens is {}, more than the limit of {} tokens",
                                              call.options.min_tokens, *call.options.max_tokens));
    const auto room = n_context - static_cast<uint32_t>(input.prompt.size());
    for (uint32_t i = 0; i < call.n; ++i) {
      engine::ServiceRequest request;
      request.input = input;
      request.tools = tools;
      request.options = call.options;
      request.options.sampling.seed += i;
      if (call.options.max_tokens)
        request.options.max_tokens = std::min(*call.options.max_tokens, room);
      request.marks = marks_of(engine, input.prompt);
      request.cache_salt = call.cache_salt;
      request.lane = call.lane;
      request.deadline = call.deadline;
      out.push_back(std::move(request));
    }
  }
  return out;
}

std::vector<uint32_t> marks_of(const engine::Engine& engine,
                               std::span<const engine::Token> prompt) {
  std::vector<uint32_t> out;
  bool thought = false;
  for (uint32_t i = 0; i < prompt.size(); ++i) {
    const bool first_thought = !thought && prompt[i] == engine.think_begin();
    thought |= first_thought;
    if (i > 0 && (first_thought || prompt[i] == engine.turn_begin())) out.push_back(i);
  }
  out.push_back(static_cast<uint32_t>(prompt.size()));
  return out;
}

}  // namespace stride::api
