// SPDX-License-Identifier: Apache-2.0
// Thousands of damaged outputs through the scheduler: whatever the model says, the answer arrives,
// nothing of it is lost, and it is the same however its text is cut into pieces. Some of them are
// also cut at every byte; with STRIDE_TEST_ALL in the environment (./test --all) 300 of them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <future>

#include "adversarial_outputs.h"
#include "base/utf8.h"
#include "chat/tool_schemas.h"
#include "engine/scheduler.h"
#include "json/json.h"
#include "run_setting.h"
#include "scripted_runs.h"

namespace stride::engine {
namespace {

using chat::Delta;

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
    EXPECT_EQ(loss(ran.output, ran.setting, *g), "");
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

  static void check_cut(std::string_view bytes, const chat::ParserOptions& options,
                        const AdversarialOutput& output, size_t n_script) {
    for (const auto reason : {chat::FinishReason::stop, chat::FinishReason::length}) {
      const chat::ParsedOutput out = chat::parse_output(bytes, options, reason);
      std::string all = out.reasoning.value_or("") + out.content.value_or("");
      for (const chat::ParsedCall& call : out.calls) {
        all += " " + call.arguments;
        const bool cut = call.ending == chat::CallEnding::cut;
        ASSERT_TRUE(
            cut ? reason == chat::FinishReason::length
                : json::parse(call.arguments, {.numbers = json::Numbers::exact}).has_value())
            << call.arguments;
      }
      ASSERT_TRUE(is_utf8(all));
      for (const KeptWord& word : output.kept)
        ASSERT_TRUE(word.end > n_script || reason == chat::FinishReason::length ||
                    all.find(word.text) != std::string::npos)
            << word.text;
    }
  }

  void check_all(std::vector<std::shared_ptr<Ran>>& batch) {
    for (auto& ran : batch) {
      check(*ran);
      if (!HasFailure()) continue;
      FAIL() << describe(ran->output, ran->setting);
    }
    batch.clear();
  }

  ScriptedRuns runs_;
  const chat::ToolSchemas tools_ = *chat::ToolSchemas::parse(adversarial_tools());
  const grammar::GrammarPtr grammar_ = *grammar::compile_calls(adversarial_tools(), {});
  std::unique_ptr<Scheduler> scheduler_;
};

constexpr size_t kBatch = 64;
constexpr uint64_t kCutScripts = 300;

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
  const uint64_t n_script = run_everything() ? kCutScripts : 20;
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

// The parser alone, which is cheap enough for all of them.
TEST_F(EngineOutputs, TheParserLosesNothingWhereverItIsCut) {
  for (uint64_t seed = 0; seed < kCutScripts; ++seed) {
    const AdversarialOutput output = make_adversarial_output(10'000 + seed);
    const Setting setting = setting_of(seed);
    chat::ParserOptions options;
    if (setting.tools) options.tools = &tools_;
    if (!setting.thinking) options.start = chat::OutputStart::after_think_close;
    std::string bytes;
    for (size_t n = 0; n < output.script.size(); ++n) {
      if (output.script[n] == control::kEnd) continue;  // is no text
      bytes += runs_.engine().tokenizer().piece(runs_.token(output.script[n]));
      ASSERT_NO_FATAL_FAILURE(check_cut(bytes, options, output, n + 1))
          << "script " << seed << " at " << n << ":\n"
          << bytes;
    }
  }
}

}  // namespace
}  // namespace stride::engine
