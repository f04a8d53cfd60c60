// SPDX-License-Identifier: Apache-2.0
// Copying, reversing, sorting, counting and picking from lists and strings.
#include <fmt/core.h>

#include <algorithm>

#include "nano/numbers.h"
#include "nano/pick.h"
#include "nano/skills.h"
#include "nano/words.h"

namespace stride::nano {
namespace {

using List = std::vector<std::string>;

Sample finish(Random& random, std::string_view kind, std::string_view text, const std::string& list,
              std::string medium, std::string high, std::string expected) {
  Sample sample =
      question(Skill::text, kind, fmt::format("{}:{}", kind, list), fill(text, {{"l", list}}));
  sample.effort = pick_effort(random);
  sample.system = pick_system(random);
  answer(sample, reasoning_for(sample.effort, std::move(medium), std::move(high)), expected);
  sample.check = TextCheck{std::move(expected)};
  return sample;
}

// "1 sun, 2 moon"
std::string numbered(const List& list) {
  List parts;
  for (size_t i = 0; i < list.size(); ++i) parts.push_back(fmt::format("{} {}", i + 1, list[i]));
  return join(parts, ", ");
}

size_t pick_count(Random& random, double level) {
  return 3 + random.below(2 + static_cast<uint64_t>(level * 5));
}

List pick_numbers(Random& random, size_t n, int digits) {
  List list;
  while (list.size() < n) {
    std::string value =
        std::to_string(pick_digits(random, static_cast<int>(between(random, 1, digits))));
    if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(std::move(value));
  }
  return list;
}

Sample make_copy(Random& random, double level) {
  const std::string_view text =
      pick(random, {"Repeat exactly: {l}", "Copy this: {l}", "Say this back to me: {l}",
                    "Repeat after me: {l}", "Write the same text again: {l}"});
  std::string body;
  switch (random.below(4)) {
    case 0:
      body = join(pick_some(random, common_words(), pick_count(random, level) + 2), " ");
      break;
    case 1:
      body = join(pick_numbers(random, pick_count(random, level), 4), " ");
      break;
    case 2:
      for (int i = 0, n = static_cast<int>(between(random, 4, 12)); i < n; ++i)
        body += static_cast<char>(chance(random, 0.5) ? '0' + random.below(10)
                                                      : 'A' + random.below(26));
      break;
    default:
      body = fmt::format("The {} {} {} near the {} {}.", pick(random, adjectives()),
                         pick(random, animals()), pick(random, verbs()), pick(random, colours()),
                         pick(random, things()));
  }
  return finish(random, "copy", text, body, "copy the text",
                fmt::format("The text is {} words.\nI copy it as it is.", words_of(body).size()),
                body);
}

Sample make_reverse(Random& random, double level) {
  if (chance(random, 0.3)) {
    std::string digits;
    for (int i = 0, n = static_cast<int>(between(random, 3, 7)); i < n; ++i)
      digits += static_cast<char>('0' + random.below(10));
    const std::string back(digits.rbegin(), digits.rend());
    List parts;
    for (const char c : back) parts.emplace_back(1, c);
    return finish(
        random, "reverse_digits",
        pick(random, {"Reverse the digits: {l}", "Write {l} backwards.", "What is {l} reversed?"}),
        digits, join(parts, " "),
        fmt::format("From the last digit: {}\nThere are {} digits.", join(parts, " "),
                    parts.size()),
        back);
  }
  List list = pick_some(random, common_words(), pick_count(random, level));
  const std::string text = join(list, " ");
  std::reverse(list.begin(), list.end());
  return finish(random, "reverse_words",
                pick(random, {"Reverse the order of the words: {l}", "Reverse this list: {l}",
                              "Write these words from last to first: {l}"}),
                text, fmt::format("last is {}, first is {}", list.front(), list.back()),
                "From the end: " + numbered(list), join(list, " "));
}

Sample make_spell(Random& random) {
  const std::string word(pick(random, chance(random, 0.7) ? common_words() : animals()));
  List letters;
  for (const char c : word) letters.emplace_back(1, c);
  const std::string spelled = join(letters, "-");
  switch (random.below(3)) {
    case 0:
      return finish(random, "spell", pick(random, {"Spell the word {l}.", "How do you spell {l}?"}),
                    word, "letter by letter",
                    fmt::format("{} letters: {}", letters.size(), join(letters, " ")), spelled);
    case 1:
      return finish(
          random, "count_letters",
          pick(random, {"How many letters does the word {l} have?", "Count the letters in {l}."}),
          word, join(letters, " "), numbered(letters), std::to_string(letters.size()));
    default: {
      const std::string forward = join(letters, " ");
      std::reverse(letters.begin(), letters.end());
      return finish(random, "reverse_letters",
                    pick(random, {"Write the word {l} backwards.", "Reverse the letters of {l}.",
                                  "Spell {l} backwards."}),
                    word, forward, fmt::format("{}\nbackwards: {}", forward, join(letters, " ")),
                    join(letters, ""));
    }
  }
}

Sample make_sort_numbers(Random& random, double level) {
  List list =
      pick_numbers(random, pick_count(random, level), chance(random, 0.3 + 0.4 * level) ? 3 : 2);
  const std::string text = join(list, ", ");
  const bool falling = chance(random, 0.3);
  List order = list;
  std::sort(order.begin(), order.end(), [&](const std::string& a, const std::string& b) {
    const int x = std::stoi(a), y = std::stoi(b);
    return falling ? x > y : x < y;
  });
  List steps;
  for (const std::string& best : order) {
    steps.push_back(fmt::format("{} of {}: {}", falling ? "max" : "min", join(list, " "), best));
    list.erase(std::find(list.begin(), list.end(), best));
  }
  return finish(
      random, falling ? "sort_falling" : "sort_numbers",
      falling
          ? pick(random, {"Sort from largest to smallest: {l}", "Sort in descending order: {l}"})
          : pick(random, {"Sort these numbers: {l}", "Sort from smallest to largest: {l}",
                          "Put in ascending order: {l}", "把这些数字从小到大排序：{l}"}),
      text, fmt::format("{} numbers, first {}", order.size(), order.front()), join(steps, "\n"),
      join(order, ", "));
}

Sample make_sort_words(Random& random, double level) {
  List list = pick_some(random, common_words(), pick_count(random, level * 0.6));
  const std::string text = join(list, ", ");
  std::sort(list.begin(), list.end());
  List letters;
  for (const std::string& word : list) letters.push_back(fmt::format("{} {}", word.front(), word));
  return finish(
      random, "sort_words",
      pick(random, {"Sort alphabetically: {l}", "Put these words in alphabetical order: {l}",
                    "Sort these words from a to z: {l}"}),
      text, fmt::format("{} words", list.size()), "By first letter: " + join(letters, ", "),
      join(list, ", "));
}

Sample make_count(Random& random, double level) {
  const size_t n = pick_count(random, level) + random.below(4);
  if (chance(random, 0.5)) {
    const List list = pick_some(random, common_words(), n);
    return finish(random, "count_words",
                  pick(random, {"How many words are in this list: {l}", "Count the words: {l}",
                                "How many items? {l}"}),
                  join(list, " "), numbered(list),
                  fmt::format("I number them: {}\nThe last number is {}.", numbered(list), n),
                  std::to_string(n));
  }
  const List kinds = pick_some(random, common_words(), 3);
  List list;
  for (size_t i = 0; i < n; ++i) list.push_back(kinds[random.below(3)]);
  const auto times = std::count(list.begin(), list.end(), kinds[0]);
  List marks;
  int seen = 0;
  for (const std::string& word : list)
    marks.push_back(word == kinds[0] ? fmt::format("{} {}", word, ++seen) : word);
  Sample sample =
      finish(random, "count_of",
             pick(random, {"How many times does WORD occur in: {l}", "Count the word WORD: {l}"}),
             join(list, " "), join(marks, ", "),
             fmt::format("I go through the list: {}\nThat is {}.", join(marks, ", "), times),
             std::to_string(times));
  std::string& text = sample.turns.front().content;
  text.replace(text.find("WORD"), 4, kinds[0]);
  return sample;
}

Sample make_pick_item(Random& random, double level) {
  static constexpr std::string_view kPlaces[] = {"first",  "second", "third",
                                                 "fourth", "fifth",  "sixth"};
  const List list = pick_some(random, common_words(), pick_count(random, level));
  const bool last = chance(random, 0.25);
  const size_t at =
      last ? list.size() - 1 : random.below(std::min<size_t>(list.size(), std::size(kPlaces)));
  Sample sample =
      finish(random, "item",
             pick(random, {"What is the PLACE word of: {l}",
                           "Which word is PLACE in this list: {l}", "Give me the PLACE item: {l}"}),
             join(list, ", "),
             numbered(List(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(at) + 1)),
             numbered(list), list[at]);
  std::string& text = sample.turns.front().content;
  text.replace(text.find("PLACE"), 5, last ? "last" : kPlaces[at]);
  sample.key += fmt::format(":{}", at);
  return sample;
}

}  // namespace

Sample make_text(Random& random, const Difficulty& difficulty) {
  const double level = difficulty.level;
  const uint64_t roll = random.below(100);
  if (roll < 20) return make_copy(random, level);
  if (roll < 40) return make_reverse(random, level);
  if (roll < 48) return make_spell(random);
  if (roll < 68) return make_sort_numbers(random, level);
  if (roll < 78) return make_sort_words(random, level);
  if (roll < 92) return make_count(random, level);
  return make_pick_item(random, level);
}

}  // namespace stride::nano
