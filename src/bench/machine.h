// SPDX-License-Identifier: Apache-2.0
// The machine that figures belong to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stride::bench {

struct Machine {
  std::string processor;          // as it calls itself; "unknown" if it does not
  unsigned n_core = 1;            // that this process may use
  uint64_t memory_bytes = 0;      // 0 = unknown
  uint64_t last_cache_bytes = 0;  // 0 = unknown
};

Machine this_machine();

// From the text of /proc/cpuinfo; empty if it has no name.
std::string processor_name(std::string_view cpuinfo);

}  // namespace stride::bench
