// SPDX-License-Identifier: Apache-2.0
#include "bench/mtp.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/generate.h"
#include "engine/session.h"

namespace stride::bench {
namespace {

using Clock = std::chrono::steady_clock;
using engine::Generated;
using engine::GenerationInput;
using engine::Session;
using model::Token;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

Result<> check(const MtpPlan& plan, const std::vector<PromptClass>& classes, uint32_t n_mtp) {
  if (n_mtp == 0)
    return fail(Errc::invalid_argument, "the model has no MTP heads, so nothing can be drafted");
  if (plan.n_pair == 0) return fail(Errc::invalid_argument, "0 pairs; there must be at least 1");
  if (plan.n_gen < 2)
    return fail(Errc::invalid_argument, "answers of {} tokens have no room for drafts", plan.n_gen);
  STRIDE_TRY(engine::check_mtp_depth(plan.depth, n_mtp));
  if (plan.depth == 0U)
    return fail(Errc::invalid_argument, "a depth of 0 leaves nothing to compare");
  for (const PromptClass& c : classes) {
    if (c.prompts.empty()) return fail(Errc::invalid_argument, "class {} has no prompts", c.name);
  }
  return {};
}

class MtpRunner {
 public:
  MtpRunner(const engine::Engine& engine, SimulatedHeads* simulated, const MtpPlan& plan,
            const std::vector<PromptClass>& classes, const OnProgress& on_progress)
      : engine_(engine),
        simulated_(simulated),
        plan_(plan),
        classes_(classes),
        on_progress_(on_progress),
        capacity_(static_cast<uint32_t>(capacity_of(plan, classes))),
        experience_(std::make_shared<engine::DraftExperience>(engine.model().config().n_mtp)) {
    for (const PromptClass& c : classes)
      n_all_ += (2 * uint64_t{plan.n_pair} + 1) * c.prompts.size();
  }

  Result<MtpOutcome> run() {
    for (const PromptClass& c : classes_) {
      const auto done = run_class(c);
      if (done) continue;
      if (done.error().code != Errc::cancelled) return std::unexpected(done.error());
      outcome_.complete = false;
      break;
    }
    std::erase_if(outcome_.classes, [](const auto& m) { return m.pairs.empty(); });
    outcome_.seconds = seconds_since(begin_);
    return std::move(outcome_);
  }

 private:
  using Answer = std::vector<Token>;

  Result<> run_class(const PromptClass& c) {
    MtpMeasurement& m = outcome_.classes.emplace_back(
        MtpMeasurement{c.name, static_cast<uint32_t>(c.prompts.size()), 0, {}});
    what_ = fmt::format("{}, without a clock", c.name);
    std::vector<Answer> answers;
    Session session = STRIDE_TRY(Session::make(engine_.model(), capacity_));
    for (const GenerationInput& prompt : c.prompts) {
      answers.push_back(ids_of(STRIDE_TRY(answer(session, prompt, 0))));
      m.n_token += answers.back().size() - 1;
    }
    if (m.n_token == 0)
      return fail(Errc::invalid_argument,
                  "answers to class {} have one token each: no time to take", c.name);
    for (uint32_t i = 0; i < plan_.n_pair; ++i) {
      what_ = fmt::format("{}, pair {} of {}", c.name, i + 1, plan_.n_pair);
      m.pairs.push_back(STRIDE_TRY(run_pair(c, answers, i)));
    }
    return {};
  }

  Result<MtpPair> run_pair(const PromptClass& c, const std::vector<Answer>& answers,
                           uint32_t index) {
    MtpPair pair;
    Session plain = STRIDE_TRY(Session::make(engine_.model(), capacity_));
    Session drafting = STRIDE_TRY(Session::make(engine_.model(), capacity_, experience_));
    for (size_t i = 0; i < c.prompts.size(); ++i) {
      tell(c.prompts[i], answers[i], index * c.prompts.size() + i);
      for (const bool second : {false, true}) {
        const bool drafts = ((index + i) % 2 == 0) != second;
        const Generated got = STRIDE_TRY(drafts ? answer(drafting, c.prompts[i], plan_.depth)
                                                : answer(plain, c.prompts[i], 0));
        (drafts ? pair.drafting_seconds : pair.plain_seconds) += got.timings.decode_seconds;
        if (drafts) pair.stats += got.speculation;
        if (ids_of(got) != answers[i])
          return fail(Errc::internal, "prompt {} of class {} was answered differently {} drafts",
                      i + 1, c.name, drafts ? "with" : "without");
      }
    }
    return pair;
  }

  void tell(const GenerationInput& prompt, const Answer& answer, uint64_t round) {
    if (simulated_ == nullptr) return;
    Answer text = prompt.prompt;
    text.insert(text.end(), answer.begin(), answer.end());
    simulated_->tell(text, plan_.seed + round);
  }

  // From an empty session, which keeps what it knows about drafts.
  Result<Generated> answer(Session& session, const GenerationInput& prompt,
                           std::optional<uint32_t> depth) {
    engine::GenerationOptions options;
    options.sampling = {.temperature = plan_.temperature, .seed = plan_.seed};
    options.max_tokens = plan_.n_gen;
    options.mtp_depth = depth;
    options.ignore_end = plan_.ignore_end;
    STRIDE_TRY(session.clear());
    Generated got = STRIDE_TRY(engine::generate(engine_, session, prompt, options, {}, {}));
    STRIDE_TRY(report());
    return got;
  }

  static Answer ids_of(const Generated& generated) {
    Answer ids;
    for (const engine::GeneratedToken& token : generated.tokens) ids.push_back(token.id);
    return ids;
  }

  Result<> report() {
    ++n_done_;
    const double share = static_cast<double>(n_done_) / static_cast<double>(n_all_);
    if (on_progress_({what_, share, seconds_since(begin_) * (1 - share) / share})) return {};
    return fail(Errc::cancelled, "the benchmark was stopped");
  }

  const engine::Engine& engine_;
  SimulatedHeads* simulated_;
  const MtpPlan& plan_;
  const std::vector<PromptClass>& classes_;
  const OnProgress& on_progress_;
  uint32_t capacity_;
  std::shared_ptr<engine::DraftExperience> experience_;
  Clock::time_point begin_ = Clock::now();
  std::string what_;
  uint64_t n_done_ = 0, n_all_ = 0;  // answers
  MtpOutcome outcome_;
};

}  // namespace

uint64_t capacity_of(const MtpPlan& plan, const std::vector<PromptClass>& classes) {
  size_t longest = 0;
  for (const PromptClass& c : classes) {
    for (const GenerationInput& prompt : c.prompts)
      longest = std::max(longest, prompt.prompt.size());
  }
  return longest + plan.n_gen;
}

Result<MtpOutcome> run_mtp(const engine::Engine& engine, SimulatedHeads* simulated,
                           const MtpPlan& plan, const std::vector<PromptClass>& classes,
                           const OnProgress& on_progress) {
  STRIDE_TRY(check(plan, classes, engine.model().config().n_mtp));
  return MtpRunner(engine, simulated, plan, classes, on_progress).run();
}

}  // namespace stride::bench
