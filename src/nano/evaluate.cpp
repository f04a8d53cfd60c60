// SPDX-License-Identifier: Apache-2.0
#include "nano/evaluate.h"

#include <algorithm>
#include <chrono>

#include "chat/output_parser.h"
#include "chat/render.h"
#include "nano/head_guesses.h"
#include "nano/render.h"
#include "nano/skills.h"
#include "nano/verify.h"

namespace stride::nano {
namespace {

// Reads the answer as a server would and has it judged.
Result<Outcome> judge(const Sample& sample, const text::Tokenizer& tokenizer,
                      const chat::ToolSchemas* tools, const Answer& answer) {
  const auto ids = std::span(answer.ids).subspan(answer.n_prompt);
  Outcome outcome{.sample = &sample,
                  .n_prompt = answer.n_prompt,
                  .n_reasoning = 0,
                  .n_output = static_cast<uint32_t>(ids.size()),
                  .correct = false,
                  .well_formed = false,
                  .split = false,
                  .output = tokenizer.decode(ids),
                  .why = {}};
  const auto close = tokenizer.find_special(chat::token::kThinkEnd);
  const auto n_close = close ? std::ranges::count(ids, *close) : 0;
  outcome.n_reasoning = static_cast<uint32_t>(
      n_close > 0 ? std::ranges::find(ids, *close) - ids.begin() : std::ssize(ids));
  const chat::ParsedOutput parsed = chat::parse_output(
      tokenizer.decode(ids), {.tools = tools, .start = chat::OutputStart::reasoning},
      answer.ended ? chat::FinishReason::stop : chat::FinishReason::length);
  std::vector<Call> calls;
  for (const chat::ParsedCall& call : parsed.calls) calls.push_back({call.name, call.arguments});
  outcome.split = n_close == 1 && (parsed.content || !calls.empty());
  Verdict verdict = verify(sample, parsed.content.value_or(""), calls);
  outcome.correct = verdict.correct && answer.ended;
  outcome.well_formed = verdict.well_formed && answer.ended;
  outcome.why = answer.ended ? std::move(verdict.why) : "the answer does not end";
  return outcome;
}

Result<> score_heads(model::Model& model, const Answer& answer, Evaluation& result) {
  const auto guesses = STRIDE_TRY(guess_with_heads(model, answer.ids));
  const size_t n_head = guesses.size();
  result.heads.resize(std::max(result.heads.size(), n_head));
  // Place p: the trunk has just given token p, the heads guess p + 1, p + 2 ...
  for (size_t p = answer.n_prompt; p + n_head < answer.ids.size(); ++p) {
    bool chain = true;
    size_t gained = 1;
    for (size_t k = 0; k < n_head; ++k) {
      const bool right = guesses[k][p + 1 + k] == answer.ids[p + 1 + k];
      result.heads[k].alone.add(right);
      if (chain) result.heads[k].chained.add(right);
      chain = chain && right;
      gained += chain ? 1 : 0;
    }
    if (n_head > 0) result.accepted.add(static_cast<double>(gained));
  }
  return {};
}

std::string length_bucket(uint32_t n_prompt) {
  for (const uint32_t bound : {256u, 512u, 1024u, 1500u})
    if (n_prompt <= bound) return fmt::format("to {}", bound);
  return "above 1500";
}

void add(const Outcome& outcome, Evaluation& result) {
  SkillScore& score = result.skills[outcome.sample->skill];
  score.correct.add(outcome.correct);
  score.well_formed.add(outcome.well_formed);
  score.split.add(outcome.split);
  score.kinds[outcome.sample->kind].add(outcome.correct);
  score.reasoning[static_cast<size_t>(outcome.sample->effort)].add(outcome.n_reasoning);
  if (outcome.sample->skill == Skill::recall)
    result.recall_by_length[length_bucket(outcome.n_prompt)].add(outcome.correct);
  result.n_output += outcome.n_output;
}

}  // namespace

Result<Evaluation> evaluate(model::Model& model, const text::Tokenizer& tokenizer,
                            const EvaluateOptions& options, const Answerer& answerer,
                            const Observer& observer) {
  if (tokenizer.size() > model.config().n_vocab)
    return fail(Errc::invalid_argument, "the tokenizer has {} tokens, the model only {}",
                tokenizer.size(), model.config().n_vocab);
  std::vector<Skill> skills = options.skills;
  for (int s = 0; options.skills.empty() && s < kSkills; ++s)
    skills.push_back(static_cast<Skill>(s));
  Evaluation result;
  const uint64_t n_all = skills.size() * options.n;
  uint64_t n_done = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (const Skill skill : skills)
    for (uint32_t i = 0; i < options.n && result.complete; ++i) {
      const Difficulty difficulty{static_cast<double>(i % 11) / 10, options.sample_length};
      const Sample sample = draw_sample(skill, Split::eval, options.seed, i, difficulty);
      const auto prompt = STRIDE_TRY(chat::render(conversation_of(sample, LastTurn::drop)));
      const auto schemas = STRIDE_TRY(chat::ToolSchemas::parse(sample.tools));
      const chat::ToolSchemas* tools = sample.tools.empty() ? nullptr : &schemas;
      const Answer answer = STRIDE_TRY(answerer(prompt, tools));
      const Outcome outcome = STRIDE_TRY(judge(sample, tokenizer, tools, answer));
      add(outcome, result);
      if (options.mtp) STRIDE_TRY(score_heads(model, answer, result));
      result.complete = observer(outcome, ++n_done, n_all) || n_done == n_all;
    }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

}  // namespace stride::nano
