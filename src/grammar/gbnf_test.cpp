// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "grammar/test_grammar.h"

namespace stride::grammar {
namespace {

using testing::accepts;
using ::testing::HasSubstr;
using testing::must;

Error error_of(std::string_view source) {
  const auto grammar = compile_gbnf(source);
  EXPECT_FALSE(grammar.has_value()) << source;
  return grammar ? Error{} : grammar.error();
}

TEST(Gbnf, LiteralsClassesAndRepetitions) {
  const GrammarPtr grammar =
      must(compile_gbnf("# a list\nroot ::= item (\", \" item)* end?\nitem ::= [a-c]{2,3} | "
                        "\"\\x41\\u00e9\\n\" | [^a-z\\]]+\n"
                        "end ::= \".\" |\n  \"!\"\n"));
  for (const char* text : {"ab", "abc, ca.", "A\xc3\xa9\n!", "1, 2, \xe4\xbd\xa0", "aa, bb, cc"}) {
    EXPECT_TRUE(accepts(grammar, text)) << text;
  }
  for (const char* text : {"", "a", "abca", "ab,ab", "ab..", "]"})
    EXPECT_FALSE(accepts(grammar, text)) << text;
}

TEST(Gbnf, RecursionNests) {
  const GrammarPtr grammar = must(compile_gbnf(
      "root ::= expr\nexpr ::= term (\"+\" term)*\nterm ::= \"(\" expr \")\" | [0-9]+\n"));
  EXPECT_TRUE(accepts(grammar, "(1+(2+3))+44"));
  EXPECT_FALSE(accepts(grammar, "(1+2"));
  EXPECT_TRUE(accepts(grammar, std::string(60, '(') + "1" + std::string(60, ')')));
  // Lists by recursion at their end do not nest.
  const GrammarPtr list = must(compile_gbnf("root ::= \"x\" root | \"y\""));
  EXPECT_TRUE(accepts(list, std::string(5000, 'x') + "y"));
}

TEST(Gbnf, ErrorsHaveLines) {
  EXPECT_THAT(error_of("root ::= a").message, HasSubstr("\"a\" is not defined"));
  EXPECT_THAT(error_of("a ::= \"x\"").message, HasSubstr("root"));
  EXPECT_THAT(error_of("root ::= \"x\"\nroot ::= \"y\"").message, HasSubstr("line 2"));
  EXPECT_EQ(error_of("root ::= root \"x\" | \"y\"").code, Errc::unsupported);
  EXPECT_EQ(error_of("root ::= a? b\na ::= \"x\"\nb ::= root").code, Errc::invalid_argument);
  EXPECT_EQ(error_of("root ::= \"x\" root").code, Errc::invalid_argument);
  EXPECT_EQ(error_of("root ::= a \"z\" | \"q\"\na ::= \"x\"? root").code, Errc::unsupported);
  EXPECT_EQ(error_of("root ::= \"x\"{100000}").code, Errc::exhausted);
  for (const char* bad : {"root", "root ::= (", "root ::= \"a", "root ::= [a", "root ::= \"\\q\"",
                          "root ::= *", "::=", "root ::= [b-a]", "root ::= \"a\"{2"}) {
    EXPECT_EQ(error_of(bad).code, Errc::invalid_argument) << bad;
  }
}

TEST(Gbnf, AbsurdAmbiguityEnds) {
  std::string doubling = "root ::= r0\n";
  for (int i = 0; i < 40; ++i)
    doubling += fmt::format("r{0} ::= r{1} \"x\" | r{1} \"y\"\n", i, i + 1);
  const GrammarPtr grammar = must(compile_gbnf(doubling + "r40 ::= \"z\""));
  const auto cache = testing::small_cache();
  Matcher matcher(grammar, cache);
  std::vector<uint32_t> bits(matcher.n_word());
  matcher.fill_mask(bits);
  EXPECT_TRUE(matcher.accept_text("z"));
}

TEST(Gbnf, RegexAndChoice) {
  const GrammarPtr regex = must(compile_regex("[A-Z]{3}-\\d+"));
  EXPECT_TRUE(accepts(regex, "ABC-12"));
  EXPECT_TRUE(accepts(regex, "\nABC-1"));
  EXPECT_FALSE(accepts(regex, "xABC-1") || accepts(regex, "ABC-"));
  const GrammarPtr choice = must(compile_choice({"yes", "no", "not sure"}));
  EXPECT_TRUE(accepts(choice, "no") && accepts(choice, "not sure"));
  EXPECT_FALSE(accepts(choice, "not") || accepts(choice, ""));
  EXPECT_FALSE(compile_choice({}));
  EXPECT_FALSE(compile_regex("a[^\\x00-\\u{10ffff}]"));
}

}  // namespace
}  // namespace stride::grammar
