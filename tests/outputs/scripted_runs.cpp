// SPDX-License-Identifier: Apache-2.0
#include "scripted_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "adversarial_outputs.h"
#include "engine/test_turns.h"

namespace stride {

using engine::Token;

struct ScriptedRuns::Runs {
  struct Run {
    std::string script;
    size_t n_said = 0;
  };

  Runs() {
    const text::Tokenizer tokenizer = engine::make_tokenizer();
    n_vocab = static_cast<uint32_t>(tokenizer.size());
    for (size_t i = 0; i < tokens.size(); ++i) {
      const auto byte = static_cast<char>(i);
      const auto special = control_text(byte);
      tokens[i] = special.empty() ? static_cast<Token>(i) : *tokenizer.find_special(special);
    }
  }

  Token next(std::span<const Token> text) {
    const size_t number = std::stoul(mark_of(text).substr(1));
    const std::lock_guard lock(mutex);
    Run& run = runs.at(number);
    const bool over = run.n_said >= run.script.size();
    return tokens[static_cast<unsigned char>(over ? control::kEnd : run.script[run.n_said++])];
  }

  static constexpr char kMark = '\x01';
  static constexpr int kDigits = 8;

  uint32_t n_vocab = 0;
  std::array<Token, 256> tokens{};
  std::mutex mutex;
  std::map<size_t, Run> runs;
  size_t n_run = 0;
};

ScriptedRuns::ScriptedRuns() : runs_(std::make_shared<Runs>()) {
  constexpr uint32_t kLookBack = 16;
  auto model = std::make_unique<decode::testing::ScriptedModel>(
      runs_->n_vocab, kLookBack,
      decode::testing::TokenScript(
          [runs = runs_](std::span<const Token> text) { return runs->next(text); }));
  engine_ = std::make_unique<engine::Engine>(std::move(model), engine::make_tokenizer());
}

std::string ScriptedRuns::add(std::string script) {
  constexpr size_t kKept = 1000;  // runs that may still be going on
  const std::lock_guard lock(runs_->mutex);
  const size_t number = runs_->n_run++;
  runs_->runs[number] = {std::move(script)};
  if (number >= kKept) runs_->runs.erase(number - kKept);
  return fmt::format("{}{:0{}}", Runs::kMark, number, Runs::kDigits);
}

std::string ScriptedRuns::mark_of(std::span<const Token> prompt) {
  const auto mark = std::ranges::find(prompt, Token{Runs::kMark});
  if (prompt.end() - mark <= Runs::kDigits) return {};
  return {mark, mark + 1 + Runs::kDigits};
}

Token ScriptedRuns::token(char byte) const {
  return runs_->tokens[static_cast<unsigned char>(byte)];
}

}  // namespace stride
