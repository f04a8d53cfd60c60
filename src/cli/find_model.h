// SPDX-License-Identifier: Apache-2.0
// Which model file a command is to open: the one named, or the one that comes with Stride.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace stride::cli {

// Where the bundled model may lie, seen from the folder of the executable: beside it, installed
// under ../share/stride, or in models/ of a checkout that it was built in.
std::vector<std::filesystem::path> bundled_places(const std::filesystem::path& executable_folder);

// `given` may be empty. Fails with not_found and says where a model can be had or put.
Result<std::filesystem::path> find_model(const std::string& given,
                                         const std::vector<std::filesystem::path>& bundled);

// The folder of the running program; empty if it is unknown.
std::filesystem::path executable_folder();

}  // namespace stride::cli
