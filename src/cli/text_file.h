// SPDX-License-Identifier: Apache-2.0
// Whole texts from files and standard input, bounded.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/error.h"

namespace stride::cli {

inline constexpr uint64_t kMaxTextBytes = uint64_t{256} << 20;

// "-" reads standard input. Pipes and devices are read as far as max_bytes allows; a longer text is
// an error (exhausted).
Result<std::string> read_text(const std::string& path, uint64_t max_bytes = kMaxTextBytes);

// As read_text(), of an ordinary file only, so that a device or a pipe cannot make it wait.
Result<std::string> read_regular_file(const std::filesystem::path& path, uint64_t max_bytes);

}  // namespace stride::cli
