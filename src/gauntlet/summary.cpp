// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/summary.h"

#include <algorithm>
#include <cmath>

#include "gauntlet/pace.h"
#include "gauntlet/summary_readiness.h"

namespace stride::gauntlet {
namespace {

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

class TimeSamples {
 public:
  void add(const Timing& timing) {
    put(ttft_, timing.ttft);
    put(ttfr_, timing.ttfr);
    put(ttfa_, timing.ttfa);
    put(total_, timing.total);
    put(max_gap_, timing.max_gap);
    if (timing.ttfa && timing.ttfr) put(think_, *timing.ttfa - *timing.ttfr);
    if (timing.ttfa && timing.last_answer) put(answer_, *timing.last_answer - *timing.ttfa);
  }

  Times times() const {
    return {.ttft = quantiles(ttft_),
            .ttfr = quantiles(ttfr_),
            .ttfa = quantiles(ttfa_),
            .total = quantiles(total_),
            .think = quantiles(think_),
            .answer = quantiles(answer_),
            .max_gap = quantiles(max_gap_)};
  }

 private:
  static void put(std::vector<double>& values, std::optional<double> value) {
    if (value) values.push_back(*value);
  }

  std::vector<double> ttft_{}, ttfr_{}, ttfa_{}, total_{}, think_{}, answer_{}, max_gap_{};
};

template <class Visit>
void for_each_final(const CellResult& cell, Visit visit) {
  for (size_t i = 0; i < cell.attempts.size(); ++i)
    if (i + 1 == cell.attempts.size() || cell.attempts[i + 1].turn != cell.attempts[i].turn)
      visit(cell.attempts[i]);
}

void count_requests(CellResult& cell, const Slo& slo) {
  for_each_final(cell, [&](const AttemptRecord& record) {
    const Attempt& attempt = record.attempt;
    ++cell.n_requests;
    const bool delivered = delivers(attempt);
    cell.n_delivered += delivered ? 1 : 0;
    cell.n_within_slo += delivered && meets(slo, attempt) ? 1 : 0;
    cell.n_eventually += is_transport(attempt.failure) ? 0 : 1;
  });
  for (const AttemptRecord& record : cell.attempts)
    cell.n_first_try += record.n == 0 && !is_transport(record.attempt.failure) ? 1 : 0;
}

std::optional<double> mean_of(const std::vector<double>& values) {
  return values.empty() ? std::nullopt : std::optional(mean(values));
}

void put_tokens(const Attempt& attempt, std::vector<double>& reasoning,
                std::vector<double>& answer) {
  const TokenUsage& usage = attempt.usage;
  if (!usage.output) return;
  const uint64_t thought = std::min(*usage.output, usage.reasoning.value_or(0));
  reasoning.push_back(static_cast<double>(thought));
  answer.push_back(static_cast<double>(*usage.output - thought));
}

// Few cells widen an interval beyond what a score can be.
Estimate within_scores(Estimate estimate) {
  if (estimate.ci)
    estimate.ci = Interval{std::max(0.0, estimate.ci->low), std::min(1.0, estimate.ci->high)};
  return estimate;
}

void put_scores(TestSummary& test, std::span<const CellResult* const> cells) {
  std::map<uint32_t, std::vector<double>> by_variant;
  for (const CellResult* cell : cells)
    by_variant[cell->cell.key.variant].push_back(cell->cell.grade.score);
  for (auto& [variant, scores] : by_variant) test.scores.push_back(std::move(scores));
  test.score = within_scores(bootstrap_mean(std::span(&test.scores, 1)));
  test.pass_ci = wilson(test.n_passed, test.n_cells);
  test.k = static_cast<uint32_t>(std::min<size_t>(3, test.n_cells));
  test.pass_hat = pass_hat_k(test.n_cells, test.n_passed, test.k);
  test.pass_at = pass_at_k(test.n_cells, test.n_passed, test.k);
  test.passed = 2 * test.n_passed > test.n_cells;
}

TestSummary summarize_test(const TestInfo& info, std::span<const CellResult* const> cells,
                           const EndpointOptions& endpoint) {
  TestSummary test{.id = std::string(info.id),
                   .title = std::string(info.title),
                   .pass_score = info.pass_score,
                   .published_timeout_s = info.published_timeout_s,
                   .n_cells = cells.size()};
  TimeSamples times;
  std::vector<double> reasoning, answer, recovered;
  for (const CellResult* cell : cells) {
    const Grade& grade = cell->cell.grade;
    test.n_passed += grade.passed ? 1 : 0;
    test.n_clean += grade.clean ? 1 : 0;
    ++test.classes[grade.failure];
    for (const std::string& flag : grade.flags) ++test.flags[flag];
    if (cell->cell.recovered_score) recovered.push_back(*cell->cell.recovered_score);
    if (const AttemptRecord* first = timed_attempt(*cell)) {
      if (!is_transport(first->attempt.failure)) times.add(first->attempt.timing);
      put_tokens(first->attempt, reasoning, answer);
    }
  }
  test.times = times.times();
  test.reasoning_tokens = mean_of(reasoning);
  test.answer_tokens = mean_of(answer);
  test.recovered = mean_of(recovered);
  if (!cells.empty()) put_scores(test, cells);
  test.key_finding = key_finding(test, cells, endpoint);
  return test;
}

Estimate average_of(std::span<const TestSummary> tests) {
  std::vector<Stratum> strata;
  for (const TestSummary& test : tests)
    if (!test.scores.empty()) strata.push_back(test.scores);
  return within_scores(bootstrap_mean(strata));
}

// Sums, rates and classes over all graded cells.
void count_all(Summary& summary) {
  TimeSamples times;
  std::vector<double> decode, answer, prefill;
  double output = 0, reasoning = 0;
  for (const CellResult& cell : summary.cells) {
    ++summary.classes[cell.cell.grade.failure];
    summary.n_requests += cell.n_requests;
    summary.n_delivered += cell.n_delivered;
    summary.n_first_try += cell.n_first_try;
    summary.n_eventually += cell.n_eventually;
    summary.n_tries += cell.attempts.size();
    for_each_final(cell, [&](const AttemptRecord& record) {
      const Attempt& attempt = record.attempt;
      const Timing& timing = attempt.timing;
      summary.n_contended += record.contended ? 1 : 0;
      ++summary.token_sources[std::string(name(attempt.usage.source))];
      if (is_transport(attempt.failure)) return;
      times.add(timing);
      if (!attempt.usage.output) return;
      const auto n_out = static_cast<double>(*attempt.usage.output);
      const auto n_reason = static_cast<double>(attempt.usage.reasoning.value_or(0));
      output += n_out;
      reasoning += std::min(n_out, n_reason);
      if (timing.ttft && timing.last_token && *timing.last_token > *timing.ttft && n_out > 1)
        decode.push_back((n_out - 1) / (*timing.last_token - *timing.ttft));
      const double n_answer = n_out - n_reason;
      if (timing.ttfa && timing.last_answer && *timing.last_answer > *timing.ttfa && n_answer > 1)
        answer.push_back((n_answer - 1) / (*timing.last_answer - *timing.ttfa));
      if (timing.ttft && *timing.ttft > 0 && attempt.usage.input)
        prefill.push_back(static_cast<double>(*attempt.usage.input) / *timing.ttft);
    });
  }
  summary.times = times.times();
  summary.decode_rate = quantile(decode, 0.5);
  summary.answer_rate = quantile(answer, 0.5);
  summary.prefill_rate = quantile(prefill, 0.5);
  if (output > 0) summary.reasoning_share = reasoning / output;
}

Costs costs_of(const Summary& summary) {
  Costs costs;
  double total = 0, reasoning = 0;
  size_t n_passed = 0;
  for (const CellResult& cell : summary.cells) {
    n_passed += cell.cell.grade.passed ? 1 : 0;
    for (const AttemptRecord& record : cell.attempts) {
      if (!record.cost_usd) continue;
      ++costs.n_requests;
      total += *record.cost_usd;
      reasoning += reasoning_cost(record.attempt.usage, summary.plan.prices, *record.cost_usd);
    }
  }
  if (costs.n_requests == 0) return costs;
  costs.total = total;
  costs.reasoning = reasoning;
  costs.per_thousand = 1000 * total / static_cast<double>(costs.n_requests);
  if (n_passed > 0) costs.per_passed = total / static_cast<double>(n_passed);
  return costs;
}

std::optional<double> contract_share(std::span<const ContractRow> rows) {
  size_t n_pass = 0, n_fail = 0;
  for (const ContractRow& row : rows) {
    if (!row.check.starts_with('C')) continue;  // probes of the recovery stand beside it
    n_pass += row.result == "pass" ? 1 : 0;
    n_fail += row.result == "fail" ? 1 : 0;
  }
  if (n_pass + n_fail == 0) return std::nullopt;
  return static_cast<double>(n_pass) / static_cast<double>(n_pass + n_fail);
}

using CellsByTest = std::map<std::string, std::vector<const CellResult*>>;

CellsByTest by_test(std::span<const CellResult> cells) {
  CellsByTest out;
  for (const CellResult& cell : cells) out[cell.cell.key.test].push_back(&cell);
  return out;
}

EnvironmentSummary summarize_env(std::string_view env, std::span<const CellResult> cells) {
  EnvironmentSummary out{.env = std::string(env), .n_cells = cells.size()};
  TimeSamples times;
  std::map<std::string, std::map<uint32_t, std::vector<double>>> scores;
  for (const CellResult& cell : cells) {
    scores[cell.cell.key.test][cell.cell.key.variant].push_back(cell.cell.grade.score);
    const AttemptRecord* first = timed_attempt(cell);
    if (first != nullptr && !is_transport(first->attempt.failure)) times.add(first->attempt.timing);
  }
  std::vector<Stratum> strata;
  for (auto& [test, variants] : scores) {
    Stratum& stratum = strata.emplace_back();
    for (auto& [variant, repeats] : variants) stratum.push_back(std::move(repeats));
  }
  out.average = within_scores(bootstrap_mean(strata));
  out.times = times.times();
  return out;
}

RagRecall rag_recall_of(const std::string& env, const std::vector<CellResult>& cells) {
  RagRecall out{.env = env};
  for (const CellResult& cell : cells) {
    if (cell.cell.key.test != "long_context_rag") continue;
    ++out.n_cells;
    for (size_t i = 0; i < kRagDepths.size(); ++i) {
      const auto& criteria = cell.cell.grade.criteria;
      const auto found = std::ranges::find(criteria, kRagDepths[i].question, &Criterion::name);
      out.n_right[i] += found != criteria.end() && found->value > 0 ? 1 : 0;
    }
  }
  return out;
}

// The graded cells of every environment; counts those that are not graded in the tests.
Result<std::map<std::string, std::vector<CellResult>>> load_cells(
    RunStore& store, int64_t run, Texts texts, const Slo& slo, Summary& summary,
    std::map<std::string, TestSummary>& not_graded) {
  std::map<std::string, std::vector<CellResult>> by_env;
  for (CellRecord& cell : STRIDE_TRY(store.cells(run))) {
    const bool headline = cell.key.env == summary.env;
    TestSummary& test = not_graded[cell.key.test];
    if (cell.state != CellState::done) {
      if (!headline) continue;
      const bool is_void = cell.state == CellState::void_cell;
      const bool unsupported = cell.state == CellState::unsupported;
      ++(is_void ? test.n_void : unsupported ? test.n_unsupported : test.n_open);
      ++(is_void ? summary.n_void : unsupported ? summary.n_unsupported : summary.n_open);
      continue;
    }
    CellResult result{.cell = std::move(cell)};
    result.cell.grade.criteria = STRIDE_TRY(store.criteria(result.cell.id));
    // Whether an answer is blank decides on the delivery, so the texts are always read.
    result.attempts = STRIDE_TRY(store.attempts(result.cell.id, Texts::load));
    count_requests(result, slo);
    if (texts == Texts::leave)
      for (AttemptRecord& record : result.attempts) {
        record.attempt.answer.clear();
        record.attempt.reasoning.clear();
      }
    by_env[result.cell.key.env].push_back(std::move(result));
  }
  return by_env;
}

}  // namespace

bool delivers(const Attempt& attempt) {
  return attempt.failure == FailureClass::ok && !attempt.tag_leak &&
         (!is_blank(attempt.answer) || !attempt.calls.empty()) && !attempt.finish_reason.empty();
}

const AttemptRecord* last_attempt(const CellResult& cell) {
  return cell.attempts.empty() ? nullptr : &cell.attempts.back();
}

const AttemptRecord* timed_attempt(const CellResult& cell) {
  const AttemptRecord* found = nullptr;
  for (const AttemptRecord& record : cell.attempts)
    if (record.turn == 0) found = &record;
  return found;
}

const Readiness& headline(const Summary& summary) {
  return *std::ranges::find(summary.readiness, summary.plan.profile, &Readiness::profile);
}

bool had_it_but_did_not_deliver(const TestSummary& test, const CellResult& cell) {
  const auto recovered = cell.cell.recovered_score;
  return recovered && !cell.cell.grade.passed && *recovered >= test.pass_score &&
         *recovered > cell.cell.grade.score;
}

const TestSummary* find(const Summary& summary, std::string_view test) {
  const auto found = std::ranges::find(summary.tests, test, &TestSummary::id);
  return found == summary.tests.end() ? nullptr : &*found;
}

Result<Summary> summarize(RunStore& store, int64_t run, Texts texts) {
  Summary summary{.run = STRIDE_TRY(store.run(run))};
  summary.plan = STRIDE_TRY(plan_from_json(summary.run.plan_json));
  summary.endpoint = STRIDE_TRY(endpoint_from_json(summary.run.endpoint_json));
  const bool warm = std::ranges::find(summary.plan.envs, "warm") != summary.plan.envs.end();
  summary.env = warm ? "warm" : "cold";
  const Profile profile = STRIDE_TRY(find_profile(summary.plan.profile));
  std::map<std::string, TestSummary> not_graded;
  auto by_env = STRIDE_TRY(load_cells(store, run, texts, profile.slo, summary, not_graded));
  for (const auto& [env, cells_of_env] : by_env)
    if (RagRecall recall = rag_recall_of(env, cells_of_env); recall.n_cells > 0)
      summary.rag.push_back(std::move(recall));
  std::ranges::stable_sort(summary.rag, {}, [](const RagRecall& r) { return rag_words(r.env); });
  summary.cells = std::move(by_env[summary.env]);
  by_env.erase(summary.env);
  summary.n_graded = summary.cells.size();
  CellsByTest cells = by_test(summary.cells);
  for (const std::string& id : planned_tests(summary.plan)) {
    TestSummary test = summarize_test(*find_test(id), cells[id], summary.endpoint);
    test.n_open = not_graded[id].n_open;
    test.n_void = not_graded[id].n_void;
    test.n_unsupported = not_graded[id].n_unsupported;
    summary.n_tests_passed += test.passed ? 1 : 0;
    summary.tests.push_back(std::move(test));
  }
  summary.average = average_of(summary.tests);
  count_all(summary);
  summary.costs = costs_of(summary);
  summary.contract = STRIDE_TRY(store.contract(run));
  summary.contract_share = contract_share(summary.contract);
  summary.load = STRIDE_TRY(store.load(run));
  for (const auto& [env, others] : by_env) summary.other_envs.push_back(summarize_env(env, others));
  summary.readiness = readiness_of(summary);
  return summary;
}

}  // namespace stride::gauntlet
