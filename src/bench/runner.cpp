// SPDX-License-Identifier: Apache-2.0
#include "bench/runner.h"

#include <algorithm>
#include <chrono>
#include <memory>

#include "base/random.h"
#include "bench/forecast.h"

namespace stride::bench {
namespace {

using Clock = std::chrono::steady_clock;
using model::Logits;
using model::RewindPoint;
using model::Token;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

Limits mean(const Limits& a, const Limits& b) {
  return {(a.read_bytes + b.read_bytes) / 2, (a.int8_ops + b.int8_ops) / 2,
          (a.float_ops + b.float_ops) / 2};
}

class Runner {
 public:
  Runner(model::Model& model, const WorkCounter& counter, LimitProbe& probe, const Plan& plan,
         uint32_t max_rows, const OnProgress& on_progress)
      : model_(model),
        counter_(counter),
        probe_(probe),
        plan_(plan),
        max_rows_(max_rows),
        on_progress_(on_progress),
        forecast_(plan),
        random_(plan.seed) {}

  Result<Outcome> run() {
    const auto begin = Clock::now();
    sequence_ = STRIDE_TRY(model_.new_sequence(static_cast<uint32_t>(capacity_of(plan_))));
    outcome_.limits.push_back(probe_.measure());
    const auto done = run_depths();
    if (!done && done.error().code != Errc::cancelled) return std::unexpected(done.error());
    outcome_.complete = done.has_value();
    outcome_.seconds = seconds_since(begin);
    std::erase_if(outcome_.measurements, [](const auto& m) { return m.repetitions.empty(); });
    return std::move(outcome_);
  }

 private:
  Result<> run_depths() {
    STRIDE_TRY(warm_up());
    for (const uint32_t depth : plan_.depths) {
      what_ = fmt::format("filling the cache to depth {}", depth);
      STRIDE_TRY(read(depth - sequence_->size(), Logits::none));
      const auto filled = sequence_->mark();
      const size_t first = plan_depth(depth);
      for (uint32_t r = 0; r < plan_.repetitions; ++r) {
        size_t at = first;
        for (const uint32_t n_prompt : plan_.prompts) {
          what_ = fmt::format("prompt of {} at depth {}, {} of {}", n_prompt, depth, r + 1,
                              plan_.repetitions);
          const size_t begin = at;
          STRIDE_TRY(repeat(n_prompt, *filled, at));
          probe_after(begin, at);
        }
      }
    }
    return {};
  }

  // Probes the limits again, and for the latest repetitions of these measurements takes the mean
  // with those before.
  void probe_after(size_t begin, size_t end) {
    const Limits before = outcome_.limits.back(), after = probe_.measure();
    outcome_.limits.push_back(after);
    for (size_t i = begin; i < end; ++i)
      outcome_.measurements[i].repetitions.back().limits = mean(before, after);
  }

  // Makes room for the measurements of a depth in the order in which repeat() takes them, and says
  // where they begin.
  size_t plan_depth(uint32_t depth) {
    const size_t first = outcome_.measurements.size();
    for (const uint32_t n_prompt : plan_.prompts) {
      if (n_prompt > 0) outcome_.measurements.push_back({Phase::prefill, n_prompt, depth, 0, {}});
      if (plan_.n_gen == 0) continue;
      for (const uint32_t n_row : plan_.rows)
        outcome_.measurements.push_back({Phase::decode, n_prompt, depth, n_row, {}});
    }
    return first;
  }

  // The first steps map pages of weights and grow buffers.
  Result<> warm_up() {
    const uint64_t room = capacity_of(plan_);
    for (const uint64_t n : {uint64_t{max_rows_}, uint64_t{plan_.rows.back()}, uint64_t{1}}) {
      draw(static_cast<size_t>(std::min(n, room)));
      model::Output out;
      STRIDE_TRY(model_.forward(*sequence_, {.ids = ids_, .logits = Logits::last}, out));
      STRIDE_TRY(sequence_->truncate(0));
      STRIDE_TRY(report());
    }
    return {};
  }

  // One repetition of a prompt length and of every number of rows behind it. `at` is the place of
  // its next measurement.
  Result<> repeat(uint32_t n_prompt, const RewindPoint& filled, size_t& at) {
    reset_peak_memory();
    if (n_prompt > 0) {
      Repetition prefill = STRIDE_TRY(read(n_prompt, Logits::last));
      prefill.first_token_seconds = prefill.seconds + pick_seconds();
      prefill.peak_memory = peak();
      outcome_.measurements[at++].repetitions.push_back(prefill);
    }
    if (plan_.n_gen > 0) {
      const auto prompt = n_prompt > 0 ? sequence_->mark() : nullptr;
      for (const uint32_t n_row : plan_.rows) {
        Repetition decoded = STRIDE_TRY(decode(n_row, prompt ? *prompt : filled));
        if (n_prompt > 0) decoded.first_token_seconds.reset();
        decoded.peak_memory = peak();
        outcome_.measurements[at++].repetitions.push_back(decoded);
        STRIDE_TRY(back_to(prompt ? *prompt : filled));
      }
    }
    return back_to(filled);
  }

  // n_token random tokens in steps as long as the model takes them.
  Result<Repetition> read(uint32_t n_token, Logits logits) {
    Repetition sum = begin_repetition();
    while (sum.n_token < n_token) {
      const uint64_t n_row = std::min<uint64_t>(n_token - sum.n_token, max_rows_);
      const bool last = sum.n_token + n_row == n_token;
      const double seconds = STRIDE_TRY(step(n_row, last ? logits : Logits::none, sum));
      forecast_.did_prefill(n_row, seconds);
      STRIDE_TRY(report());
    }
    return sum;
  }

