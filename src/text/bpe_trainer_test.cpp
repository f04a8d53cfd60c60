// SPDX-License-Identifier: Apache-2.0
#include "text/bpe_trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/random.h"
#include "text/byte_alphabet.h"
#include "text/pre_tokenizer.h"

namespace stride::text {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Vocabulary train(const std::vector<std::string_view>& texts, const BpeTrainOptions& options) {
  auto vocabulary = train_bpe(texts, options);
  if (!vocabulary) ADD_FAILURE() << vocabulary.error().message;
  return *std::move(vocabulary);
}

TEST(BpeTrainer, MostFrequentPairsFirst) {
  // Pairs of "low" x 5, "lower" x 2, "newest" x 6, "widest" x 3, each a piece of its own: "e s"
  // and "s t" occur 9 times, "e" has the lower id.
  std::string text;
  for (const auto& [word, n] : {std::pair{"low", 5}, {"lower", 2}, {"newest", 6}, {"widest", 3}}) {
    for (int i = 0; i < n; ++i) text.append(word).append("\n");
  }
  const Vocabulary v = train({text}, {.n_merges = 5});
  EXPECT_THAT(v.merges, ElementsAre("e s", "es t", "l o", "lo w", "e w"));
  EXPECT_EQ(v.tokens.size(), 261u);
  EXPECT_EQ(v.pre, "deepseek-v3");
}

TEST(BpeTrainer, DigitsAreNeverMerged) {
  const Vocabulary v = train({"123 123 123 a12 a12 ab ab ١٢٣ ١٢٣ ١٢٣"}, {.n_merges = 50});
  for (const std::string& merge : v.merges) {
    EXPECT_EQ(merge.find_first_of("0123456789"), std::string::npos) << merge;
  }
  EXPECT_THAT(v.merges, ElementsAre("Ġ a", "Ġa b"));
  const auto tokenizer = Tokenizer::create(v);
  ASSERT_TRUE(tokenizer);
  EXPECT_THAT(tokenizer->encode("1234", Special::forbid), ElementsAre('1', '2', '3', '4'));
}

TEST(BpeTrainer, SpecialTokensComeFirstAndAreCutOut) {
  const std::string text = "<|im_start|>user\nhi<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n";
  const Vocabulary v = train({text}, {.n_merges = 100,
                                      .specials = {{"<｜begin▁of▁sentence｜>"},
                                                   {"<|im_start|>"},
                                                   {"<|im_end|>"},
                                                   {"<think>", TokenKind::user_defined}}});
  EXPECT_EQ(v.bos, 0);
  EXPECT_EQ(v.eos, 2);
  EXPECT_EQ(v.pad, -1);
  EXPECT_EQ(v.kinds[3], TokenKind::user_defined);
  EXPECT_EQ(v.tokens[4 + 'A'], "A");
  for (const std::string& merge : v.merges)
    EXPECT_EQ(merge.find_first_of("<|>_"), std::string::npos);
  const auto tokenizer = Tokenizer::create(v);
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  const auto ids = tokenizer->encode(text, Special::allow);
  EXPECT_EQ(tokenizer->decode(ids), text);
  EXPECT_EQ(ids.size(), 12u);  // start user \n hi end \n, twice
}

TEST(BpeTrainer, Limits) {
  EXPECT_THAT(train({"abab abab"}, {.n_merges = 0}).merges, IsEmpty());
  EXPECT_THAT(train({}, {.n_merges = 9}).merges, IsEmpty());
  EXPECT_THAT(train({"abc"}, {.n_merges = 9}).merges, IsEmpty());
  EXPECT_THAT(train({"abc"}, {.n_merges = 9, .min_count = 1}).merges, ElementsAre("a b", "ab c"));
  EXPECT_EQ(train({"abcdef abcdef"}, {.n_merges = 99, .n_tokens = 258}).tokens.size(), 258u);
  EXPECT_FALSE(train_bpe({}, {.n_tokens = 256, .specials = {{"<a>"}}}));
  EXPECT_FALSE(train_bpe({}, {.specials = {{""}}}));
  EXPECT_FALSE(train_bpe({}, {.specials = {{"x", TokenKind::normal}}}));
}

// The definition: count all pairs anew before each merge.
std::vector<std::string> train_slowly(const std::vector<std::string_view>& texts, size_t n_merges) {
  std::vector<std::vector<int>> pieces;
  std::vector<std::string> spelt;
  std::set<std::string> known;
  for (int byte = 0; byte < 256; ++byte) {
    spelt.push_back(to_byte_alphabet(std::string(1, static_cast<char>(byte))));
    known.insert(spelt.back());
  }
  for (const std::string_view text : texts) {
    PreTokenizer scanner(text);
    while (const auto piece = scanner.next()) {
      if (piece->front() >= '0' && piece->front() <= '9') continue;
      auto& symbols = pieces.emplace_back();
      for (const char byte : *piece) symbols.push_back(static_cast<uint8_t>(byte));
    }
  }
  std::vector<std::string> merges;
  while (merges.size() < n_merges) {
    std::map<std::pair<int, int>, int> counts;
    for (const auto& p : pieces) {
      for (size_t k = 0; k + 1 < p.size(); ++k) ++counts[{p[k], p[k + 1]}];
    }
    std::pair<int, int> best;
    int best_count = 1;
    for (const auto& [pair, count] : counts) {
      const std::string joined = spelt[size_t(pair.first)] + spelt[size_t(pair.second)];
      if (count > best_count && !known.contains(joined)) {
        best = pair;
        best_count = count;
      }
    }
    if (best_count < 2) break;
    merges.push_back(spelt[size_t(best.first)] + ' ' + spelt[size_t(best.second)]);
    spelt.push_back(spelt[size_t(best.first)] + spelt[size_t(best.second)]);
    known.insert(spelt.back());
    for (auto& p : pieces) {
      for (size_t k = 0; k + 1 < p.size(); ++k) {
        if (std::pair(p[k], p[k + 1]) != best) continue;
        p[k] = static_cast<int>(spelt.size()) - 1;
        p.erase(p.begin() + static_cast<ptrdiff_t>(k) + 1);
      }
    }
  }
  return merges;
}

TEST(BpeTrainer, EqualsTheDefinition) {
  Random random(5);
  for (int round = 0; round < 60; ++round) {
    std::vector<std::string> storage(1 + random.below(3));
    for (std::string& text : storage) {
      for (size_t n = random.below(300); n > 0; --n) text += "aaabbc dé12!"[random.below(12)];
    }
    std::vector<std::string_view> texts(storage.begin(), storage.end());
    const auto merges = train(texts, {.n_merges = 40}).merges;
    ASSERT_EQ(merges, train_slowly(texts, 40));
    std::reverse(texts.begin(), texts.end());
    ASSERT_EQ(merges, train(texts, {.n_merges = 40}).merges);
  }
}

}  // namespace
}  // namespace stride::text
