// SPDX-License-Identifier: Apache-2.0
// Thousands of damaged outputs through the scheduler: whatever the model says, the answer arrives,
// nothing of it is lost, and it is the same however its text is cut into pieces.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <future>

#include "adversarial_outputs.h"
#include "base/utf8.h"
#include "chat/tool_schemas.h"
#include "engine/scheduler.h"
#include "json/json.h"
#include "scripted_runs.h"

namespace stride::engine {
namespace {

using chat::Delta;

bool run_everything() {
  return std::getenv("STRIDE_TEST_ALL") != nullptr;
}

// How a script is run; a function of its seed.
struct Setting {
  bool tools = false, grammar = false, thinking = true, close_before_call = true;
  std::optional<uint32_t> max_tokens{}, thinking_budget{};
  bool stop = false;
};

Setting setting_of(uint64_t seed) {
  Random random(seed ^ 0x5e771e);
  const auto one_in = [&](uint64_t n) { return random.below(n) == 0; };
  Setting out;
  out.tools = !one_in(4);
  out.grammar = out.tools && one_in(5);
  out.thinking = !one_in(6);
  out.close_before_call = !one_in(4);
  if (one_in(6)) out.max_tokens = 1 + static_cast<uint32_t>(random.below(300));
  if (one_in(8)) out.thinking_budget = 1 + static_cast<uint32_t>(random.below(40));
  if (out.grammar) out.max_tokens = 400;
  out.stop = one_in(5);
  return out;
}

struct Ran {
  AdversarialOutput output;
  Setting setting;
  GenerationInput input;
  std::vector<Delta> deltas;
  std::future<Result<Generated>> end;
};

class EngineOutputs : public ::testing::Test {
 protected:
  EngineOutputs() {
    SchedulerOptions options{.context = 4000, .max_running = 8, .max_waiting = 100};
    options.cache_bytes = 400'000;
    scheduler_ = *Scheduler::start(runs_.engine(), options);
  }

  std::shared_ptr<Ran> start(AdversarialOutput output, const Setting& setting) {
    auto ran = std::make_shared<Ran>();
    chat::Conversation c;
    c.messages = {chat::text_message(chat::Role::user, runs_.add(output.script))};
    c.thinking = setting.thinking ? chat::Thinking::on : chat::Thinking::off;
    ran->input = *runs_.engine().encode(*chat::render(c));
    ran->input.tools = setting.tools ? &tools_ : nullptr;
    if (setting.grammar) ran->input.grammar = grammar_;
    ServiceRequest request{.input = ran->input};
    request.options.sampling.temperature = 0;
    request.options.max_tokens = setting.max_tokens;
    request.options.thinking_budget = setting.thinking_budget;
    request.options.close_before_call = setting.close_before_call;
    if (setting.stop) request.options.stop = {kStopWord};
    auto promise = std::make_shared<std::promise<Result<Generated>>>();
    ran->end = promise->get_future();
    ran->output = std::move(output);
    ran->setting = setting;
    ServiceListener listener;
    listener.on_delta = [to = ran](const Delta& d) { to->deltas.push_back(d); };
    listener.on_finish = [promise](auto g) { promise->set_value(std::move(g)); };
    EXPECT_TRUE(scheduler_->submit(std::move(request), std::move(listener)));
    return ran;
  }

  void check(Ran& ran) {
    auto g = ran.end.get();
    ASSERT_TRUE(g) << g.error().message;
    check_deltas(ran, *g);
    check_pieces(ran, *g);
    check_end(*g);
    check_answer(ran, *g);
  }

  // The joined deltas are the answer; each is well-formed, and so are calls that may be run.
  static void check_deltas(const Ran& ran, const Generated& g) {
    chat::ParsedOutput joined;
    for (const Delta& delta : ran.deltas) {
      EXPECT_TRUE(is_utf8(delta.text));
      joined.add(delta);
    }
    EXPECT_EQ(joined, g.output);
    for (const chat::ParsedCall& call : g.output.calls) {
      if (call.ending == chat::CallEnding::cut) continue;
      const auto value = json::parse(call.arguments, {.numbers = json::Numbers::exact});
      EXPECT_TRUE(value && value->is_object()) << call.arguments;
    }
  }

  // The text of the answer parsed at once, and in random pieces.
  void check_pieces(const Ran& ran, const Generated& g) const {
    if (g.stop_string || ran.setting.stop) return;
    std::string bytes;
    for (const GeneratedToken& t : g.tokens) bytes += runs_.engine().tokenizer().piece(t.id);
    chat::ParserOptions options;
    options.tools = ran.input.tools;
    options.start = *ran.input.start;
    options.exact_calls = ran.input.grammar != nullptr;
    const auto reason = g.finish_cause == FinishCause::end_of_turn ? chat::FinishReason::stop
                                                                   : chat::FinishReason::length;
    EXPECT_EQ(chat::parse_output(bytes, options, reason), g.output);
    Random random(bytes.size());
    chat::OutputParser parser(options);
    chat::ParsedOutput out;
    for (size_t at = 0, n = 0; at < bytes.size(); at += n) {
      n = 1 + random.below(9);
      for (const Delta& d : parser.push(std::string_view(bytes).substr(at, n))) out.add(d);
    }
    for (const Delta& d : parser.finish(reason)) out.add(d);
    EXPECT_EQ(out, g.output);
  }

