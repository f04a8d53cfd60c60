// SPDX-License-Identifier: Apache-2.0
// `stride gauntlet run --pack smf15`: the published series' own prompts, which the user obtained,
// on the published scale. Such a run is printed and written to a file, and not stored with ours.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "cli/endpoint_flags.h"
#include "gauntlet/endpoint.h"

namespace stride::cli {

inline constexpr const char* kPublishedPack = "smf15";

struct PublishedRun {
  std::string prompts{};  // path of the JSON file
  std::optional<std::string> json{};
};

// Asks every test once, one after another, with 4,000 tokens for reasoning and answer together and
// temperature 0.7, as the series does.
Result<int> run_published_pack(const PublishedRun& options, gauntlet::EndpointOptions endpoint,
                               const StopOnInterrupt& interrupt);

}  // namespace stride::cli
