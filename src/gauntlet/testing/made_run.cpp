// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/testing/made_run.h"

#include <fmt/core.h>
#include <unistd.h>

#include <filesystem>

namespace stride::gauntlet {

Attempt delivered_answer(std::string text) {
  Attempt attempt;
  attempt.http_status = 200;
  attempt.answer = std::move(text);
  attempt.reasoning = "Let me think.";
  attempt.finish_reason = "stop";
  attempt.model = "made-model-2026";
  attempt.streamed = true;
  attempt.done_seen = true;
  attempt.usage = {.input = 100, .output = 60, .reasoning = 40, .source = TokenSource::usage};
  attempt.timing = {.ttfb = 0.1,
                    .ttfe = 0.2,
                    .ttft = 0.3,
                    .ttfr = 0.3,
                    .ttfa = 1.3,
                    .last_answer = 1.8,
                    .last_token = 1.8,
                    .max_gap = 0.05,
                    .total = 2,
                    .itl = {0.02, 0.03, 0.05},
                    .itl_norm = {0.02, 0.03, 0.05}};
  return attempt;
}

FinishedCell graded(double score, Attempt attempt) {
  FinishedCell cell;
  cell.grade = {.score = score,
                .passed = score >= 0.7,
                .clean = score >= 0.999,
                .failure = score >= 0.7 ? FailureClass::ok : FailureClass::wrong,
                .criteria = {{"answer", 0.6, score, true, "found: 42"}, {"steps", 0.4, score}}};
  if (attempt.failure != FailureClass::ok) cell.grade.failure = attempt.failure;
  cell.attempts.push_back({.t_start = 1'790'000'000, .attempt = std::move(attempt)});
  return cell;
}

MadeRuns::MadeRuns(const std::string& name)
    : path_((std::filesystem::temp_directory_path() / fmt::format("{}{}.db", name, ::getpid()))
                .string()),
      store_(RunStore::open(path_, false).value()) {}

MadeRuns::~MadeRuns() {
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + end);
}

int64_t MadeRuns::add(const RunPlan& plan, const Make& make, const std::string& model) {
  RunRecord record{
      .created = 1'790'000'000,
      .tool_version = "0.1.0",
      .pack = std::string(kPack),
      .pack_sha = "0123456789abcdef",
      .plan_json = to_json(plan),
      .endpoint_json = to_json(EndpointOptions{.url = "http://127.0.0.1:8080", .model = model}),
      .model = model,
      .env = "warm",
      .host_json = "{}",
      .state = RunState::complete};
  const int64_t id = store_.create(record).value();
  store_.add_cells(id, planned_cells(plan)).value();
  for (const std::string& env : plan.envs)
    while (const auto cell = store_.claim(id, env, "made", 0).value()) {
      const FinishedCell finished = make(cell->key);
      if (finished.attempts.empty()) break;
      static_cast<void>(store_.finish(cell->id, "made", finished).value());
    }
  static_cast<void>(store_.return_leases(id, 1e12, [](std::string_view) { return false; }));
  return id;
}

}  // namespace stride::gauntlet
