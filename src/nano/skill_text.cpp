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
              Work work, std::string expected) {
  Sample sample =
      question(Skill::text, kind, fmt::format("{}:{}", kind, list), fill(text, {{"l", list}}));
  sample.effort = pick_effort(random);
  sample.system = pick_system(random);
  answer(sample, reasoning_for(sample.effort, std::move(work)), expected);
  sample.check = TextCheck{std::move(expected)};
  return sample;
}

List numbers_before(const List& list) {
  List parts;
  for (size_t i = 0; i < list.size(); ++i) parts.push_back(fmt::format("{} {}", i + 1, list[i]));
  return parts;
}

// "1 sun, 2 moon"
std::string numbered(const List& list) {
  return join(numbers_before(list), ", ");
}

// A list is numbered, and then its numbers are counted down: the next entry always stands behind a
// number that is one less, wherever it is.
Work work_backwards(const List& list) {
  List parts = numbers_before(list);
  const std::string forwards = join(parts, ", ");
  std::reverse(parts.begin(), parts.end());
  const std::string back = join(parts, ", ");
  return {fmt::format("{}; {}", forwards, back), fmt::format("{}; back: {}", forwards, back),
          fmt::format("In order: {}\nFrom the end: {}", forwards, back)};
}

// The entries as they are given and then in order: the next one is always the nearest of the first
// row to the one just written, and the answer follows the second row without gaps.
Work work_in_order(const List& given, const List& ordered, std::string_view first) {
  const std::string from = join(given, ", "), to = join(ordered, ", ");
  return {fmt::format("{}; {}", from, to), fmt::format("{}; in order: {}", from, to),
          fmt::format("I write {}: {}\nIn order: {}", first, from, to)};
}

Work work_numbered(const List& list, const std::string& conclusion) {
  return {numbered(list), numbered(list),
          fmt::format("I number them: {}\n{}", numbered(list), conclusion)};
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
  return finish(random, "copy", text, body,
                {"", "copy the text",
                 fmt::format("The text is {} words.\nI copy it as it is.", words_of(body).size())},
                body);
}

Sample make_reverse(Random& random, double level) {
  if (chance(random, 0.3)) {
    std::string digits;
    for (int i = 0, n = static_cast<int>(between(random, 3, 7)); i < n; ++i)
      digits += static_cast<char>('0' + random.below(10));
    const std::string back(digits.rbegin(), digits.rend());
    List parts;
    for (const char c : digits) parts.emplace_back(1, c);
    return finish(
        random, "reverse_digits",
        pick(random, {"Reverse the digits: {l}", "Write {l} backwards.", "What is {l} reversed?"}),
        digits, work_backwards(parts), back);
  }
  List list = pick_some(random, common_words(), pick_count(random, level));
  const std::string text = join(list, " ");
  Work work = work_backwards(list);
  std::reverse(list.begin(), list.end());
  return finish(random, "reverse_words",
                pick(random, {"Reverse the order of the words: {l}", "Reverse this list: {l}",
                              "Write these words from last to first: {l}"}),
                text, std::move(work), join(list, " "));
}

Sample make_spell(Random& random) {
  const std::string word(pick(random, chance(random, 0.7) ? common_words() : animals()));
  List letters;
  for (const char c : word) letters.emplace_back(1, c);
  const std::string spelled = join(letters, "-");
  switch (random.below(3)) {
    case 0:
      return finish(random, "spell", pick(random, {"Spell the word {l}.", "How do you spell {l}?"}),
                    word,
                    {join(letters, " "), numbered(letters),
                     fmt::format("{}\nThere are {} letters.", numbered(letters), letters.size())},
                    spelled);
    case 1:
      return finish(
          random, "count_letters",
          pick(random, {"How many letters does the word {l} have?", "Count the letters in {l}."}),
          word, work_numbered(letters, fmt::format("The last number is {}.", letters.size())),
          std::to_string(letters.size()));
    default: {
      Work work = work_backwards(letters);
      std::reverse(letters.begin(), letters.end());
      return finish(random, "reverse_letters",
                    pick(random, {"Write the word {l} backwards.", "Reverse the letters of {l}.",
                                  "Spell {l} backwards."}),
                    word, std::move(work), join(letters, ""));
    }
  }
}

