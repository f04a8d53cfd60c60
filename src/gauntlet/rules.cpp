// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/rules.h"

#include <algorithm>
#include <array>
#include <set>

#include "gauntlet/cases.h"
#include "gauntlet/pattern.h"
#include "gauntlet/prose.h"

namespace stride::gauntlet {
namespace {

using Kind = Rule::Kind;

constexpr std::array<std::string_view, 11> kNumbers = {
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"};

std::string number(int n) {
  return n >= 0 && n < static_cast<int>(kNumbers.size())
             ? std::string(kNumbers[static_cast<size_t>(n)])
             : std::to_string(n);
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

int count_letter(std::string_view text, char letter) {
  return static_cast<int>(std::ranges::count(fold(text), letter));
}

int count_word(const Tokens& all, const std::string& word) {
  return static_cast<int>(std::ranges::count(all, fold(word)));
}

bool has_case(std::string_view text, char low, char high) {
  return std::ranges::any_of(text, [&](char c) { return c >= low && c <= high; });
}

// The longest word in letters, hyphens and apostrophes not counted.
size_t longest_word(std::string_view text) {
  size_t longest = 0;
  for (const std::string& word : words(text)) {
    longest = std::max(longest, static_cast<size_t>(std::ranges::count_if(word, [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
                       })));
  }
  return longest;
}

size_t longest_sentence(std::string_view text) {
  size_t longest = 0;
  for (const std::string& sentence : sentences(text)) {
    longest = std::max(longest, words(sentence).size());
  }
  return longest;
}

bool starts_differ(std::string_view text) {
  std::set<std::string> seen;
  for (const Tokens& sentence : sentence_tokens(text)) {
    if (!sentence.empty() && !seen.insert(sentence.front()).second) return false;
  }
  return !seen.empty();
}

bool is_lone_number(const std::string& token) {
  return !token.empty() && token.find_first_not_of("0123456789") == std::string::npos;
}

bool has_hyphenated(std::string_view text) {
  for (size_t at = 1; at + 1 < text.size(); ++at) {
    if (text[at] == '-' && std::isalpha(static_cast<unsigned char>(text[at - 1])) != 0 &&
        std::isalpha(static_cast<unsigned char>(text[at + 1])) != 0) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::string Rule::text() const {
  switch (kind) {
    case Kind::sentences:
      return "exactly " + number(n) + " sentences";
    case Kind::words_between:
      return std::to_string(n) + " to " + std::to_string(m) + " words";
    case Kind::capitals:
      return "capital letters only";
    case Kind::lower_case:
      return "lower-case letters only";
    case Kind::first_word:
      return "the very first word is " + word;
    case Kind::last_word:
      return "the very last word is " + word;
    case Kind::word_once:
      return "the word " + word + " exactly once";
    case Kind::word_twice:
      return "the word " + word + " exactly twice";
    case Kind::never_word:
      return "never the word " + word;
    case Kind::letter_at_most:
      return "the letter " + word + " at most " + number(n) + " times";
    case Kind::no_letter:
      return "the letter " + word + " nowhere";
    case Kind::no_commas:
      return "no commas";
    case Kind::no_digits:
      return "no digits";
    case Kind::number_once:
      return "the number " + std::to_string(n) + " in digits exactly once and no other digits";
    case Kind::one_question:
      return "exactly one question mark";
    case Kind::no_question:
      return "no question marks";
    case Kind::no_exclamation:
      return "no exclamation marks";
    case Kind::one_semicolon:
      return "exactly one semicolon";
    case Kind::has_hyphen:
      return "at least one hyphenated word";
    case Kind::no_parentheses:
      return "no parentheses";
    case Kind::short_sentences:
      return "no sentence longer than " + std::to_string(n) + " words";
    case Kind::short_words:
      return "no word longer than " + std::to_string(n) + " letters";
    case Kind::different_starts:
      return "no two sentences begin with the same word";
    case Kind::ends_with_stop:
      return "the last character is a full stop";
  }
  return {};
}

bool Rule::holds(std::string_view answer) const {
  const auto count = [&](char c) { return std::ranges::count(answer, c); };
  const char letter = word.empty() ? '\0' : fold(word)[0];
  switch (kind) {
    case Kind::sentences:
      return sentences(answer).size() == static_cast<size_t>(n);
    case Kind::words_between: {
      const auto length = static_cast<int>(words(answer).size());
      return length >= n && length <= m;
    }
    case Kind::capitals:
      return has_case(answer, 'A', 'Z') && !has_case(answer, 'a', 'z');
    case Kind::lower_case:
      return has_case(answer, 'a', 'z') && !has_case(answer, 'A', 'Z');
    case Kind::first_word: {
      const Tokens all = tokens(answer);
      return !all.empty() && all.front() == fold(word);
    }
    case Kind::last_word: {
      const Tokens all = tokens(answer);
      return !all.empty() && all.back() == fold(word);
    }
    case Kind::word_once:
      return count_word(tokens(answer), word) == 1;
    case Kind::word_twice:
      return count_word(tokens(answer), word) == 2;
    case Kind::never_word:
      return count_word(tokens(answer), word) == 0;
    case Kind::letter_at_most:
      return count_letter(answer, letter) <= n;
    case Kind::no_letter:
      return count_letter(answer, letter) == 0;
    case Kind::no_commas:
      return count(',') == 0;
    case Kind::no_digits:
      return answer.find_first_of("0123456789") == std::string_view::npos;
    case Kind::number_once: {
      const Tokens all = tokens(answer);
      return std::ranges::count_if(all, is_lone_number) == 1 &&
             std::ranges::count(all, std::to_string(n)) == 1;
    }
    case Kind::one_question:
      return count('?') == 1;
    case Kind::no_question:
      return count('?') == 0;
    case Kind::no_exclamation:
      return count('!') == 0;
    case Kind::one_semicolon:
      return count(';') == 1;
    case Kind::has_hyphen:
      return has_hyphenated(answer);
    case Kind::no_parentheses:
      return count('(') + count(')') == 0;
    case Kind::short_sentences:
      return longest_sentence(answer) <= static_cast<size_t>(n);
    case Kind::short_words:
      return longest_word(answer) <= static_cast<size_t>(n);
    case Kind::different_starts:
      return starts_differ(answer);
    case Kind::ends_with_stop:
      return trim(answer).ends_with('.');
  }
  return false;
}

bool conflict(const Rule& a, const Rule& b) {
  const auto pair = [&](Kind x, Kind y) {
    return (a.kind == x && b.kind == y) || (a.kind == y && b.kind == x);
  };
  if (a.kind == b.kind) return true;
  if (pair(Kind::capitals, Kind::lower_case) || pair(Kind::no_digits, Kind::number_once) ||
      pair(Kind::one_question, Kind::no_question)) {
    return true;
  }
  // The same word or letter in two rules: one would follow from or contradict the other.
  if (!a.word.empty() && fold(a.word) == fold(b.word)) return true;
  // A letter that may not occur must not be in a word that has to.
  const auto letter_in = [](const Rule& letter, const Rule& other) {
    const bool wants = other.kind == Kind::first_word || other.kind == Kind::last_word ||
                       other.kind == Kind::word_once || other.kind == Kind::word_twice;
    return letter.kind == Kind::no_letter && wants &&
           fold(other.word).find(fold(letter.word)) != std::string::npos;
  };
  return letter_in(a, b) || letter_in(b, a);
}

std::span<const Witness> witnesses() {
  static const std::vector<Witness> kWitnesses = {
      {"tide pools",
       {"tide|tidal pool*", "rock|rocky pool*", "tidepool*", "pool* ...8 tide*|rock*|sea|shore"},
       "TIDE POOLS FORM WHEN THE SEA RETREATS AND LEAVES WATER BEHIND IN ROCKY HOLLOWS. EACH POOL "
       "HOLDS A SMALL WORLD OF CRABS AND SNAILS AND WAVING WEED. A BARNACLE CAN SEAL ITS SHELL "
       "TIGHT "
       "AND WAIT FOR THE NEXT HIGH TIDE. HEAT AND RAIN TEST EVERY ANIMAL THAT LIVES THERE. AT DAWN "
       "THE WAVES COME BACK AND WASH NEW FOOD TOWARD THE SHORE.",
       {"OCEAN", "STARFISH", "MOON"}},
      {"lighthouses",
       {"lighthouse*", "light house*"},
       "A lighthouse keeps watch where the land runs out. Its lamp turns slowly behind thick glass "
       "and throws a beam far over dark water. Keepers once climbed the stairs each night to trim "
       "the wick; now a small motor does that work. Why do people still visit these towers? They "
       "come for the wind and the feeling that someone is looking after the ships.",
       {"ocean", "storm", "tower"}},
      {"beehives",
       {"beehive*|hive|hives", "bee hive*"},
       "a beehive is a city built from wax. thousands of workers share its narrow streets and each "
       "one has a job for the week. some clean the cells and some feed the young while others "
       "stand "
       "guard at the door. in winter they form a warm ball around their queen and live on honey. "
       "keepers who are calm and slow will rarely get stung.",
       {"flower", "pollen", "swarm"}},
      {"night trains",
       {"night|sleeper|overnight train*", "train* ...10 night|sleep|dusk|overnight"},
       "Night trains carry sleep across borders. A traveller boards at dusk, stows one bag and "
       "watches the last suburbs slide away. By 3 in the morning the corridor is silent except for "
       "the well-worn rhythm of the rails. Daylight brings coffee, a new language on the signs and "
       "stiff shoulders. Few journeys end so gently.",
       {"station", "ticket", "window"}},
      {"glaciers",
       {"glacier*|glacial"},
       "Glaciers are rivers that forgot how to hurry. Snow falls for centuries, packs into blue "
       "ice "
       "and begins to creep downhill under its own weight. Rock trapped below scrapes the valley "
       "floor and leaves long scars. Scientists drill deep cores to read old air like a diary. "
       "Each "
       "summer the front melts back a little more. What remains is a lesson in patience.",
       {"climate", "mountain", "frozen"}},
  };
  return kWitnesses;
}

std::vector<Rule> first_rules() {
  return {{.kind = Kind::sentences, .n = 5},
          {.kind = Kind::capitals},
          {.kind = Kind::word_once, .word = "BARNACLE"},
          {.kind = Kind::letter_at_most, .n = 8, .word = "U"},
          {.kind = Kind::no_commas},
          {.kind = Kind::never_word, .word = "OCEAN"},
          {.kind = Kind::words_between, .n = 45, .m = 75},
          {.kind = Kind::last_word, .word = "SHORE"}};
}

std::vector<Rule> draw_rules(const Witness& witness, Random& random) {
  const std::string text(witness.text);
  const Tokens all = tokens(text);
  const bool capitals = Rule{.kind = Kind::capitals}.holds(text);
  const auto shown = [&](std::string_view word) {
    return capitals ? upper(word) : std::string(word);
  };
  const auto n_word = static_cast<int>(words(text).size());
  std::vector<Rule> out = {{.kind = Kind::sentences, .n = static_cast<int>(sentences(text).size())},
                           {.kind = Kind::words_between, .n = n_word - 15, .m = n_word + 15}};
  std::vector<Rule> candidates = {{.kind = Kind::capitals},
                                  {.kind = Kind::lower_case},
                                  {.kind = Kind::first_word, .word = shown(all.front())},
                                  {.kind = Kind::last_word, .word = shown(all.back())},
                                  {.kind = Kind::no_commas},
                                  {.kind = Kind::no_digits},
                                  {.kind = Kind::one_question},
                                  {.kind = Kind::no_question},
                                  {.kind = Kind::no_exclamation},
                                  {.kind = Kind::one_semicolon},
                                  {.kind = Kind::has_hyphen},
                                  {.kind = Kind::no_parentheses},
                                  {.kind = Kind::different_starts},
                                  {.kind = Kind::ends_with_stop}};
  candidates.push_back(
      {.kind = Kind::short_sentences, .n = static_cast<int>(longest_sentence(text)) + 2});
  candidates.push_back({.kind = Kind::short_words, .n = static_cast<int>(longest_word(text))});
  for (const std::string_view word : witness.never) {
    candidates.push_back({.kind = Kind::never_word, .word = shown(word)});
  }
  for (const std::string& token : all) {
    if (is_lone_number(token))
      candidates.push_back({.kind = Kind::number_once, .n = std::stoi(token)});
    if (token.size() < 4 || is_lone_number(token)) continue;
    candidates.push_back({.kind = Kind::word_twice, .word = shown(token)});
    if (token.size() > 4) candidates.push_back({.kind = Kind::word_once, .word = shown(token)});
  }
  for (const char letter : std::string_view("bcfgjkpquvwxyz")) {
    const std::string name(1, static_cast<char>(letter - 'a' + 'A'));
    candidates.push_back({.kind = Kind::no_letter, .word = name});
    candidates.push_back(
        {.kind = Kind::letter_at_most, .n = count_letter(text, letter) + 1, .word = name});
  }
  while (out.size() < 8) {
    const Rule& rule = pick(random, candidates);
    const bool fits = rule.holds(text) && std::ranges::none_of(out, [&](const Rule& other) {
                        return conflict(rule, other);
                      });
    if (fits) out.push_back(rule);
  }
  return out;
}

}  // namespace stride::gauntlet
