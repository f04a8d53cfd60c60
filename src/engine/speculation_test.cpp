// SPDX-License-Identifier: Apache-2.0
// With and without drafts the same is said, the same is reported and the same is left in the
// session: on a scripted model for everything that can happen in a generation, and on real ones.
#include "engine/speculation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>

#include "chat/tool_schemas.h"
#include "decode/testing/scripted_model.h"
#include "engine/generate.h"
#include "engine/test_turns.h"
#include "engine/told_model.h"
#include "text/gguf_vocabulary.h"

namespace stride::engine {
namespace {

using decode::testing::LogitScript;
using decode::testing::ScriptedModel;
using decode::testing::TokenScript;
using Depth = std::optional<uint32_t>;

constexpr uint32_t kLookBack = 16;
const std::vector<Depth> kDepths = {1, 2, 3, std::nullopt};

// All of a generation that a caller can see, but for times.
struct Account {
  std::vector<Token> ids;
  std::vector<bool> forced;
  std::vector<double> logprobs;
  chat::ParsedOutput output;
  std::string streamed;
  FinishReason reason{};
  FinishCause cause{};
  std::optional<size_t> stop_string;
  std::vector<std::pair<decode::Guard, uint32_t>> guards;
  uint32_t n_reused = 0, n_reasoning = 0, n_answer = 0;
  std::vector<Token> session;

  bool operator==(const Account&) const = default;
};

struct Outcome {
  Account account;
  SpeculationStats stats;
};

// Cancels after `cancel_at` tokens, where that is not 0.
Outcome generate_and_tell(const Engine& engine, Session& session, const GenerationInput& input,
                          const GenerationOptions& options, size_t cancel_at = 0) {
  Account a;
  std::stop_source stop;
  size_t n_seen = 0;
  const Listener listener{.on_delta = [&](const chat::Delta& d) { a.streamed += d.text + "|"; },
                          .on_token =
                              [&](const GeneratedToken&) {
                                if (++n_seen == cancel_at) stop.request_stop();
                              }};
  auto result = generate(engine, session, input, options, listener, stop.get_token());
  EXPECT_TRUE(result) << result.error().message;
  if (!result) return {};
  for (const GeneratedToken& t : result->tokens) {
    a.ids.push_back(t.id);
    a.forced.push_back(t.forced);
    a.logprobs.push_back(t.logprobs ? t.logprobs->chosen.logprob : 1);
  }
  a.output = result->output;
  a.reason = result->finish_reason;
  a.cause = result->finish_cause;
  a.stop_string = result->stop_string;
  for (const auto& i : result->interventions) a.guards.emplace_back(i.guard, i.at);
  a.n_reused = result->usage.reused_tokens;
  a.n_reasoning = result->usage.reasoning_tokens;
  a.n_answer = result->usage.answer_tokens;
  a.session.assign(session.tokens().begin(), session.tokens().end());
  return {std::move(a), result->speculation};
}

GenerationInput ask(const Engine& engine, const chat::Conversation& conversation) {
  return *engine.encode(*chat::render(conversation));
}

GenerationInput ask(const Engine& engine, const std::string& text) {
  chat::Conversation c;
  c.messages = {chat::text_message(chat::Role::user, text)};
  return ask(engine, c);
}

class Speculation : public ::testing::Test {
 protected:
  // The heads follow the script too, except where the length of the text says otherwise.
  void make(const Script& script, size_t wrong_every = 5) {
    auto reader = std::make_shared<text::Tokenizer>(make_tokenizer());
    const auto next = [reader, script](std::span<const Token> tokens) {
      return reader->encode(script(reader->decode(tokens)), text::Special::allow).at(0);
    };
    auto model = std::make_unique<ScriptedModel>(static_cast<uint32_t>(reader->size()), kLookBack,
                                                 TokenScript(next));
    model->add_heads(3, [next, wrong_every](uint32_t, std::span<const Token> tokens) {
      return tokens.size() % wrong_every == 0 ? 'x' : next(tokens);
    });
    engine_ = std::make_unique<Engine>(std::move(model), make_tokenizer());
  }

  Session session(uint32_t capacity = 2000) { return *Session::make(engine_->model(), capacity); }

  // The account without drafts, after it was compared with those of all depths.
  Account same_at_all_depths(const GenerationInput& in, GenerationOptions options,
                             uint32_t capacity = 2000, size_t cancel_at = 0) {
    options.n_logprobs = 0;
    options.mtp_depth = 0;
    Session plain = session(capacity);
    const Outcome expected = generate_and_tell(*engine_, plain, in, options, cancel_at);
    EXPECT_TRUE(expected.stats.heads.empty());
    for (const Depth depth : kDepths) {
      options.mtp_depth = depth;
      Session drafting = session(capacity);
      const Outcome got = generate_and_tell(*engine_, drafting, in, options, cancel_at);
      EXPECT_EQ(got.account, expected.account) << depth.value_or(9);
      EXPECT_EQ(got.stats.n_token, expected.stats.n_token) << depth.value_or(9);
    }
    return expected.account;
  }

