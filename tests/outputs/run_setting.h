// SPDX-License-Identifier: Apache-2.0
// How a script of adversarial_outputs.h is run, and what of it an answer must not lose.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "adversarial_outputs.h"
#include "engine/generate.h"

namespace stride {

// A function of the script's seed.
struct Setting {
  bool tools = false, grammar = false, thinking = true, close_before_call = true;
  std::optional<uint32_t> max_tokens{}, thinking_budget{};
  bool stop = false;
};

Setting setting_of(uint64_t seed);

// The script with its control tokens as text, and the setting; for messages.
std::string describe(const AdversarialOutput& output, const Setting& setting);

// What an answer lost that was said, or owes although there was room for it; empty where all is
// well.
std::string loss(const AdversarialOutput& output, const Setting& setting,
                 const engine::Generated& generated);

// More of the scripts are run, and cut: ./test --all.
bool run_everything();

}  // namespace stride
