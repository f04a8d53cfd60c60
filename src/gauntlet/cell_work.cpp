// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/cell_work.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/check.h"
#include "base/random.h"
#include "gauntlet/environments.h"

namespace stride::gauntlet {
namespace {

// What a request may cost a bucket of tokens before its usage is known.
double expected_tokens(const Question& question, uint32_t answer_budget) {
  constexpr double kCharactersPerToken = 4;
  size_t n = 0;
  for (const ChatTurn& turn : question.turns) n += turn.text.size();
  return static_cast<double>(n) / kCharactersPerToken + answer_budget;
}

uint64_t mixed(const CellKey& key, uint64_t seed) {
  uint64_t hash = seed;
  for (const char c : key.test + key.env) hash = hash * 1099511628211u + static_cast<uint8_t>(c);
  return Random(hash + key.variant + uint64_t{1000} * key.repeat).next();
}

Grade harness_failure(std::string_view what) {
  return {.failure = FailureClass::harness_error,
          .criteria = {{"harness", 1, 0, true, std::string(what)}}};
}

}  // namespace

CellWork::CellWork(const RunPlan& plan, const RunnerSetup& setup, Pacer& pacer,
                   const CellRecord& cell, Tell tell)
    : plan_(plan),
      setup_(setup),
      pacer_(pacer),
      cell_(cell),
      test_(*find_test(cell.key.test)),
      tell_(std::move(tell)),
      random_(mixed(cell.key, plan.nonce_seed)) {}

AskOptions CellWork::ask_options(const Question& question) {
  AskOptions options{.answer_budget = plan_.answer_budget.value_or(test_.answer_budget),
                     .timeout_s = test_.timeout_s * plan_.deadline_scale};
  if (plan_.send_seed) options.seed = seed_of(plan_, cell_.key);
  options.format = format_of(cell_.key);
  if (options.format == AnswerFormat::json_schema) options.schema = question.answer_schema;
  if (cell_.key.env == "cold") options = cold_ask(options, random_.next());
  return options;
}

std::optional<AttemptRecord> CellWork::ask_once(const Question& question, std::stop_token stop) {
  AskOptions options = ask_options(question);
  const auto ticket = pacer_.acquire(expected_tokens(question, options.answer_budget), stop);
  if (!ticket) return std::nullopt;
  options.on_progress = [&](size_t n) { tell_(fmt::format("{} characters", n)); };
  AttemptRecord record{.t_start = setup_.clock.now()};
  tell_("asked");
  record.attempt = setup_.ask(question, options);
  record.contended = pacer_.release(*ticket, record.attempt);
  record.request_sha = record.attempt.request_sha;
  record.stream_path = record.attempt.cast;
  record.cost_usd = cost_of(record.attempt.usage, plan_.prices);
  return record;
}

// Asks until the transport holds or the tries are used up. False where the stop came first.
bool CellWork::ask_turn(const Question& question, uint32_t turn, std::stop_token stop) {
  for (uint32_t n = 0;; ++n) {
    auto record = ask_once(question, stop);
    if (!record) return false;
    record->turn = turn;
    record->n = n;
    finished_.attempts.push_back(*std::move(record));
    const Attempt& attempt = finished_.attempts.back().attempt;
    const auto delay = retry_delay(n + 1, attempt, random_);
    if (!delay) return true;
    tell_(fmt::format("{}, next try in {:.1f} s", name(attempt.failure), *delay));
    if (!setup_.clock.sleep(*delay, stop)) return false;
  }
}

void CellWork::grade(const Case& drawn) {
  tell_("grading");
  finished_.grade = setup_.examiner.grade(test_, drawn, finals_);
  const bool thought = std::ranges::any_of(
      finals_, [](const Attempt& attempt) { return !attempt.reasoning.empty(); });
  if (thought) finished_.recovered_score = setup_.examiner.recovered(test_, drawn, finals_);
  if (finished_.grade.failure == FailureClass::harness_error)
    finished_.state = CellState::void_cell;
  if (std::ranges::find(finished_.grade.flags, "unsupported") != finished_.grade.flags.end())
    finished_.state = CellState::unsupported;
}

std::optional<FinishedCell> CellWork::run(std::stop_token stop) {
  if (!setup_.examiner.supported(test_)) {
    finished_.state = CellState::unsupported;
    return std::move(finished_);
  }
  // A grader that throws is a fault of the harness and must not be counted against the model.
  try {
    const auto drawn = setup_.examiner.draw(cell_.key);
    Question question = drawn->question();
    for (uint32_t turn = 0; turn < test_.max_turns; ++turn) {
      if (!ask_turn(question, turn, stop)) return std::nullopt;
      finals_.push_back(finished_.attempts.back().attempt);
      if (finals_.back().failure != FailureClass::ok) break;
      auto more = drawn->reply(finals_);
      if (more.empty()) break;
      std::ranges::move(more, std::back_inserter(question.turns));
    }
    grade(*drawn);
  } catch (const std::exception& error) {
    finished_.grade = harness_failure(error.what());
    finished_.state = CellState::void_cell;
  }
  return std::move(finished_);
}

}  // namespace stride::gauntlet
