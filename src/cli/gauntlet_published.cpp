// SPDX-License-Identifier: Apache-2.0
#include "cli/gauntlet_published.h"

#include <fmt/core.h>

#include "cli/endpoint_flags.h"
#include "cli/gauntlet_commands.h"
#include "cli/gauntlet_session.h"
#include "cli/human.h"
#include "cli/text_file.h"
#include "gauntlet/published_pack.h"
#include "gauntlet/sandbox.h"
#include "json/json.h"

namespace stride::cli {
namespace {

using namespace gauntlet;
using Cells = std::array<PublishedCell, kPublishedTests>;

constexpr uint32_t kSharedTokens = 4000;
constexpr double kTimeout = 600;  // no timeout of a test is enforced there; the client's own is

// What the series calls an error: no response came to be graded.
bool is_failed(FailureClass failure) {
  using enum FailureClass;
  switch (failure) {
    case http_4xx:
    case rate_limited:
    case http_5xx:
    case connect_timeout:
    case first_event_timeout:
    case idle_timeout:
    case total_timeout:
    case stream_cut:
    case protocol_error:
    case harness_error:
      return true;
    default:
      return false;
  }
}

Result<PublishedCell> ask_one(const Endpoint& endpoint, size_t index, const PublishedPrompt& prompt,
                              Sandbox& sandbox, std::stop_token stop) {
  const TestInfo& test = *find_test(published_tests()[index].id);
  Question question;
  question.turns.push_back({.text = prompt.text});
  const bool as_json = test.id == "structured_output";
  const Attempt attempt = endpoint.ask(
      question,
      {.timeout_s = kTimeout, .format = as_json ? AnswerFormat::json_object : AnswerFormat::text},
      std::move(stop));
  PublishedCell cell{.failed = is_failed(attempt.failure),
                     .total_s = attempt.timing.total,
                     .ttfa_s = attempt.timing.ttfa,
                     .note = attempt.message};
  if (!cell.failed)
    cell.score = STRIDE_TRY(published_score(index, prompt, attempt.answer, sandbox));
  return cell;
}

std::string seconds_or_dash(std::optional<double> seconds) {
  return seconds ? fmt::format("{:.2f} s", *seconds) : "-";
}

void print_cell(size_t index, const PublishedCell& cell) {
  const PublishedTest& test = published_tests()[index];
  fmt::print(
      "  {:<30} {:>6} {:>6.3g} {:>6.3g} {:>9} {:>9}  {}\n", find_test(test.id)->title,
      cell.failed ? "failed" : fmt::format("{:.3g}", cell.score), test.empty, test.max,
      seconds_or_dash(cell.ttfa_s), seconds_or_dash(cell.total_s),
      test.constant && !cell.failed ? "the same for every answer" : printable(cell.note, 120));
  std::fflush(stdout);
}

void print_result(const PublishedResult& result) {
  fmt::print(
      "\nPublished scale, not Stride's: average {:.3f}, {} of 15 passed, {} failed, overall "
      "{:.3f}\n\n  0 {} 1\n    F = {:.2f}, fifteen empty answers; C = {:.3f}, fifteen correct "
      "ones; # = this endpoint\n",
      result.average, result.n_passed, result.n_failed, result.overall,
      published_gauge(result.average), kPublishedFloor, kPublishedCeiling);
}

std::string to_json(const EndpointOptions& endpoint, const Cells& cells,
                    const PublishedResult& result) {
  Json tests = Json::array();
  for (size_t i = 0; i < kPublishedTests; ++i) {
    const PublishedCell& cell = cells[i];
    Json item = {{"test", published_tests()[i].id}, {"total_s", cell.total_s}};
    item["score"] = cell.failed ? Json() : Json(cell.score);
    item["empty"] = published_tests()[i].empty;
    item["max"] = published_tests()[i].max;
    item["ttfa_s"] = cell.ttfa_s ? Json(*cell.ttfa_s) : Json();
    item["note"] = cell.note;
    tests.push_back(std::move(item));
  }
  const Json root = {
      {"scale", "published"},      {"model", endpoint.model},      {"average", result.average},
      {"floor", kPublishedFloor},  {"ceiling", kPublishedCeiling}, {"passed", result.n_passed},
      {"failed", result.n_failed}, {"overall", result.overall},    {"tests", std::move(tests)}};
  return json::dump(root) + '\n';
}

}  // namespace

Result<int> run_published_pack(const PublishedRun& options, EndpointOptions endpoint,
                               const StopOnInterrupt& interrupt) {
  const PublishedPrompts prompts =
      STRIDE_TRY(read_published_prompts(STRIDE_TRY(read_text(options.prompts))));
  endpoint.shared_budget = kSharedTokens;
  endpoint.sampling = STRIDE_TRY(sampling_named("published", endpoint.model));
  const Endpoint asked = STRIDE_TRY(Endpoint::make(endpoint));
  Sandbox sandbox = Sandbox::open();
  fmt::print("  {:<30} {:>6} {:>6} {:>6} {:>9} {:>9}\n", "test", "score", "empty", "most", "TTFA",
             "total");
  Cells cells;
  for (size_t i = 0; i < kPublishedTests; ++i) {
    cells[i] = STRIDE_TRY(ask_one(asked, i, prompts[i], sandbox, interrupt.token()));
    if (interrupt.token().stop_requested()) return kGauntletIncomplete;
    print_cell(i, cells[i]);
  }
  const PublishedResult result = published_result(cells);
  if (result.n_failed == kPublishedTests) return kGauntletUnusable;
  print_result(result);
  if (options.json) STRIDE_TRY(write_text(*options.json, to_json(endpoint, cells, result)));
  return kGauntletOk;
}

}  // namespace stride::cli
