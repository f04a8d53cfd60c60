// SPDX-License-Identifier: Apache-2.0
// stride launch: starts a coding agent with the settings that make it talk to a running server.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/output_file.h"
#include "cli/commands.h"
#include "cli/launch_plan.h"
#include "cli/report.h"
#include "json/json.h"
#include "net/http_client.h"

namespace stride::cli {
namespace {

namespace fs = std::filesystem;

constexpr double kConnectSeconds = 5;
constexpr double kAnswerSeconds = 20;
constexpr size_t kMostAnswerBytes = size_t{1} << 20;
constexpr uint32_t kUnknownContext = 32768;

struct Options {
  std::string client;
  std::string url = "http://127.0.0.1:8080";
  std::string key;
  std::string model;
  std::string folder;
  bool print = false;
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

struct Answer {
  int status = 0;
  std::string body;
};

// A GET of one address; fails where nothing answers.
Result<Answer> get(const std::string& url, const std::string& key) {
  net::ClientRequest request{.method = "GET", .url = STRIDE_TRY(net::parse_url(url))};
  if (!key.empty()) request.headers.emplace_back("Authorization", "Bearer " + key);
  request.timeouts.connect = kConnectSeconds;
  request.timeouts.total = kAnswerSeconds;
  request.max_body_bytes = kMostAnswerBytes;
  Answer answer;
  net::HttpListener listener;
  listener.on_head = [&](const net::HttpHead& head, int64_t) { answer.status = head.status; };
  listener.on_body = [&](std::string_view bytes, int64_t) {
    answer.body += bytes;
    return true;
  };
  net::HttpClient client;
  const net::HttpOutcome outcome = client.send(request, listener, {});
  if (outcome.end != net::HttpEnd::complete) return fail(Errc::io, "{}", outcome.message);
  return answer;
}

Result<> check_health(const std::string& url) {
  const auto health = get(url + "/health", "");
  if (!health)
    return fail(Errc::not_found, "no server answers at {} ({}); `stride serve` starts one", url,
                health.error().message);
  if (health->status == 503)
    return fail(Errc::not_found, "the server at {} is not ready; try again soon", url);
  if (health->status != 200)
    return fail(Errc::not_found, "what answers at {} is no Stride server: /health gave status {}",
                url, health->status);
  return {};
}

// The name and the context of the model that is served there.
Result<LaunchServer> ask_server(const Options& options) {
  LaunchServer server{.url = STRIDE_TRY(server_url(options.url))};
  STRIDE_TRY(check_health(server.url));
  const std::string key = options.key.empty() ? environment("STRIDE_API_KEY") : options.key;
  const auto models = get(server.url + "/v1/models", key);
  if (!models) return fail(Errc::io, "{}/v1/models: {}", server.url, models.error().message);
  if (models->status == 401)
    return fail(Errc::denied, "the server at {} wants a key: give it with --key", server.url);
  const auto list = json::parse(models->body);
  if (models->status != 200 || !list || !list->is_object() || !list->contains("data") ||
      !(*list)["data"].is_array() || (*list)["data"].empty() || !(*list)["data"][0].is_object())
    return fail(Errc::format, "{}/v1/models: gives no list of models", server.url);
  const Json& first = (*list)["data"][0];
  const auto id = first.find("id");
  const auto context = first.find("context_length");
  server.key = key.empty() ? "any" : key;
  server.model = !options.model.empty()                 ? options.model
                 : id != first.end() && id->is_string() ? id->get<std::string>()
                                                        : "stride";
  const int64_t n =
      context != first.end() && context->is_number_integer() ? context->get<int64_t>() : 0;
  server.context = n > 0 && n < UINT32_MAX ? static_cast<uint32_t>(n) : kUnknownContext;
  return server;
}

// Of configuration files that Stride makes for clients.
Result<fs::path> private_folder(const std::string& given) {
  if (!given.empty()) return fs::absolute(given);
  if (const std::string state = environment("XDG_STATE_HOME"); !state.empty())
    return fs::path(state) / "stride" / "launch";
  const std::string home = environment("HOME");
  if (home.empty())
    return fail(Errc::not_found, "HOME is not set; --folder says where settings may be written");
  return fs::path(home) / ".local/state/stride/launch";
}

// Empty if no such program is on PATH.
std::string find_program(const std::string& name) {
  const std::string path = environment("PATH");
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find(':', begin), path.size());
    const fs::path file = fs::path(path.substr(begin, end - begin)) / name;
    std::error_code ignored;
    if (end > begin && fs::is_regular_file(file, ignored) && access(file.c_str(), X_OK) == 0)
      return file.string();
    begin = end + 1;
  }
  return {};
}

Result<> write_config(const LaunchPlan& plan, const fs::path& folder) {
  if (plan.config_name.empty()) return {};
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return fail(Errc::io, "{}: cannot be made: {}", folder.string(), error.message());
  fs::permissions(folder, fs::perms::owner_all, error);
  OutputFile file = STRIDE_TRY(OutputFile::create(folder / plan.config_name));
  STRIDE_TRY(file.write(plan.config));
  return file.commit();
}

// Returns only if the program cannot be started.
Error become(const std::string& file, const LaunchPlan& plan, std::vector<std::string> user) {
  for (const auto& [name, value] : plan.environment) setenv(name.c_str(), value.c_str(), 1);
  std::vector<std::string> words = {plan.program};
  words.insert(words.end(), plan.arguments.begin(), plan.arguments.end());
  words.insert(words.end(), user.begin(), user.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  execv(file.c_str(), pointers.data());
  return {Errc::io, fmt::format("{}: cannot be started: {}", file, std::strerror(errno))};
}

Result<int> launch(const Options& options, std::span<const std::string> user) {
  const fs::path folder = STRIDE_TRY(private_folder(options.folder));
  STRIDE_TRY(plan_launch(options.client, {}, folder));  // a wrong name is told before all else
  const LaunchServer server = STRIDE_TRY(ask_server(options));
  const LaunchPlan plan = STRIDE_TRY(plan_launch(options.client, server, folder));
  if (options.print) {
    fmt::print("{}", shell_text(plan, folder, user));
    return 0;
  }
  const std::string file = find_program(plan.program);
  if (file.empty())
    return fail(Errc::not_found, "{} is not on PATH; `{}` installs it", plan.program,
                plan.installed);
  STRIDE_TRY(write_config(plan, folder));
  std::fflush(nullptr);
  return std::unexpected(become(file, plan, {user.begin(), user.end()}));
}

}  // namespace

int launch_command(Arguments args) {
  const auto dashes = std::ranges::find(args, "--");
  const auto n_own = static_cast<size_t>(dashes - args.begin());
  const Arguments user = dashes == args.end() ? Arguments{} : args.subspan(n_own + 1);
  Options options;
  CommandLine line("launch",
                   "Starts a coding agent (claude, codex, opencode) with the settings that make it "
                   "talk to a running `stride serve`. What follows -- is for the agent. The "
                   "settings you have made for it stay as they are.");
  line.positional("CLIENT", options.client, "claude, codex or opencode")
      .option("--url", options.url, "where the server listens")
      .option("--key", options.key, "key for the server; $STRIDE_API_KEY if not given")
      .option("--model", options.model, "name to ask for; the server's own if not given")
      .option("--folder", options.folder,
              "where settings files are written; in $XDG_STATE_HOME/stride if not given")
      .flag("--print", options.print, "print the settings as a shell command; start nothing");
  line.example("stride launch claude", "Claude Code against http://127.0.0.1:8080")
      .example("stride launch codex --url http://box.example:8080 --key K -- exec \"fix the test\"",
               "another server, and arguments for the agent")
      .example("stride launch opencode --print", "only show what would be set");
  if (const auto stop = line.parse(args.first(n_own))) return *stop;
  const auto code = launch(options, user);
  return code ? *code : report(code.error());
}

}  // namespace stride::cli
