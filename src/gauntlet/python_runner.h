// SPDX-License-Identifier: Apache-2.0
// Calls functions and classes of generated Python in the sandbox and brings back what they return,
// as plain JSON read and checked on this side.
//
// The child prints one line per call on the result channel behind a random nonce. Whatever else
// appears there is ignored, as are results for calls that were not asked for and second results of
// the same call. The nonce only keeps noise out: a program that finds it can forge a result, but
// only the right value earns anything, and the right values are never in the child.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gauntlet/sandbox.h"
#include "json/json_fwd.h"

namespace stride::gauntlet {

// One call. Arguments are JSON texts of arrays.
struct PythonCall {
  enum class Kind : uint8_t { function, construct, method };

  Kind kind = Kind::function;
  std::string name{};
  std::string arguments = "[]";
  bool with_arguments = false;  // the result is [value, arguments after the call]
  bool as_list = false;         // the result is iterated
  // Each item of the result is called with these arguments (a JSON array).
  std::string call_each{};
};

struct PythonOutcome {
  enum class State : uint8_t {
    value,
    raised,
    missing,  // the process ended before, or the value is no plain data
  };

  State state = State::missing;
  std::string value{};              // a JSON text
  std::vector<std::string> raised;  // the exception's class and its bases
};

struct PythonFunction {
  std::string name{};
  size_t parameters = 0;
  size_t annotated = 0;
  bool returns = false;  // has a return annotation
  std::string docstring{};
  std::vector<std::string> parameter_names{};
};

// What the source says, found without running it. Methods are named "Class.method".
struct PythonSource {
  bool parses = false;
  std::string fault{};
  std::vector<PythonFunction> functions{};
  std::vector<std::string> imports{};  // first components: "os"
  std::vector<std::string> calls{};    // plain names that are called: "print", "eval"
};

struct PythonRun {
  PythonSource source{};
  std::vector<PythonOutcome> outcomes{};  // one per call
  std::string output{};                   // what was written to standard output
  double cpu_s = 0;                       // of the last process
  bool timed_out = false;                 // some call used up its time
  std::string fault{};                    // why the code could not be loaded
};

// Runs the calls in order in one process. A call that takes the process down, or more than
// `cpu_limit_s`, is missing; the rest goes on in a new process, which repeats `setup` first, at
// most twice. An error means that the sandbox failed.
Result<PythonRun> run_python(const Sandbox& sandbox, std::string_view code,
                             const std::vector<PythonCall>& calls, uint32_t cpu_limit_s = 5);

// True where `text`, a JSON text of the child, is the same value as `expected`: numbers by value,
// but 2.0 or true is not the integer 2.
bool same_result(std::string_view text, std::string_view expected);

}  // namespace stride::gauntlet
