// SPDX-License-Identifier: Apache-2.0
// What an answer must look like: response_format and its relatives in every dialect become one
// ConstraintSpec, tool_choice and parallel_tool_calls become ToolRules. Only shapes are checked
// here; whether a schema can be enforced is for the compiler of constraints to say.
#pragma once

#include "api/call.h"
#include "api/fields.h"

namespace stride::api {

// response_format, structured_outputs and the guided_* of vLLM, grammar and json_schema of
// llama.cpp, regex and choice. Two of them in one request are refused.
Outcome<> read_constraints(const Fields& body, ChatCall& call);

// {"type": "json_schema", ...} of Responses (text.format) and Messages (output_config.format).
Outcome<> read_format(const Fields& parent, std::string_view name, ChatCall& call);

// tool_choice in the words of OpenAI: "auto", {"type": "function", "function": {"name": ...}},
// {"type": "function", "name": ...}, {"type": "allowed_tools", ...}. Names must be declared.
Outcome<> read_tool_choice(const Fields& body, const std::vector<std::string>& declared,
                           ChatCall& call);

// The names of functions given in the OpenAI form.
std::vector<std::string> function_names(const std::vector<std::string>& tools);

}  // namespace stride::api
