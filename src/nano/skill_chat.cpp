// SPDX-License-Identifier: Apache-2.0
// Small talk, questions about itself and its runtime, a few general facts, and short stories and
// verses from a grammar. English, with a little Chinese.
#include <fmt/core.h>

#include "nano/chat_table.h"
#include "nano/pick.h"
#include "nano/sentences.h"
#include "nano/skills.h"
#include "nano/words.h"

namespace stride::nano {
namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == text.npos) return parts;
    text.remove_prefix(at + 1);
  }
}

// The text as it stands, or dressed up as people do: a greeting in front, a word behind, without
// the final sign.
std::string dress(Random& random, std::string text) {
  if (chance(random, 0.25)) {
    const std::string_view before =
        pick(random, {"Hello! ", "Hi, ", "Please tell me: ", "I have a question. ", "Hey, ",
                      "Tell me, ", "One more thing. ", "So, ", "Quick question: "});
    // Inside a sentence only a name or "I" keeps its capital.
    const bool inside =
        before.ends_with(", ") && text.size() > 1 && text[1] >= 'a' && text[1] <= 'z';
    text = std::string(before) + (inside ? lower(text.substr(0, 1)) + text.substr(1) : text);
  }
  if (chance(random, 0.1) && text.size() > 3 && (text.ends_with('?') || text.ends_with('.')))
    text.pop_back();
  if (chance(random, 0.08)) text = lower(text);
  if (chance(random, 0.06))
    text += std::string(pick(random, {" Please.", " Thanks.", " Be short."}));
  return text;
}

Sample finish(Random& random, std::string_view kind, const std::string& text, std::string medium,
              std::string high, std::string content, Check check) {
  Sample sample = question(Skill::chat, kind, "chat:" + text, text);
  sample.effort = pick_effort(random);
  sample.system = pick_system(random);
  answer(sample, reasoning_for(sample.effort, std::move(medium), std::move(high)),
         std::move(content));
  sample.check = std::move(check);
  return sample;
}

Sample from_table(Random& random, std::string_view kind, std::span<const Talk> table, bool plain) {
  const Talk& talk = table[random.below(table.size())];
  std::string text(pick(random, Strings(talk.asked)));
  if (!plain) text = dress(random, std::move(text));
  const std::string about(talk.about);
  return finish(random, kind, text, about,
                fmt::format("The user wrote: {}.\nI answer in one or two sentences.", about),
                std::string(talk.answer), ContainsCheck{split(talk.must, '|'), {}});
}

Sample make_fact(Random& random) {
  const FactGroup& group = fact_groups()[random.below(fact_groups().size())];
  const auto& [a, b] = group.pairs[random.below(group.pairs.size())];
  const auto with = [&](std::string_view text) {
    return fill(text, {{"a", std::string(a)}, {"b", std::string(b)}});
  };
  return finish(random, "fact", dress(random, with(pick(random, Strings(group.asked)))),
                fmt::format("{} of {}: {}", group.name, a, b),
                fmt::format("The user asks: {}, {}.\nIt is {}.", group.name, a, b),
                capital(with(group.answer)), ContainsCheck{{std::string(b)}, {}});
}

Sample make_greeting_by_name(Random& random) {
  const std::string name(pick(random, names()));
  const bool city = chance(random, 0.3);
  const std::string place(pick(random, cities()));
  std::string text = fill(pick(random, {"I am {n}.", "My name is {n}.", "Hello, I am {n}.",
                                        "Hi, my name is {n}!", "Call me {n}.", "This is {n}."}),
                          {{"n", name}});
  if (city) text += fmt::format(" I live in {}.", place);
  return finish(random, "name", text, fmt::format("greet {}", name),
                fmt::format("The user is {}.\nI greet {}.", name, name),
                city ? fmt::format("Nice to meet you, {}! How is {}?", name, place)
                     : fmt::format("Nice to meet you, {}!", name),
                ContainsCheck{{name}, {}});
}

Sample make_hobby_talk(Random& random) {
  const std::string hobby(pick(random, hobbies()));
  const bool like = chance(random, 0.6);
  return finish(
      random, "hobby",
      fill(like ? pick(random, {"I like {h}.", "I love {h}!", "My hobby is {h}.",
                                "In my free time I do {h}."})
                : pick(random, {"Do you like {h}?", "What do you think of {h}?", "Is {h} fun?"}),
           {{"h", hobby}}),
      fmt::format("talk about {}", hobby),
      fmt::format("The topic is {}.\nI answer in a friendly way.", hobby),
      like ? fmt::format("{} is a good hobby. How often do you do it?", capital(hobby))
           : fmt::format("I cannot do it myself, but {} sounds like fun.", hobby),
      ContainsCheck{{hobby}, {}});
}

