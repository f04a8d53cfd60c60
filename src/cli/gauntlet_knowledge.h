// SPDX-License-Identifier: Apache-2.0
// `stride gauntlet run --pack facts`: dated facts that the user supplies, to see where a model's
// knowledge ends. It is printed; it has no score and is not stored with the runs.
#pragma once

#include <string>

#include "base/error.h"
#include "cli/endpoint_flags.h"
#include "gauntlet/endpoint.h"

namespace stride::cli {

inline constexpr const char* kFactsPack = "facts";

// Asks every fact of the JSON file once, one after another.
Result<int> run_dated_facts(const std::string& path, const std::string& today,
                            const gauntlet::EndpointOptions& endpoint,
                            const StopOnInterrupt& interrupt);

}  // namespace stride::cli
