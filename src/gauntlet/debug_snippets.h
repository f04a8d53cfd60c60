// SPDX-License-Identifier: Apache-2.0
// The functions that the debugging test is made from: some with one real bug, some without, each
// with a reviewer's claim, a repair, and hidden calls that tell a repair from a change.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stride::gauntlet {

struct DebugSnippet {
  std::string_view function;
  std::string_view purpose;      // what it should do
  std::string_view claim;        // what the reviewer says
  std::string_view code;         // as shown, line 1 is its def
  std::vector<int> bug_lines{};  // accepted line numbers; empty: the function is correct
  std::string_view fixed{};
  std::string_view driver{};  // appended to a repair before it is called
  std::string_view called{};  // what is called: the function or the driver
  struct Check {
    std::string_view arguments, expected;
  };
  std::vector<Check> checks{};
  std::string_view each{};  // see PythonCall::call_each

  bool is_correct() const { return bug_lines.empty(); }
};

std::span<const DebugSnippet> debug_snippets();
const DebugSnippet& debug_snippet(std::string_view function);

}  // namespace stride::gauntlet