  static void check_end(const Generated& g) {
    const bool whole =
        g.finish_cause == FinishCause::end_of_turn || g.finish_cause == FinishCause::stop_string;
    EXPECT_TRUE(whole || g.finish_cause == FinishCause::token_budget ||
                g.finish_cause == FinishCause::context_end)
        << name(g.finish_cause);
    EXPECT_EQ(g.finish_reason, !whole                   ? FinishReason::length
                               : g.output.calls.empty() ? FinishReason::stop
                                                        : FinishReason::tool_calls);
    for (const chat::ParsedCall& call : g.output.calls)
      EXPECT_FALSE(whole && call.ending == chat::CallEnding::cut);
    EXPECT_EQ(g.stop_string.has_value(), g.finish_cause == FinishCause::stop_string);
    EXPECT_EQ(g.usage.completion_tokens(), g.tokens.size());
  }

  static void check_answer(const Ran& ran, const Generated& g) {
    const chat::ParsedOutput& o = g.output;
    const bool visible = !o.calls.empty() ||
                         o.content.value_or("").find_first_not_of(" \t\r\n") != std::string::npos;
    const bool closed = std::ranges::any_of(g.interventions, [](const decode::Intervention& i) {
      return i.guard != decode::Guard::repetition && i.guard != decode::Guard::loop;
    });
    const bool room = g.finish_cause == FinishCause::end_of_turn || g.usage.answer_tokens > 20;
    EXPECT_TRUE(visible || !closed || !room) << "the answer is owed";
    // What a grammar overrules or a stop string cuts off was not said.
    if (ran.setting.grammar || g.finish_cause != FinishCause::end_of_turn) return;
    // Joined without a gap: a guard may have closed the reasoning within a word.
    std::string all = o.reasoning.value_or("") + o.content.value_or("");
    for (const chat::ParsedCall& call : o.calls) all += " " + call.arguments;
    const size_t n_said = said(g);
    for (const KeptWord& word : ran.output.kept)
      EXPECT_TRUE(word.end > n_said || all.find(word.text) != std::string::npos) << word.text;
    const bool answered =
        !ran.output.kept.empty() &&
        o.reasoning.value_or("").find(ran.output.kept.back().text) == std::string::npos;
    EXPECT_TRUE(visible || !answered || ran.output.kept.back().end > n_said);
  }

  // Tokens that the model chose and that stand in the text: at most so much of the script.
  static size_t said(const Generated& g) {
    return static_cast<size_t>(
        std::ranges::count_if(g.tokens, [](const GeneratedToken& t) { return !t.forced; }));
  }

  void check_all(std::vector<std::shared_ptr<Ran>>& batch) {
    for (auto& ran : batch) {
      check(*ran);
      if (!HasFailure()) continue;
      std::string text;
      for (const char byte : ran->output.script)
        text += control_text(byte).empty() ? std::string(1, byte) : std::string(control_text(byte));
      const Setting& s = ran->setting;
      FAIL() << "with tools " << s.tools << ", a grammar " << s.grammar << ", thinking "
             << s.thinking << ", close_before_call " << s.close_before_call << ", max_tokens "
             << s.max_tokens.value_or(0) << ", budget " << s.thinking_budget.value_or(9999)
             << ", stop " << s.stop << ":\n"
             << text;
    }
    batch.clear();
  }

  ScriptedRuns runs_;
  const chat::ToolSchemas tools_ = *chat::ToolSchemas::parse(adversarial_tools());
  const grammar::GrammarPtr grammar_ = *grammar::compile_calls(adversarial_tools(), {});
  std::unique_ptr<Scheduler> scheduler_;
};

constexpr size_t kBatch = 64;

TEST_F(EngineOutputs, NoAnswerIsLost) {
  std::vector<std::shared_ptr<Ran>> batch;
  for (uint64_t seed = 0; seed < 5000; ++seed) {
    batch.push_back(start(make_adversarial_output(seed), setting_of(seed)));
    if (batch.size() < kBatch) continue;
    ASSERT_NO_FATAL_FAILURE(check_all(batch));
  }
  check_all(batch);
}

// The output ends there by the model's will, or because its tokens are used up.
TEST_F(EngineOutputs, NoAnswerIsLostWhereverItIsCut) {
  std::vector<std::shared_ptr<Ran>> batch;
  const uint64_t n_script = run_everything() ? 300 : 20;
  for (uint64_t seed = 0; seed < n_script; ++seed) {
    const AdversarialOutput whole = make_adversarial_output(10'000 + seed);
    Setting setting = setting_of(seed);
    for (size_t n = 1; n < whole.script.size(); ++n) {
      AdversarialOutput cut{whole.script.substr(0, n), {}};
      for (const KeptWord& word : whole.kept)
        if (word.end <= n) cut.kept.push_back(word);
      setting.max_tokens = setting.grammar ? std::optional(400U) : std::nullopt;
      batch.push_back(start(std::move(cut), setting));
      setting.max_tokens = static_cast<uint32_t>(n);
      batch.push_back(start(whole, setting));
      if (batch.size() < kBatch) continue;
      ASSERT_NO_FATAL_FAILURE(check_all(batch));
    }
  }
  check_all(batch);
}

}  // namespace
}  // namespace stride::engine
