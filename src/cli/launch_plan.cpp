// SPDX-License-Identifier: Apache-2.0
#include "cli/launch_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "json/json.h"
#include "net/url.h"

namespace stride::cli {
namespace {

constexpr std::array<std::string_view, 3> kClients = {"claude", "codex", "opencode"};
// What a client may write in one answer, at most; the rest of the context is for its history.
constexpr uint32_t kMostOutput = 32768;

uint32_t output_tokens(const LaunchServer& server) {
  return std::clamp(server.context / 4, 256U, kMostOutput);
}

LaunchPlan claude(const LaunchServer& server) {
  LaunchPlan plan{.program = "claude", .installed = "npm install -g @anthropic-ai/claude-code"};
  plan.environment = {
      {"ANTHROPIC_BASE_URL", server.url},
      {"ANTHROPIC_AUTH_TOKEN", server.key},
      {"ANTHROPIC_API_KEY", ""},  // a real one of the user must not be sent here
      {"ANTHROPIC_MODEL", server.model},
      {"ANTHROPIC_DEFAULT_OPUS_MODEL", server.model},
      {"ANTHROPIC_DEFAULT_SONNET_MODEL", server.model},
      // The server lets requests for names of small models wait for the others.
      {"ANTHROPIC_DEFAULT_HAIKU_MODEL", server.model + "-haiku"},
      {"CLAUDE_CODE_SUBAGENT_MODEL", server.model},
      {"CLAUDE_CODE_MAX_OUTPUT_TOKENS", std::to_string(output_tokens(server))},
      {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"},
      {"API_TIMEOUT_MS", "3600000"},
  };
  return plan;
}

// Command-line overrides are read as TOML; a JSON string is a TOML string too.
void set(LaunchPlan& plan, std::string_view name, const Json& value) {
  plan.arguments.emplace_back("-c");
  plan.arguments.push_back(fmt::format("{}={}", name, json::dump(value)));
}

LaunchPlan codex(const LaunchServer& server) {
  LaunchPlan plan{.program = "codex", .installed = "npm install -g @openai/codex"};
  plan.environment = {{"STRIDE_API_KEY", server.key}};
  set(plan, "model", server.model);
  set(plan, "model_provider", "stride");
  set(plan, "model_providers.stride.name", "Stride");
  set(plan, "model_providers.stride.base_url", server.url + "/v1");
  set(plan, "model_providers.stride.env_key", "STRIDE_API_KEY");
  set(plan, "model_providers.stride.wire_api", "responses");
  set(plan, "model_providers.stride.stream_idle_timeout_ms", 3'600'000);
  set(plan, "model_context_window", server.context);
  set(plan, "model_reasoning_summary", "auto");
  set(plan, "check_for_update_on_startup", false);
  return plan;
}

LaunchPlan opencode(const LaunchServer& server, const std::filesystem::path& folder) {
  LaunchPlan plan{.program = "opencode", .installed = "npm install -g opencode-ai"};
  plan.config_name = "opencode.json";
  const std::string model = "stride/" + server.model;
  plan.config = json::dump(Json{
      {"$schema", "https://opencode.ai/config.json"},
      {"model", model},
      {"small_model", model},
      {"autoupdate", false},
      {"share", "disabled"},
      {"provider",
       {{"stride",
         {{"npm", "@ai-sdk/openai-compatible"},
          {"name", "Stride"},
          {"options", {{"baseURL", server.url + "/v1"}, {"apiKey", "{env:STRIDE_API_KEY}"}}},
          {"models",
           {{server.model,
             {{"name", server.model},
              {"reasoning", true},
              {"tool_call", true},
              {"limit", {{"context", server.context}, {"output", output_tokens(server)}}}}}}}}}}}});
  plan.environment = {
      {"STRIDE_API_KEY", server.key},
      {"OPENCODE_CONFIG", (folder / plan.config_name).string()},
      {"OPENCODE_DISABLE_AUTOUPDATE", "1"},
  };
  return plan;
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_-./:,+@%=").contains(c);
}

}  // namespace

std::span<const std::string_view> launch_clients() {
  return kClients;
}

Result<LaunchPlan> plan_launch(std::string_view client, const LaunchServer& server,
                               const std::filesystem::path& folder) {
  if (client == "claude") return claude(server);
  if (client == "codex") return codex(server);
  if (client == "opencode") return opencode(server, folder);
  return fail(Errc::invalid_argument, "{} is not a client that can be launched; {} are", client,
              fmt::join(kClients, ", "));
}

std::string shell_quote(std::string_view word) {
  if (!word.empty() && std::ranges::all_of(word, is_plain)) return std::string(word);
  std::string out = "'";
  for (const char c : word) c == '\'' ? out += "'\\''" : out += c;
  return out + "'";
}

std::string shell_text(const LaunchPlan& plan, const std::filesystem::path& folder,
                       std::span<const std::string> user_arguments) {
  std::string out;
  if (!plan.config_name.empty()) {
    out += fmt::format("# {}: {}\n", (folder / plan.config_name).string(), plan.config);
  }
  for (const auto& [name, value] : plan.environment)
    out += fmt::format("{}={} \\\n", name, shell_quote(value));
  out += plan.program;
  for (const std::string& word : plan.arguments) out += " " + shell_quote(word);
  for (const std::string& word : user_arguments) out += " " + shell_quote(word);
  return out + "\n";
}

Result<std::string> server_url(std::string_view given) {
  auto url = net::parse_url(given);
  if (!url) return within("--url", url.error());
  if (!url->query.empty())
    return fail(Errc::invalid_argument, "--url {}: what follows the question mark has no meaning",
                given);
  const auto drop_slashes = [&] {
    while (url->path.ends_with('/')) url->path.pop_back();
  };
  drop_slashes();
  // Clients put /v1 behind it themselves.
  if (url->path.ends_with("/v1")) url->path.resize(url->path.size() - 3);
  drop_slashes();
  return net::to_string(*url);
}

}  // namespace stride::cli
