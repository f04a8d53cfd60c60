// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/load_questions.h"

#include <fmt/core.h>

#include <array>
#include <string_view>

#include "base/check.h"
#include "base/random.h"

namespace stride::gauntlet {
namespace {

constexpr std::array<std::string_view, 20> kSmall = {
    "zero",     "one",     "two",     "three",     "four",     "five",    "six",
    "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
constexpr std::array<std::string_view, 10> kTens = {
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"};
constexpr std::array<std::string_view, 24> kWords = {
    "harbour", "lantern", "meadow", "copper", "violin", "winter", "ladder", "pepper",
    "island",  "basket",  "saddle", "timber", "window", "garden", "silver", "bridge",
    "market",  "valley",  "button", "candle", "forest", "kettle", "mirror", "engine"};

}  // namespace

std::string spell(uint32_t number) {
  STRIDE_CHECK(number < 10'000);
  if (number < 20) return std::string(kSmall[number]);
  if (number < 100) {
    const std::string tens(kTens[number / 10]);
    return number % 10 == 0 ? tens : fmt::format("{}-{}", tens, kSmall[number % 10]);
  }
  const uint32_t unit = number < 1000 ? 100 : 1000;
  std::string text =
      fmt::format("{} {}", kSmall[number / unit], unit == 100 ? "hundred" : "thousand");
  const uint32_t rest = number % unit;
  if (rest == 0) return text;
  return fmt::format("{}{} {}", text, rest < 100 ? " and" : "", spell(rest));
}

LoadQuestion load_question(uint64_t seed, uint64_t number, uint32_t prompt_words, bool probe) {
  Random random(seed * 0x9e3779b97f4a7c15 + number);
  // The number comes first, so that two prompts share no beginning.
  std::string text = fmt::format("Request {:016x}.", random.next());
  LoadQuestion load;
  if (probe) {
    const auto value = static_cast<uint32_t>(1000 + random.below(9000));
    load.expected = std::to_string(value);
    text += fmt::format(
        " Write this number in digits, without separators and without anything else: {}.",
        spell(value));
  } else {
    text += " Tell a short story in which these words occur:";
    for (uint32_t i = 0; i < prompt_words; ++i)
      text += fmt::format(" {}", kWords[random.below(kWords.size())]);
    text += '.';
  }
  load.question.turns.push_back({.role = ChatTurn::Role::user, .text = std::move(text)});
  return load;
}

}  // namespace stride::gauntlet
