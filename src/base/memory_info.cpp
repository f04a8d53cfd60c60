// SPDX-License-Identifier: Apache-2.0
// Reads /proc/meminfo and the control group of the process (version 2, as a container sees it).
#include "base/memory_info.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>

namespace stride {

namespace {

constexpr uint64_t kMostKib = std::numeric_limits<uint64_t>::max() / 1024;

std::optional<uint64_t> leading_number(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  return value;
}

// The number behind `key` at the start of a line.
std::optional<uint64_t> field(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (line.starts_with(key)) return leading_number(line.substr(key.size()));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return std::nullopt;
}

std::string read_file(const char* path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

std::optional<MemoryInfo> parse_meminfo(std::string_view text) {
  const auto total = field(text, "MemTotal:");
  const auto available = field(text, "MemAvailable:");
  if (!total || !available || *total > kMostKib || *available > kMostKib) return std::nullopt;
  return MemoryInfo{*total * 1024, *available * 1024};
}

MemoryInfo apply_group_limit(MemoryInfo info, std::string_view max, std::string_view current,
                             std::string_view stat) {
  const auto limit = leading_number(max);
  if (!limit) return info;
  info.total = std::min(info.total, *limit);
  uint64_t used = leading_number(current).value_or(0);
  // Pages of files can be dropped and do not count as used.
  for (const std::string_view key : {"inactive_file ", "active_file "})
    used -= std::min(used, field(stat, key).value_or(0));
  info.available = std::min(info.available, *limit - std::min(used, *limit));
  return info;
}

std::optional<uint64_t> parse_peak_memory(std::string_view text) {
  const auto peak = field(text, "VmHWM:");
  if (!peak || *peak > kMostKib) return std::nullopt;
  return *peak * 1024;
}

std::optional<uint64_t> peak_memory() {
  return parse_peak_memory(read_file("/proc/self/status"));
}

bool reset_peak_memory() {
  std::ofstream out("/proc/self/clear_refs");
  out << "5";  // proc(5): resets the peak resident set size
  out.close();
  return !out.fail();
}

std::optional<MemoryInfo> memory_info() {
  const auto info = parse_meminfo(read_file("/proc/meminfo"));
  if (!info) return std::nullopt;
  return apply_group_limit(*info, read_file("/sys/fs/cgroup/memory.max"),
                           read_file("/sys/fs/cgroup/memory.current"),
                           read_file("/sys/fs/cgroup/memory.stat"));
}

}  // namespace stride
