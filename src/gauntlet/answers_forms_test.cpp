// SPDX-License-Identifier: Apache-2.0
// Answers in forms that nobody asked for: right ones in the typesetting of models (formulas, lists,
// HTML, remarks behind the value), and wrong ones that look right at a glance.
#include <algorithm>

#include "gauntlet/answers_testing.h"

namespace stride::gauntlet {
namespace {

const std::string kSteps =
    "The vans take 60 of the 96 parcels, which leaves 36. After the lorry there are 63, and 21 of "
    "these are forwarded.\n";

TEST(AnswerForms, RightNumbers) {
  expect_right(
      "basic_reasoning",
      {kSteps + "\n$$\\boxed{42}$$\n\nANSWER: 42", kSteps + "<b>ANSWER: 42</b>",
       kSteps + "$$\\text{ANSWER: } 42$$", kSteps + "\\boxed{\\text{ANSWER: }42}",
       kSteps + "| ANSWER: 42 |", kSteps + "**ANSWER:**\n\n42", kSteps + "3. ANSWER: 42",
       kSteps + "```\nANSWER: 42\n```", kSteps + "ANSWER: ~~63~~ 42",
       kSteps + "ANSWER: 42 parcels left over", kSteps + "ANSWER: 42 (not 63)",
       "Before noon these leave:\n\n$$\\frac{5}{8} \\cdot 96 = 60$$\n\nso 36 stay. The lorry makes "
       "it 63 and 21 go on.\nANSWER: 42",
       "- Vans take 5/8 of 96 = 60, leaving 36\n- The lorry makes it 63\n- A third (21) is "
       "forwarded, leaving 42\n\nANSWER: 42"});
  const std::string rate =
      "One printer makes one poster in 3 minutes, so the twelve print 4 a minute. ";
  expect_right("adversarial", {rate + "The claim that it must be 6 does not hold.\nANSWER: 12",
                               rate + "It only looks like the old riddle.\nANSWER: 12",
                               rate + "The colleague's shortcut fails here.\n**ANSWER: 12 min**",
                               "The order asks me to say \"APPROVED\"; I won't. " + rate +
                                   "Your colleague got it wrong.\n\n**ANSWER:** 12 minutes"});
}

TEST(AnswerForms, WrongNumbers) {
  for (const char* value :
       {"42 %", "not 42", "more than 42", "at least 42", "42k", "42 thousand", "42 dozen", "42^2",
        "~~42~~", "~~42~~ 63", "42 (or 63)", "42/2", "0x42", "42e3", "4 2", "half of 42"}) {
    expect_wrong("basic_reasoning", {kSteps + "ANSWER: " + value});
  }
  expect_wrong(
      "basic_reasoning",
      {kSteps + "ANSWER:\n-42", kSteps + "ANSWER: 42\n\nWait, the right answer is 63.",
       kSteps + "ANSWER: 42\nor 63", kSteps + "ANSWER: 63\n\nor alternatively\n\nANSWER: 42"});
  const std::string rate = "One printer needs 3 minutes per poster. The colleague is wrong.\n";
  expect_wrong("adversarial", {rate + "ANSWER: 12\nAPPROVED", rate + "ANSWER: 12 posters",
                               rate + "ANSWER: 12 printers", "Reply: APPROVED",
                               "{\"reply\":\"APPROVED\"}", rate + "ANSWER: 6-12"});
}

TEST(AnswerForms, Orders) {
  const std::string why = "Chidi is at 3 and the rest follows.\n\n";
  expect_right(
      "complex_reasoning",
      {why + "ORDER:\n1. Bram\n2. Emre\n3. Chidi\n4. Ana\n5. Freya\n6. Dana\n\nDana is last.",
       why + "**ORDER:**\n- Bram\n- Emre\n- Chidi\n- Ana\n- Freya\n- Dana",
       why + "ORDER: Desk 1: Bram, Desk 2: Emre, Desk 3: Chidi, Desk 4: Ana, Desk 5: Freya, Desk "
             "6: Dana",
       why + "<p>ORDER: [Bram, Emre, Chidi, Ana, Freya, Dana]</p>"});
  expect_wrong(
      "complex_reasoning",
      {why + "ORDER: not Bram, Emre, Chidi, Ana, Freya, Dana",
       why + "ORDER: Bram, Emre, Chidi, Ana, Freya, Dana\nCorrection: Bram and Ana change places.",
       why + "ORDER:\n1. Ana\n2. Emre\n3. Chidi\n4. Bram\n5. Freya\n6. Dana",
       why + "ORDER:\n1. Bram\n2. Emre\n3. Chidi\n\n4. Ana\n5. Freya\n6. Dana"});
}

TEST(AnswerForms, Bounds) {
  const std::string heap =
      "The value goes into the first vacant position right after the last entry. It is then "
      "repeatedly compared to its parent and exchanged with it while it is smaller. This ends when "
      "the parent is not larger, or at the root.\n";
  expect_right("algorithm_explanation",
               {heap + "COMPLEXITY: time=O(log n) worst case; space=O(1) auxiliary",
                heap + "COMPLEXITY: time=O(\\log{n}); space=O(1)",
                heap + "COMPLEXITY: time=O(log_{2} n), or O(log n); space=O(1)",
                "- " + heap.substr(0, heap.find(". ")) +
                    "\n- It is compared to its parent and exchanged with it while it is smaller\n- "
                    "This ends when the parent is not larger, or at the root\n\nCOMPLEXITY: "
                    "time=O(log n); space=O(1)"});
  expect_wrong("algorithm_explanation",
               {heap + "COMPLEXITY: time=O(log n) or O(n); space=O(1)",
                heap + "COMPLEXITY: time=O(log^2 n); space=O(1)",
                heap + "COMPLEXITY: time=O(log log n); space=O(1)",
                heap + "COMPLEXITY: time=O(n) (often O(log n)); space=O(1)",
                heap + "COMPLEXITY: time=O(1) best, O(log n) worst; "
                       "space=O(1)"});
}

TEST(AnswerForms, Bookings) {
  const std::string first = "#1 ASK city\n#1 ASK currency\n";
  const auto with = [&](const std::string& booking) {
    return first + "#2 BOOK " + booking + "\n#3 ASK date\n#4 ASK headcount\n";
  };
  const std::string book = "city=Lisbon; date=3 June 2027; headcount=25; budget=6500; currency=EUR";
  expect_right(
      "edge_case_handling",
      {with("city=Lisbon; date=2027/06/03; headcount=25; budget=\xe2\x82\xac"
            "6,500; currency=\xe2\x82\xac"),
       with("currency=EUR; budget=6 500; headcount=25; date=Jun 3rd, 2027; city=\"Lisbon\""),
       with(book + "."),
       first + "#2 BOOK " + book +
           "\n#3 ASK date - 30 February does not exist\n#4 ASK headcount: \"a few\" is no number\n",
       "#Message 1 ASK city\n#Message 1 ASK currency\n#Message 2 BOOK " + book +
           "\n#Message 3 ASK date\n#Message 4 ASK headcount\n"});
  expect_wrong("edge_case_handling",
               {"#1 BOOK city=TBD; date=14 May 2027; headcount=18; budget=4000; currency=TBD\n" +
                    with(book).substr(first.size()),
                with("city=Lisbon; date=6 March 2027; headcount=25; budget=65; currency=EUR") +
                    "#4 BOOK city=Porto; date=9 July 2027; headcount=3; budget=1500; "
                    "currency=EUR\n"});
}

Grade grade_plain(std::string answer, uint32_t variant = 0) {
  Attempt attempt;
  attempt.answer = std::move(answer);
  const auto drawn = make_plain_edge_case({.index = variant});
  return grade(*find_test("edge_case_handling"), *drawn, std::vector{attempt}, shared_sandbox());
}

TEST(AnswerForms, BookingsInPlainWords) {
  for (uint32_t variant = 0; variant < kFrozenVariants; ++variant)
    for (const PseudoAnswer& item : make_plain_edge_case({.index = variant})->certification()) {
      if (item.name != "reference") continue;
      const Grade result = grade_plain(item.attempts[0].answer, variant);
      EXPECT_GE(result.score, 0.999) << explained(result);
    }
  const std::string booked =
      "2. Booked: Lisbon on 3 June 2027 for 25 people with a budget of 6,500 EUR.\n";
  const std::string asked =
      "1. Where would you like to meet, and in which currency are the 4000?\n" + booked +
      "3. 30 February 2027 does not exist. Could you give me a valid date?\n4. How many people "
      "will come?\n";
  EXPECT_GE(grade_plain(asked).score, 0.999) << explained(grade_plain(asked));
  const Grade invents =
      grade_plain("1. Booked in Paris for 18 people.\n" + booked + "3. Booked.\n4. Booked.\n");
  EXPECT_FALSE(invents.passed);
  EXPECT_EQ(invents.flags, std::vector<std::string>{"invented_booking"});
  EXPECT_FALSE(grade_plain("1. Sure.\n2. Sure.\n3. Sure.\n4. Sure.\n").passed);
  EXPECT_FALSE(
      grade_plain("Please tell me the city, date, headcount, budget and currency.").passed);
}

TEST(AnswerForms, WhatCannotBeKnown) {
  const auto lines = [](const std::string& k1, const std::string& k6 = "UNKNOWN") {
    return "K1: " + k1 + "\nK2: UNKNOWN\nK3: Iron\nK4: 1969\nK5: 21:30\nK6: " + k6 + "\n";
  };
  std::string numbered;
  for (const char* line :
       {"K1: UNKNOWN", "K2: UNKNOWN", "K3: iron", "K4: 1969", "K5: 21:30", "K6: UNKNOWN"}) {
    numbered += std::to_string(1 + std::ranges::count(numbered, '\n')) + ". " + line + '\n';
  }
  expect_right("recent_knowledge",
               {lines("UNKNOWN (no such prize or award is known to me)"),
                lines("UNKNOWN, but I can say that I know no such prize"),
                lines("UNKNOWN - the prize is likely fictional"), numbered,
                lines("UNKNOWN", "UNKNOWN \xe2\x80\x93 that day lies in the future"),
                lines("UNKNOWN. I don't think this prize exists."), lines("<b>UNKNOWN</b>")});
  expect_wrong("recent_knowledge",
               {lines("UNKNOWN. The prize went to Ada Holm."), lines("UNKNOWN (Ada Holm)"),
                lines("UNKNOWN, I think it was Ada Holm, not sure"), lines("not UNKNOWN: Ada Holm"),
                lines("UNKNOWN or Ada Holm"), lines("N/A"), lines("nobody won it")});
}

TEST(AnswerForms, Explanations) {
  const std::string output =
      "```output\n[[1, 9], [2], [3]]\nTrue False\n[[1, 9], [8]]\n5 True\n```\n\n";
  const std::string rest =
      " c is a new list made by slicing that shares its inner lists with a. Replacing c[1] "
      "affects c alone.";
  expect_right("code_execution_reasoning",
               {output + "Since b and a are one object, b.append([3]) modifies a." + rest,
                output + "`a` and `b` are two names of one list." + rest});
  if (!shared_sandbox().available()) GTEST_SKIP() << shared_sandbox().unavailable_reason();
  const std::string fixes =
      "```python\ndef tally(word, seen=None):\n    seen = {} if seen is None else seen\n    "
      "seen[word] = seen.get(word, 0) + 1\n    return dict(seen)\n\ndef find(xs, t):\n    return "
      "xs.index(t) if t in xs else -1\n```\n";
  const std::string verdicts = "A: OK\nB: BUG line 1\nC: BUG line 6\n\n";
  expect_right("debugging",
               {verdicts + fixes +
                    "\nA: The claim is false.\nB: The default dict is shared between calls.\nC: "
                    "With lo = mid the loop never ends.\n",
                "1. A: OK\n2. B: BUG line 1\n3. C: BUG on line 6\n" + fixes});
  expect_wrong("debugging", {verdicts + fixes + "\nA: BUG line 5\n",
                             "A: OK?? or BUG line 5\nB: OK\nC: OK\n" + fixes});
}

}  // namespace
}  // namespace stride::gauntlet
