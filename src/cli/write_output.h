// SPDX-License-Identifier: Apache-2.0
// Where commands put what --json and its like ask for.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"

namespace stride::cli {

// To a file, or to standard output for "-"; nothing without a path.
Result<> write_output(const std::optional<std::string>& path, const std::string& text);

}  // namespace stride::cli
