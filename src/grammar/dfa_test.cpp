// SPDX-License-Identifier: Apache-2.0
#include "grammar/dfa.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "grammar/json_text.h"
#include "grammar/regex.h"

namespace stride::grammar {
namespace {

using ::testing::UnorderedElementsAre;

Dfa regex(std::string_view pattern) {
  return *regex_dfa(pattern, Anchoring::whole);
}

TEST(Dfa, ProductsAreSetsOfTexts) {
  const Dfa a = regex("a*b?"), b = regex("a?b*");
  const Dfa both = *intersect(a, b), either = *unite(a, b), only = *subtract(a, b);
  for (const std::string_view text : {"", "a", "b", "ab", "aa", "bb", "aab", "abb", "ba"}) {
    EXPECT_EQ(both.matches(text), a.matches(text) && b.matches(text)) << text;
    EXPECT_EQ(either.matches(text), a.matches(text) || b.matches(text)) << text;
    EXPECT_EQ(only.matches(text), a.matches(text) && !b.matches(text)) << text;
  }
  EXPECT_TRUE(intersect(regex("a"), regex("b"))->empty());
}

TEST(Dfa, EveryStateReachesAnAcceptingOne) {
  const Dfa dfa = *intersect(regex("(ab)*"), regex("(ab){3}|x"));
  Dfa::State state = dfa.start();
  EXPECT_EQ(dfa.next(state, 'x'), Dfa::kDead);
  for (const char c : std::string_view("ababab")) state = dfa.next(state, static_cast<uint8_t>(c));
  EXPECT_TRUE(dfa.accepts(state));
  EXPECT_FALSE(dfa.moves(state));
}

TEST(Dfa, WordsAreListedOnlyWhereFinite) {
  EXPECT_THAT(*regex("a|b(c|d)?").words(10), UnorderedElementsAre("a", "b", "bc", "bd"));
  EXPECT_FALSE(regex("a*").words(10));
  EXPECT_FALSE(regex("[a-z]").words(10));
  const Dfa words = *words_dfa({"one", "on", "two"});
  EXPECT_TRUE(words.matches("on") && words.matches("one") && words.matches("two"));
  EXPECT_FALSE(words.matches("o") || words.matches("ones") || words.matches(""));
}

TEST(Dfa, TerminatorEndsWhereItFirstOccurs) {
  const Dfa until = until_dfa("\n</p>\n");
  EXPECT_TRUE(until.matches("\n</p>\n"));
  EXPECT_TRUE(until.matches("a\n</p>\n</p>\n") == false);
  EXPECT_TRUE(until.matches("\n\n</p\n</p>\n"));
  EXPECT_FALSE(until.matches("x\n</p>"));
  const Dfa without = without_dfa("aab");
  EXPECT_TRUE(without.matches("aaab") == false && without.matches("abab"));
}

TEST(Dfa, SafeStatesTakeAnySafeText) {
  const Dfa any = any_string_dfa();
  EXPECT_FALSE(any.is_safe(any.start()));
  EXPECT_TRUE(any.is_safe(any.next(any.start(), '"')));
  const Dfa text = until_dfa("<tool_call>");
  EXPECT_TRUE(text.is_safe(text.start()));
  EXPECT_TRUE(is_safe_text("h\xc3\xa9llo {}") && !is_safe_text("a\"") && !is_safe_text("\xc3") &&
              !is_safe_text("\n"));
}

TEST(JsonText, CanonicalSpellingIsUnique) {
  const Dfa plain = regex("[\\x00-\\xff]{1,2}");
  const Dfa spelled = *spell_canonically(plain);
  for (const std::string_view text :
       {"a", "\\n", "\\\"", "\\\\", "\\u0000", "\\u001f", "a\\t", "\x7f", "\xc3\xa9"}) {
    EXPECT_TRUE(spelled.matches(text)) << text;
  }
  for (const std::string_view text :
       {"", "\n", "\"", "\\", "\\/", "\\u000a", "\\u0041", "\\u001F", "abc"}) {
    EXPECT_FALSE(spelled.matches(text)) << text;
  }
  EXPECT_EQ(quote_canonically(std::string_view("a\"\\\n\x01\x7f", 6)),
            "\"a\\\"\\\\\\n\\u0001\x7f\"");
}

TEST(JsonText, AnyStringHasAllSpellings) {
  const Dfa any = any_string_dfa();
  for (const std::string_view text :
       {R"("")", R"("\u0041\/\ud83d\ude00")", "\"\xf0\x9f\x98\x80\""}) {
    EXPECT_TRUE(any.matches(text)) << text;
  }
  for (const std::string_view text :
       {R"("\ud83d")", R"("\ude00")", "\"\xff\"", "\"\n\"", R"("\x")", "\"a"}) {
    EXPECT_FALSE(any.matches(text)) << text;
  }
}

TEST(JsonText, LengthCountsCharacters) {
  const Dfa dfa = *length_dfa(1, 2);
  EXPECT_TRUE(dfa.matches("\xf0\x9f\x98\x80\xc3\xa9") && dfa.matches("a"));
  EXPECT_FALSE(dfa.matches("") || dfa.matches("abc") || dfa.matches("\xc3"));
}

}  // namespace
}  // namespace stride::grammar
