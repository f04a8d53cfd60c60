// SPDX-License-Identifier: Apache-2.0
// Weights in memory of our own instead of the file's mapping: huge pages, which read about a
// quarter faster than the 4 KiB pages of a file, in the order the kernels like best. Values stay
// the same bit for bit.
#pragma once

#include <cstdint>
#include <functional>

#include "base/error.h"
#include "base/thread_team.h"
#include "kernels/kernels.h"
#include "model/weights.h"

namespace stride::model {

// Copies every matrix that products read into one arena owned by `weights`, in groups of rows where
// the kernels prefer them, else in rows, whichever the file has. Pages of the file are given back
// as they are copied, so the process never holds the model twice. Fails (exhausted) if there is not
// that much memory; the weights then are as they were. `on_copy` (may be empty) is told how far the
// copying is.
using CopyProgress = std::function<void(uint64_t done, uint64_t total)>;
Result<> move_to_arena(Weights& weights, const kernels::Kernels& kernels, ThreadTeam& team,
                       const CopyProgress& on_copy);

// Bytes that move_to_arena() takes.
uint64_t arena_bytes(const Weights& weights);

}  // namespace stride::model
