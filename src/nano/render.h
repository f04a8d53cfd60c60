// SPDX-License-Identifier: Apache-2.0
// Samples as the model reads them: the prompt and answer through the chat template, cut into
// tokens, with the weight that predicting each token has in the loss.
//
// Weight 1 goes to what the model itself writes: reasoning, </think>, answer, calls and <|im_end|>
// of assistant turns that follow the last question. Earlier assistant turns have lost their
// reasoning in the template, a form the model never writes, so they count as prompt. Prompt tokens
// have a small weight or none.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "chat/message.h"
#include "nano/sample.h"
#include "text/tokenizer.h"

namespace stride::nano {

// How the reasoning of a sample is used.
enum class ThinkingForm : uint8_t {
  full,
  off,  // an empty think block belongs to the prompt
  cut,  // the reasoning ends early, as when a budget closes it; only the answer is trained
};

struct RenderedSample {
  std::vector<text::Token> tokens;
  std::vector<uint8_t> weights;  // [n_token] hundredths
};

struct RenderWeights {
  uint8_t answer = 100;
  uint8_t prompt = 0;
};

// The conversation with or without its last turn. Without it, rendering gives the prompt to answer.
enum class LastTurn : uint8_t { keep, drop };
chat::Conversation conversation_of(const Sample& sample, LastTurn last,
                                   ThinkingForm form = ThinkingForm::full);

// Fails with the renderer's error, or if the tokenizer lacks a control token of the template.
// `random` chooses where a cut reasoning ends.
Result<RenderedSample> render_sample(const Sample& sample, const text::Tokenizer& tokenizer,
                                     ThinkingForm form, const RenderWeights& weights,
                                     Random& random);

// The whole conversation as text, for people.
Result<std::string> sample_text(const Sample& sample);

}  // namespace stride::nano
