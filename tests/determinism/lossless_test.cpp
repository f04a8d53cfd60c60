// SPDX-License-Identifier: Apache-2.0
// Speculation on a trained model: over held-out exercises, every depth says what no drafts say,
// with one thread and with two, for both types of the cache. The long run compares 16,000
// generations, 1,000 exercises in 16 ways each.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <array>
#include <map>

#include "engine/generate.h"
#include "exercises.h"

namespace stride::engine {
namespace {

using Depth = std::optional<uint32_t>;
using model::KvType;

std::string text_of(Depth depth) {
  return depth ? fmt::format("{}", *depth) : "auto";
}

// What a caller can see of an answer, but for times and what became of drafts.
struct Answer {
  std::vector<Token> ids;
  chat::ParsedOutput output;
  FinishCause cause{};
  std::optional<size_t> stop_string;
  std::vector<double> logprobs;

  bool operator==(const Answer&) const = default;
};

// An engine with one session, which is emptied before each answer.
class Speaker {
 public:
  Speaker(uint32_t threads, KvType type) : n_threads(threads), kv_type(type) {
    std::vector<std::string> warnings;
    auto loaded = Engine::load(
        {.model = STRIDE_NANO, .options = {.n_threads = threads, .kv_type = type}}, warnings);
    EXPECT_TRUE(loaded) << loaded.error().message;
    engine = *std::move(loaded);
    session_ = std::make_unique<Session>(*Session::make(engine->model(), 2048));
  }

  Answer answer(const Exercise& exercise, GenerationOptions options, Depth depth) {
    EXPECT_TRUE(session_->clear());
    options.mtp_depth = depth;
    GenerationInput input = exercise.input;
    input.tools = exercise.tools ? &*exercise.tools : nullptr;
    auto result = generate(*engine, *session_, input, options, {}, {});
    EXPECT_TRUE(result) << result.error().message;
    if (!result) return {};
    for (size_t k = 0; k < result->speculation.heads.size(); ++k) {
      n_draft += result->speculation.heads[k].n_draft;
      n_accepted += result->speculation.heads[k].n_accepted;
    }
    Answer answer{{}, result->output, result->finish_cause, result->stop_string, {}};
    for (const GeneratedToken& token : result->tokens) {
      answer.ids.push_back(token.id);
      if (token.logprobs) answer.logprobs.push_back(token.logprobs->chosen.logprob);
    }
    return answer;
  }

  const uint32_t n_threads;
  const KvType kv_type;
  std::unique_ptr<Engine> engine;
  uint64_t n_draft = 0, n_accepted = 0;

 private:
  std::unique_ptr<Session> session_;
};

GenerationOptions greedy() {
  GenerationOptions options;
  options.sampling.temperature = 0;
  options.max_tokens = 200;
  return options;
}

// Answers compared with those of one thread and no drafts.
struct Comparison {
  uint64_t n_generated = 0, n_compared = 0, n_different = 0, n_token = 0;

