// SPDX-License-Identifier: Apache-2.0
// Finds the tokenizer that belongs to a path given by the user.
#pragma once

#include <filesystem>

#include "base/error.h"
#include "text/tokenizer.h"

namespace stride::cli {

// From a model file (GGUF), a Hugging Face directory that has a tokenizer.json, or such a file
// itself. Errors name the path.
Result<text::Tokenizer> load_tokenizer(const std::filesystem::path& path);

}  // namespace stride::cli
