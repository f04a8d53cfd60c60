// SPDX-License-Identifier: Apache-2.0
// A model that is forced to say scripts (see adversarial_outputs.h), one for each run: the number
// of a run stands in its prompt. The n-th time that the model is asked within a run it says the
// n-th token, whatever guards have put between, and ends its turn behind the last.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "decode/testing/scripted_model.h"
#include "engine/engine.h"

namespace stride {

class ScriptedRuns {
 public:
  ScriptedRuns();

  const engine::Engine& engine() const { return *engine_; }
  // A new run; returns the text that its prompt has to hold once, before anything like it.
  std::string add(std::string script);
  // That text, out of a prompt that holds it; empty where there is none.
  static std::string mark_of(std::span<const engine::Token> prompt);
  // The token that a byte of a script stands for.
  engine::Token token(char byte) const;

 private:
  struct Runs;
  std::shared_ptr<Runs> runs_;
  std::unique_ptr<engine::Engine> engine_;
};

}  // namespace stride
