// SPDX-License-Identifier: Apache-2.0
#include "nano/evaluate.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "nano/render.h"
#include "nano/skills.h"
#include "nano/test_tokenizer.h"

namespace stride::nano {
namespace {

using model::Token;
using testing::tokenizer;

// A sequence that only remembers its tokens.
class ScriptedSequence : public model::Sequence {
 public:
  uint32_t size() const override { return static_cast<uint32_t>(ids.size()); }
  uint32_t capacity() const override { return 1 << 20; }
  Result<> truncate(uint32_t) override { return fail(Errc::unsupported, "not scripted"); }
  uint32_t earliest() const override { return 0; }
  std::unique_ptr<model::RewindPoint> mark() const override { return nullptr; }
  Result<> rewind(const model::RewindPoint&) override {
    return fail(Errc::unsupported, "not scripted");
  }

  std::vector<Token> ids;
};

// Answers every prompt as the reference does.
// Head 0 guesses right, head 1 guesses right at even places only, head 2 never.
class ScriptedModel : public model::Model {
 public:
  explicit ScriptedModel(const EvaluateOptions& options) {
    config_.n_vocab = static_cast<uint32_t>(tokenizer().size());
    config_.n_embd = 4;
    config_.n_mtp = 3;
    Random random(1);
    for (int s = 0; s < kSkills; ++s)
      for (uint32_t i = 0; i < options.n; ++i) {
        const Difficulty difficulty{static_cast<double>(i % 11) / 10, options.sample_length};
        const Sample sample =
            draw_sample(static_cast<Skill>(s), Split::eval, options.seed, i, difficulty);
        scripts_.push_back(
            render_sample(sample, tokenizer(), ThinkingForm::full, {}, random).value().tokens);
      }
  }

  // Of at most max_tokens.
  Answerer answerer(size_t max_tokens) {
    return [this, max_tokens](const chat::Prompt& prompt, const chat::ToolSchemas*) {
      Answer answer{.ids = ids_of(prompt)};
      answer.n_prompt = static_cast<uint32_t>(answer.ids.size());
      const auto rest = std::span(script_of(answer.ids)).subspan(answer.n_prompt);
      const auto end = std::ranges::find_if(rest, [](Token t) { return tokenizer().is_end(t); });
      const auto n = static_cast<size_t>(end - rest.begin());
      answer.ended = n <= max_tokens;
      const auto said = rest.first(std::min(n, max_tokens));
      answer.ids.insert(answer.ids.end(), said.begin(), said.end());
      return answer;
    };
  }

  const model::Config& config() const override { return config_; }
  uint64_t sequence_bytes(uint32_t) const override { return 0; }
  uint64_t scratch_bytes() const override { return 0; }
  Result<std::unique_ptr<model::Sequence>> new_sequence(uint32_t) override {
    return std::make_unique<ScriptedSequence>();
  }

  Result<> forward(model::Sequence& sequence, const model::Request& request,
                   model::Output& out) override {
    auto& ids = static_cast<ScriptedSequence&>(sequence).ids;
    ids.insert(ids.end(), request.ids.begin(), request.ids.end());
    script_ = &script_of(ids);
    out.hidden.assign(request.ids.size() * config_.n_embd, 0.0f);
    return {};
  }

  Result<> forward_mtp(model::Sequence& sequence, uint32_t head, const model::Request& request,
                       std::span<const float> hidden, model::Output& out) override {
    EXPECT_EQ(hidden.size(), request.ids.size() * config_.n_embd);
    EXPECT_EQ(request.ids.size() + head, static_cast<ScriptedSequence&>(sequence).ids.size());
    out.logits.clear();
    for (size_t i = 0; i < request.ids.size(); ++i) {
      const size_t place = i + head + 2;
      const bool right = head == 0 || (head == 1 && place % 2 == 0);
      const auto guess = one_hot(right && place < script_->size() ? (*script_)[place] : Token{0});
      out.logits.insert(out.logits.end(), guess.begin(), guess.end());
    }
    out.hidden.assign(hidden.begin(), hidden.end());
    return {};
  }
  uint32_t mtp_size(const model::Sequence&, uint32_t) const override { return 0; }
  Result<> truncate_mtp(model::Sequence&, uint32_t, uint32_t) override { return {}; }

