// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/environments.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/random.h"

namespace stride::gauntlet {
namespace {

constexpr std::array<std::string_view, 4> kEnvironments = {"warm", "cold", "sustained", "recovery"};

Question question(std::string text) {
  return {.turns = {{.role = ChatTurn::Role::user, .text = std::move(text)}}, .tools = {}};
}

Question plain_question() {
  return question("Name three colours of the rainbow, in one short sentence.");
}

std::string outcome_of(const Attempt& attempt) {
  if (attempt.cancelled) return "left after the first token";
  if (attempt.failure == FailureClass::ok) return "was answered";
  return fmt::format("{}: {}", name(attempt.failure), attempt.message);
}

std::string outcome_of(const RawReply& reply) {
  return reply.status > 0 ? fmt::format("status {}", reply.status) : reply.message;
}

// Larger than the context of any model of today.
Question oversize_question() {
  constexpr size_t kWords = 2'200'000;
  std::string text;
  text.reserve(2 * kWords);
  for (size_t i = 0; i < kWords; ++i) text += i % 2 == 0 ? "a " : "b ";
  return question(std::move(text));
}

Question bad_tool_question() {
  Question asked = plain_question();
  asked.tools.push_back({.name = "broken",
                         .description = "has a schema that is none",
                         .parameters = R"({"type":17,"properties":[1],"required":"x"})"});
  return asked;
}

Attempt leave_in_the_middle(const Endpoint& endpoint, AskOptions ask, const std::stop_token& stop) {
  std::stop_source source;
  const std::stop_callback pass_on(stop, [&] { source.request_stop(); });
  ask.on_progress = [&](size_t n_byte) {
    if (n_byte > 0) source.request_stop();
  };
  return endpoint.ask(question("Count from one to five hundred in words."), ask,
                      source.get_token());
}

}  // namespace

std::string_view name(Environment environment) {
  return kEnvironments[std::to_underlying(environment)];
}

std::optional<Environment> parse_environment(std::string_view name) {
  const auto found = std::find(kEnvironments.begin(), kEnvironments.end(), name);
  if (found == kEnvironments.end()) return std::nullopt;
  return static_cast<Environment>(found - kEnvironments.begin());
}

Attempt warm_up(const Endpoint& endpoint, double timeout_s, std::stop_token stop) {
  return endpoint.ask(plain_question(), {.answer_budget = 64, .timeout_s = timeout_s},
                      std::move(stop));
}

AskOptions cold_ask(AskOptions ask, uint64_t seed) {
  ask.new_connection = true;
  ask.nonce = fmt::format("{:016x}", Random(seed).next());
  return ask;
}

Result<> cool_down(const ColdOptions& options, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any ended;
  std::unique_lock lock(mutex);
  ended.wait_for(lock, stop, std::chrono::duration<double>(options.idle_s), [] { return false; });
  if (stop.stop_requested()) return fail(Errc::cancelled, "the wait was interrupted");
  return options.between ? options.between() : Result<>();
}

LoadOptions sustained_load(std::vector<double> rates, const Slo& slo, uint64_t seed) {
  return {.concurrency = {1, 2, 4, 8, 16},
          .rates = std::move(rates),
          .spaced = {10},
          .seed = seed,
          .slo = slo};
}

std::vector<RecoveryStep> run_recovery(const Endpoint& endpoint, const AskOptions& ask,
                                       std::stop_token stop) {
  const auto with_model = [&](std::string model) {
    AskOptions other = ask;
    other.model = std::move(model);
    return other;
  };
  const std::array<std::pair<std::string_view, std::function<std::string()>>, 5> faults = {{
      {"malformed_json",
       [&] { return outcome_of(endpoint.post("{\"model\": ", ask.timeout_s, stop)); }},
      {"unknown_model",
       [&] {
         return outcome_of(endpoint.ask(plain_question(), with_model("no-such-model-7c1f"), stop));
       }},
      {"oversize_context",
       [&] { return outcome_of(endpoint.ask(oversize_question(), ask, stop)); }},
      {"bad_tool_schema", [&] { return outcome_of(endpoint.ask(bad_tool_question(), ask, stop)); }},
      {"client_abort", [&] { return outcome_of(leave_in_the_middle(endpoint, ask, stop)); }},
  }};
  std::vector<RecoveryStep> steps;
  for (const auto& [name, cause] : faults) {
    RecoveryStep step{.name = std::string(name), .outcome = cause()};
    step.after = endpoint.ask(plain_question(), ask, stop);
    if (stop.stop_requested()) return steps;
    step.recovered = is_delivered(step.after);
    steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace stride::gauntlet