  static GenerationOptions greedy() {
    GenerationOptions options;
    options.sampling.temperature = 0;
    return options;
  }

  std::unique_ptr<Engine> engine_;
};

TEST_F(Speculation, AnAnswerIsTheSame) {
  make(follow("Let me see.\n</think>\nIt is 4, \xe6\x97\xa5\xf0\x9f\x98\x80."));
  const Account a = same_at_all_depths(ask(*engine_, "2+2?"), greedy());
  EXPECT_EQ(a.cause, FinishCause::end_of_turn);
  EXPECT_EQ(a.output.reasoning, "Let me see.");
}

TEST_F(Speculation, RightGuessesSaveRunsOfTheTrunk) {
  make(follow("reasoning\n</think>\n" + std::string("0123456789abcdefghijklmnopqrstuvwxyz")), 1000);
  GenerationOptions options = greedy();
  options.mtp_depth = 3;
  Session s = session();
  const Outcome outcome = generate_and_tell(*engine_, s, ask(*engine_, "?"), options);
  EXPECT_GT(outcome.stats.tokens_per_pass(), 3.5);
  ASSERT_EQ(outcome.stats.heads.size(), 3U);
  for (const auto& head : outcome.stats.heads) EXPECT_GE(head.n_accepted + 3, head.n_draft);
  EXPECT_GE(outcome.stats.draft_seconds, 0);
}

TEST_F(Speculation, ForcedTokensAndBudgetsStepIn) {
  const Script endless = [](const std::string& seen) -> std::string {
    const size_t close = seen.rfind("</think>\n");
    if (close == std::string::npos)
      return std::string(1, static_cast<char>('a' + (seen.size() * 2654435761U >> 16) % 25));
    return std::string("Done.").substr(std::min<size_t>(5, seen.size() - close - 9)) + kEnd;
  };
  make(endless);
  GenerationOptions options = greedy();
  for (uint32_t budget = 0; budget < 12; ++budget) {
    options.thinking_budget = budget;
    EXPECT_EQ(same_at_all_depths(ask(*engine_, "?"), options).output.content, "Done.");
  }
  options.thinking_budget.reset();
  for (uint32_t n = 1; n < 30; ++n) {
    options.max_tokens = n;
    same_at_all_depths(ask(*engine_, "?"), options);
  }
  options.max_tokens.reset();
  const auto n_prompt = static_cast<uint32_t>(ask(*engine_, "?").prompt.size());
  for (uint32_t n = 1; n < 30; ++n) same_at_all_depths(ask(*engine_, "?"), options, n_prompt + n);
}

TEST_F(Speculation, EndsWithinDrafts) {
  make(follow("r\n</think>\n" + std::string(100, 'y')));
  GenerationOptions options = greedy();
  options.ignore_end = true;
  const auto n_prompt = static_cast<uint32_t>(ask(*engine_, "?").prompt.size());
  for (uint32_t n = 1; n < 12; ++n) {
    const Account full = same_at_all_depths(ask(*engine_, "?"), options, n_prompt + n);
    EXPECT_EQ(full.cause, FinishCause::context_end);
    EXPECT_EQ(full.ids.size(), n);
    options.max_tokens = n;
    EXPECT_EQ(same_at_all_depths(ask(*engine_, "?"), options).cause, FinishCause::token_budget);
    options.max_tokens.reset();
  }
}

TEST_F(Speculation, GuardsStopStringsAndLoops) {
  make([](const std::string& seen) -> std::string {
    if (seen.ends_with("<think>\n")) return "hi";
    if (seen.ends_with("<think>\nh")) return "i";
    if (seen.ends_with("<think>\nhi")) return kEnd;
    if (seen.ends_with("</think>\n")) return "A";
    return kEnd;
  });
  EXPECT_EQ(same_at_all_depths(ask(*engine_, "?"), greedy()).guards.at(0).first,
            decode::Guard::end_in_reasoning);

  make(follow("STOP is a word\n</think>\nfine STOP hidden"));
  GenerationOptions stopping = greedy();
  for (const char* text : {"STOP", "e", "ne S", "n"}) {
    stopping.stop = {"never", text};
    EXPECT_EQ(same_at_all_depths(ask(*engine_, "?"), stopping).stop_string, 1U) << text;
  }

  make([](const std::string& seen) -> std::string {
    const size_t close = seen.rfind("</think>\n");
    if (close == std::string::npos) return "a";
    return std::string("Done.").substr(std::min<size_t>(5, seen.size() - close - 9)) + kEnd;
  });
  EXPECT_EQ(same_at_all_depths(ask(*engine_, "?"), greedy()).guards.at(0).first,
            decode::Guard::repetition);
}

TEST_F(Speculation, ACallOpenedInReasoning) {
  const std::string call =
      "<tool_call>\n<function=add>\n<parameter=a>\n1\n</parameter>\n</function>\n</tool_call>";
  make([call](const std::string& seen) -> std::string {
    const std::string turn = seen.substr(seen.rfind("<think>\n") + 8);
    if (turn.size() < 3) return "abc" + std::string(turn.size(), ' ');
    const size_t at = turn.find("<tool_call>");
    return at == std::string::npos ? call
                                   : call.substr(std::min(call.size(), turn.size() - at)) + kEnd;
  });
  const auto tools = chat::ToolSchemas::parse(
      {R"({"type":"function","function":{"name":"add","parameters":{"type":"object",)"
       R"("properties":{"a":{"type":"integer"}}}}})"});
  GenerationInput in = ask(*engine_, "?");
  in.tools = &*tools;
  EXPECT_EQ(same_at_all_depths(in, greedy()).output.calls.size(), 1U);
}

TEST_F(Speculation, CanBeCancelledAtEveryToken) {
  make(follow("some reasoning\n</think>\nand an answer"));
  for (size_t n = 1; n < 30; ++n) {
    const Account a = same_at_all_depths(ask(*engine_, "A question?"), greedy(), 2000, n);
    EXPECT_EQ(a.cause, FinishCause::cancelled);
    EXPECT_EQ(a.ids.size(), n);
  }
}

// Answers of all lengths, so that the place where the second prompt parts from the first answer
// lies just within and just out of what the windows can return to.
TEST_F(Speculation, LaterTurnsReuseAsMuch) {
  make([](const std::string& seen) -> std::string {
    return std::string(1, static_cast<char>('a' + seen.size() * seen.size() % 23));
  });
  std::map<uint32_t, int> reused;
  for (uint32_t length = 1; length < 3 * kLookBack; ++length) {
    std::vector<Account> expected;
    for (const Depth depth : {Depth(0), Depth(1), Depth(2), Depth(3), Depth()}) {
      Session s = session();
      GenerationOptions options = greedy();
      options.max_tokens = length;
      options.mtp_depth = depth;
      std::string text = "Q:";
      std::vector<Account> turns;
      for (int turn = 0; turn < 3; ++turn) {
        turns.push_back(generate_and_tell(*engine_, s, engine_->encode_raw(text), options).account);
        text += turns.back().output.content.value_or("").substr(0, 5) + "Z";
      }
      if (depth == 0U) expected = turns;
      EXPECT_EQ(turns, expected) << length << " " << depth.value_or(9);
      ++reused[turns[1].n_reused];
    }
  }
  EXPECT_GT(reused.size(), 2U);
}

TEST_F(Speculation, DepthsThatTheModelLacksAreRefused) {
  make(follow("r"));
  Session s = session();
  GenerationOptions options;
  options.mtp_depth = 4;
  const auto result = generate(*engine_, s, ask(*engine_, "?"), options, {}, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::invalid_argument);
  EXPECT_NE(result.error().message.find("3 MTP heads"), std::string::npos);
}

// Tokens of a chain whose next token depends on the last one: their frequencies with drafts are
// those of the distribution, and the tokens those without.
TEST(SpeculationSampling, KeepsTheDistribution) {
  constexpr int kTokens = 6;  // letters from 'a' on
  const auto logit = [](Token last, Token next) {
    return static_cast<float>((last * 3 + next * 5) % 7) / 2;
  };
  const text::Tokenizer tokenizer = make_tokenizer();
  const auto n_vocab = static_cast<uint32_t>(tokenizer.size());
  auto model = std::make_unique<ScriptedModel>(
      n_vocab, kLookBack, LogitScript([&](std::span<const Token> tokens) {
        std::vector<float> logits(n_vocab, -1e30F);
        for (Token t = 0; t < kTokens; ++t) logits['a' + t] = logit(tokens.back() % kTokens, t);
        return logits;
      }));
  model->add_heads(3, [](uint32_t head, std::span<const Token> tokens) {
    return static_cast<Token>('a' + (tokens.back() + head) % kTokens);
  });
  const Engine engine(std::move(model), make_tokenizer());
  GenerationOptions options;
  options.sampling = {.temperature = 1, .top_p = 1, .seed = 11};
  options.ignore_end = true;
  options.loop_guard = decode::LoopGuard::off;
  options.mtp_depth = 3;
  Session s = *Session::make(engine.model(), 30'000);
  const Outcome outcome = generate_and_tell(engine, s, engine.encode_raw("a"), options);
  EXPECT_GT(outcome.stats.heads.at(2).n_accepted, 100U);

  std::map<std::pair<Token, Token>, double> seen;
  std::map<Token, double> n;
  for (size_t i = 1; i < outcome.account.ids.size(); ++i) {
    const Token last = outcome.account.ids[i - 1] % kTokens;
    ++seen[{last, outcome.account.ids[i] - 'a'}];
    ++n[last];
  }
  double chi_square = 0;
  for (Token last = 0; last < kTokens; ++last) {
    double total = 0;
    for (Token t = 0; t < kTokens; ++t) total += std::exp(logit(last, t));
    for (Token t = 0; t < kTokens; ++t) {
      const double expected = n[last] * std::exp(logit(last, t)) / total;
      chi_square += std::pow(seen[{last, t}] - expected, 2) / expected;
    }
  }
  EXPECT_LT(chi_square, 59.7);  // 30 degrees of freedom, one in a thousand

  options.mtp_depth = 0;
  Session other = *Session::make(engine.model(), 30'000);
  EXPECT_EQ(generate_and_tell(engine, other, engine.encode_raw("a"), options).account,
            outcome.account);
}

struct RealCase {
  const char* name;
  model::Path path;
  model::KvType kv_type;
};

class SpeculationOnRealModels : public ::testing::TestWithParam<RealCase> {
 protected:
  static std::unique_ptr<Engine> load(uint32_t n_threads) {
    const RealCase& c = GetParam();
    std::vector<std::string> warnings;
    return *Engine::load(
        {.model = std::string(STRIDE_GOLDEN "/tiny/") + c.name + ".gguf",
         .options = {.path = c.path, .n_threads = n_threads, .max_rows = 4, .kv_type = c.kv_type}},
        warnings);
  }
};

GenerationOptions variant(uint64_t seed) {
  GenerationOptions options;
  options.max_tokens = 28;
  options.ignore_end = true;
  options.n_logprobs = 0;
  decode::SamplingOptions& s = options.sampling;
  s.temperature = seed % 3 == 0 ? 0 : 0.8;
  s.seed = seed;
  if (seed % 3 == 2) {
    s.penalties = {1.3, 0.4, 0.2};
    s.dry = {0.8, 1.75, 2};
    s.bias = {{static_cast<Token>(seed), 2.0F}};
    options.thinking_budget = 6;
  }
  return options;
}

// Three turns on one session, so that rings wrap and prefixes are used again.
std::vector<Account> talk(const Engine& engine, uint64_t seed, Depth depth,
                          const std::function<void(size_t turn)>& before = {}) {
  Random random(seed);
  Session session = *Session::make(engine.model(), 400);
  std::string text;
  std::vector<Account> turns;
  for (size_t turn = 0; turn < 3; ++turn) {
    for (uint64_t i = 0; i < 5 + random.below(12); ++i)
      text += static_cast<char>('a' + random.below(26));
    if (before) before(turn);
    GenerationOptions options = variant(seed);
    options.mtp_depth = depth;
    turns.push_back(generate_and_tell(engine, session, ask(engine, text), options).account);
  }
  return turns;
}

// Prompts and options of these seeds, at all depths.
void compare(const Engine& plain, const Engine& drafting, ToldModel& told,
             const std::vector<uint64_t>& seeds) {
  for (const uint64_t seed : seeds) {
    const std::vector<Account> expected = talk(plain, seed, 0);
    const auto tell = [&](size_t turn) {
      std::vector<Token> text = expected[turn].session;
      text.push_back(expected[turn].ids.back());
      told.tell(text);
    };
    for (const Depth depth : kDepths)
      EXPECT_EQ(talk(drafting, seed, depth, tell), expected) << seed << " " << depth.value_or(9);
  }
}

TEST_P(SpeculationOnRealModels, SayTheSame) {
  const auto one = load(1);
  for (const uint32_t n_threads : {1U, 2U}) {
    const auto inner = load(n_threads);
    auto model = std::make_unique<ToldModel>(inner->model());
    ToldModel& told = *model;
    const Engine drafting(
        std::move(model),
        *text::Tokenizer::create(*text::read_vocabulary(inner->catalog()->metadata())));
    if (n_threads == 1) {
      compare(*one, drafting, told, {0, 1, 2, 3, 4});
      EXPECT_EQ(talk(*inner, 5, 3), talk(*one, 5, 0)) << "with the heads' own guesses";
    } else {
      compare(*one, drafting, told, {8});
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Tiny, SpeculationOnRealModels,
    ::testing::Values(RealCase{"tiny-f32", model::Path::fast, model::KvType::f16},
                      RealCase{"tiny-q4_k_s", model::Path::fast, model::KvType::int8},
                      RealCase{"tiny-q8_0", model::Path::fast, model::KvType::f16}));

}  // namespace
}  // namespace stride::engine
