// SPDX-License-Identifier: Apache-2.0
#include "cli/gauntlet_knowledge.h"

#include <fmt/core.h>

#include "cli/gauntlet_commands.h"
#include "cli/human.h"
#include "cli/text_file.h"
#include "gauntlet/knowledge_boundary.h"

namespace stride::cli {
namespace {

using namespace gauntlet;

void print_curve(const KnowledgeCurve& curve) {
  constexpr size_t kWidth = 30;
  fmt::print("{:<8} {:>6} {:>8} {:>6} {:>7}  share that is known\n", "quarter", "right", "UNKNOWN",
             "wrong", "failed");
  for (const QuarterKnowledge& q : curve.quarters) {
    const size_t n = q.n_right + q.n_unknown + q.n_wrong;
    const size_t bar = n == 0 ? 0 : q.n_right * kWidth / n;
    fmt::print("{} Q{:<2} {:>6} {:>8} {:>6} {:>7}  {:#<{}}{:.<{}}\n", q.year, q.quarter, q.n_right,
               q.n_unknown, q.n_wrong, q.n_failed, "", bar, "", kWidth - bar);
  }
  if (!curve.boundary) {
    fmt::print("\nNo boundary: no quarter parts what is known from what is not.\n");
    return;
  }
  const QuarterKnowledge& first = curve.quarters[*curve.boundary];
  fmt::print("\nKnowledge ends before {} Q{}, as far as these facts can tell.\n", first.year,
             first.quarter);
}

}  // namespace

Result<int> run_dated_facts(const std::string& path, const std::string& today,
                            const EndpointOptions& options, const StopOnInterrupt& interrupt) {
  const std::vector<DatedFact> facts = STRIDE_TRY(read_dated_facts(STRIDE_TRY(read_text(path))));
  const Endpoint endpoint = STRIDE_TRY(Endpoint::make(options));
  std::vector<Knows> answers;
  size_t n_failed = 0;
  for (const DatedFact& fact : facts) {
    const Attempt attempt =
        endpoint.ask(ask_fact(fact, today), {.answer_budget = 100}, interrupt.token());
    if (interrupt.token().stop_requested()) return kGauntletIncomplete;
    const bool came = attempt.failure == FailureClass::ok;
    answers.push_back(came ? judge_fact(fact, attempt.answer) : Knows::failed);
    n_failed += answers.back() == Knows::failed ? 1 : 0;
    if (!came) fmt::print(stderr, "fact {}: {}\n", answers.size(), printable(attempt.message, 160));
  }
  if (n_failed == facts.size()) return kGauntletUnusable;
  print_curve(knowledge_curve(facts, answers));
  return kGauntletOk;
}

}  // namespace stride::cli
