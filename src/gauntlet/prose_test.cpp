// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/prose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gauntlet/pattern.h"

namespace stride::gauntlet {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

TEST(Normalize, TypographyBecomesAscii) {
  EXPECT_EQ(normalize("\xe2\x80\x9c"
                      "a\xe2\x80\x99s\xe2\x80\x9d"),
            "\"a's\"");
  EXPECT_EQ(normalize("3\xe2\x88\x92"
                      "1 nine\xe2\x80\x91year 1\xe2\x80\x93"
                      "2"),
            "3-1 nine-year 1-2");
  EXPECT_EQ(normalize("a\r\nb\rc\n"), "a\nb\nc\n");
  EXPECT_EQ(normalize("a\xc2\xa0"
                      "b\xe2\x80\xaf"
                      "c\xe2\x80\x8b"
                      "d"),
            "a b cd");
  EXPECT_EQ(normalize("\xef\xbc\xa1\xef\xbc\x9a\xef\xbc\x94"), "A:4");
  EXPECT_EQ(normalize("\xc2\xbd and 3\xc2\xbd"), "1/2 and 3 1/2");
  EXPECT_EQ(normalize("a\xe2\x80\x94"
                      "b"),
            "a\xe2\x80\x94"
            "b");  // words part there
  EXPECT_EQ(normalize("\xff"), "\xef\xbf\xbd");
}

TEST(Fold, CaseAndAccents) {
  EXPECT_EQ(fold("Z\xc3\xbcrich"), "zurich");
  EXPECT_EQ(fold("Zu\xcc\x88rich"), "zurich");
  EXPECT_EQ(fold("\xc3\x86r\xc3\xb8 \xc5\x81\xc3\xb3"
                 "d\xc5\xba Stra\xc3\x9f"
                 "e"),
            "aero lodz strasse");
}

TEST(Words, CountAsTheSpecificationSays) {
  const auto n = [](std::string_view text) { return words(text).size(); };
  EXPECT_EQ(n("one two  three\nfour"), 4u);
  EXPECT_EQ(n("state-of-the-art and/or it's"), 3u);
  EXPECT_EQ(n("a\xe2\x80\x94"
              "b"),
            2u);
  EXPECT_EQ(n("\xc2\xa3"
              "48 - 50 % &"),
            2u);
  EXPECT_EQ(n("**bold** _it_ `code`"), 3u);
  EXPECT_EQ(n("# Title\n- item one\n2. item two"), 5u);
  EXPECT_EQ(n("before\n```\ninside the block\n```\nafter"), 2u);
  EXPECT_EQ(n(""), 0u);
  EXPECT_EQ(n("\xf0\x9f\x9a\x80 \xe2\x86\x92 ..."), 0u);
}

TEST(Sentences, TheVectorsOfTheSpecification) {
  const auto n = [](std::string_view text) { return sentences(text).size(); };
  EXPECT_EQ(n("One. Two! Three?"), 3u);
  EXPECT_EQ(n("It costs 3.5 EUR, e.g. in Oban. Fine."), 2u);
  EXPECT_EQ(n("Dr. Ames left."), 1u);
  EXPECT_EQ(n("Wait... what? Yes."), 3u);
  EXPECT_EQ(n("Version 2.0.1 shipped. Done."), 2u);
  EXPECT_EQ(n("No end mark"), 1u);
  EXPECT_EQ(n("A\n\nB"), 2u);
}

TEST(Sentences, MoreOfTheSameKind) {
  const auto n = [](std::string_view text) { return sentences(text).size(); };
  EXPECT_EQ(n(""), 0u);
  EXPECT_EQ(n("He said \"stop.\" Then he left."), 2u);
  EXPECT_EQ(n("It works (mostly.) Good."), 2u);
  EXPECT_EQ(n("J. K. Orr wrote it. She did."), 2u);
  EXPECT_EQ(n("This is vitamin C. It helps."), 2u);
  EXPECT_EQ(n("See No. 5 and Fig. 3. No. That is wrong."), 3u);
  EXPECT_EQ(n("Bring pens, paper, etc. and go. Bring pens, etc. Then go."), 3u);
  EXPECT_EQ(n("What?! Really!!! Yes."), 3u);
  EXPECT_EQ(n("**First.** Second."), 2u);
  EXPECT_EQ(n("1. First thing.\n2. Second thing."), 2u);
  EXPECT_EQ(n("```\nx. y. z.\n```\nOne."), 1u);
  EXPECT_EQ(n("...and so on"), 1u);
  EXPECT_EQ(n("---"), 0u);
}

TEST(Integers, DigitsAndWords) {
  EXPECT_THAT(integers("60, 36 and 1,234"), ElementsAre(60, 36, 1234));
  EXPECT_THAT(integers("3.5 and 2.0.1 and .5"), IsEmpty());
  EXPECT_THAT(integers("It is 42."), ElementsAre(42));
  EXPECT_THAT(integers("sixty-three parcels"), ElementsAre(63));
  EXPECT_THAT(integers("twenty one"), ElementsAre(21));
  EXPECT_THAT(integers("one hundred and five; one thousand two hundred"), ElementsAre(105, 1200));
  EXPECT_THAT(integers("one or two"), ElementsAre(1, 2));
  EXPECT_THAT(integers("nineteen twenty"), ElementsAre(19, 20));
  EXPECT_THAT(integers("someone at a stone cottage of ten"), ElementsAre(10));
  EXPECT_THAT(integers("99999999999999999999999"), IsEmpty());
  EXPECT_THAT(numbers("64.87 and 1,050.5"), ElementsAre(64.87, 1050.5));
  EXPECT_EQ(with_digits("a Nine-year plan for sixty-one days"), "a 9-year plan for 61 days");
}

TEST(SingleNumber, OneValueOrNothing) {
  for (const char* text : {"42", "**42**", "42 parcels", "$42$", "= 42", "6 * 7 = 42", "forty-two",
                           "42 (not 41)", "\\boxed{42}", "42.0", "(42)", "42."}) {
    EXPECT_THAT(single_number(text), Optional(42.0)) << text;
  }
  EXPECT_THAT(single_number("-3"), Optional(-3.0));
  EXPECT_THAT(single_number("minus 3"), Optional(-3.0));
  EXPECT_THAT(single_number("\xe2\x88\x92"
                            "3"),
              Optional(-3.0));
  for (const char* text : {"", "none", "41 or 42", "41-42", "<integer>"})
    EXPECT_EQ(single_number(text), std::nullopt) << text;
}

TEST(FinalLine, LastOneWinsUnlessTwoStandTogether) {
  const auto value = [](std::string_view text) {
    const auto line = final_line(text, "ANSWER");
    return line ? line->value : "(none)";
  };
  EXPECT_EQ(value("x\nANSWER: 1"), "1");
  EXPECT_EQ(value("**Answer:** `1`"), "1");
  EXPECT_EQ(value("> - __ANSWER__ = 1"), "1");
  EXPECT_EQ(value("ANSWER: 1\nno\nANSWER: 2\nthanks"), "2");
  EXPECT_EQ(value("ANSWER:\n\n**2**"), "2");
  EXPECT_EQ(value("The answer: 3"), "(none)");
  EXPECT_EQ(value("ANSWERS: 3"), "(none)");
  EXPECT_TRUE(final_line("ANSWER: 1\n\nANSWER: 2", "ANSWER")->hedged);
  EXPECT_FALSE(final_line("ANSWER: 2\nANSWER: 2", "ANSWER")->hedged);
  EXPECT_FALSE(final_line("ANSWER: 1\nwait\nANSWER: 2", "ANSWER")->hedged);
  EXPECT_EQ(final_line("a\nb\nANSWER: 1", "ANSWER")->before, "a\nb\n");
}

TEST(LabelledLines, OnePerLabel) {
  const std::vector<std::string> labels = {"K1", "K2", "K10"};
  const auto all = labelled("K1: a\n**K2:** b\n- K10: c", labels);
  EXPECT_EQ(all[0].value, "a");
  EXPECT_EQ(all[1].value, "b");
  EXPECT_EQ(all[2].value, "c");
  const auto one_line = labelled("K1: a; K2: b | K10: c", labels);
  EXPECT_EQ(one_line[0].value, "a");
  EXPECT_EQ(one_line[1].value, "b");
  EXPECT_EQ(one_line[2].value, "c");
  EXPECT_TRUE(labelled("K1: a\nK1: b", labels)[0].conflict);
  EXPECT_FALSE(labelled("see K1: a", labels)[0].found);
  EXPECT_EQ(labelled("K1:\n  a", labels)[0].value, "a");
}

TEST(FencedBlocks, InfoTildesNestingAndNoEnd) {
  const auto blocks = fenced_blocks(
      "a\n```python title=x\nb\n```\n~~~\nc\n```\n~~~\n````md\n```\nd\n```\n````\n```\ne");
  ASSERT_EQ(blocks.size(), 4u);
  EXPECT_EQ(blocks[0].info, "python title=x");
  EXPECT_EQ(blocks[0].body, "b\n");
  EXPECT_EQ(blocks[1].body, "c\n```\n");
  EXPECT_EQ(blocks[2].body, "```\nd\n```\n");
  EXPECT_EQ(blocks[3].body, "e\n");
  EXPECT_FALSE(blocks[3].closed);
  EXPECT_THAT(fenced_blocks("inline ```code``` here"), IsEmpty());
}

TEST(PythonCode, TheLastBlockThatDefinesTheName) {
  const std::string text =
      "```python\ndef f():\n    return 1\n```\ntext\n```\ndef f():\n    return "
      "2\n```\n```python\nprint(f())\n```\n```js\ndef f\n```\n";
  EXPECT_THAT(python_code(text, "f"), Optional(std::string("def f():\n    return 2\n")));
  EXPECT_EQ(python_code(text, "g"), std::nullopt);
  EXPECT_EQ(python_code("no code", "f"), std::nullopt);
  EXPECT_THAT(python_code("1. Do\n   ```python\n   def f():\n       pass\n   ```\n", "f"),
              Optional(std::string("def f():\n    pass\n")));
  EXPECT_FALSE(defines_python("def foo():\n  pass", "fo"));
  EXPECT_TRUE(defines_python("class A(B):\n  pass", "A"));
  EXPECT_FALSE(defines_python("  def f():\n", "f"));
}

TEST(StripMarkdown, LeavesTheWords) {
  EXPECT_EQ(strip_markdown("## A *b* __c__ `d` 2 * 3 snake_case ~~e~~"),
            "A b c d 2 * 3 snake_case e\n");
  EXPECT_EQ(strip_markdown("> - **x**"), "x\n");
  EXPECT_EQ(strip_markdown("---"), "\n");
}

TEST(Patterns, ElementsGapsAndStems) {
  const Tokens t =
      tokens("The value is appended at the end of the array; it isn't 3.5 or 1/3 (21:30, 4%).");
  EXPECT_TRUE(matches(t, "append*"));
  EXPECT_TRUE(matches(t, "append* ...3 end"));
  EXPECT_FALSE(matches(t, "append* ...1 end"));
  EXPECT_TRUE(matches(t, "foo|end of ...2 array"));
  EXPECT_TRUE(matches(t, "isn't"));
  EXPECT_TRUE(matches(t, "3.5"));
  EXPECT_TRUE(matches(t, "1/3"));
  EXPECT_TRUE(matches(t, "21:30"));
  EXPECT_TRUE(matches(t, "4 %"));
  EXPECT_EQ(tokens("1,234 and a,b"), (Tokens{"1234", "and", "a", "b"}));
  EXPECT_EQ(tokens("nine-year"), (Tokens{"nine", "year"}));
  EXPECT_TRUE(is_prose(tokens("It is swapped with the parent")));
  EXPECT_FALSE(is_prose(tokens("heap parent swap root end array slot")));
}

TEST(EchoShare, CountsRunsOfEightWords) {
  const std::string prompt = "one two three four five six seven eight nine ten eleven twelve";
  EXPECT_EQ(echo_share(prompt, prompt), 1);
  EXPECT_EQ(echo_share("short answer", prompt), 0);
  EXPECT_EQ(echo_share("ONE, two: three four five six seven eight!", prompt), 1);
  EXPECT_LT(
      echo_share(prompt + " and then a long answer of my own that goes on for quite some time here",
                 prompt),
      0.5);
}

}  // namespace
}  // namespace stride::gauntlet