Sample make_story(Random& random) {
  const std::string animal(pick(random, animals())), name(pick(random, names())),
      thing(pick(random, things())), colour(pick(random, colours()));
  const std::string place(
      pick(random, {"forest", "garden", "village", "field", "house", "castle"})),
      adjective(pick(random, {"small", "brave", "lazy", "happy", "clever", "shy"}));
  const std::string friend_(pick(random, animals())), day(pick(random, weekdays())),
      with = with_article(friend_);
  const std::string opening = fmt::format("Once there was a {} {} called {}. {} lived in a {}.",
                                          adjective, animal, name, name, place);
  const std::string middle =
      fill(pick(random, {"One day {n} found a {c} {t}.", "On {d} {n} lost a {c} {t}.",
                         "One night {n} heard a sound. It was {f}.", "On {d} {n} met {f}."}),
           {{"n", name}, {"c", colour}, {"t", thing}, {"d", day}, {"f", with}});
  const bool met = middle.find(friend_) != middle.npos && middle.find(with) != middle.npos;
  const bool lost = middle.find(" lost ") != middle.npos;
  const std::string end =
      met    ? fmt::format("They became friends and {} was never alone again.", name)
      : lost ? fmt::format("{} looked all day and found it under a tree.", name)
             : fmt::format("{} gave the {} to a friend, and both were happy.", name, thing);
  const bool given = chance(random, 0.5);
  std::string ask =
      given ? fill(pick(random, {"Tell me a story about {aa} called {n}.",
                                 "Write a short story about {n} the {a}.",
                                 "Story, please: {aa} named {n}."}),
                   {{"a", animal}, {"aa", with_article(animal)}, {"n", name}})
            : fill(pick(random, {"Tell me a story about {aa}.", "Write a short story about {aa}.",
                                 "I want to hear a story with {aa}."}),
                   {{"aa", with_article(animal)}});
  ContainsCheck check{{animal}, {}};
  if (given) check.all.push_back(name);
  return finish(
      random, "story", ask, fmt::format("{} {}, {}", adjective, animal, name),
      fmt::format("Hero: a {} {} called {}.\nPlace: a {}.", adjective, animal, name, place),
      fmt::format("{} {} {}", opening, middle, end), std::move(check));
}

Sample make_verse(Random& random) {
  struct Rhyme {
    std::string_view first, second;
  };
  static constexpr Rhyme kRhymes[] = {{"tree", "free"}, {"day", "play"},  {"night", "light"},
                                      {"sun", "fun"},   {"sea", "me"},    {"hill", "still"},
                                      {"moon", "soon"}, {"rain", "again"}};
  const Rhyme& rhyme = kRhymes[random.below(std::size(kRhymes))];
  const std::string animal(pick(random, animals())),
      verb(pick(random, {"sings", "rests", "waits", "plays"}));
  return finish(random, "verse",
                fill(pick(random, {"Write a rhyme about {aa}.", "Write a short poem about {aa}.",
                                   "Make a verse with {aa}."}),
                     {{"aa", with_article(animal)}}),
                fmt::format("rhyme: {} {}", rhyme.first, rhyme.second),
                fmt::format("Two lines that rhyme: {} and {}.", rhyme.first, rhyme.second),
                fmt::format("The {} {} near the {},\nand all is {}.", animal, verb, rhyme.first,
                            rhyme.second),
                ContainsCheck{{animal}, {}});
}

}  // namespace

Sample make_chat(Random& random, const Difficulty&) {
  const uint64_t roll = random.below(100);
  if (roll < 18) return from_table(random, "identity", identity_table(), false);
  if (roll < 34) return from_table(random, "runtime", runtime_table(), false);
  if (roll < 54) return from_table(random, "small_talk", small_talk_table(), chance(random, 0.5));
  if (roll < 60) return from_table(random, "chinese", chinese_table(), true);
  if (roll < 76) return make_fact(random);
  if (roll < 82) return make_greeting_by_name(random);
  if (roll < 87) return make_hobby_talk(random);
  if (roll < 96) return make_story(random);
  return make_verse(random);
}

}  // namespace stride::nano
