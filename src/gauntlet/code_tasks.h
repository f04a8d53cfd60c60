// SPDX-License-Identifier: Apache-2.0
// The tasks of the code generation test: what is asked, the hidden calls with their expected
// values, a reference solution and mutants of it that must fail.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "gauntlet/python_runner.h"

namespace stride::gauntlet {

struct CodeCheck {
  PythonCall call{};
  std::string expected{};  // a JSON text; empty: the call only sets something up
};

struct CodeTask {
  std::string id{};
  std::string prompt{};
  std::vector<std::string> targets{};     // what must be defined; the first is looked for
  std::vector<std::string> annotated{};   // functions whose annotations must be complete
  std::vector<std::string> documented{};  // whose docstrings together name the parameters
  std::vector<std::string> parameters{};
  std::vector<std::string> forbidden_imports{};
  std::vector<CodeCheck> checks{};
  std::vector<CodeCheck> errors{};  // must raise ValueError
  struct Speed {
    std::string driver{};  // Python appended to the answer
    CodeCheck check{};
  };
  std::vector<Speed> speed{};  // each within a second of processor time
  std::string reference{};
  std::vector<std::pair<std::string, std::string>> mutants{};  // name and code
};

inline constexpr size_t kCodeTasks = 6;

// Task `index` with hidden calls drawn from `random`.
CodeTask make_code_task(size_t index, Random& random);

}  // namespace stride::gauntlet
