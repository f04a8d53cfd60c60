// SPDX-License-Identifier: Apache-2.0
#include "nano/sentences.h"

#include "nano/pick.h"
#include "nano/words.h"

namespace stride::nano {

std::string with_article(std::string_view noun) {
  const bool vowel =
      !noun.empty() && std::string_view("aeiou").find(noun.front()) != std::string_view::npos;
  return (vowel ? "an " : "a ") + std::string(noun);
}

std::string filler_sentence(Random& random) {
  const std::string_view text = pick(
      random, {"The {adj} {animal} {verb}.", "A {colour} {thing} lies on the table.",
               "{name} likes {hobby}.", "{name} has {aanimal} and a {colour} {thing}.",
               "In {city} the {adj} {animal} {verb}.", "The {thing} is {colour} and {adj}.",
               "{name} lives in {city}.", "On {day} {name} buys a {thing}.",
               "{name} and {other} talk about {hobby}.", "It is a {adj2} day in {month}.",
               "{name} eats {afood} in the garden.", "The {job} {verb} near the {thing}.",
               "Every {day} the {job} goes to {city}.", "The {animal}s are {adj}.",
               "{name} is a {job} from {country}.", "There is no {food} in the {colour} {thing}."});
  return fill(
      text,
      {{"adj", std::string(pick(random, adjectives()))},
       {"adj2", std::string(pick(random, {"warm", "cold", "quiet", "sunny", "grey", "long"}))},
       {"animal", std::string(pick(random, animals()))},
       {"aanimal", with_article(pick(random, animals()))},
       {"verb", std::string(pick(random, verbs()))},
       {"colour", std::string(pick(random, colours()))},
       {"thing", std::string(pick(random, things()))},
       {"name", std::string(pick(random, names()))},
       {"other", std::string(pick(random, names()))},
       {"hobby", std::string(pick(random, hobbies()))},
       {"city", std::string(pick(random, cities()))},
       {"day", std::string(pick(random, weekdays()))},
       {"month", std::string(pick(random, months()))},
       {"food", std::string(pick(random, foods()))},
       {"afood", with_article(pick(random, foods()))},
       {"job", std::string(pick(random, jobs()))},
       {"country", std::string(pick(random, countries()))}});
}

}  // namespace stride::nano
