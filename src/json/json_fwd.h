// SPDX-License-Identifier: Apache-2.0
// The name of the JSON value without its definition, for headers that only pass references: the
// full header costs seconds in every file that includes it.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace stride {

// Keeps the order of an object's keys, which reaches the prompt.
using Json = nlohmann::ordered_json;

}  // namespace stride
