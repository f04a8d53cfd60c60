// SPDX-License-Identifier: Apache-2.0
// The tools that step-nano practises with: a table of functions with the ways people ask for them,
// and functions made up from parts so that names and parameters cannot simply be learned by heart.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "nano/sample.h"

namespace stride::nano {

// One concrete use of one tool.
struct ToolUse {
  std::string schema;  // JSON text of the declaration
  std::string
      group;  // two uses of one group can be confused; only one of each is offered at a time
  std::string name;
  std::string request;  // what the user says
  Call call;
  std::vector<std::string> arguments;  // "city = Paris", in the order of the call
  std::string result;                  // what the tool gives back
  std::string answer;                  // what to say then
  std::vector<std::string> answer_must_hold;
};

ToolUse make_tool_use(Random& random);
// Another use of the same tool with other values, for parallel calls.
ToolUse make_tool_use_like(Random& random, const ToolUse& other);
// A request that leaves out what the tool requires, and the question to ask back.
struct MissingUse {
  ToolUse use;
  std::string question;
  std::string missing;  // the word the question must hold
};
MissingUse make_missing_use(Random& random);

}  // namespace stride::nano
