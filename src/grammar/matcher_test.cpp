// SPDX-License-Identifier: Apache-2.0
#include "grammar/matcher.h"

#include <gmock/gmock.h>

#include "base/random.h"
#include "grammar/test_grammar.h"

namespace stride::grammar {
namespace {

using testing::must;
using testing::small_trie;

const std::vector<std::string> kWords = {"\":",
                                         "\",\"",
                                         "{\"",
                                         "\"}",
                                         "},",
                                         "true",
                                         "\xc3\xa9",
                                         "\xf0\x9f\x98\x80",
                                         "hello",
                                         "</",
                                         "\n<",
                                         "<function=",
                                         "\n</parameter>\n",
                                         "12",
                                         "\":\"",
                                         "a\":1,\"a\"",
                                         "\\u00",
                                         "  ",
                                         "\n  "};

bool bit(const std::vector<uint32_t>& bits, Token token) {
  const auto i = static_cast<size_t>(token);
  return (bits[i / 32] >> (i % 32) & 1) != 0;
}

// The mask against the question for each single token, asked of a fresh cache.
void expect_brute_force(Matcher& matcher, const GrammarPtr& grammar,
                        const std::vector<Token>& history, const TokenTrie& trie) {
  std::vector<uint32_t> bits(matcher.n_word());
  matcher.fill_mask(bits);
  Matcher fresh(grammar, std::make_shared<MaskCache>(std::make_shared<const TokenTrie>(
                             std::make_shared<const text::Tokenizer>(trie.tokenizer()))));
  for (const Token token : history) ASSERT_TRUE(fresh.accept(token));
  for (size_t i = 0; i < trie.n_token(); ++i) {
    const auto token = static_cast<Token>(i);
    const bool accepted = fresh.accept(token);
    if (accepted) fresh.rollback(1);
    EXPECT_EQ(bit(bits, token), accepted)
        << "token " << token << " \"" << trie.tokenizer().piece(token) << '"';
    EXPECT_EQ(matcher.allows(token), accepted);
  }
}

// Random walks along the mask.
void walk(const GrammarPtr& grammar, uint64_t seed, size_t n_step) {
  const auto trie = small_trie(kWords);
  const auto cache = std::make_shared<MaskCache>(trie);
  Random random(seed);
  Matcher matcher(grammar, cache);
  std::vector<Token> history;
  for (size_t step = 0; step < n_step && !matcher.finished(); ++step) {
    expect_brute_force(matcher, grammar, history, *trie);
    std::vector<uint32_t> bits(matcher.n_word());
    matcher.fill_mask(bits);
    std::vector<Token> allowed;
    for (size_t i = 0; i < trie->n_token(); ++i) {
      if (bit(bits, static_cast<Token>(i))) allowed.push_back(static_cast<Token>(i));
    }
    ASSERT_FALSE(allowed.empty()) << "a dead end after " << trie->tokenizer().decode(history);
    Token token = allowed[random.below(allowed.size())];
    // Prefer the longer tokens, which cross more borders.
    for (int i = 0; i < 3 && trie->tokenizer().piece(token).size() < 2; ++i) {
      token = allowed[random.below(allowed.size())];
    }
    ASSERT_TRUE(matcher.accept(token));
    history.push_back(token);
  }
}

TEST(Matcher, MasksEqualBruteForce) {
  const std::vector<GrammarPtr> grammars = {
      must(compile_json_object()),
      must(compile_json_schema(
          R"({"type":"object","properties":{"a":{"type":"string","maxLength":5},"hello":{"type":"array","items":{"type":"integer","maximum":120},"maxItems":3}},"required":["a"]})")),
      must(compile_calls(
          {R"({"name":"f","parameters":{"properties":{"a":{"type":"string"},"b":{"type":"string","minLength":3,"maxLength":40}},"required":["a"]}})"},
          {})),
      must(compile_regex("(hello|[a-z]{2,4}) *\"?")),
  };
  for (const GrammarPtr& grammar : grammars) {
    for (uint64_t seed = 0; seed < 4; ++seed) walk(grammar, seed, 25);
  }
}

TEST(Matcher, RepeatedKeyInsideOneToken) {
  const auto trie = small_trie(kWords);
  const auto cache = std::make_shared<MaskCache>(trie);
  const GrammarPtr grammar = must(compile_json_object());
  const auto& tokenizer = trie->tokenizer();
  Token whole = -1;
  for (size_t i = 0; i < tokenizer.size(); ++i) {
    if (tokenizer.piece(static_cast<Token>(i)) == "a\":1,\"a\"") whole = static_cast<Token>(i);
  }
  ASSERT_GE(whole, 0);
  Matcher matcher(grammar, cache);
  ASSERT_TRUE(matcher.accept_text("{\""));
  std::vector<uint32_t> bits(matcher.n_word());
  matcher.fill_mask(bits);
  EXPECT_FALSE(bit(bits, whole));
  ASSERT_TRUE(matcher.accept_text("b"));
  matcher.fill_mask(bits);
  EXPECT_TRUE(bit(bits, whole));  // "ba" and "a"
}

TEST(Matcher, RollbackRestoresEverything) {
  const auto cache = testing::small_cache();
  const GrammarPtr grammar = must(compile_json_object());
  Matcher matcher(grammar, cache);
  ASSERT_TRUE(matcher.accept_text("{\"a\":1"));
  const Matcher copy = matcher;
  for (const char c : std::string_view(",\"b\":2}")) ASSERT_TRUE(matcher.accept(c));
  EXPECT_TRUE(matcher.complete() && matcher.must_end());
  EXPECT_EQ(matcher.rollback(7), 7U);
  EXPECT_FALSE(matcher.complete());
  EXPECT_FALSE(matcher.accept_text(",\"a\":2"));
  EXPECT_TRUE(matcher.accept_text(",\"b\":2"));
  Matcher again = copy;
  EXPECT_FALSE(again.accept_text(",\"a\":"));
  EXPECT_TRUE(again.accept_text(",\"c\":"));
  EXPECT_EQ(again.rollback(1000), 2U);
}

TEST(Matcher, EndTokensOnlyWhereComplete) {
  const auto cache = testing::small_cache();
  const Token end = *cache->trie().tokenizer().find_special("<|im_end|>");
  const Token think = *cache->trie().tokenizer().find_special("<think>");
  Matcher matcher(must(compile_choice({"no", "now"})), cache);
  EXPECT_FALSE(matcher.accept(end));
  EXPECT_FALSE(matcher.allows(think));
  ASSERT_TRUE(matcher.accept_text("no"));
  EXPECT_TRUE(matcher.allows(end));
  EXPECT_TRUE(matcher.accept(end));
  EXPECT_TRUE(matcher.finished());
  EXPECT_FALSE(matcher.accept('w'));
  std::vector<uint32_t> bits(matcher.n_word(), 1);
  matcher.fill_mask(bits);
  EXPECT_EQ(bits, std::vector<uint32_t>(matcher.n_word(), 0));
  matcher.rollback(1);
  EXPECT_TRUE(matcher.accept('w'));
}

TEST(Matcher, ForcedRunsAreWhatTheTokenizerWrites) {
  const auto trie = small_trie({"<function=", "\n<function=", "</function>", "\n"});
  const auto cache = std::make_shared<MaskCache>(trie);
  const auto& tokenizer = trie->tokenizer();
  const GrammarPtr grammar = must(compile_calls(
      {R"({"name":"f","parameters":{"properties":{"a":{"type":"boolean"}},"required":["a"]}})"},
      {.choice = CallRules::Choice::required, .parallel = false}));
  Matcher matcher(grammar, cache);
  EXPECT_TRUE(matcher.forced_run().empty());  // a newline or the call
  ASSERT_TRUE(matcher.accept(*tokenizer.find_special("<tool_call>")));
  std::vector<Token> run = matcher.forced_run();
  const std::string text = tokenizer.decode(run);
  EXPECT_TRUE(std::string_view("\n<function=f>\n<parameter=a>\n").starts_with(text)) << text;
  EXPECT_GE(text.size(), std::string_view("\n<function=f>\n<parameter=a").size());
  for (const Token token : run) ASSERT_TRUE(matcher.accept(token));
  ASSERT_TRUE(matcher.accept_text(
      std::string_view("\n<function=f>\n<parameter=a>\ntrue").substr(text.size())));
  run = matcher.forced_run();
  for (const Token token : run) ASSERT_TRUE(matcher.accept(token));
  EXPECT_TRUE(matcher.complete() && matcher.must_end());
  EXPECT_EQ(run.back(), *tokenizer.find_special("</tool_call>"));
}

TEST(Matcher, TellsContentFromStructure) {
  Matcher matcher(
      must(compile_json_schema(R"({"properties":{"a":{"type":"string"}},"required":["a"],)"
                               R"("additionalProperties":false,"type":"object"})")),
      testing::small_cache());
  EXPECT_FALSE(matcher.in_free_text());
  ASSERT_TRUE(matcher.accept_text("{\"a\": \""));
  EXPECT_TRUE(matcher.in_free_text());
  ASSERT_TRUE(matcher.accept_text("x\""));
  EXPECT_FALSE(matcher.in_free_text());
}

TEST(MaskCache, StaysWithinItsBudgets) {
  const auto trie = small_trie(kWords);
  const auto cache = std::make_shared<MaskCache>(
      trie, MaskCacheOptions{.mask_bytes = 4096, .machine_bytes = 200'000});
  const GrammarPtr grammar = must(compile_json_object());
  Matcher matcher(grammar, cache);
  ASSERT_TRUE(matcher.accept_text("{"));
  std::vector<uint32_t> bits(matcher.n_word());
  for (int i = 0; i < 300; ++i) {
    const std::string member = fmt::format("{}\"key{}\":[{}]", i == 0 ? "" : ",", i, i);
    for (const char c : member) {
      matcher.fill_mask(bits);
      ASSERT_TRUE(matcher.accept(static_cast<uint8_t>(c))) << member;
    }
    EXPECT_LE(cache->n_mask_byte(), 8192U);
  }
  // Keys are remembered beyond the life of one machine.
  EXPECT_FALSE(matcher.accept_text(",\"key0\":1"));
  EXPECT_TRUE(matcher.accept_text(",\"key300\":1"));
}

TEST(MaskCache, MasksAreSharedByMatchers) {
  const auto cache = testing::small_cache();
  const GrammarPtr grammar = must(compile_json_object());
  const auto run = [&] {
    Matcher matcher(grammar, cache);
    std::vector<uint32_t> bits(matcher.n_word());
    for (const char c : std::string_view("{\"abc\": \"some text\", \"n\": 12}")) {
      matcher.fill_mask(bits);
      ASSERT_TRUE(matcher.accept(static_cast<uint8_t>(c)));
    }
  };
  run();
  const size_t n = cache->n_computed();
  run();
  EXPECT_LE(cache->n_computed(), n + 4);  // where keys begin that others went before
}

}  // namespace
}  // namespace stride::grammar
