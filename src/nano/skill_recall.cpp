// SPDX-License-Identifier: Apache-2.0
// Finding one thing said far back: lists of keys and values, facts hidden between other sentences,
// and numbered lines. The length follows Difficulty::max_tokens, so that the answer mostly lies
// outside the sliding windows and only the full layers can reach it.
#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "nano/numbers.h"
#include "nano/pick.h"
#include "nano/sentences.h"
#include "nano/skills.h"
#include "nano/words.h"

namespace stride::nano {
namespace {

// Rough costs in tokens, on the safe side for the vocabulary of models/.
constexpr uint32_t kLineTokens = 10, kSentenceTokens = 16, kAskedTokens = 20, kFixedTokens = 70;

// How many units fit beside a question and answer of `taken` tokens.
size_t pick_size(Random& random, const Difficulty& difficulty, uint32_t unit_tokens, size_t taken) {
  const size_t fixed = kFixedTokens + taken;
  const size_t most = std::max<size_t>(difficulty.max_tokens, fixed + 6 * unit_tokens) - fixed;
  const double share = 0.15 + 0.8 * random.uniform();
  return std::max<size_t>(4, static_cast<size_t>(share * static_cast<double>(most) / unit_tokens));
}

std::string make_name(Random& random, bool compound) {
  const std::string_view name = pick(random, names());
  if (!compound) return std::string(name);
  return fmt::format("{} {}", name,
                     capital(pick(random, chance(random, 0.5) ? colours() : animals())));
}

std::string make_value(Random& random, int form) {
  switch (form) {
    case 0:
      return std::to_string(pick_digits(random, static_cast<int>(between(random, 2, 4))));
    case 1:
      return std::string(pick(random, colours()));
    case 2:
      return std::string(pick(random, cities()));
    default:
      return std::string(pick(random, common_words()));
  }
}

constexpr std::string_view kValueNames[] = {"code", "colour", "city", "word"};

Sample finish(Random& random, std::string_view kind, std::string key, std::string text, Work work,
              std::string content, Check check) {
  Sample sample = question(Skill::recall, kind, std::move(key), std::move(text));
  sample.effort = pick_effort(random);
  answer(sample, reasoning_for(sample.effort, std::move(work)), std::move(content));
  sample.check = std::move(check);
  return sample;
}

Sample make_list(Random& random, const Difficulty& difficulty) {
  const size_t wanted = chance(random, 0.4) ? 1 : 2 + random.below(difficulty.max_asked - 1);
  const size_t n = pick_size(random, difficulty, kLineTokens, wanted * kAskedTokens);
  const int form = static_cast<int>(random.below(4));
  const bool compound = n > 40 || chance(random, 0.2);
  std::vector<std::string> keys, values;
  std::set<std::string> seen;
  std::string list;
  while (keys.size() < n) {
    std::string name = make_name(random, compound);
    if (!seen.insert(name).second) continue;
    keys.push_back(std::move(name));
    values.push_back(make_value(random, form));
    list += fmt::format("{}: {}\n", keys.back(), values.back());
  }
  const size_t n_ask = std::min(n, wanted);
  std::vector<std::string> asked, lines;
  ContainsCheck check;
  while (asked.size() < n_ask) {
    const size_t at = random.below(n);
    if (std::find(asked.begin(), asked.end(), keys[at]) != asked.end()) continue;
    asked.push_back(keys[at]);
    lines.push_back(fmt::format("{}: {}", keys[at], values[at]));
    check.all.push_back(n_ask == 1 ? values[at] : lines.back());
  }
  const std::string what(kValueNames[form]);
  std::string ask =
      n_ask == 1
          ? fill(pick(random, {"What is the {w} of {k}?", "Which {w} has {k}?", "Look up {k}."}),
                 {{"w", what}, {"k", asked[0]}})
          : fill(pick(random, {"What are the {w} values of {k}?", "Give me the entries of {k}.",
                               "Look up {k}."}),
                 {{"w", what}, {"k", join_and(asked)}});
  std::string text = chance(random, 0.75)
                         ? fmt::format("Here is a list.\n{}{}", list, ask)
                         : fmt::format("{}\n{}", ask, list.substr(0, list.size() - 1));
  std::string content = n_ask == 1 ? check.all[0] : join(lines, "\n");
  // One value is only found behind its key, so the key is always written first.
  Work work{
      n_ask == 1 ? lines[0] : "", n_ask == 1 ? lines[0] : fmt::format("{} entries", n_ask),
      fmt::format("I look for {} in the list.\nFound {}.", join_and(asked), join(lines, ", "))};
  std::string key = fmt::format("list:{}:{}", n, join(lines, "|"));
  return finish(random, n_ask == 1 ? "list" : "list_many", std::move(key), std::move(text),
                std::move(work), std::move(content), std::move(check));
}

Sample make_needle(Random& random, const Difficulty& difficulty) {
  const size_t n = pick_size(random, difficulty, kSentenceTokens, 3 * kAskedTokens);
  const int form = static_cast<int>(random.below(4));
  const size_t n_needle = 1 + random.below(std::min<size_t>(3, n / 3));
  const auto people = pick_some(random, names(), n_needle);
  std::vector<std::string> values;
  std::vector<std::string> sentences;
  for (size_t i = 0; i < n; ++i) sentences.push_back(filler_sentence(random));
  for (size_t i = 0; i < n_needle; ++i) {
    values.push_back(make_value(random, form));
    const auto at = static_cast<std::ptrdiff_t>(random.below(sentences.size() + 1));
    sentences.insert(sentences.begin() + at, fmt::format("The secret {} of {} is {}.",
                                                         kValueNames[form], people[i], values[i]));
  }
  const size_t n_ask = chance(random, 0.4) ? n_needle : 1;
  std::vector<std::string> asked, facts, found;
  ContainsCheck check;
  for (size_t i = 0; i < n_ask; ++i) {
    asked.push_back(people[i]);
    facts.push_back(
        fmt::format("The secret {} of {} is {}.", kValueNames[form], people[i], values[i]));
    found.push_back(fmt::format("{}: {}", people[i], values[i]));
    check.all.push_back(values[i]);
  }
  std::string text = fmt::format(
      "{}\n{}", join(sentences, " "),
      fill(n_ask == 1
               ? pick(random, {"What is the secret {w} of {k}?", "Which secret {w} does {k} have?",
                               "Tell me the secret {w} of {k}."})
               : pick(random, {"What is the secret {w} of each of {k}?",
                               "Tell me the secret {w} of each of {k}."}),
           {{"w", std::string(kValueNames[form])}, {"k", join_and(asked)}}));
  return finish(random, n_ask == 1 ? "needle" : "needle_many",
                fmt::format("needle:{}:{}:", n, join(found, "|")) + sentences[0], std::move(text),
                {"", join(found, ", "),
                 fmt::format("I look for {} in the text.\n{}", join_and(asked), join(facts, "\n"))},
                join(facts, "\n"), std::move(check));
}

Sample make_lines(Random& random, const Difficulty& difficulty) {
  const size_t n = std::min<size_t>(pick_size(random, difficulty, 8, kAskedTokens), 99);
  std::vector<std::string> words;
  std::string list;
  for (size_t i = 0; i < n; ++i) {
    words.emplace_back(pick(random, common_words()));
    list += fmt::format("{} {}\n", i + 1, words.back());
  }
  const size_t at = random.below(n);
  const std::string found = fmt::format("{} {}", at + 1, words[at]);
  return finish(random, "line", fmt::format("line:{}:{}:{}:{}", n, at, words[at], words[0]),
                list + fill(pick(random, {"Which word stands on line {k}?", "What is on line {k}?",
                                          "Line {k}?"}),
                            {{"k", std::to_string(at + 1)}}),
                {found, found, fmt::format("I look for line {}.\n{}", at + 1, found)}, words[at],
                TextCheck{words[at]});
}

}  // namespace

Sample make_recall(Random& random, const Difficulty& difficulty) {
  const uint64_t roll = random.below(100);
  if (roll < 65) return make_list(random, difficulty);
  if (roll < 92) return make_needle(random, difficulty);
  return make_lines(random, difficulty);
}

}  // namespace stride::nano
