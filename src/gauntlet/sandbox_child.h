// SPDX-License-Identifier: Apache-2.0
// What the sandbox's child does between its birth and the interpreter: it shuts itself in. Between
// clone() and execve() in a process that had other threads nothing may allocate or lock, so
// everything is prepared in a plan beforehand and the child makes system calls only.
#pragma once

#include <linux/filter.h>
#include <sys/resource.h>

#include <string>
#include <vector>

#include "gauntlet/seccomp_filter.h"

namespace stride::gauntlet {

// The identity inside: "nobody".
inline constexpr int kSandboxId = 65534;

struct ChildPlan {
  struct Entry {
    enum class Kind { directory, file, bind } kind = Kind::directory;
    std::string source{};  // of a bind
    std::string target{};  // below the new root, without a leading slash
  };
  struct Limit {
    int resource = 0;
    rlimit value{};
  };

  bool namespaces = false;
  bool become_nobody = false;  // also without namespaces: the parent is root
  std::string base{};          // an existing directory that the new root is mounted over
  std::vector<Entry> entries{};
  std::vector<Limit> limits{};
  SeccompFilter filter{};
  std::string program{};
  std::vector<char*> args{};  // ends with nullptr
  int input = -1, output = -1, error = -1, channel = -1;
  int status = -1;  // a stage and an errno are written here where setting up fails
  int start = -1;   // one byte arrives here when the parent has written the id maps
};

// What arrives at `status`; the interpreter's start closes it instead.
struct ChildFailure {
  char stage[24] = {};
  int error = 0;
};

[[noreturn]] void run_child(ChildPlan& plan);

}  // namespace stride::gauntlet