  void add(const Answer& expected, const Answer& got, const std::string& what) {
    ++n_compared;
    n_token += got.ids.size();
    n_different += got == expected ? 0 : 1;
    EXPECT_EQ(got.ids, expected.ids) << what;
    EXPECT_TRUE(got == expected) << what;
  }
};

TEST(Lossless, GreedyTextIsThatWithoutDrafts) {
  const uint32_t n_exercise = run_everything() ? 1000 : 40;
  std::vector<std::unique_ptr<Speaker>> speakers;
  for (const uint32_t n_threads : {1U, 2U})
    for (const KvType kv_type : {KvType::f16, KvType::int8})
      speakers.push_back(std::make_unique<Speaker>(n_threads, kv_type));
  Comparison comparison;
  for (uint32_t i = 0; i < n_exercise; ++i) {
    const auto exercise = stride::exercise(*speakers[0]->engine, i);
    ASSERT_TRUE(exercise) << exercise.error().message;
    std::map<KvType, Answer> expected;
    for (const auto& speaker : speakers) {
      for (uint32_t depth = 0; depth <= 3; ++depth) {
        Answer got = speaker->answer(*exercise, greedy(), depth);
        ++comparison.n_generated;
        const auto [it, first] = expected.try_emplace(speaker->kv_type, got);
        if (first) continue;
        comparison.add(it->second, got,
                       fmt::format("exercise {}, {} threads, depth {}, {}", i, speaker->n_threads,
                                   depth, speaker->kv_type == KvType::f16 ? "f16" : "int8"));
      }
    }
    if (run_everything() && (i + 1) % 10 == 0)
      fmt::print(stderr, "{} exercises: {} generations, {} compared ({} tokens), {} different\n",
                 i + 1, comparison.n_generated, comparison.n_compared, comparison.n_token,
                 comparison.n_different);
  }
  EXPECT_EQ(comparison.n_generated, 16U * n_exercise);
  for (const auto& speaker : speakers) EXPECT_GT(speaker->n_accepted, speaker->n_draft / 2);
}

// Penalties look at the text so far, guards and stop strings cut into it: all of it where drafts
// run ahead of the text.
std::map<std::string, GenerationOptions> demanding_options() {
  std::map<std::string, GenerationOptions> out;
  for (const double temperature : {0.0, 0.8}) {
    const auto add = [&](const char* what) -> GenerationOptions& {
      GenerationOptions& o = out[fmt::format("{} at temperature {}", what, temperature)];
      o = greedy();
      o.max_tokens = 80;
      o.n_logprobs = 0;
      o.sampling.temperature = temperature;
      o.sampling.seed = 5;
      return o;
    };
    add("nothing");
    add("penalties").sampling.penalties = {1.2, 0.3, 0.3};
    GenerationOptions& dry = add("DRY and a bias");
    dry.sampling.dry = {0.8, 1.75, 2};
    dry.sampling.bias = {{40, 2.0F}, {50, -3.0F}};
    GenerationOptions& filtered = add("filters");
    filtered.sampling.top_k = 20;
    filtered.sampling.top_p = 0.9;
    filtered.sampling.min_p = 0.02;
    add("stop strings").stop = {"er", "1", "a"};
    for (const uint32_t budget : {0U, 1U, 5U}) {
      GenerationOptions& o = add(fmt::format("a thinking budget of {}", budget).c_str());
      o.thinking_budget = budget;
      if (budget == 5) o.sampling.penalties = {1.1, 0, 0.5};
    }
    GenerationOptions& all = add("all of it");
    all.sampling.penalties = {1.1, 0.2, 0.2};
    all.sampling.dry = {0.8, 1.75, 2};
    all.stop = {"\n\n", "ing", "0"};
    all.thinking_budget = 7;
  }
  return out;
}

TEST(Lossless, OptionsActAsWithoutDrafts) {
  const uint32_t n_exercise = run_everything() ? 160 : 6;
  Speaker speaker(1, KvType::f16);
  Comparison comparison;
  std::map<FinishCause, uint32_t> causes;
  for (uint32_t i = 0; i < n_exercise; ++i) {
    const auto exercise = stride::exercise(*speaker.engine, i);
    ASSERT_TRUE(exercise) << exercise.error().message;
    for (const auto& [what, options] : demanding_options()) {
      const Answer expected = speaker.answer(*exercise, options, 0);
      ++causes[expected.cause];
      for (const Depth depth : {Depth(1), Depth(2), Depth(3), Depth()})
        comparison.add(expected, speaker.answer(*exercise, options, depth),
                       fmt::format("exercise {}, depth {}, {}", i, text_of(depth), what));
    }
  }
  EXPECT_GT(speaker.n_accepted, speaker.n_draft / 3);
  EXPECT_GT(causes[FinishCause::stop_string], n_exercise);
  EXPECT_GT(causes[FinishCause::end_of_turn], n_exercise);
}

}  // namespace
}  // namespace stride::engine
