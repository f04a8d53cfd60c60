// SPDX-License-Identifier: Apache-2.0
// The system calls generated code may not make, as a classic BPF program for seccomp. Denied calls
// fail with EPERM instead of killing the child, so that a program that only tries something gets
// its ordinary exception and goes on. Processes cannot be made at all, threads can.
#pragma once

#include <linux/filter.h>

#include <cstddef>
#include <vector>

namespace stride::gauntlet {

struct SeccompFilter {
  std::vector<sock_filter> program{};
  // The instructions whose operand is the child's own process id, known only inside it.
  std::vector<size_t> own_pid{};
};

SeccompFilter make_seccomp_filter();

}  // namespace stride::gauntlet
