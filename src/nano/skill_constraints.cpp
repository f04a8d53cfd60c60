// SPDX-License-Identifier: Apache-2.0
// Answers whose form is prescribed: letters, number of words, endings, lists of a given length and
// shape.
#include <fmt/core.h>

#include <algorithm>

#include "nano/pick.h"
#include "nano/sentences.h"
#include "nano/skills.h"
#include "nano/words.h"

namespace stride::nano {
namespace {

Sample finish(Random& random, std::string_view kind, std::string key, std::string text, Work work,
              std::string content, Check check) {
  Sample sample = question(Skill::constraints, kind, std::move(key), std::move(text));
  sample.effort = pick_effort(random);
  sample.system = pick_system(random);
  answer(sample, reasoning_for(sample.effort, std::move(work)), std::move(content));
  sample.check = std::move(check);
  return sample;
}

// Of words whose letters are worth knowing in both cases.
std::string short_sentence(Random& random) {
  return fill(
      pick(random, {"The {a} {n} {v}.", "A {c} {t} is here.", "The {t} is {c}.", "The {n} {v}."}),
      {{"a", std::string(pick(random, adjectives()))},
       {"n", std::string(pick(random, animals()))},
       {"v", std::string(pick(random, verbs()))},
       {"c", std::string(pick(random, colours()))},
       {"t", std::string(pick(random, things()))}});
}

std::string_view without_stop(std::string_view word) {
  if (word.ends_with('.')) word.remove_suffix(1);
  return word;
}

// "1 The, 2 cat, 3 sleeps"
std::string numbered_words(std::string_view text) {
  std::vector<std::string> steps;
  for (const std::string& word : words_of(text))
    steps.push_back(fmt::format("{} {}", steps.size() + 1, without_stop(word)));
  return join(steps, ", ");
}

Sample make_letters(Random& random) {
  const std::string text = short_sentence(random);
  const bool up = chance(random, 0.6);
  const std::string content = up ? upper(text) : lower(text);
  // Word by word: what is written so far says which word comes next.
  std::vector<std::string> pairs;
  for (const std::string& word : words_of(text))
    pairs.push_back(
        fmt::format("{} {}", without_stop(word), without_stop(up ? upper(word) : lower(word))));
  return finish(
      random, up ? "upper" : "lower", "letters:" + text,
      fill(up ? pick(random, {"Write in upper case: {t}", "Write in capital letters: {t}",
                              "Make this all caps: {t}", "Shout: {t}"})
              : pick(random, {"Write in lower case: {t}", "Write without capital letters: {t}",
                              "Make this lower case: {t}"}),
           {{"t", text}}),
      {join(pairs, ", "), fmt::format("{} words: {}", pairs.size(), join(pairs, ", ")),
       fmt::format("The text has {} words.\n{}", pairs.size(), join(pairs, "\n"))},
      content, TextCheck{content});
}

// A sentence about a thing with exactly n words, 3 to 8.
std::string sentence_of(Random& random, const std::string& noun, size_t n) {
  const std::string a(pick(random, adjectives())), c(pick(random, colours())),
      v(pick(random, {"sleeps", "waits", "rests", "moves", "stays", "falls"}));
  const std::string place(pick(random, {"garden", "forest", "house", "river", "field", "tower"}));
  switch (n) {
    case 3:
      return fmt::format("The {} {}.", noun, v);
    case 4:
      return fmt::format("The {} {} {}.", a, noun, v);
    case 5:
      return fmt::format("The {} {} {} here.", a, noun, v);
    case 6:
      return fmt::format("The {} {} in the {}.", noun, v, place);
    case 7:
      return fmt::format("The {} {} {} in the {}.", a, noun, v, place);
    default:
      return fmt::format("The {} {} {} {} in the {}.", a, c, noun, v, place);
  }
}

std::string pick_noun(Random& random) {
  return std::string(pick(random, chance(random, 0.5) ? animals() : things()));
}

Sample make_word_count(Random& random) {
  const std::string noun = pick_noun(random);
  const size_t n = 3 + random.below(6);
  const std::string content = sentence_of(random, noun, n);
  FormCheck check;
  check.n_words = static_cast<int>(n);
  check.contains = {noun};
  const std::string plan = numbered_words(content);
  return finish(
      random, "n_words", fmt::format("words:{}:{}", n, noun),
      fill(pick(random, {"Write a sentence of exactly {n} words about {a}.",
                         "Tell me something about {a} in {n} words.",
                         "Use exactly {n} words to write about {a}.",
                         "In {n} words: a sentence with the word {w}."}),
           {{"n", std::to_string(n)}, {"a", with_article(noun)}, {"w", noun}}),
      {plan, plan, fmt::format("It must have {} words and name the {}.\n{}", n, noun, plan)},
      content, std::move(check));
}

Sample make_border(Random& random) {
  const std::string noun = pick_noun(random);
  const std::string word = capital(pick(random, common_words()));
  FormCheck check;
  check.contains = {noun};
  std::string content = sentence_of(random, noun, 3 + random.below(5));
  const bool start = chance(random, 0.4);
  std::string text;
  if (start) {
    content = fmt::format("{}! {}", word, content);
    check.starts_with = word;
    text = fill(pick(random, {"Write about {a} and begin with the word {w}.",
                              "Start your answer with {w} and write about {a}."}),
                {{"a", with_article(noun)}, {"w", word}});
  } else {
    content.pop_back();
    content = fmt::format("{}. {}.", content, word);
    check.ends_with = word;
    text = fill(pick(random, {"Write about {a} and end with the word {w}.",
                              "Say something about {a}. The last word must be {w}.",
                              "Finish your answer with {w}. Write about {a}."}),
                {{"a", with_article(noun)}, {"w", word}});
  }
  return finish(random, start ? "starts" : "ends", fmt::format("border:{}:{}", noun, word),
                std::move(text),
                {"", fmt::format("{}: {}", start ? "first" : "last", word),
                 fmt::format("The topic is {}.\nThe {} word must be {}.", noun,
                             start ? "first" : "last", word)},
                content, std::move(check));
}

struct Category {
  std::string_view one, plural;
  Strings (*list)();
};
constexpr Category kCategories[] = {{"an animal", "animals", animals},
                                    {"a colour", "colours", colours},
                                    {"a city", "cities", cities},
                                    {"a food", "foods", foods},
                                    {"a job", "jobs", jobs},
                                    {"a month", "months", months},
                                    {"a weekday", "weekdays", weekdays},
                                    {"a country", "countries", countries},
                                    {"an instrument", "instruments", instruments},
                                    {"a name", "names", names},
                                    {"a hobby", "hobbies", hobbies}};

Sample make_list(Random& random) {
  const Category& category = kCategories[random.below(std::size(kCategories))];
  const size_t n = 2 + random.below(5);
  // Neighbours of the list, from one of four places: an order that can be known by heart, as days
  // and months have it anyway, so that the likeliest next entry is never one already named.
  const Strings known = category.list();
  const size_t first = random.below(4) * known.size() / 4;
  std::vector<std::string> items;
  for (size_t i = 0; i < n; ++i) items.emplace_back(known[(first + i) % known.size()]);
  const bool lines = chance(random, 0.4), dashes = lines && chance(random, 0.5);
  FormCheck check;
  check.n_items = static_cast<int>(n);
  check.separator = std::string(lines ? "\n" : ",");
  if (dashes) check.item_prefix = "- ";
  for (const std::string_view item : category.list()) check.allowed.emplace_back(item);
  const std::string shape = dashes ? " as a list with dashes" : lines ? ", one per line" : "";
  const std::string content = check.item_prefix + join(items, dashes  ? "\n- "
                                                              : lines ? "\n"
                                                                      : ", ");
  const std::string text =
      fill(pick(random, {"Name {n} {c}{s}.", "List exactly {n} {c}{s}.", "Give me {n} {c}{s}.",
                         "Write {n} different {c}{s}.", "I need {n} {c}{s}."}),
           {{"n", std::to_string(n)}, {"c", std::string(category.plural)}, {"s", shape}});
  std::vector<std::string> steps;
  for (size_t i = 0; i < n; ++i) steps.push_back(fmt::format("{} {}", i + 1, items[i]));
  return finish(random, "list", fmt::format("list:{}", text), text,
                {join(steps, ", "), join(steps, ", "),
                 fmt::format("{} {}{}.\n{}", n, category.plural, shape, join(steps, "\n"))},
                content, std::move(check));
}

Sample make_filter(Random& random) {
  const auto good = pick_some(random, animals(), 1 + random.below(3)),
             bad = pick_some(random, cities(), 1 + random.below(3));
  std::vector<std::string> all = good;
  all.insert(all.end(), bad.begin(), bad.end());
  shuffle(random, all);
  std::vector<std::string> kept;
  const bool want_animals = chance(random, 0.5);
  for (const std::string& item : all)
    if ((std::find(good.begin(), good.end(), item) != good.end()) == want_animals)
      kept.push_back(item);
  const std::string content = join(kept, ", ");
  // What is kept is numbered on the way and then listed by its numbers, so that nothing must be
  // skipped in the answer.
  std::vector<std::string> steps, numbered;
  for (const std::string& item : all) {
    const bool keeps = std::ranges::find(kept, item) != kept.end();
    if (keeps) numbered.push_back(fmt::format("{} {}", numbered.size() + 1, item));
    steps.push_back(keeps ? numbered.back() : "- " + item);
  }
  const std::string work = join(steps, ", "), result = join(numbered, ", ");
  return finish(random, "filter", "filter:" + join(all, ","),
                fill(pick(random, {"Which of these are {c}? {l}", "Keep only the {c}: {l}",
                                   "Write only the {c} from this list: {l}"}),
                     {{"c", want_animals ? "animals" : "cities"}, {"l", join(all, ", ")}}),
                {fmt::format("{}; {}", work, result), fmt::format("{}; kept: {}", work, result),
                 fmt::format("I look at each word.\n{}\nI keep: {}", join(steps, "\n"), result)},
                content, TextCheck{content});
}

Sample make_repeat(Random& random) {
  const std::string word(pick(random, common_words()));
  const size_t n = 2 + random.below(4);
  const std::string content = join(std::vector<std::string>(n, word), " ");
  std::vector<std::string> steps;
  for (size_t i = 0; i < n; ++i) steps.push_back(fmt::format("{} {}", i + 1, word));
  return finish(random, "repeat", fmt::format("repeat:{}:{}", word, n),
                fill(pick(random, {"Write the word {w} {n} times.", "Say {w} {n} times.",
                                   "Repeat {w} {n} times."}),
                     {{"w", word}, {"n", std::to_string(n)}}),
                {join(steps, ", "), join(steps, ", "),
                 fmt::format("{} times {}.\n{}", n, word, join(steps, ", "))},
                content, TextCheck{content});
}

Sample make_only(Random& random) {
  const Category& category = kCategories[random.below(std::size(kCategories))];
  const Category& asked =
      chance(random, 0.5) ? category : kCategories[random.below(std::size(kCategories))];
  const std::string word(pick(random, category.list()));
  const std::string content = &category == &asked ? "yes" : "no";
  return finish(random, "only_yes_no", fmt::format("only:{}:{}", word, asked.one),
                fill(pick(random, {"Is {w} {c}? Answer only yes or no.",
                                   "Reply with one word, yes or no: is {w} {c}?",
                                   "Only yes or no. Is {w} {c}?"}),
                     {{"w", word}, {"c", std::string(asked.one)}}),
                {fmt::format("{}, asked: {}", category.one, asked.one),
                 fmt::format("{} is {}, asked: {}", word, category.one, asked.one),
                 fmt::format("{} is {}.\nThe question is: {}?\nThe answer is {}.", word,
                             category.one, asked.one, content)},
                content, TextCheck{content});
}

Sample make_both(Random& random) {
  const std::string noun = pick_noun(random);
  const size_t n = 3 + random.below(5);
  const std::string content = upper(sentence_of(random, noun, n)), plan = numbered_words(content);
  FormCheck check;
  check.letters = FormCheck::Letters::upper;
  check.n_words = static_cast<int>(n);
  check.contains = {upper(noun)};
  return finish(random, "upper_n_words", fmt::format("both:{}:{}", n, noun),
                fill(pick(random, {"Write {n} words about {a} in capital letters.",
                                   "In upper case and exactly {n} words: write about {a}."}),
                     {{"n", std::to_string(n)}, {"a", with_article(noun)}}),
                {plan, plan, fmt::format("{} words, upper case.\n{}", n, plan)}, content,
                std::move(check));
}

}  // namespace

Sample make_constraints(Random& random, const Difficulty&) {
  const uint64_t roll = random.below(100);
  if (roll < 18) return make_letters(random);
  if (roll < 36) return make_word_count(random);
  if (roll < 48) return make_border(random);
  if (roll < 66) return make_list(random);
  if (roll < 74) return make_filter(random);
  if (roll < 84) return make_repeat(random);
  if (roll < 92) return make_only(random);
  return make_both(random);
}

}  // namespace stride::nano
