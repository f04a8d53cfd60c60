// SPDX-License-Identifier: Apache-2.0
// The tokenizer on the model's real vocabulary of 128,815 tokens, which the build fetches (see
// tools/fetch_test_vocabulary and make_step_vocabulary.mjs): known ids, the table of special
// tokens, and texts that would be slow in a careless tokenizer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "format/metadata.h"
#include "json/json.h"
#include "text/gguf_vocabulary.h"
#include "text/tokenizer.h"
#include "text/tokenizer_json.h"

namespace stride::text {
namespace {

constexpr size_t kModelTokens =
    128896;  // entries in the model's GGUF files, filled up with padding

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path << " is missing: run tools/fetch_test_vocabulary";
  return {std::istreambuf_iterator<char>(file), {}};
}

class RealVocabulary : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto vocabulary = read_tokenizer_json(read_file(STRIDE_STEP_VOCABULARY));
    ASSERT_TRUE(vocabulary) << vocabulary.error().message;
    vocabulary_ = *std::move(vocabulary);
    auto tokenizer = Tokenizer::create(vocabulary_);
    ASSERT_TRUE(tokenizer) << tokenizer.error().message;
    tokenizer_ = *std::move(tokenizer);
  }

  void SetUp() override { ASSERT_TRUE(tokenizer_); }

  static inline Vocabulary vocabulary_;
  static inline std::optional<Tokenizer> tokenizer_;
};

TEST_F(RealVocabulary, GoldenIds) {
  const auto goldens = json::parse(read_file(STRIDE_GOLDEN "/text/ids.json"));
  ASSERT_TRUE(goldens) << goldens.error().message;
  ASSERT_GE(goldens->size(), 20u);
  for (const Json& golden : *goldens) {
    const auto text = golden["text"].get<std::string>();
    const auto special = golden.contains("special") ? Special::allow : Special::forbid;
    const auto ids = tokenizer_->encode(text, special);
    EXPECT_EQ(ids, golden["ids"].get<std::vector<Token>>()) << text;
    EXPECT_EQ(tokenizer_->decode(ids), text);
  }
}

TEST_F(RealVocabulary, SpecialTokens) {
  const std::map<std::string, Token> table = {{"<｜begin▁of▁sentence｜>", 0},
                                              {"<｜end▁of▁sentence｜>", 1},
                                              {"<｜▁pad▁｜>", 2},
                                              {"<im_start>", 128000},
                                              {"<im_patch>", 128001},
                                              {"<im_end>", 128002},
                                              {"<patch_start>", 128003},
                                              {"<patch_newline>", 128004},
                                              {"<patch_end>", 128005},
                                              {"<|im_start|>", 128006},
                                              {"<|im_end|>", 128007},
                                              {"<tool_call>", 128008},
                                              {"</tool_call>", 128009},
                                              {"<tool_response>", 128010},
                                              {"</tool_response>", 128011},
                                              {"<think>", 128798},
                                              {"</think>", 128799}};
  for (const auto& [text, id] : table) {
    EXPECT_EQ(tokenizer_->find_special(text), id) << text;
    EXPECT_THAT(tokenizer_->encode(text, Special::allow), ::testing::ElementsAre(id));
    for (const Token token : tokenizer_->encode(text, Special::forbid)) {
      EXPECT_FALSE(tokenizer_->is_special(token)) << text;
    }
  }
  EXPECT_THAT(tokenizer_->end_tokens(), ::testing::ElementsAre(1, 2, 128007));
  EXPECT_EQ(tokenizer_->bos(), 0);
  EXPECT_EQ(tokenizer_->eos(), 128007);
}

TEST_F(RealVocabulary, ThroughGguf) {
  Vocabulary padded = vocabulary_;
  while (padded.tokens.size() < kModelTokens) {
    padded.tokens.push_back("[PAD" + std::to_string(padded.tokens.size()) + "]");
    padded.kinds.push_back(TokenKind::unused);
  }
  format::Metadata metadata;
  write_vocabulary(padded, metadata);
  const auto read = read_vocabulary(metadata);
  ASSERT_TRUE(read) << read.error().message;
  const auto tokenizer = Tokenizer::create(*read);
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ(tokenizer->size(), kModelTokens);
  const std::string text = "Grüße, 世界! <|im_end|>[PAD128820] 12345\n";
  EXPECT_EQ(tokenizer->encode(text, Special::allow), tokenizer_->encode(text, Special::allow));
}

// Every token whose bytes are valid text of one piece comes back as itself or as other tokens with
// the same bytes; every id decodes.
TEST_F(RealVocabulary, EveryTokenComesBackAsItsBytes) {
  size_t n_same = 0;
  for (Token token = 0; static_cast<size_t>(token) < tokenizer_->size(); ++token) {
    const std::string piece(tokenizer_->piece(token));
    ASSERT_FALSE(piece.empty()) << token;
    const auto ids = tokenizer_->encode(piece, Special::allow);
    ASSERT_EQ(tokenizer_->decode(ids), piece) << token;
    n_same += ids.size() == 1 && ids[0] == token ? 1 : 0;
  }
  EXPECT_GT(n_same, tokenizer_->size() * 9 / 10);
}

void expect_lossless(const Tokenizer& tokenizer, std::string_view unit, size_t n_byte) {
  std::string text;
  while (text.size() < n_byte) text += unit;
  const auto ids = tokenizer.encode(text, Special::allow);
  EXPECT_EQ(tokenizer.decode(ids), text);
  EXPECT_LE(ids.size(), text.size());
}

// That the time grows no faster than the text is shown by counting steps, in the unit tests.
TEST_F(RealVocabulary, LongRunsOfTheSame) {
  for (const char* unit : {"a", " ", "7"}) expect_lossless(*tokenizer_, unit, size_t{1} << 20);
  for (const char* unit : {"\n", "!", "中", "\xff", "\u0301", "ab", "<|im_end|", " \n"}) {
    expect_lossless(*tokenizer_, unit, size_t{1} << 16);
  }
}

}  // namespace
}  // namespace stride::text
