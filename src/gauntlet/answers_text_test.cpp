// SPDX-License-Identifier: Apache-2.0
// Right and wrong answers to the tests about texts: 6, 11 and 14.
#include "gauntlet/answers_testing.h"
#include "gauntlet/content_texts.h"
#include "gauntlet/prose.h"
#include "gauntlet/summary_articles.h"

namespace stride::gauntlet {
namespace {

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

std::string crlf(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return out;
}

const std::string kKeys(content_topics()[0].reference);

TEST(ContentAnswers, Right) {
  std::string curly = kKeys;
  for (size_t at = 0; (at = curly.find('\'', at)) != std::string::npos;)
    curly.replace(at, 1, "\xe2\x80\x99");
  expect_right("content_generation",
               {kKeys, crlf(kKeys), "\n\n" + kKeys + "\n\n", curly, replaced(kKeys, "\n\n", "\n"),
                replaced(kKeys, "\n\n", "\n \n"), replaced(kKeys, "timeout", "time-out"),
                replaced(kKeys, "safe instead of", "**safe** instead of"),
                replaced(kKeys, "again, and now", "again \xe2\x80\x94 now, and"),
                replaced(kKeys, "key expiry", "key expiration"),
                replaced(kKeys, "duplicate charges", "double payments")});
}

TEST(ContentAnswers, Wrong) {
  std::string many;
  for (int i = 0; i < 100; ++i) many += i == 50 ? "\n\nretries timeouts " : "retries timeouts ";
  std::string twice(kKeys.substr(0, kKeys.find("\n\n")));
  expect_wrong(
      "content_generation",
      {kKeys + " It is seamless.", kKeys + " Teams leverage this.",
       kKeys + " A robustly built API.", kKeys + kKeys, twice, many, "Idempotency keys matter.",
       kKeys.substr(0, 500), std::string(content_topics()[3].reference) + " Seamlessness.",
       "Sure! Here is the text.\n\n" + kKeys + "\n\n" + kKeys,
       replaced(kKeys, "frightening", "SEAMLESS"), "I can't write exactly 200 words, sorry.",
       "retries, timeouts, duplicate charges and key expiry"});
}

const std::string kTide =
    "TIDE POOLS FORM WHEN THE SEA RETREATS AND LEAVES WATER BEHIND IN ROCKY HOLLOWS. EACH POOL "
    "HOLDS A SMALL "
    "WORLD OF CRABS AND SNAILS AND WAVING WEED. A BARNACLE CAN SEAL ITS SHELL TIGHT AND WAIT FOR "
    "THE NEXT HIGH "
    "TIDE. HEAT AND RAIN TEST EVERY ANIMAL THAT LIVES THERE. AT DAWN THE WAVES COME BACK AND WASH "
    "NEW FOOD "
    "TOWARD THE SHORE.";

TEST(InstructionAnswers, Right) {
  expect_right(
      "instruction_following",
      {kTide, kTide + "\n", "  " + kTide + "\r\n", "**" + kTide + "**",
       replaced(kTide, "ROCKY", "DEEP"), replaced(kTide, "TIDE POOLS FORM", "ROCK POOLS FORM"),
       replaced(kTide, "HIGH TIDE.", "HIGH TIDE!"), replaced(kTide, "SHORE.", "SHORE"),
       replaced(kTide, "SHORE.", "SHORE!"), "> " + kTide,
       "TIDE POOLS ARE LITTLE WORLDS THAT THE SEA LEAVES BEHIND TWICE A DAY. IN EACH ONE THE WATER "
       "WARMS AND "
       "COOLS AND THE SALT CHANGES WITH EVERY RAIN. A BARNACLE CLOSES ITS PLATES AND WAITS. CRABS "
       "HIDE IN THE "
       "WEED AND SNAILS GRAZE ON THE STONES AS THE LIGHT FADES. WHEN THE TIDE RETURNS IT BRINGS "
       "FOOD AND AIR TO "
       "ALL WHO LIVE AT THE EDGE OF THE SHORE."});
}

TEST(InstructionAnswers, Wrong) {
  std::string repeated;
  for (int i = 0; i < 12; ++i) repeated += "TIDE POOLS BARNACLE ";
  expect_wrong(
      "instruction_following",
      {"TIDE POOLS.", repeated + "SHORE", "A BARNACLE LIVES ON THE SHORE.",
       "Tide pools, ocean, barnacle barnacle, and unusual dunes under the ocean, you see.",
       "I will write about tide pools, the ocean and you in lower case, with commas, and no more.",
       "CITIES ARE LOUD. TRAINS RUN. PEOPLE WALK. DOGS BARK. ALL MEET AT THE BARNACLE NEAR THE "
       "SHORE.",
       "BARNACLE SHORE",
       "(1) exactly five sentences (2) capital letters only (3) the word BARNACLE",
       "1. 5 sentences: yes\n2. capitals: yes\n3. barnacle: yes\n4. U: yes",
       "THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG. AGAIN. AGAIN. AGAIN. SHORE.",
       "Done: the paragraph about tide pools obeys all eight rules."});
  // One broken rule costs one eighth; the answer still passes and is not clean.
  const Grade one =
      grade_text("instruction_following", replaced(kTide, "ROCKY HOLLOWS", "OCEAN HOLLOWS"));
  EXPECT_NEAR(one.score, 0.875, 1e-9);
  EXPECT_TRUE(one.passed);
  EXPECT_FALSE(one.clean);
}

std::string summary() {
  const SummaryArticle& article = summary_articles()[0];
  std::string text(article.reference);
  for (const auto& [name, value] : article.slots) text = replaced(text, '{' + name + '}', value);
  return text;
}

TEST(SummaryAnswers, Right) {
  const std::string s = summary();
  expect_right(
      "summarization",
      {s, crlf(s) + "\r\n", "**" + s + "**", replaced(s, "61 days", "sixty-one days"),
       replaced(s, "nine-year", "9-year"), replaced(s, "nine-year", "nine\xe2\x80\x91year"),
       replaced(s, "fell 4%", "slipped 4%"), replaced(s, "fell 4%", "dropped 4%"),
       replaced(s, "the 5 forecast", "the five predicted"),
       replaced(s, "However, two", "Still, two"),
       replaced(s, "about a quarter below", "that is 24% below"),
       replaced(s, "Oban turbine maker Tidewell said", "Turbine maker Tidewell (Oban) said"),
       replaced(s, "The 210-person company will not raise new money",
                "The 210-person firm is not raising fresh capital"),
       replaced(replaced(s, "ran 61 days", "ran for 61 days"), "its Kelda 2", "Kelda 2"),
       replaced(s, "blamed on a late grid connection rather than on the blades",
                "blamed not on the blades but on a late grid connection")});
}

TEST(SummaryAnswers, Wrong) {
  const std::string s = summary();
  const std::string last =
      "Shares in parent Nordmere fell 4% but remain 31% above their January level.";
  expect_wrong(
      "summarization",
      {replaced(s, "fell 4%", "rose 4%"), replaced(s, "will not raise", "will raise"),
       replaced(s, "a late grid connection rather than on the blades",
                "the blades and their poor weak design"),
       replaced(s, "a late grid connection rather than on the blades",
                "the blades rather than on a late grid connection"),
       replaced(s, "31% above", "31% below"),
       replaced(replaced(s, "leaving wildlife effects unproven", "proving the wildlife safe"),
                "will not raise", "will now raise"),
       replaced(s, last, "Siemens and Vestas paid 77 million in 2031."), s + " " + s,
       s.substr(0, 300),
       "Tidewell Kelda 2 61 days Islay 3.8 5 Oduya grid Corran Line nine-year porpoise 4% 31%",
       "Tidewell makes turbines.",
       "The article is about tidal turbines and a company in Scotland that tested one.",
       replaced(s, "Nordmere", "Nordmere Holdings of Norway, Sweden and Denmark"),
       "Summary: Tidewell, Kelda 2, Islay, Corran Line, Nordmere, Marta Oduya, Oban, March, "
       "October, January.",
       replaced(replaced(replaced(s, "61 days", "62 days"), "3.8", "3.9"), "31%", "33%")});
}

}  // namespace
}  // namespace stride::gauntlet
