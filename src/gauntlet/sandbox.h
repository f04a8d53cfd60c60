// SPDX-License-Identifier: Apache-2.0
// Runs Python that a model wrote, so that it can do nothing but compute.
//
// Full isolation: a child in its own user, mount, pid, network, ipc and uts namespaces; its root is
// a small read-only tmpfs that holds the interpreter (bound read-only) and neither /proc nor /dev;
// no capabilities, no_new_privs, a seccomp filter, rlimits, an empty environment, no descriptors
// but standard input (the program), output, error and the result channel; killed through a pidfd
// when its time or its output is used up. Works as root and as an ordinary user.
//
// Weak isolation (only where it was asked for): the same child with the filter and the limits but
// without namespaces: it can read files that its user can read.
//
// The child never holds an expected value: inputs go in, results come out, and whoever compares
// does so on this side. Several threads may call run() at the same time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace stride::gauntlet {

struct PythonInstallation;

struct SandboxOptions {
  std::string interpreter{};        // empty: /usr/bin/python3, then /usr/local/bin/python3
  bool allow_weak = false;          // where there are no namespaces: rlimits and seccomp only
  bool force_weak = false;          // weak even where there are namespaces
  uint64_t memory = 512ULL << 20;   // address space, bytes
  uint64_t output_cap = 256 << 10;  // bytes of output, error and channel each
};

struct SandboxResult {
  enum class End : uint8_t { exited, signalled, cpu_limit, wall_limit, output_limit };

  End end = End::exited;
  int code = 0;           // exit code or signal
  double cpu_s = 0;       // user and system time as the kernel counts it
  std::string output{};   // standard output
  std::string error{};    // standard error
  std::string channel{};  // descriptor 3
};

class Sandbox {
 public:
  enum class Isolation : uint8_t { none, weak, full };

  // Finds the interpreter and makes one trial run. Where that fails the sandbox is unavailable and
  // says why.
  static Sandbox open(const SandboxOptions& options = {});
  // One that is not there.
  static Sandbox unavailable(std::string reason);

  bool available() const { return isolation_ != Isolation::none; }
  Isolation isolation() const { return isolation_; }
  const std::string& unavailable_reason() const { return reason_; }
  // "Python 3.11.2, own namespaces" for the report.
  const std::string& description() const { return description_; }

  // Runs the program text. An error means that the child could not be set up, never something the
  // program did.
  Result<SandboxResult> run(std::string_view program, uint32_t cpu_limit_s = 5,
                            double wall_limit_s = 10) const;

 private:
  Sandbox() = default;

  Isolation isolation_ = Isolation::none;
  std::string reason_{};
  std::string description_{};
  SandboxOptions options_{};
  std::shared_ptr<const PythonInstallation> python_{};
};

}  // namespace stride::gauntlet
