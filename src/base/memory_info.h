// SPDX-License-Identifier: Apache-2.0
// How much memory this process may still take: what the kernel calls available, or less where a
// control group sets a limit; and how much it has taken. Linux; nothing is known elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace stride {

struct MemoryInfo {
  uint64_t total = 0;      // bytes
  uint64_t available = 0;  // bytes that can be had without swapping; file pages count as available
};

std::optional<MemoryInfo> memory_info();

// From the text of /proc/meminfo. Nothing if a line that is needed is missing or not a number.
std::optional<MemoryInfo> parse_meminfo(std::string_view text);

// Narrows `info` by a control group's files memory.max, memory.current and memory.stat. Text that
// says nothing ("max", or no number) narrows nothing.
MemoryInfo apply_group_limit(MemoryInfo info, std::string_view max, std::string_view current,
                             std::string_view stat);

// The most physical memory that this process has held at once, in bytes, since it began or since
// reset_peak_memory() last succeeded. Pages of mapped files count while they are mapped in.
std::optional<uint64_t> peak_memory();
bool reset_peak_memory();  // false where the system does not allow it

// From the text of /proc/self/status.
std::optional<uint64_t> parse_peak_memory(std::string_view text);

}  // namespace stride
