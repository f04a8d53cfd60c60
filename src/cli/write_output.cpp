// SPDX-License-Identifier: Apache-2.0
#include "cli/write_output.h"

#include <fmt/core.h>

#include "base/output_file.h"

namespace stride::cli {

Result<> write_output(const std::optional<std::string>& path, const std::string& text) {
  if (!path) return {};
  if (*path == "-") {
    fmt::print("{}", text);
    return {};
  }
  OutputFile file = STRIDE_TRY_AT(*path, OutputFile::create(*path));
  STRIDE_TRY_AT(*path, file.write(text));
  return file.commit();
}

}  // namespace stride::cli