  // The next tokens of n_row sequences that hold what sequence_ held at the point.
  Result<Repetition> decode(uint32_t n_row, const RewindPoint& point) {
    STRIDE_TRY(branch(n_row, point));
    Repetition sum = begin_repetition();
    for (uint32_t i = 0; i < plan_.n_gen; ++i) {
      const double seconds = STRIDE_TRY(decode_step(n_row, sum));
      if (i == 0) sum.first_token_seconds = seconds;
      forecast_.did_decode(n_row, seconds);
      STRIDE_TRY(report());
    }
    return sum;
  }

  Result<> branch(uint32_t n_row, const RewindPoint& point) {
    branches_.resize(n_row - 1);
    branch_outs_.resize(n_row - 1);
    for (auto& branch : branches_) {
      if (!branch) branch = STRIDE_TRY(model_.new_sequence(sequence_->capacity()));
      STRIDE_TRY(branch->adopt(sequence_->pages(), point));
    }
    return {};
  }

  Result<double> decode_step(uint32_t n_row, Repetition& sum) {
    draw(n_row);
    const uint32_t n_past = sequence_->size();
    std::vector<model::Part> parts;
    for (uint32_t i = 0; i < n_row; ++i) {
      parts.push_back({i == 0 ? sequence_.get() : branches_[i - 1].get(),
                       {.ids = std::span(ids_).subspan(i, 1), .experts = true},
                       {},
                       i == 0 ? &out_ : &branch_outs_[i - 1]});
    }
    const auto begin = Clock::now();
    STRIDE_TRY(model_.forward_batch(parts, nullptr));
    const double seconds = seconds_since(begin);
    sum.work += counter_.step(n_past, 1, n_row, n_row, picks_of(parts));
    sum.seconds += seconds;
    sum.n_token += n_row;
    return seconds;
  }

  // [n_moe_layer, n_part, n_expert_used]
  std::vector<int32_t> picks_of(std::span<const model::Part> parts) const {
    const size_t k = model_.config().n_expert_used;
    std::vector<int32_t> picks;
    for (size_t at = 0; at < parts[0].out->experts.size(); at += k) {
      for (const model::Part& part : parts) {
        const auto first = part.out->experts.begin() + static_cast<ptrdiff_t>(at);
        picks.insert(picks.end(), first, first + static_cast<ptrdiff_t>(k));
      }
    }
    return picks;
  }

  Repetition begin_repetition() const {
    Repetition repetition;
    repetition.limits = outcome_.limits.back();
    return repetition;
  }

  // Runs one step of random tokens and adds it to `sum`; returns its seconds.
  Result<double> step(uint64_t n_row, Logits logits, Repetition& sum) {
    draw(n_row);
    const uint32_t n_past = sequence_->size();
    const auto begin = Clock::now();
    STRIDE_TRY(model_.forward(*sequence_, {.ids = ids_, .logits = logits, .experts = true}, out_));
    const double seconds = seconds_since(begin);
    const uint64_t n_logits = logits == Logits::all ? n_row : logits == Logits::last ? 1 : 0;
    sum.work += counter_.step(n_past, n_row, n_logits, out_.experts);
    sum.seconds += seconds;
    sum.n_token += n_row;
    return seconds;
  }

  void draw(uint64_t n) {
    ids_.resize(n);
    for (Token& id : ids_) id = static_cast<Token>(random_.below(model_.config().n_vocab));
  }

  // Seconds that picking the likeliest token from the last logits takes.
  double pick_seconds() {
    const auto begin = Clock::now();
    const volatile auto picked = std::ranges::max_element(out_.logits) - out_.logits.begin();
    static_cast<void>(picked);
    return seconds_since(begin);
  }

  Result<> back_to(const RewindPoint& point) {
    return point.size() == 0 ? sequence_->truncate(0) : sequence_->rewind(point);
  }

  std::optional<uint64_t> peak() const {
    const auto bytes = peak_memory();
    if (!bytes) return std::nullopt;
    return *bytes - std::min(*bytes, probe_.region_bytes());
  }

  Result<> report() {
    if (on_progress_({what_, forecast_.share(), forecast_.seconds_left()})) return {};
    return fail(Errc::cancelled, "the benchmark was stopped");
  }

  model::Model& model_;
  const WorkCounter& counter_;
  LimitProbe& probe_;
  const Plan& plan_;
  uint32_t max_rows_;
  const OnProgress& on_progress_;
  Forecast forecast_;
  Random random_;
  std::unique_ptr<model::Sequence> sequence_;
  std::vector<std::unique_ptr<model::Sequence>> branches_;  // further ones, for decoding
  std::vector<model::Output> branch_outs_;
  std::vector<Token> ids_;
  model::Output out_;
  std::string what_ = "warming up";
  Outcome outcome_;
};

}  // namespace

Result<Outcome> run(model::Model& model, const WorkCounter& counter, LimitProbe& probe,
                    const Plan& plan, uint32_t max_rows, const OnProgress& on_progress) {
  STRIDE_TRY(check(plan, max_rows));
  return Runner(model, counter, probe, plan, max_rows, on_progress).run();
}

}  // namespace stride::bench
