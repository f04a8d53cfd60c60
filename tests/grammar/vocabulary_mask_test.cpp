// SPDX-License-Identifier: Apache-2.0
// Masks over the real vocabulary of 128,815 tokens: equal to asking for each token, at places of
// every kind along real answers.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "grammar/matcher.h"
#include "text/tokenizer_json.h"

namespace stride::grammar {
namespace {

class VocabularyMask : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::stringstream text;
    text << std::ifstream(STRIDE_STEP_VOCABULARY).rdbuf();
    auto vocabulary = text::read_tokenizer_json(text.str());
    ASSERT_TRUE(vocabulary) << vocabulary.error().message;
    auto tokenizer = text::Tokenizer::create(*std::move(vocabulary));
    ASSERT_TRUE(tokenizer) << tokenizer.error().message;
    tokenizer_ = std::make_shared<const text::Tokenizer>(*std::move(tokenizer));
    trie_ = std::make_shared<const TokenTrie>(tokenizer_);
  }

  // Follows the answer and compares the mask at every `stride`-th token.
  static void follow(const GrammarPtr& grammar, std::string_view answer, size_t stride) {
    const auto cache = std::make_shared<MaskCache>(trie_);
    Matcher matcher(grammar, cache);
    const std::vector<Token> tokens = tokenizer_->encode(answer, text::Special::allow);
    std::vector<uint32_t> bits(matcher.n_word());
    for (size_t i = 0; i <= tokens.size(); ++i) {
      matcher.fill_mask(bits);
      if (i % stride == 0) compare(matcher, bits);
      if (i == tokens.size()) break;
      ASSERT_TRUE(matcher.accept(tokens[i])) << i << ' ' << tokenizer_->piece(tokens[i]);
    }
    EXPECT_TRUE(matcher.complete()) << answer;
  }

  static void compare(Matcher& matcher, const std::vector<uint32_t>& bits) {
    size_t n_wrong = 0;
    for (size_t i = 0; i < trie_->n_token(); ++i) {
      const auto token = static_cast<Token>(i);
      const bool allowed = (bits[i / 32] >> (i % 32) & 1) != 0;
      if (allowed == matcher.allows(token)) continue;
      if (++n_wrong < 5) ADD_FAILURE() << token << " \"" << tokenizer_->piece(token) << '"';
    }
    EXPECT_EQ(n_wrong, 0U);
  }

  static inline std::shared_ptr<const text::Tokenizer> tokenizer_;
  static inline std::shared_ptr<const TokenTrie> trie_;
};

TEST_F(VocabularyMask, JsonObject) {
  follow(*compile_json_object(),
         "{\"name\": \"Zo\xc3\xab \xe4\xbd\xa0\", \"n\": [1, 2.5e3, {\"x\": null}],\n  \"name2\": "
         "\"\\u00e9\\n\"}",
         5);
}

TEST_F(VocabularyMask, Schema) {
  follow(
      *compile_json_schema(
          R"({"type":"object","properties":{"id":{"type":"string","pattern":"^[a-f0-9]{8}$"},)"
          R"("text":{"type":"string","maxLength":200},"score":{"type":"integer","minimum":0,"maximum":100}},)"
          R"("required":["id","text"],"additionalProperties":false})"),
      R"({"text": "A short sentence, and another one.", "id": "00ff12ab", "score": 87})", 5);
}

TEST_F(VocabularyMask, LimitedText) {
  follow(*compile_json_schema(R"({"type":"string","minLength":3,"maxLength":30})"),
         "\"Limits near \\u00e9 \xc3\xa9 the end 1234\"", 1);
  const auto grammar = compile_calls(
      {R"({"name":"f","parameters":{"properties":{"a":{"type":"string","maxLength":12}},"required":["a"]}})"},
      {.choice = CallRules::Choice::required});
  ASSERT_TRUE(grammar);
  follow(*grammar,
         "<tool_call>\n<function=f>\n<parameter=a>\nfoo\n</ba>xy\n</parameter>\n</function>\n</"
         "tool_call>",
         1);
}

TEST_F(VocabularyMask, Calls) {
  const auto grammar = compile_calls(
      {R"({"name":"search_files","parameters":{"properties":{"pattern":{"type":"string"},"limit":{"type":"integer"},)"
       R"("where":{"type":"array","items":{"type":"string"}}},"required":["pattern"]}})"},
      {});
  ASSERT_TRUE(grammar);
  follow(*grammar,
         "I will search.\n\n<tool_call>\n<function=search_files>\n<parameter=pattern>\nfoo <b> "
         "\"bar\"\n</parameter>\n"
         "<parameter=where>\n[\"src\", \"tests\"]\n</parameter>\n</function>\n</tool_call>",
         5);
}

TEST_F(VocabularyMask, ForcedRunsAreTokensOfTheTemplate) {
  const auto grammar = compile_calls(
      {R"({"name":"search_files","parameters":{"properties":{"pattern":{"type":"string"}},"required":["pattern"]}})"},
      {.choice = CallRules::Choice::required, .parallel = false});
  ASSERT_TRUE(grammar);
  Matcher matcher(*grammar, std::make_shared<MaskCache>(trie_));
  ASSERT_TRUE(matcher.accept(*tokenizer_->find_special("<tool_call>")));
  const std::vector<Token> run = matcher.forced_run();
  const std::string whole = "\n<function=search_files>\n<parameter=pattern>\nfoo";
  const std::vector<Token> expected = tokenizer_->encode(whole, text::Special::forbid);
  ASSERT_GT(run.size(), 5U);
  ASSERT_LE(run.size(), expected.size());
  EXPECT_TRUE(std::equal(run.begin(), run.end(), expected.begin())) << tokenizer_->decode(run);
}

}  // namespace
}  // namespace stride::grammar
