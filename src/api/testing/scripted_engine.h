// SPDX-License-Identifier: Apache-2.0
// An engine whose model says what a script tells it, over a vocabulary of bytes and control tokens.
// For tests where the text of the answer must be known.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "decode/testing/scripted_model.h"
#include "engine/engine.h"

namespace stride::api::testing {

struct ScriptedEngine {
  std::unique_ptr<engine::Engine> engine{};
  decode::testing::ScriptedModel* model = nullptr;  // of the engine
};

// What the model writes after the last prompt: the text of an assistant turn from its reasoning on,
// control tokens spelled out. It ends its turn after it.
ScriptedEngine make_scripted_engine(std::string says);

}  // namespace stride::api::testing
