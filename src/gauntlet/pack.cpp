// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/pack.h"

#include <fmt/core.h>

#include "gauntlet/encoding.h"
#include "gauntlet/test.h"

namespace stride::gauntlet {

std::string pack_sha() {
  constexpr std::string_view kAnyDay = "2026-01-01";
  std::string all;
  // Lengths stand before texts, so that no two packs can run together to the same text.
  const auto add = [&](std::string_view text) { all += fmt::format("{}:{}", text.size(), text); };
  for (const TestInfo& test : tests()) {
    add(test.id);
    add(fmt::format("{} {} {} {}", test.answer_budget, test.timeout_s, test.pass_score,
                    test.max_turns));
    for (uint32_t index = 0; index < kFrozenVariants; ++index) {
      const Question question = make_case(test.id, {.index = index}, kAnyDay)->question();
      for (const ChatTurn& turn : question.turns) {
        add(fmt::format("{}", static_cast<int>(turn.role)));
        add(turn.text);
      }
      for (const ToolSpec& tool : question.tools) {
        add(tool.name);
        add(tool.description);
        add(tool.parameters);
      }
    }
  }
  return sha256(all);
}

}  // namespace stride::gauntlet
