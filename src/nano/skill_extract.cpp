// SPDX-License-Identifier: Apache-2.0
// Answers from a given passage, and the honest reply when the passage does not hold the answer.
#include <fmt/core.h>

#include "nano/pick.h"
#include "nano/sentences.h"
#include "nano/skills.h"
#include "nano/words.h"

namespace stride::nano {
namespace {

constexpr std::string_view kMissing = "The text does not say.";

// One kind of fact about a person: how the passage says it, how one asks for it, how one answers.
struct Fact {
  std::string_view name;
  std::string_view said;
  std::initializer_list<std::string_view> asked;
  std::string_view answer;
};
const Fact kFacts[] = {
    {"city",
     "{n} lives in {v}.",
     {"Where does {n} live?", "In which city does {n} live?"},
     "{n} lives in {v}."},
    {"job",
     "{n} works as a {v}.",
     {"What is the job of {n}?", "What does {n} work as?"},
     "{n} works as a {v}."},
    {"age",
     "{n} is {v} years old.",
     {"How old is {n}?", "What is the age of {n}?"},
     "{n} is {v} years old."},
    {"pet",
     "{n} has a {v}.",
     {"What does {n} have?", "Which animal does {n} have?"},
     "{n} has a {v}."},
    {"hobby",
     "{n} likes {v}.",
     {"What does {n} like?", "What is the hobby of {n}?"},
     "{n} likes {v}."},
    {"colour",
     "The favourite colour of {n} is {v}.",
     {"What is the favourite colour of {n}?", "Which colour does {n} like most?"},
     "The favourite colour of {n} is {v}."},
    {"country",
     "{n} comes from {v}.",
     {"Where does {n} come from?", "Which country does {n} come from?"},
     "{n} comes from {v}."},
    {"day",
     "{n} leaves on {v}.",
     {"When does {n} leave?", "On which day does {n} leave?"},
     "{n} leaves on {v}."},
};
constexpr std::string_view kPets[] = {"cat",  "dog",   "horse",  "rabbit", "bird",
                                      "frog", "snake", "turtle", "monkey", "duck"};
constexpr std::string_view kPlainJobs[] = {"teacher", "doctor", "nurse",   "baker", "farmer",
                                           "driver",  "pilot",  "painter", "cook",  "judge"};

std::string value_of(Random& random, size_t fact) {
  switch (fact) {
    case 0:
      return std::string(pick(random, cities()));
    case 1:
      return std::string(pick(random, kPlainJobs));
    case 2:
      return std::to_string(between(random, 5, 90));
    case 3:
      return std::string(pick(random, kPets));
    case 4:
      return std::string(pick(random, hobbies()));
    case 5:
      return std::string(pick(random, colours()));
    case 6:
      return std::string(pick(random, countries()));
    default:
      return std::string(pick(random, weekdays()));
  }
}

struct Said {
  size_t person, fact;
  std::string value, text;
};

}  // namespace

Sample make_extract(Random& random, const Difficulty& difficulty) {
  const size_t n_person = 1 + random.below(3), n_fact = std::size(kFacts);
  const auto people = pick_some(random, names(), n_person);
  std::vector<Said> facts;
  std::vector<uint8_t> known(n_person * n_fact, 0);
  const size_t n = 2 + random.below(3 + static_cast<uint64_t>(difficulty.level * 4));
  for (size_t i = 0; i < n && i < n_person * (n_fact - 1); ++i) {
    size_t person = 0, fact = 0;
    do {
      person = random.below(n_person);
      fact = random.below(n_fact);
    } while (known[person * n_fact + fact] != 0);
    known[person * n_fact + fact] = 1;
    std::string value = value_of(random, fact);
    std::string text = fill(kFacts[fact].said, {{"n", people[person]}, {"v", value}});
    facts.push_back({person, fact, std::move(value), std::move(text)});
  }
  std::vector<std::string> sentences;
  for (const Said& said : facts) sentences.push_back(said.text);
  const std::string passage = join(sentences, " ");
  const bool missing = chance(random, 0.22);
  size_t person = 0, fact = 0, at = 0;
  if (missing) {
    do {
      person = random.below(n_person);
      fact = random.below(n_fact);
    } while (known[person * n_fact + fact] != 0);
  } else {
    at = random.below(facts.size());
    person = facts[at].person;
    fact = facts[at].fact;
  }
  const std::string asked = fill(pick(random, kFacts[fact].asked), {{"n", people[person]}});
  Sample sample = question(Skill::extract, missing ? "missing" : "fact",
                           fmt::format("extract:{}{}", passage, asked),
                           fill(pick(random, {"{t}\n{q}", "Read this: {t}\n{q}",
                                              "Text: {t}\nQuestion: {q}", "{t} {q}", "{q}\n{t}"}),
                                {{"t", passage}, {"q", asked}}));
  sample.effort = pick_effort(random);
  sample.system = pick_system(random);
  if (missing) {
    answer(sample,
           reasoning_for(sample.effort,
                         fmt::format("{} of {}: not said", kFacts[fact].name, people[person]),
                         fmt::format("I look for the {} of {}.\nNo sentence says it.",
                                     kFacts[fact].name, people[person])),
           std::string(kMissing));
    sample.check = ContainsCheck{{"does not say"}, {}};
  } else {
    const std::string content =
        fill(kFacts[fact].answer, {{"n", people[person]}, {"v", facts[at].value}});
    answer(sample,
           reasoning_for(
               sample.effort,
               fmt::format("{} of {}: {}", kFacts[fact].name, people[person], facts[at].value),
               fmt::format("I look for the {} of {}.\nThe text says: {}", kFacts[fact].name,
                           people[person], facts[at].text)),
           content);
    sample.check = ContainsCheck{{facts[at].value}, {"does not say"}};
  }
  return sample;
}

}  // namespace stride::nano
