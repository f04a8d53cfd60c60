// SPDX-License-Identifier: Apache-2.0
// What a model must never say, and what models do say: turns with every kind of damage that
// reasoning, content and calls are known to suffer, put together at random from a seed.
//
// A script is a string of which every byte is one token: bytes of text, and bytes that no UTF-8
// text holds for the control tokens. So a script cut at any byte is a script.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"

namespace stride {

namespace control {
inline constexpr char kThink = '\xf8', kThinkEnd = '\xf9', kCall = '\xfa', kCallEnd = '\xfb';
inline constexpr char kEnd = '\xfc', kTurn = '\xfd', kResponse = '\xfe', kBos = '\xff';
}  // namespace control

// The token's text, by the byte that stands for it; empty for text.
std::string_view control_text(char byte);

// A word that is nowhere else in the script and that the answer must not lose.
struct KeptWord {
  std::string text;
  size_t end = 0;  // bytes of the script up to its end
};

struct AdversarialOutput {
  std::string script;
  std::vector<KeptWord> kept;
};

// The tools that the scripts call, as JSON: look(city, state, days, options) and run().
std::vector<std::string> adversarial_tools();
inline constexpr const char* kStopWord = "HALT!";

AdversarialOutput make_adversarial_output(uint64_t seed);

}  // namespace stride
