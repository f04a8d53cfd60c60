// SPDX-License-Identifier: Apache-2.0
// What the MTP heads would have guessed at every place of a text that is known.
#pragma once

#include <span>
#include <vector>

#include "base/error.h"
#include "model/model.h"

namespace stride::nano {

// [head][place]: the token that head k guesses for ids[place] where the heads before it were right,
// or -1 where it has none; nothing for less than two ids. Runs the trunk on a fresh sequence.
Result<std::vector<std::vector<model::Token>>> guess_with_heads(model::Model& model,
                                                                std::span<const model::Token> ids);

}  // namespace stride::nano
