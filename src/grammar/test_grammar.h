// SPDX-License-Identifier: Apache-2.0
// Grammars asked for texts, over a vocabulary of single bytes and some longer tokens.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "grammar/matcher.h"
#include "text/special_names.h"
#include "text/test_vocabulary.h"

namespace stride::grammar::testing {

// Each longer token with the shorter ones that it is made of.
inline std::vector<std::pair<std::string, std::string>> merges_of(
    const std::vector<std::string>& words) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& word : words) {
    for (size_t n = 1; n < word.size(); ++n) {
      const std::pair merge{word.substr(0, n), word.substr(n, 1)};
      if (std::ranges::find(out, merge) == out.end()) out.push_back(merge);
    }
  }
  return out;
}

inline std::shared_ptr<const TokenTrie> small_trie(const std::vector<std::string>& words = {},
                                                   const std::vector<std::string>& controls = {
                                                       "<|im_end|>", "<tool_call>", "</tool_call>",
                                                       "<think>"}) {
  auto tokenizer =
      text::Tokenizer::create(text::testing::small_vocabulary(merges_of(words), controls));
  EXPECT_TRUE(tokenizer.has_value()) << (tokenizer ? "" : tokenizer.error().message);
  return std::make_shared<const TokenTrie>(
      std::make_shared<const text::Tokenizer>(*std::move(tokenizer)));
}

inline std::shared_ptr<MaskCache> small_cache() {
  return std::make_shared<MaskCache>(small_trie());
}

// The control tokens of the call form are spelled out in `text`.
inline bool accepts(const GrammarPtr& grammar, std::string_view text,
                    const std::shared_ptr<MaskCache>& cache = small_cache()) {
  Matcher matcher(grammar, cache);
  while (!text.empty()) {
    bool marked = false;
    for (const std::string_view name : {"<tool_call>", "</tool_call>"}) {
      const auto token = cache->trie().tokenizer().find_special(name);
      if (!text.starts_with(name) || !token || !matcher.accept(*token)) continue;
      text.remove_prefix(name.size());
      marked = true;
      break;
    }
    if (marked) continue;
    if (!matcher.accept_text(text.substr(0, 1))) return false;
    text.remove_prefix(1);
  }
  return matcher.complete();
}

// The machine with the markers spelled out: whether the text is one of the grammar.
inline GrammarPtr must(Result<GrammarPtr> grammar) {
  EXPECT_TRUE(grammar.has_value()) << (grammar ? "" : grammar.error().message);
  return grammar ? *std::move(grammar) : nullptr;
}

}  // namespace stride::grammar::testing
