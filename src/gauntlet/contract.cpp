// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/contract.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "gauntlet/capture.h"
#include "gauntlet/contract_bench.h"
#include "json/json.h"

namespace stride::gauntlet {
namespace {

constexpr std::array<std::string_view, 3> kStates = {"pass", "fail", "unsupported"};

std::vector<Check> all_checks() {
  std::vector<Check> checks;
  for (const auto part : {answer_checks(), tool_checks(), service_checks()})
    checks.insert(checks.end(), part.begin(), part.end());
  return checks;
}

}  // namespace

std::string_view name(CheckState state) {
  return kStates[std::to_underlying(state)];
}

size_t ContractReport::count(CheckState state) const {
  return static_cast<size_t>(std::count_if(results.begin(), results.end(),
                                           [&](const CheckResult& r) { return r.state == state; }));
}

double ContractReport::pass_share() const {
  const auto n_pass = static_cast<double>(count(CheckState::pass));
  const double n = n_pass + static_cast<double>(count(CheckState::fail));
  return n > 0 ? n_pass / n : 0;
}

std::vector<CheckInfo> contract_checks() {
  std::vector<CheckInfo> infos;
  for (const Check& check : all_checks()) infos.push_back({check.id, check.title});
  return infos;
}

AskOptions ContractBench::usual() const {
  AskOptions ask{.answer_budget = options_.answer_budget, .timeout_s = options_.timeout_s};
  ask.reasoning_budget = options_.reasoning_budget;
  ask.sampling = Sampling{.name = "greedy", .temperature = 0.0};
  return ask;
}

Attempt ContractBench::ask(const Question& question, const AskOptions& ask) {
  attempts_.push_back(endpoint_.ask(question, ask, stop_));
  return attempts_.back();
}

Question ContractBench::plain_question() {
  return {.turns = {{.role = ChatTurn::Role::user,
                     .text = "Name three colours of the rainbow, in one short sentence."}},
          .tools = {}};
}

const Attempt& ContractBench::stream() {
  if (!stream_) stream_ = ask(plain_question(), usual());
  return *stream_;
}

const Attempt& ContractBench::whole() {
  if (!whole_) {
    AskOptions ask = usual();
    ask.stream = false;
    whole_ = this->ask(plain_question(), ask);
  }
  return *whole_;
}

const std::vector<Event>& ContractBench::events() {
  if (!events_) {
    const RawReply reply = endpoint_.post(endpoint_.request_body(plain_question(), usual()),
                                          options_.timeout_s, stop_);
    Capture capture({.api = api()});
    capture.head(reply.status, {{"content-type", reply.content_type}}, 0);
    for (size_t i = 0; i < reply.body.size(); ++i)
      capture.push(std::string_view(reply.body).substr(i, 1), static_cast<int64_t>(i));
    capture.finish({});
    events_ = capture.events();
  }
  return *events_;
}

Question ContractBench::tool_question() {
  return {.turns = {{.role = ChatTurn::Role::user,
                     .text = "What is the weather in Milan and in Oslo on 2026-10-09? Use the "
                             "tool for each city."}},
          .tools = {{.name = "get_forecast",
                     .description = "The weather forecast of a city for one day",
                     .parameters = R"({"type":"object","properties":{"city":{"type":"string"},)"
                                   R"("date":{"type":"string"}},"required":["city","date"]})"},
                    {.name = "send_email",
                     .description = "Sends an e-mail",
                     .parameters = R"({"type":"object","properties":{"to":{"type":"string"},)"
                                   R"("text":{"type":"string"}},"required":["to","text"]})"}}};
}

const Attempt& ContractBench::forced_call() {
  if (!forced_call_) {
    AskOptions ask = usual();
    ask.tool_choice = "required";
    forced_call_ = this->ask(tool_question(), ask);
  }
  return *forced_call_;
}

const RawReply& ContractBench::malformed() {
  if (!malformed_) malformed_ = endpoint_.post("{\"model\": ", options_.timeout_s, stop_);
  return *malformed_;
}

Finding passed(std::string detail) {
  return {CheckState::pass, std::move(detail)};
}
Finding failed(std::string detail) {
  return {CheckState::fail, std::move(detail)};
}
Finding unsupported(std::string detail) {
  return {CheckState::unsupported, std::move(detail)};
}

Finding not_served(const Attempt& attempt) {
  const std::string line = fmt::format("{}: {}", name(attempt.failure), attempt.message);
  return attempt.failure == FailureClass::http_4xx ? unsupported(line) : failed(line);
}

Result<ContractReport> run_contract(const Endpoint& endpoint, const ContractOptions& options,
                                    std::stop_token stop) {
  ContractBench bench(endpoint, options, stop);
  const Attempt& first = bench.stream();
  const bool refused = first.http_status == 0 || first.http_status == 401 ||
                       first.http_status == 403 || first.failure == FailureClass::harness_error;
  if (refused && !first.cancelled) return fail(Errc::io, "{}", first.message);
  ContractReport report;
  for (const Check& check : all_checks()) {
    const bool wanted = options.only.empty() || std::find(options.only.begin(), options.only.end(),
                                                          check.id) != options.only.end();
    if (!wanted) continue;
    if (!stop.stop_requested()) {
      Finding finding = check.run(bench);
      if (!stop.stop_requested()) {
        report.results.push_back({std::string(check.id), std::string(check.title), finding.state,
                                  one_line(finding.detail)});
        if (options.on_result) options.on_result(report.results.back());
        continue;
      }
    }
    // A check that was interrupted has seen nothing.
    report.complete = false;
    return report;
  }
  return report;
}

std::string to_json(const ContractReport& report) {
  Json results = Json::array();
  for (const CheckResult& result : report.results)
    results.push_back({{"id", result.id},
                       {"title", result.title},
                       {"result", name(result.state)},
                       {"detail", result.detail}});
  return json::dump({{"complete", report.complete},
                     {"pass_share", report.pass_share()},
                     {"checks", std::move(results)}}) +
         "\n";
}

std::string to_text(const ContractReport& report) {
  std::string out;
  for (const CheckResult& result : report.results)
    out += fmt::format("{} {:<11} {}{}{}\n", result.id, name(result.state), result.title,
                       result.detail.empty() ? "" : ": ", result.detail);
  return out + fmt::format("{} passed, {} failed, {} could not be decided{}\n",
                           report.count(CheckState::pass), report.count(CheckState::fail),
                           report.count(CheckState::unsupported),
                           report.complete ? "" : " (interrupted)");
}

}  // namespace stride::gauntlet
