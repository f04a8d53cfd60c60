// SPDX-License-Identifier: Apache-2.0
// A model ready to talk: the file it is read from, its tokenizer, its weights, and the control
// tokens by which a turn is led. Includes `format` to open the file; nothing above needs to.
//
//   const auto engine = STRIDE_TRY(Engine::load({.model = "step.gguf"}, warnings));
//   Session session = STRIDE_TRY(Session::make(engine->model(), 8192));
//   GenerationInput input = STRIDE_TRY(engine->encode(STRIDE_TRY(chat::render(conversation))));
//   const Generated answer = STRIDE_TRY(generate(*engine, session, input, options, {}, stop));
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "chat/output_parser.h"
#include "chat/render.h"
#include "decode/reasoning_guard.h"
#include "format/tensor_catalog.h"
#include "grammar/grammar.h"
#include "grammar/mask_cache.h"
#include "model/model.h"
#include "text/tokenizer.h"

namespace stride::engine {

using model::Token;

struct LoadRequest {
  std::filesystem::path model;
  std::optional<std::filesystem::path> mtp{};  // MTP blocks kept in a file of their own
  model::LoadOptions options{};
};

// A prompt in tokens, and what is to be made of the output.
struct GenerationInput {
  std::vector<Token> prompt;
  // Nothing for raw text: the output is content as it is, no tag means anything.
  std::optional<chat::OutputStart> start{};
  const chat::ToolSchemas* tools = nullptr;  // outlives the generation
  grammar::GrammarPtr grammar{};             // of the content; null: any
};

class Engine {
 public:
  static Result<std::unique_ptr<Engine>> load(const LoadRequest& request,
                                              std::vector<std::string>& warnings);
  // From parts made elsewhere; tests use it with a scripted model.
  Engine(std::unique_ptr<model::Model> model, text::Tokenizer tokenizer);

  model::Model& model() const { return *model_; }
  const text::Tokenizer& tokenizer() const { return *tokenizer_; }
  // The masks of grammars over this vocabulary, made at the first call, which takes a while for a
  // large one. For the thread that runs the model.
  std::shared_ptr<grammar::MaskCache> masks() const;
  // Nothing for an engine made from parts.
  const format::TensorCatalog* catalog() const { return catalog_.get(); }

  // Control segments become exactly the token they spell (an error if the vocabulary lacks it),
  // plain text never becomes one.
  Result<GenerationInput> encode(const chat::Prompt& prompt) const;
  // Text as it is, with the first token that the file asks for.
  GenerationInput encode_raw(std::string_view text) const;

  // For decode::ReasoningGuard. Ends of turn are the tokenizer's.
  const decode::GuardTokens& guard_tokens() const { return guard_tokens_; }
  // -1 where the vocabulary has no such token.
  Token think_begin() const { return think_begin_; }
  Token turn_begin() const { return turn_begin_; }

  // The tokens whose text holds one of the strings: the sequence breakers of DRY.
  std::vector<Token> tokens_with(const std::vector<std::string>& strings) const;

 private:
  std::unique_ptr<format::TensorCatalog> catalog_;  // the model reads its mapping
  std::unique_ptr<format::TensorCatalog> mtp_;
  std::unique_ptr<model::Model> model_;
  std::shared_ptr<const text::Tokenizer> tokenizer_;
  mutable std::once_flag masks_once_;
  mutable std::shared_ptr<grammar::MaskCache> masks_;
  decode::GuardTokens guard_tokens_;
  Token think_begin_ = -1;
  Token turn_begin_ = -1;
};

}  // namespace stride::engine