 private:
  static std::vector<Token> ids_of(const chat::Prompt& prompt) {
    std::vector<text::Segment> segments;
    for (const chat::Segment& segment : prompt.segments)
      segments.push_back(
          {segment.text, segment.control ? text::Special::allow : text::Special::forbid});
    return tokenizer().encode(segments);
  }
  const std::vector<Token>& script_of(const std::vector<Token>& ids) const {
    const auto found = std::ranges::find_if(scripts_, [&](const auto& script) {
      return ids.size() <= script.size() && std::equal(ids.begin(), ids.end(), script.begin());
    });
    EXPECT_NE(found, scripts_.end()) << "a prompt is not scripted";
    return found == scripts_.end() ? scripts_.front() : *found;
  }
  std::vector<float> one_hot(Token token) const {
    std::vector<float> logits(config_.n_vocab, 0.0f);
    logits[static_cast<size_t>(token)] = 1;
    return logits;
  }

  model::Config config_;
  std::vector<std::vector<Token>> scripts_;
  const std::vector<Token>* script_ = nullptr;
};

EvaluateOptions small_options() {
  return {.skills = {}, .n = 12, .seed = 5, .sample_length = 600, .mtp = true};
}

TEST(Evaluate, ReferenceAnswersScoreFullMarks) {
  const EvaluateOptions options = small_options();
  ScriptedModel model(options);
  uint64_t n_seen = 0;
  const auto result = evaluate(model, tokenizer(), options, model.answerer(1500),
                               [&](const Outcome& outcome, uint64_t n_done, uint64_t n_all) {
                                 EXPECT_TRUE(outcome.correct)
                                     << skill_name(outcome.sample->skill) << "/"
                                     << outcome.sample->kind << ": " << outcome.why << "\n"
                                     << outcome.output;
                                 EXPECT_TRUE(outcome.split) << outcome.output;
                                 EXPECT_EQ(n_done, ++n_seen);
                                 EXPECT_EQ(n_all, kSkills * options.n);
                                 return true;
                               });
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(result->complete);
  ASSERT_EQ(result->skills.size(), static_cast<size_t>(kSkills));
  for (const auto& [skill, score] : result->skills) {
    EXPECT_EQ(score.correct.n, options.n);
    EXPECT_EQ(score.correct.n_right, options.n);
    EXPECT_EQ(score.well_formed.n_right, options.n);
  }
}

TEST(Evaluate, HeadsAreScoredAlongTheChain) {
  const EvaluateOptions options = small_options();
  ScriptedModel model(options);
  const auto result = evaluate(model, tokenizer(), options, model.answerer(1500),
                               [](const Outcome&, uint64_t, uint64_t) { return true; });
  ASSERT_TRUE(result);
  ASSERT_EQ(result->heads.size(), 3u);
  EXPECT_EQ(result->heads[0].alone.share(), 1);
  EXPECT_NEAR(result->heads[1].chained.share(), 0.5, 0.1);
  EXPECT_EQ(result->heads[1].alone.n, result->heads[1].chained.n);
  EXPECT_EQ(result->heads[2].chained.share(), 0);
  EXPECT_EQ(result->heads[2].chained.n, result->heads[1].chained.n_right);
  EXPECT_NEAR(result->accepted.value(), 2 + result->heads[1].chained.share(), 1e-9);
}

TEST(Evaluate, StopsWhenToldAndKeepsWhatItHas) {
  const EvaluateOptions options = small_options();
  ScriptedModel model(options);
  const auto result =
      evaluate(model, tokenizer(), options, model.answerer(1500),
               [](const Outcome&, uint64_t n_done, uint64_t) { return n_done < 3; });
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->complete);
  EXPECT_EQ(result->skills.at(Skill::arithmetic).correct.n, 3u);
  EXPECT_EQ(result->skills.size(), 1u);
}

TEST(Evaluate, AnswersThatDoNotEndAreWrong) {
  const EvaluateOptions options = small_options();
  ScriptedModel model(options);
  const auto result = evaluate(model, tokenizer(), options, model.answerer(1),
                               [](const Outcome& outcome, uint64_t, uint64_t) {
                                 EXPECT_FALSE(outcome.correct);
                                 EXPECT_FALSE(outcome.split);
                                 return true;
                               });
  ASSERT_TRUE(result) << result.error().message;
}

TEST(Wilson, HasTheKnownValues) {
  EXPECT_NEAR(wilson(0, 10).low, 0, 1e-12);
  EXPECT_NEAR(wilson(0, 10).high, 0.27753, 1e-5);
  EXPECT_NEAR(wilson(10, 10).low, 0.72247, 1e-5);
  EXPECT_NEAR(wilson(81, 263).low, 0.25526, 1e-4);
  EXPECT_NEAR(wilson(81, 263).high, 0.36619, 1e-4);
  EXPECT_EQ(wilson(0, 0).high, 1);
}

}  // namespace
}  // namespace stride::nano
