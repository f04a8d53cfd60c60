// SPDX-License-Identifier: Apache-2.0
// What this machine gives at most, measured with as many threads as the model runs on.
//
// Reads: a region that no cache holds, in 2 MiB pages, in chunks of the size of one expert matrix
// of Step-3.5-Flash at Q4_K whose order is random, each read front to back, with software prefetch
// or without, whichever is faster here.
// Arithmetic: the loops of kernels/peaks.h. Not for two threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/error.h"
#include "base/memory_info.h"
#include "base/thread_team.h"

namespace stride::bench {

// Of all threads together, in a second.
struct Limits {
  double read_bytes = 0;
  double int8_ops = 0;   // a multiply-add counts as two
  double float_ops = 0;  // fp32
};

class LimitProbe {
 public:
  // Holds a region of about this size, a whole number of chunks and at least one, until it is
  // destroyed. n_threads == 0 means one a core.
  static Result<LimitProbe> create(unsigned n_threads, uint64_t region_bytes);

  // Takes about a third of a second.
  Limits measure();

  unsigned n_threads() const { return team_->size(); }
  uint64_t region_bytes() const { return region_.size(); }

 private:
  double read_bytes(size_t prefetch);
  double ops(uint64_t (*loop)(uint64_t n_round));

  std::unique_ptr<ThreadTeam> team_;
  AlignedBuffer<std::byte> region_;
  std::vector<uint32_t> order_;  // of the chunks
};

// How large the region should be: eight times the last-level cache, but 512 MiB at least, and a
// quarter of the free memory at most.
uint64_t choose_region_bytes(uint64_t last_cache_bytes, const std::optional<MemoryInfo>& memory);

}  // namespace stride::bench
