// SPDX-License-Identifier: Apache-2.0
// The tools that real clients declare, from recorded requests without their descriptions.
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "grammar/test_grammar.h"
#include "json/json.h"

namespace stride::grammar {
namespace {

std::vector<std::string> tools_of(const Json& clients, const std::string& client) {
  std::vector<std::string> out;
  for (const Json& tool : clients[client]) out.push_back(json::dump(tool));
  return out;
}

TEST(ClientTools, AllAreEnforcedExactly) {
  std::stringstream text;
  text << std::ifstream(STRIDE_TEST_DATA "/grammar/tools.json").rdbuf();
  const auto clients = json::parse(text.str(), {.numbers = json::Numbers::exact});
  ASSERT_TRUE(clients.has_value());
  for (const auto& client : clients->items()) {
    for (const std::string& tool : tools_of(*clients, client.key())) {
      const auto grammar = compile_calls(
          {tool}, {.choice = CallRules::Choice::required, .enforcement = Enforcement::exact});
      EXPECT_TRUE(grammar.has_value())
          << client.key() << ": " << (grammar ? "" : grammar.error().message);
    }
  }
  const GrammarPtr grammar = testing::must(compile_calls(tools_of(*clients, "claude-code"), {}));
  EXPECT_TRUE(testing::accepts(
      grammar,
      "Looking.\n\n<tool_call>\n<function=Bash>\n<parameter=command>\nls -la | grep \"x\" <in\n"
      "</parameter>\n<parameter=timeout>\n5000\n</parameter>\n</function>\n</tool_call>"));
  EXPECT_FALSE(testing::accepts(grammar,
                                "<tool_call>\n<function=Bash>\n<parameter=timeout>\n5000\n</"
                                "parameter>\n</function>\n</tool_call>"));
}

}  // namespace
}  // namespace stride::grammar
