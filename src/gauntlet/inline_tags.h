// SPDX-License-Identifier: Apache-2.0
// Reasoning that came inside the answer, between tags of a model's template or in the channels of
// Harmony, told apart from it. Works on the whole answer, so that how it was cut plays no role.
//
// - Tags count only at the start of the answer, after white space; tags of one kind may be nested.
// - A closing tag without an opening one makes everything before it reasoning (`late_open`: a
//   template had opened it in the prompt). Where reasoning came on a channel of its own, only if an
//   answer follows the tag.
// - Reasoning that the reasoning channel already holds is not added again.
// - Any further tag stays in the answer and sets `tag_leak`.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gauntlet/attempt.h"
#include "gauntlet/event.h"

namespace stride::gauntlet {

struct TagPair {
  std::string open{}, close{};
};

// <think>, <thinking> and the spellings of other model families.
std::span<const TagPair> default_tags();

struct InlineSplit {
  struct Piece {
    Channel channel = Channel::answer;  // reasoning, answer, tool_name, tool_args or markup
    size_t begin = 0, end = 0;          // of the text
    uint32_t call = 0;                  // of tool_name and tool_args
  };

  std::vector<Piece> pieces{};  // cover the text, in order
  uint32_t n_call = 0;
  bool late_open = false;
  bool tag_leak = false;
};

InlineSplit split_inline(std::string_view text, std::span<const TagPair> tags,
                         bool reasoning_seen_elsewhere);

// Splits the answer events of a log in place and appends Harmony's calls to its calls.
InlineSplit split_answer_events(EventLog& log, std::span<const TagPair> tags);

}  // namespace stride::gauntlet
