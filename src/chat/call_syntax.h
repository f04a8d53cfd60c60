// SPDX-License-Identifier: Apache-2.0
// The tags of the call form and their spellings that may be repaired. Every reader looks at text
// from its first byte and says yes, no, or that more text is needed to tell; what it answers never
// changes when more text is there. Names and white space are bounded, so `more` ends soon.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "chat/tool_schemas.h"

namespace stride::chat::syntax {

inline constexpr std::string_view kFunctionEnd = "</function>";
inline constexpr std::string_view kParameterEnd = "</parameter>";
inline constexpr size_t kMaxName = 256;
inline constexpr size_t kMaxSpace = 64;  // between two tags

enum class Match { no, more, yes };

// What is known of the input: with `ended` nothing follows the text, so the answer is never more.
struct Input {
  std::string_view text;
  bool ended = false;

  Input from(size_t at) const { return {text.substr(at), ended}; }
  Match need_more() const { return ended ? Match::no : Match::more; }
};

bool is_space(char c);

Match match_literal(const Input& in, std::string_view literal);

struct Tag {
  Match match = Match::no;
  std::string name{};
  bool declared = false;
  size_t size = 0;  // bytes; a newline that stands for a missing '>' is not part of the tag
};

enum class Wrapper { present, absent };

// <function=NAME>. Repaired for declared names: "<function NAME>", "<functionNAME>", and a newline
// or the next tag where '>' is missing. Undeclared names only inside a wrapper and well-formed.
Tag read_function_tag(const Input& in, const ToolSchemas& tools, Wrapper wrapper);

// <parameter=KEY>. Repaired for declared keys of `function`: "parameter=" twice, one of ":,;" after
// the key, a newline where '>' is missing.
Tag read_parameter_tag(const Input& in, const ToolSchemas& tools, std::string_view function);

// Skips white space. `more` while it may go on, `no` where there is more than kMaxSpace of it.
Match skip_space(const Input& in, size_t& at);

// The beginning of a call: <tool_call>, white space and a function's tag, or that tag alone for a
// declared function.
struct Opener {
  Match match = Match::no;
  Wrapper wrapper = Wrapper::present;
  Tag function{};
  size_t size = 0;
};
Opener read_opener(const Input& in, const ToolSchemas& tools);

}  // namespace stride::chat::syntax