Sample make_sort_numbers(Random& random, double level) {
  const List list = pick_numbers(random, pick_count(random, level), 2);
  const bool falling = chance(random, 0.3);
  List given, ordered, sorted;
  // All with two digits, so that their order is that of their letters.
  for (const std::string& value : list) given.push_back(fmt::format("{:0>2}", value));
  ordered = given;
  std::ranges::sort(ordered);
  if (falling) std::ranges::reverse(ordered);
  for (const std::string& value : ordered) sorted.push_back(std::to_string(std::stoi(value)));
  return finish(
      random, falling ? "sort_falling" : "sort_numbers",
      falling
          ? pick(random, {"Sort from largest to smallest: {l}", "Sort in descending order: {l}"})
          : pick(random, {"Sort these numbers: {l}", "Sort from smallest to largest: {l}",
                          "Put in ascending order: {l}", "把这些数字从小到大排序：{l}"}),
      join(list, ", "), work_in_order(given, ordered, "two digits"), join(sorted, ", "));
}

// Words with different first letters.
Sample make_sort_words(Random& random, double level) {
  List list;
  for (std::string& word :
       pick_some(random, common_words(), 2 * pick_count(random, level * 0.6) + 4)) {
    const auto same = [&](const std::string& other) { return other.front() == word.front(); };
    if (std::ranges::none_of(list, same)) list.push_back(std::move(word));
  }
  list.resize(std::min(list.size(), pick_count(random, level * 0.6)));
  const std::string text = join(list, ", ");
  const auto with_letters = [&] {
    List out;
    for (const std::string& word : list) out.push_back(fmt::format("{} {}", word.front(), word));
    return out;
  };
  const List given = with_letters();
  std::ranges::sort(list);
  return finish(
      random, "sort_words",
      pick(random, {"Sort alphabetically: {l}", "Put these words in alphabetical order: {l}",
                    "Sort these words from a to z: {l}"}),
      text, work_in_order(given, with_letters(), "the first letters"), join(list, ", "));
}

Sample make_count(Random& random, double level) {
  const size_t n = pick_count(random, level) + random.below(4);
  if (chance(random, 0.5)) {
    const List list = pick_some(random, common_words(), n);
    return finish(random, "count_words",
                  pick(random, {"How many words are in this list: {l}", "Count the words: {l}",
                                "How many items? {l}"}),
                  join(list, " "), work_numbered(list, fmt::format("The last number is {}.", n)),
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
             join(list, " "),
             {join(marks, ", "), join(marks, ", "),
              fmt::format("I go through the list: {}\nThat is {}.", join(marks, ", "), times)},
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
  const std::string reached =
      numbered(List(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(at) + 1));
  Sample sample =
      finish(random, "item",
             pick(random, {"What is the PLACE word of: {l}",
                           "Which word is PLACE in this list: {l}", "Give me the PLACE item: {l}"}),
             join(list, ", "), {reached, reached, fmt::format("I count: {}", reached)}, list[at]);
  std::string& text = sample.turns.front().content;
  text.replace(text.find("PLACE"), 5, last ? "last" : kPlaces[at]);
  sample.key += fmt::format(":{}", at);
  return sample;
}

}  // namespace

Sample make_text(Random& random, const Difficulty& difficulty) {
  const double level = difficulty.level;
  const uint64_t roll = random.below(100);
  if (roll < 14) return make_copy(random, level);
  if (roll < 38) return make_reverse(random, level);
  if (roll < 48) return make_spell(random);
  if (roll < 68) return make_sort_numbers(random, level);
  if (roll < 80) return make_sort_words(random, level);
  if (roll < 92) return make_count(random, level);
  return make_pick_item(random, level);
}

}  // namespace stride::nano
