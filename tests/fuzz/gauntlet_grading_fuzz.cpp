// SPDX-License-Identifier: Apache-2.0
// Any bytes as an answer: the text primitives and the graders that need no sandbox neither crash
// nor take long, scores stay in 0..1, and white space behind an answer changes nothing. The first
// byte chooses the variant, the rest is the answer.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "gauntlet/pattern.h"
#include "gauntlet/prose.h"
#include "gauntlet/sandbox.h"
#include "gauntlet/test.h"

namespace {

namespace gauntlet = stride::gauntlet;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_primitives(std::string_view text) {
  const std::string plain = gauntlet::normalize(text);
  require(gauntlet::normalize(plain) == plain);
  require(gauntlet::fold(gauntlet::fold(plain)) == gauntlet::fold(plain));
  require(gauntlet::words(text).size() <= text.size() * 4);
  for (const std::string& sentence : gauntlet::sentences(text)) require(!sentence.empty());
  for (const auto& block : gauntlet::fenced_blocks(text)) require(block.begin < block.end);
  gauntlet::integers(text);
  gauntlet::with_digits(text);
  gauntlet::single_number(text);
  gauntlet::python_code(text, "f");
  gauntlet::final_line(text, "ANSWER");
  const std::vector<std::string> labels = {"A", "K1", "Q2"};
  gauntlet::labelled(text, labels);
  require(gauntlet::echo_share(text, text) <= 1);
  require(!gauntlet::matches(gauntlet::tokens(text), "a|b* ...3 c ...12 zzz*|yyy qqq") ||
          text.size() > 6);
}

// One attempt with the answer, and one with it as the arguments of a call.
std::vector<gauntlet::Attempt> attempts_of(const std::string& answer, bool call) {
  std::vector<gauntlet::Attempt> out(1);
  out[0].answer = answer;
  if (call) out[0].calls = {{"c", "convert_currency", answer}, {"d", answer, "{}"}};
  if (call) out.emplace_back().answer = answer;
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static gauntlet::Sandbox none = gauntlet::Sandbox::unavailable("no code is run here");
  static const auto cases = [] {
    std::vector<std::vector<std::unique_ptr<gauntlet::Case>>> all;
    for (const gauntlet::TestInfo& test : gauntlet::tests()) {
      auto& row = all.emplace_back();
      for (uint32_t i = 0; i < gauntlet::kFrozenVariants; ++i) {
        row.push_back(gauntlet::make_case(test.id, {.index = i}, "2026-11-26"));
      }
    }
    return all;
  }();
  const size_t variant = data[0] % gauntlet::kFrozenVariants;
  const bool call = (data[0] & 0x80) != 0;
  const std::string answer(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_primitives(answer);
  for (size_t t = 0; t < cases.size(); ++t) {
    const gauntlet::TestInfo& test = gauntlet::tests()[t];
    if (test.needs_sandbox) continue;
    const auto attempts = attempts_of(answer, call && test.id == "tool_use");
    const auto once = gauntlet::grade(test, *cases[t][variant], attempts, none);
    require(once.score >= 0 && once.score <= 1);
    require(!once.clean || once.passed);
    for (size_t turn = 1; turn <= attempts.size(); ++turn) {
      cases[t][variant]->reply(std::span(attempts).first(turn));
    }
    const auto again = gauntlet::grade(
        test, *cases[t][variant], attempts_of(answer + " \n", call && test.id == "tool_use"), none);
    require(call || once.score == again.score);
  }
  return 0;
}
