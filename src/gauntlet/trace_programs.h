// SPDX-License-Identifier: Apache-2.0
// The programs of the code execution test: Python whose output surprises, with numbers drawn from a
// seed, the exact output worked out here, and the facts that explain it. A test runs every program
// in the sandbox and compares.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "gauntlet/test.h"

namespace stride::gauntlet {

struct TraceProgram {
  std::string id{};
  std::string code{};
  std::array<std::string, 4> output{};
  struct Fact {
    std::string name;
    // One sentence must match one pattern of every group.
    std::vector<std::vector<std::string>> groups;
  };
  std::vector<Fact> facts{};
  std::string explanation{};  // of the reference, four sentences
  std::vector<std::array<std::string, 4>> wrong_outputs{};
};

inline constexpr size_t kTracePrograms = 5;

// Program `index` with its first numbers, or with drawn ones.
TraceProgram trace_program(size_t index, Random* random);
// The program of a variant of test 13.
TraceProgram trace_program_for(const Variant& variant);

}  // namespace stride::gauntlet
