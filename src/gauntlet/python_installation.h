// SPDX-License-Identifier: Apache-2.0
// What of a file system the Python interpreter needs: its program, its standard library and the
// shared libraries it maps. The interpreter is asked itself, once, before any foreign code runs.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace stride::gauntlet {

struct PythonInstallation {
  struct Bind {
    std::string source{};  // a real path
    std::string target{};  // where the interpreter looks for it
    bool directory = false;
  };

  std::string program{};
  std::string version{};  // "3.11.2"
  std::vector<Bind> binds{};
};

// `interpreter` is a path; empty: the usual places.
Result<PythonInstallation> find_python(const std::string& interpreter);

}  // namespace stride::gauntlet
