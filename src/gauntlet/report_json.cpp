// SPDX-License-Identifier: Apache-2.0
// The report for programs: everything the summaries hold but the texts.
#include "gauntlet/report.h"
#include "json/json.h"

namespace stride::gauntlet {
namespace {

template <class Value>
Json optional_json(const std::optional<Value>& value) {
  return value ? Json(*value) : Json();
}

Json interval_json(const std::optional<Interval>& interval) {
  return interval ? Json{interval->low, interval->high} : Json();
}

Json estimate_json(const Estimate& estimate) {
  return {{"value", estimate.value}, {"ci95", interval_json(estimate.ci)}};
}

Json quantiles_json(const Quantiles& q) {
  return {{"n", q.n},
          {"mean", optional_json(q.mean)},
          {"p50", optional_json(q.p50)},
          {"p90", optional_json(q.p90)},
          {"p95", optional_json(q.p95)},
          {"p99", optional_json(q.p99)},
          {"max", optional_json(q.max)}};
}

Json times_json(const Times& times) {
  return {{"ttft_s", quantiles_json(times.ttft)},      {"ttfr_s", quantiles_json(times.ttfr)},
          {"ttfa_s", quantiles_json(times.ttfa)},      {"total_s", quantiles_json(times.total)},
          {"think_s", quantiles_json(times.think)},    {"answer_s", quantiles_json(times.answer)},
          {"max_gap_s", quantiles_json(times.max_gap)}};
}

Json classes_json(const std::map<FailureClass, size_t>& classes) {
  Json out = Json::object();
  for (const auto& [failure, n] : classes) out[std::string(name(failure))] = n;
  return out;
}

Json test_json(const TestSummary& test) {
  return {{"id", test.id},
          {"title", test.title},
          {"score", estimate_json(test.score)},
          {"passed", test.passed},
          {"cells", test.n_cells},
          {"cells_passed", test.n_passed},
          {"pass_rate_ci95", interval_json(test.pass_ci)},
          {"cells_clean", test.n_clean},
          {"unsupported", test.n_unsupported},
          {"void", test.n_void},
          {"open", test.n_open},
          {"k", test.k},
          {"pass_hat_k", test.pass_hat},
          {"pass_at_k", test.pass_at},
          {"classes", classes_json(test.classes)},
          {"flags", test.flags},
          {"times", times_json(test.times)},
          {"reasoning_tokens", optional_json(test.reasoning_tokens)},
          {"answer_tokens", optional_json(test.answer_tokens)},
          {"recovered_score", optional_json(test.recovered)},
          {"key_finding", test.key_finding}};
}

Json readiness_json(const Readiness& ready) {
  return {{"profile", ready.profile},
          {"score", estimate_json(ready.score)},
          {"band", band(ready.score.value)},
          {"before_blockers", ready.before_blockers},
          {"blockers", ready.blockers},
          {"quality", ready.shares.quality},
          {"consistency", ready.shares.consistency},
          {"delivery", ready.shares.delivery},
          {"latency", ready.shares.latency},
          {"reliability", ready.shares.reliability}};
}

Json attempt_json(const AttemptRecord& record) {
  const Attempt& attempt = record.attempt;
  const Timing& timing = attempt.timing;
  const TokenUsage& usage = attempt.usage;
  return {{"turn", record.turn},
          {"try", record.n},
          {"t_start", record.t_start},
          {"contended", record.contended},
          {"http_status", attempt.http_status},
          {"class", name(attempt.failure)},
          {"message", attempt.message},
          {"finish_reason", attempt.finish_reason},
          {"ttfb_s", optional_json(timing.ttfb)},
          {"ttfe_s", optional_json(timing.ttfe)},
          {"ttft_s", optional_json(timing.ttft)},
          {"ttfr_s", optional_json(timing.ttfr)},
          {"ttfa_s", optional_json(timing.ttfa)},
          {"max_gap_s", optional_json(timing.max_gap)},
          {"total_s", timing.total},
          {"tokens",
           {{"input", optional_json(usage.input)},
            {"cached", optional_json(usage.cached)},
            {"output", optional_json(usage.output)},
            {"reasoning", optional_json(usage.reasoning)},
            {"source", name(usage.source)}}},
          {"cost_usd", optional_json(record.cost_usd)},
          {"retry_after_s", optional_json(attempt.retry_after_s)},
          {"request_sha", record.request_sha}};
}

Json cell_json(const CellResult& cell) {
  const Grade& grade = cell.cell.grade;
  Json criteria = Json::array(), attempts = Json::array();
  for (const Criterion& criterion : grade.criteria)
    criteria.push_back({{"name", criterion.name},
                        {"weight", criterion.weight},
                        {"value", criterion.value},
                        {"gate", criterion.gate},
                        {"evidence", criterion.evidence}});
  for (const AttemptRecord& record : cell.attempts) attempts.push_back(attempt_json(record));
  return {{"test", cell.cell.key.test},
          {"variant", cell.cell.key.variant},
          {"repeat", cell.cell.key.repeat},
          {"env", cell.cell.key.env},
          {"score", grade.score},
          {"passed", grade.passed},
          {"clean", grade.clean},
          {"class", name(grade.failure)},
          {"flags", grade.flags},
          {"recovered_score", optional_json(cell.cell.recovered_score)},
          {"criteria", criteria},
          {"attempts", attempts}};
}

// A stored JSON text as a value; as a string where it is not JSON.
Json stored_json(const std::string& text) {
  auto value = json::parse(text);
  return value ? *std::move(value) : Json(text);
}

Json run_json(const Summary& run) {
  Json tests = Json::array(), cells = Json::array(), readiness = Json::array(),
       contract = Json::array(), load = Json::array(), envs = Json::array();
  for (const TestSummary& test : run.tests) tests.push_back(test_json(test));
  for (const CellResult& cell : run.cells) cells.push_back(cell_json(cell));
  for (const Readiness& ready : run.readiness) readiness.push_back(readiness_json(ready));
  for (const ContractRow& row : run.contract)
    contract.push_back({{"check", row.check}, {"result", row.result}, {"detail", row.detail}});
  for (const LoadRow& row : run.load)
    load.push_back(
        {{"mode", row.mode}, {"level", row.level}, {"metrics", stored_json(row.metric_json)}});
  for (const EnvironmentSummary& env : run.other_envs)
    envs.push_back({{"env", env.env},
                    {"cells", env.n_cells},
                    {"average", estimate_json(env.average)},
                    {"times", times_json(env.times)}});
  Json rag = Json::array();
  for (const RagRecall& recall : run.rag)
    for (size_t i = 0; i < kRagDepths.size(); ++i)
      rag.push_back({{"env", recall.env},
                     {"words", rag_words(recall.env)},
                     {"depth_percent", kRagDepths[i].percent},
                     {"question", kRagDepths[i].question},
                     {"right", recall.n_right[i]},
                     {"cells", recall.n_cells}});
  return {
      {"run", run.run.id},
      {"created", run.run.created},
      {"state", name(run.run.state)},
      {"note", run.run.note},
      {"tool_version", run.run.tool_version},
      {"pack", run.run.pack},
      {"pack_sha", run.run.pack_sha},
      {"model", run.run.model},
      {"endpoint", stored_json(run.run.endpoint_json)},
      {"plan", stored_json(run.run.plan_json)},
      {"host", stored_json(run.run.host_json)},
      {"env", run.env},
      {"average", estimate_json(run.average)},
      {"tests_passed", run.n_tests_passed},
      {"graded", run.n_graded},
      {"open", run.n_open},
      {"void", run.n_void},
      {"unsupported", run.n_unsupported},
      {"requests", run.n_requests},
      {"delivered", run.n_delivered},
      {"first_try", run.n_first_try},
      {"eventually", run.n_eventually},
      {"tries", run.n_tries},
      {"contended", run.n_contended},
      {"times", times_json(run.times)},
      {"decode_tokens_per_s", optional_json(run.decode_rate)},
      {"answer_tokens_per_s", optional_json(run.answer_rate)},
      {"prefill_tokens_per_s", optional_json(run.prefill_rate)},
      {"reasoning_share", optional_json(run.reasoning_share)},
      {"classes", classes_json(run.classes)},
      {"costs",
       {{"total_usd", optional_json(run.costs.total)},
        {"per_passed_usd", optional_json(run.costs.per_passed)},
        {"per_thousand_usd", optional_json(run.costs.per_thousand)},
        {"reasoning_usd", optional_json(run.costs.reasoning)}}},
      {"readiness", readiness},
      {"tests", tests},
      {"contract_share", optional_json(run.contract_share)},
      {"contract", contract},
      {"load", load},
      {"other_environments", envs},
      {"rag_recall", rag},
      {"bootstrap", {{"resamples", kResamples}, {"generator", "PCG64"}, {"seed", kBootstrapSeed}}},
      {"cells", cells}};
}

Json pair_json(const ReportInput& input, const HeadToHead& pair) {
  Json tests = Json::array();
  for (const TestComparison& test : pair.comparison.tests)
    tests.push_back({{"id", test.id},
                     {"a", test.a},
                     {"b", test.b},
                     {"difference", estimate_json(test.difference)},
                     {"p", test.p},
                     {"p_holm", test.p_adjusted},
                     {"verdict", name(test.verdict)}});
  return {{"a", input.runs[pair.a].run.id},
          {"b", input.runs[pair.b].run.id},
          {"difference", estimate_json(pair.comparison.difference)},
          {"p", pair.comparison.p},
          {"pairs", pair.comparison.n_pairs},
          {"verdict", name(pair.comparison.verdict)},
          {"tests", tests}};
}

Json published_json(const PublishedModel& model) {
  Json tests = Json::array();
  for (size_t i = 0; i < kPublishedTests; ++i) {
    const PublishedTest& test = published_tests()[i];
    tests.push_back({{"id", test.id},
                     {"score", optional_json(model.scores[i])},
                     {"empty", test.empty},
                     {"max", test.max},
                     {"constant", test.constant}});
  }
  return {{"id", model.id},           {"average", published_average(model)},
          {"floor", kPublishedFloor}, {"ceiling", kPublishedCeiling},
          {"tests", tests},           {"note", "another scale: never to be subtracted from ours"}};
}

}  // namespace

std::string to_json(const ReportInput& input) {
  Json runs = Json::array(), pairs = Json::array();
  for (const Summary& run : input.runs) runs.push_back(run_json(run));
  for (const HeadToHead& pair : input.pairs) pairs.push_back(pair_json(input, pair));
  Json out{{"runs", runs}, {"head_to_head", pairs}};
  if (input.published != nullptr) out["published"] = published_json(*input.published);
  return json::dump(out) + "\n";
}

}  // namespace stride::gauntlet
