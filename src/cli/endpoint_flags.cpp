// SPDX-License-Identifier: Apache-2.0
#include "cli/endpoint_flags.h"

#include <fmt/core.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "cli/token_counter.h"
#include "net/url.h"

namespace stride::cli {
namespace {

using gauntlet::EndpointOptions;

constexpr uint32_t kPublishedBudget = 4000;

constexpr std::array<std::pair<std::string_view, const char*>, 5> kServiceKeys = {{
    {"openrouter.ai", "OPENROUTER_API_KEY"},
    {"anthropic.com", "ANTHROPIC_API_KEY"},
    {"openai.com", "OPENAI_API_KEY"},
    {"stepfun.com", "STEP_API_KEY"},
    {"stepfun.ai", "STEP_API_KEY"},
}};

// The key of a variable that is set and not empty.
std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

Result<std::string> key_of_file(const std::string& path) {
  constexpr size_t kMost = 64 << 10;
  std::ifstream in(path);
  std::string key;
  if (!in || !std::getline(in, key))
    return fail(Errc::io, "--key-file {} cannot be read or is empty", path);
  while (!key.empty() && (key.back() == '\r' || key.back() == ' ')) key.pop_back();
  if (key.empty() || key.size() > kMost)
    return fail(Errc::invalid_argument, "--key-file {} holds no key in its first line", path);
  return key;
}

// A key goes only where its owner meant it to: to the service it is named after.
std::string find_key(const EndpointFlags& flags) {
  if (!flags.key_variable.empty()) return variable(flags.key_variable.c_str());
  if (std::string key = variable("STRIDE_API_KEY"); !key.empty()) return key;
  const auto url = net::parse_url(flags.url);
  if (!url) return {};
  for (const auto& [domain, name] : kServiceKeys) {
    const std::string& host = url->host;
    const bool inside = host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.';
    if (host == domain || inside) return variable(name);
  }
  return {};
}

Result<std::pair<std::string, std::string>> read_header(const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == text.npos || colon == 0)
    return fail(Errc::invalid_argument, "--header needs \"Name: value\"");
  size_t value = colon + 1;
  while (value < text.size() && text[value] == ' ') ++value;
  return std::pair(text.substr(0, colon), text.substr(value));
}

Result<> read_think(const std::string& think, EndpointOptions& options) {
  constexpr std::string_view kEffort = "effort=";
  if (think == "on")
    options.thinking = gauntlet::Thinking::on;
  else if (think == "off")
    options.thinking = gauntlet::Thinking::off;
  else if (think.starts_with(kEffort) && think.size() > kEffort.size())
    options.effort = think.substr(kEffort.size());
  else if (!think.empty())
    return fail(Errc::invalid_argument, "--think is \"{}\"; it must be on, off or effort=LEVEL",
                think);
  return {};
}

Result<> check_timeout(std::string_view name, double seconds) {
  if (seconds > 0 && seconds <= 86'400) return {};
  return fail(Errc::invalid_argument, "{} is {:g}; it must be more than 0 and at most 86400", name,
              seconds);
}

}  // namespace

void add_endpoint_flags(CommandLine& line, EndpointFlags& flags) {
  line.option("-m,--model", flags.model, "the model's name at the endpoint")
      .choice("--api", flags.api, {"openai", "responses", "anthropic", "ollama", "stride"},
              "how the endpoint is spoken to")
      .option("--sampling", flags.sampling,
              "deploy (as the maker of the model advises), published (temperature 0.7) or greedy")
      .option("--think", flags.think, "on, off or effort=LEVEL; without it nothing is said")
      .option("--think-tags", flags.think_tags,
              "\"OPEN CLOSE\": tags around reasoning inside the answer, besides <think> and others "
              "that are known; may be repeated")
      .option("--reasoning-budget", flags.reasoning_budget,
              "tokens for reasoning, on top of those for the answer")
      .choice("--budget", flags.budget, {"split", "published"},
              "published: 4000 tokens for reasoning and answer together, as the published harness")
      .option("--key-env", flags.key_variable,
              "the environment variable that holds the key; otherwise STRIDE_API_KEY, or the one "
              "named after the service: OPENAI_API_KEY, ANTHROPIC_API_KEY, OPENROUTER_API_KEY, "
              "STEP_API_KEY")
      .option("--key-file", flags.key_file, "file whose first line is the key")
      .option("--header", flags.headers, "a further header, \"Name: value\"; may be repeated")
      .option("--body", flags.extra_body, "JSON merged into every request")
      .option("--connect-timeout", flags.connect_timeout, "seconds")
      .option("--first-event-timeout", flags.first_event_timeout, "seconds")
      .option("--idle-timeout", flags.idle_timeout, "seconds between two events")
      .option("--record", flags.record, "folder in which every response is kept as a cast")
      .option("--replay", flags.replay, "folder of casts that answer instead of the endpoint")
      .option("--tokenizer", flags.tokenizer,
              "GGUF file, tokenizer.json or its folder: tokens are counted with the model's own "
              "vocabulary instead of being estimated")
      .flag("--proxy", flags.proxy, "use the proxy of the environment");
}

Result<EndpointOptions> endpoint_options(const EndpointFlags& flags) {
  EndpointOptions options;
  options.url = flags.url;
  if (const auto api = gauntlet::parse_api(flags.api)) options.api = *api;
  options.model = flags.model;
  options.key = flags.key_file ? STRIDE_TRY(key_of_file(*flags.key_file)) : find_key(flags);
  if (!flags.key_file && !flags.key_variable.empty() && options.key.empty())
    return fail(Errc::invalid_argument, "the environment variable {} is not set",
                flags.key_variable);
  options.sampling =
      STRIDE_TRY_AT("--sampling", gauntlet::sampling_named(flags.sampling, flags.model));
  options.reasoning_budget = flags.reasoning_budget;
  if (flags.budget == "published") options.shared_budget = kPublishedBudget;
  STRIDE_TRY(read_think(flags.think, options));
  for (const std::string& header : flags.headers)
    options.headers.push_back(STRIDE_TRY(read_header(header)));
  for (const std::string& tags : flags.think_tags) {
    const size_t space = tags.find(' ');
    if (space == tags.npos)
      return fail(Errc::invalid_argument, "--think-tags needs \"OPEN CLOSE\"");
    options.tags.emplace_back(tags.substr(0, space), tags.substr(space + 1));
  }
  options.extra_body = flags.extra_body.value_or("");
  STRIDE_TRY(check_timeout("--connect-timeout", flags.connect_timeout));
  STRIDE_TRY(check_timeout("--first-event-timeout", flags.first_event_timeout));
  STRIDE_TRY(check_timeout("--idle-timeout", flags.idle_timeout));
  options.connect_timeout_s = flags.connect_timeout;
  options.first_event_timeout_s = flags.first_event_timeout;
  options.idle_timeout_s = flags.idle_timeout;
  if (flags.tokenizer)
    options.count_tokens = STRIDE_TRY_AT("--tokenizer", token_counter(*flags.tokenizer));
  options.use_proxy = flags.proxy;
  options.record_folder = flags.record.value_or("");
  options.replay_folder = flags.replay.value_or("");
  return options;
}

StopOnInterrupt::StopOnInterrupt()
    : watcher_([this](const std::stop_token& ended) {
        // A signal handler may only set a flag, so somebody has to look at it.
        constexpr auto kPause = std::chrono::milliseconds(20);
        while (!ended.stop_requested() && !interrupt_.requested())
          std::this_thread::sleep_for(kPause);
        if (interrupt_.requested()) source_.request_stop();
      }) {}

}  // namespace stride::cli
