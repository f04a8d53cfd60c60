// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/lease_owner.h"

#include <fmt/core.h>
#include <unistd.h>

#include <charconv>
#include <fstream>
#include <iterator>

namespace stride::gauntlet {
namespace {

std::string file_text(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string boot_id() {
  std::string id = file_text("/proc/sys/kernel/random/boot_id");
  while (!id.empty() && id.back() == '\n') id.pop_back();
  return id;
}

// Field 22 of /proc/PID/stat, in ticks since boot; empty where there is no such process
// or only what is left of it until its parent asks.
std::string start_time(long pid) {
  const std::string stat = file_text(fmt::format("/proc/{}/stat", pid));
  // The second field is the name, in brackets, and may hold anything.
  size_t at = stat.rfind(')');
  if (at == std::string::npos || stat.compare(at, 3, ") Z") == 0) return {};
  constexpr int kFieldsAfterName = 20;
  for (int field = 0; field < kFieldsAfterName && at != std::string::npos; ++field)
    at = stat.find(' ', at + 1);
  if (at == std::string::npos) return {};
  return stat.substr(at + 1, stat.find(' ', at + 1) - at - 1);
}

}  // namespace

std::string lease_owner() {
  const long pid = ::getpid();
  return fmt::format("{}/{}/{}", boot_id(), pid, start_time(pid));
}

bool owner_alive(std::string_view owner) {
  const size_t first = owner.find('/'), last = owner.rfind('/');
  if (first == std::string_view::npos || first == last) return true;
  const std::string boot = boot_id();
  if (boot.empty() || owner.substr(0, first) != boot) return true;
  const std::string_view digits = owner.substr(first + 1, last - first - 1);
  long pid = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), pid).ec != std::errc())
    return true;
  return start_time(pid) == owner.substr(last + 1);
}

}  // namespace stride::gauntlet
