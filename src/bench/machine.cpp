// SPDX-License-Identifier: Apache-2.0
#include "bench/machine.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/cpu.h"
#include "base/memory_info.h"
#include "base/utf8.h"

namespace stride::bench {
namespace {

// The size of the last level that the system tells of.
uint64_t last_cache_bytes() {
  for (const int level : {_SC_LEVEL4_CACHE_SIZE, _SC_LEVEL3_CACHE_SIZE, _SC_LEVEL2_CACHE_SIZE}) {
    if (const long bytes = sysconf(level); bytes > 0) return static_cast<uint64_t>(bytes);
  }
  return 0;
}

}  // namespace

std::string processor_name(std::string_view cpuinfo) {
  constexpr std::string_view kKey = "model name";
  const size_t key = cpuinfo.find(kKey);
  if (key == cpuinfo.npos) return {};
  std::string_view line = cpuinfo.substr(key, cpuinfo.find('\n', key) - key);
  line.remove_prefix(std::min(line.size(), line.find(':')));
  const size_t begin = line.find_first_not_of(": \t");
  return begin == line.npos ? std::string() : to_valid_utf8(line.substr(begin));
}

Machine this_machine() {
  std::ifstream in("/proc/cpuinfo");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  Machine machine{processor_name(text), n_cores(), 0, last_cache_bytes()};
  if (machine.processor.empty()) machine.processor = "unknown";
  if (const auto memory = memory_info()) machine.memory_bytes = memory->total;
  return machine;
}

}  // namespace stride::bench
