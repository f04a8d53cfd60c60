// SPDX-License-Identifier: Apache-2.0
// Counts the tokens of a text as the model behind an endpoint does, where its vocabulary is at
// hand.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string_view>

#include "base/error.h"

namespace stride::cli {

using TokenCounter = std::function<size_t(std::string_view)>;

// Of a GGUF file, a tokenizer.json or the folder that holds one. May be called from any thread.
Result<TokenCounter> token_counter(const std::filesystem::path& path);

}  // namespace stride::cli
