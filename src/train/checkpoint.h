// SPDX-License-Identifier: Apache-2.0
// The state of a training run on disk: a JSON header, the flat float arrays and a checksum. A file
// has its name only when it is whole and on the disk; the last two are kept, so that neither a full
// disk nor a crash can cost more than the work since the last one.
//
// Layout, little-endian, every part padded with zeros to eight bytes: "STRIDECK", u64 version 1,
// u64 header bytes, header, u64 number of arrays, for each array u64 count and its floats, then u64
// checksum of all words before it.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace stride::train {

struct Checkpoint {
  std::string header;                      // JSON text
  std::vector<std::vector<float>> arrays;  // weights, then the optimiser's state
};

Result<> write_checkpoint(const std::filesystem::path& path, std::string_view header,
                          std::span<const std::span<const float>> arrays);

// Fails (format) for a file that is damaged or cut short, naming what is wrong.
Result<Checkpoint> read_checkpoint(const std::filesystem::path& path);

// Checkpoints of a folder, the newest (highest step) first.
struct CheckpointFile {
  std::filesystem::path path;
  uint64_t step = 0;
};
std::vector<CheckpointFile> list_checkpoints(const std::filesystem::path& folder);
std::filesystem::path checkpoint_path(const std::filesystem::path& folder, uint64_t step);

// Removes all but the newest `keep`.
void prune_checkpoints(const std::filesystem::path& folder, size_t keep);

}  // namespace stride::train
