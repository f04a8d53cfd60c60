// SPDX-License-Identifier: Apache-2.0
#include "api/testing/scripted_engine.h"

#include <algorithm>
#include <utility>

#include "text/test_vocabulary.h"

namespace stride::api::testing {
namespace {

constexpr uint32_t kLookBack = 16;
constexpr std::string_view kEnd = "<|im_end|>";

text::Tokenizer make_tokenizer() {
  text::Vocabulary v = text::testing::small_vocabulary(
      {}, {std::string(chat::token::kBos), "<|im_start|>", std::string(kEnd)},
      {"<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>",
       "</tool_response>"});
  v.bos = 256;
  v.eos = 258;
  return *text::Tokenizer::create(std::move(v));
}

// Where the last assistant turn begins: after its opening, or after a closed reasoning of the
// prompt. Raw text begins where the prompt's marker ends.
size_t turn_begin(const std::string& seen) {
  constexpr std::string_view kOpen = "<|im_start|>assistant\n<think>\n";
  constexpr std::string_view kClosed = "\n</think>\n";
  constexpr std::string_view kRaw = "PROMPT:";
  const size_t open = seen.rfind(kOpen);
  if (open == std::string::npos) return std::min(seen.rfind(kRaw) + kRaw.size(), seen.size());
  const size_t begin = open + kOpen.size();
  const bool closed = std::string_view(seen).substr(begin).starts_with(kClosed);
  return closed ? begin + kClosed.size() : begin;
}

}  // namespace

ScriptedEngine make_scripted_engine(std::string says) {
  const auto reader = std::make_shared<text::Tokenizer>(make_tokenizer());
  const auto n_vocab = static_cast<uint32_t>(reader->size());
  auto script = [reader, says = std::move(says)](std::span<const engine::Token> tokens) {
    const std::string seen = reader->decode(tokens);
    const size_t said = seen.size() - turn_begin(seen);
    const std::string next = says.substr(std::min(said, says.size())) + std::string(kEnd);
    return reader->encode(next, text::Special::allow).at(0);
  };
  auto model = std::make_unique<decode::testing::ScriptedModel>(
      n_vocab, kLookBack, decode::testing::TokenScript(std::move(script)));
  ScriptedEngine out;
  out.model = model.get();
  out.engine = std::make_unique<engine::Engine>(std::move(model), make_tokenizer());
  return out;
}

}  // namespace stride::api::testing
