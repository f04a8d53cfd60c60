// SPDX-License-Identifier: Apache-2.0
// One setting out of many fields.
#include "api/thinking_controls.h"

#include <gtest/gtest.h>

#include "api/testing/requests.h"

namespace stride::api {
namespace {

using testing::bad;
using testing::chat_body;
using testing::good;
using testing::messages_body;

struct Thinking {
  bool on;
  std::optional<chat::Effort> effort;
  std::optional<uint32_t> budget;

  bool operator==(const Thinking&) const = default;
};

Thinking thinking(Dialect dialect, const std::string& text) {
  const ChatCall call = good(dialect, text);
  return {call.conversation.thinking == chat::Thinking::on, call.conversation.effort,
          call.options.thinking_budget};
}

TEST(ThinkingControls, EverySwitchIsUnderstood) {
  using enum chat::Effort;
  const auto of = [](const std::string& fields) {
    return thinking(Dialect::chat, chat_body(fields));
  };
  EXPECT_EQ(of(""), (Thinking{true, {}, {}}));
  for (const char* off :
       {R"("chat_template_kwargs":{"enable_thinking":false})", R"("thinking":{"type":"disabled"})",
        R"("think":false)", R"("reasoning":{"enabled":false})", R"("reasoning_effort":"none")",
        R"("reasoning":{"effort":"none"})", R"("enable_thinking":false)", R"("think":"off")"})
    EXPECT_EQ(of(off), (Thinking{false, {}, {}})) << off;
  EXPECT_EQ(of(R"("reasoning_effort":"minimal")"), (Thinking{true, low, {}}));
  EXPECT_EQ(of(R"("reasoning_effort":"xhigh")"), (Thinking{true, high, {}}));
  EXPECT_EQ(of(R"("reasoning_effort":null,"thinking":null)"), (Thinking{true, {}, {}}));
  EXPECT_EQ(of(R"("thinking":{"type":"enabled","budget_tokens":99})"), (Thinking{true, {}, 99}));
  EXPECT_EQ(of(R"("reasoning":{"max_tokens":7})"), (Thinking{true, {}, 7}));
  EXPECT_EQ(of(R"("thinking_token_budget":-1)"), (Thinking{true, {}, {}}));
  EXPECT_EQ(of(R"("model":"x-nothink")"), (Thinking{false, {}, {}}));
  EXPECT_EQ(of(R"("model":"x-low")"), (Thinking{true, low, {}}));
  EXPECT_EQ(of(R"("model":"x-low","reasoning_effort":"high")"), (Thinking{true, high, {}}));
  EXPECT_EQ(thinking(Dialect::messages, messages_body(R"("output_config":{"effort":"max"})")),
            (Thinking{true, high, {}}));
}

TEST(ThinkingControls, ALevelBesideAnOffSwitchIsNoContradiction) {
  EXPECT_FALSE(
      thinking(Dialect::chat, chat_body(R"("reasoning":{"effort":"high","enabled":false})")).on);
}

TEST(ThinkingControls, ContradictionsAreRefused) {
  for (const char* fields :
       {R"("chat_template_kwargs":{"enable_thinking":true},"reasoning_effort":"none")",
        R"("thinking":{"type":"enabled"},"reasoning":{"enabled":false})",
        R"("thinking":{"type":"disabled","budget_tokens":500})",
        R"("reasoning_effort":"low","reasoning":{"effort":"high"})", R"("reasoning_effort":"much")",
        R"("thinking":{"type":"perhaps"})"})
    EXPECT_EQ(http_status(bad(Dialect::chat, chat_body(fields))), 400) << fields;
}

TEST(ThinkingControls, ATinyAnswerIsNotSpentOnThinking) {
  EXPECT_FALSE(thinking(Dialect::chat, chat_body(R"("max_tokens":64)")).on);
  EXPECT_TRUE(thinking(Dialect::chat, chat_body(R"("max_tokens":200)")).on);
  EXPECT_TRUE(thinking(Dialect::chat, chat_body(R"("max_tokens":64,"reasoning_effort":"low")")).on);
}

}  // namespace
}  // namespace stride::api
