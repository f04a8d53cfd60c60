// SPDX-License-Identifier: Apache-2.0
#include "cli/launch_plan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "json/json.h"

namespace stride::cli {
namespace {

const LaunchServer kServer{
    .url = "http://127.0.0.1:8080", .key = "k'1", .model = "step", .context = 65536};

std::string value_of(const LaunchPlan& plan, std::string_view name) {
  const auto found =
      std::ranges::find(plan.environment, name, &std::pair<std::string, std::string>::first);
  return found == plan.environment.end() ? "(not set)" : found->second;
}

TEST(LaunchPlan, ClaudeIsToldByItsEnvironment) {
  const auto plan = plan_launch("claude", kServer, "/private");
  ASSERT_TRUE(plan);
  EXPECT_EQ(value_of(*plan, "ANTHROPIC_BASE_URL"), "http://127.0.0.1:8080");
  EXPECT_EQ(value_of(*plan, "ANTHROPIC_AUTH_TOKEN"), "k'1");
  EXPECT_EQ(value_of(*plan, "ANTHROPIC_API_KEY"), "");
  EXPECT_EQ(value_of(*plan, "CLAUDE_CODE_MAX_OUTPUT_TOKENS"), "16384");
  EXPECT_TRUE(plan->config_name.empty());
}

TEST(LaunchPlan, CodexIsToldByItsArgumentsAndTheKeyIsNotOneOfThem) {
  const auto plan = plan_launch("codex", kServer, "/private");
  ASSERT_TRUE(plan);
  const auto& words = plan->arguments;
  for (const char* word : {"model_provider=\"stride\"", "model_context_window=65536",
                           "model_providers.stride.base_url=\"http://127.0.0.1:8080/v1\"",
                           "model_providers.stride.wire_api=\"responses\""})
    EXPECT_EQ(std::ranges::count(words, word), 1) << word;
  for (const std::string& word : words) EXPECT_EQ(word.find("k'1"), std::string::npos) << word;
  EXPECT_EQ(value_of(*plan, "STRIDE_API_KEY"), "k'1");
}

TEST(LaunchPlan, OpencodeReadsAFileThatDoesNotHoldTheKey) {
  const auto plan = plan_launch("opencode", kServer, "/private");
  ASSERT_TRUE(plan);
  EXPECT_EQ(value_of(*plan, "OPENCODE_CONFIG"), "/private/opencode.json");
  EXPECT_EQ(plan->config.find("k'1"), std::string::npos);
  const auto config = json::parse(plan->config);
  ASSERT_TRUE(config);
  const Json& provider = (*config)["provider"]["stride"];
  EXPECT_EQ(provider["options"]["baseURL"], "http://127.0.0.1:8080/v1");
  EXPECT_EQ(provider["models"]["step"]["limit"]["context"], 65536);
  EXPECT_EQ((*config)["model"], "stride/step");
}

TEST(LaunchPlan, AnUnknownClientIsRefusedWithTheKnownOnes) {
  const auto plan = plan_launch("emacs", kServer, "/private");
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, Errc::invalid_argument);
  EXPECT_NE(plan.error().message.find("claude, codex, opencode"), std::string::npos);
  for (const std::string_view client : launch_clients())
    EXPECT_TRUE(plan_launch(client, kServer, "/private"));
}

TEST(LaunchPlan, AsTextForAShell) {
  const auto plan = plan_launch("claude", kServer, "/private");
  ASSERT_TRUE(plan);
  const std::string text =
      shell_text(*plan, "/private", std::vector<std::string>{"-p", "two words"});
  EXPECT_TRUE(text.starts_with("ANTHROPIC_BASE_URL=http://127.0.0.1:8080 \\\n")) << text;
  EXPECT_NE(text.find("ANTHROPIC_AUTH_TOKEN='k'\\''1' \\\n"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("claude -p 'two words'\n")) << text;
  EXPECT_EQ(shell_quote(""), "''");
  EXPECT_EQ(shell_quote("$(x)"), "'$(x)'");
}

TEST(ServerUrl, LosesItsSlashesAndVersion) {
  for (const char* given : {"http://a:1", "http://a:1/", "http://a:1/v1", "http://a:1/v1//", "a:1"})
    EXPECT_EQ(server_url(given).value_or(""), "http://a:1") << given;
  EXPECT_EQ(server_url("https://a/prefix/").value_or(""), "https://a/prefix");
  for (const char* bad :
       {"", "ftp://a", "http://", "https:///", "http://a b", "http://a\nb", "http://a?b"})
    EXPECT_FALSE(server_url(bad)) << bad;
}

}  // namespace
}  // namespace stride::cli
