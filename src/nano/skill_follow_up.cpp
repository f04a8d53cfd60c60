// SPDX-License-Identifier: Apache-2.0
// Conversations of several turns whose last question leans on the earlier ones: chained sums,
// pronouns, things the user said about themselves, changes to the last answer.
#include <fmt/core.h>

#include "nano/column_work.h"
#include "nano/numbers.h"
#include "nano/pick.h"
#include "nano/skills.h"
#include "nano/words.h"

namespace stride::nano {
namespace {

void say(Sample& sample, std::string user) {
  sample.turns.push_back({Role::user, std::move(user), {}, {}});
}

Sample make_chain(Random& random, double level) {
  const int64_t a = pick_digits(random, level > 0.4 ? 2 : 1),
                b = pick_digits(random, level > 0.4 ? 2 : 1);
  const int64_t sum = a + b;
  Sample sample =
      question(Skill::follow_up, "chain", "",
               fill(pick(random, {"What is {a} + {b}?", "{a} + {b}", "Add {a} and {b}."}),
                    {{"a", std::to_string(a)}, {"b", std::to_string(b)}}));
  sample.effort = pick_effort(random);
  answer(sample, "", fmt::format("{} + {} = {}", a, b, sum));
  const char sign = pick(random, {"+", "-", "*"}).front();
  const int64_t c =
      sign == '*' ? between(random, 2, 9) : std::min<int64_t>(sum, between(random, 1, 40));
  const int64_t value = sign == '+' ? sum + c : sign == '-' ? sum - c : sum * c;
  const std::string_view text =
      sign == '+' ? pick(random, {"And plus {c}?", "Now add {c}.", "Add {c} to that."})
      : sign == '-'
          ? pick(random, {"And minus {c}?", "Now subtract {c}.", "Take {c} away from that."})
          : pick(random, {"And times {c}?", "Now multiply by {c}.", "Multiply that by {c}."});
  say(sample, fill(text, {{"c", std::to_string(c)}}));
  const std::string work = sign == '+'   ? work_add(sum, c, sample.effort)
                           : sign == '-' ? work_subtract(sum, c, sample.effort)
                                         : work_multiply(sum, c, sample.effort);
  answer(sample,
         sample.effort == Effort::low ? work : fmt::format("{}{}{}\n{}", sum, sign, c, work),
         fmt::format("{} {} {} = {}", sum, sign, c, value));
  sample.key = fmt::format("chain:{}+{}{}{}", a, b, sign, c);
  sample.check = IntegerCheck{value};
  return sample;
}

// What the user told about themselves some turns ago.
Sample make_memory(Random& random) {
  struct About {
    std::string_view said, reply, asked, answer;
    Strings list;
  };
  const About kAbouts[] = {
      {"My name is {v}.", "Nice to meet you, {v}!", "What is my name?", "Your name is {v}.",
       names()},
      {"I live in {v}.", "{v} is a nice place.", "Where do I live?", "You live in {v}.", cities()},
      {"I like {v}.", "{v} is fun.", "What do I like?", "You like {v}.", hobbies()},
      {"My favourite colour is {v}.", "A good choice.", "What is my favourite colour?",
       "Your favourite colour is {v}.", colours()},
      {"I work as a {v}.", "That is a good job.", "What is my job?", "You work as a {v}.", jobs()},
      {"I come from {v}.", "I have heard of {v}.", "Where do I come from?", "You come from {v}.",
       countries()},
  };
  const About& about = kAbouts[random.below(std::size(kAbouts))];
  const About& other = kAbouts[random.below(std::size(kAbouts))];
  const std::string value(pick(random, about.list)), noise(pick(random, other.list));
  const auto with = [](std::string_view text, const std::string& v) {
    return capital(fill(text, {{"v", v}}));
  };
  Sample sample = question(Skill::follow_up, "memory", "", with(about.said, value));
  sample.effort = pick_effort(random);
  answer(sample, "", with(about.reply, value));
  std::string key = fmt::format("memory:{}:{}", about.asked, value);
  if (other.said != about.said && chance(random, 0.7)) {
    say(sample, with(other.said, noise));
    answer(sample, "", with(other.reply, noise));
    key += ":" + noise;
  } else if (chance(random, 0.5)) {
    const int64_t a = between(random, 1, 9), b = between(random, 1, 9);
    say(sample, fmt::format("What is {} + {}?", a, b));
    answer(sample, "", fmt::format("{} + {} = {}", a, b, a + b));
    key += fmt::format(":{}+{}", a, b);
  }
  const bool known = chance(random, 0.85) || other.said == about.said;
  if (known) {
    say(sample, std::string(about.asked));
    answer(sample,
           reasoning_for(sample.effort, fmt::format("the user said {}", value),
                         fmt::format("The user said: {}", with(about.said, value))),
           with(about.answer, value));
    sample.check = ContainsCheck{{value}, {}};
  } else {
    const About* asked = &kAbouts[0];
    for (const About& candidate : kAbouts)
      if (candidate.said != about.said && candidate.said != other.said) asked = &candidate;
    say(sample, std::string(asked->asked));
    answer(sample, reasoning_for(sample.effort, "not said", "The user did not say it."),
           "You have not told me yet.");
    sample.check = ContainsCheck{{"not told me"}, {}};
    key += fmt::format(":unknown {}", asked->asked);
  }
  sample.key = std::move(key);
  return sample;
}

// A passage about one person and two questions, the second with a pronoun.
Sample make_pronoun(Random& random) {
  const std::string name(pick(random, names())), city(pick(random, cities())),
      hobby(pick(random, hobbies()));
  const std::string age = std::to_string(between(random, 10, 80));
  const std::string text =
      fmt::format("{} is {} years old, lives in {} and likes {}.", name, age, city, hobby);
  struct Pair {
    std::string asked, again, answer, value;
  };
  std::vector<Pair> pairs = {
      {fmt::format("Where does {} live?", name), "And where does this person live?",
       fmt::format("{} lives in {}.", name, city), city},
      {fmt::format("How old is {}?", name), "And how old is this person?",
       fmt::format("{} is {} years old.", name, age), age},
      {fmt::format("What does {} like?", name), "And what does this person like?",
       fmt::format("{} likes {}.", name, hobby), hobby}};
  shuffle(random, pairs);
  Sample sample =
      question(Skill::follow_up, "pronoun", fmt::format("pronoun:{}{}", text, pairs[1].asked),
               text + "\n" + pairs[0].asked);
  sample.effort = pick_effort(random);
  answer(sample, "", pairs[0].answer);
  say(sample, pairs[1].again);
  answer(sample,
         reasoning_for(sample.effort, pairs[1].value,
                       fmt::format("This person is {}.\nThe text says {}.", name, pairs[1].value)),
         pairs[1].answer);
  sample.check = ContainsCheck{{pairs[1].value}, {}};
  return sample;
}

// A list, then an operation on the last answer.
Sample make_change(Random& random) {
  auto items = pick_some(random, common_words(), 3 + random.below(3));
  Sample sample =
      question(Skill::follow_up, "change", "", fmt::format("Repeat exactly: {}", join(items, " ")));
  sample.effort = pick_effort(random);
  answer(sample, "", join(items, " "));
  std::string content;
  switch (random.below(4)) {
    case 0:
      say(sample, "Now in upper case.");
      content = upper(join(items, " "));
      break;
    case 1:
      say(sample, "Now backwards, word by word.");
      content = join(std::vector<std::string>(items.rbegin(), items.rend()), " ");
      break;
    case 2:
      say(sample, "How many words are that?");
      content = std::to_string(items.size());
      break;
    default:
      say(sample, "Now with commas.");
      content = join(items, ", ");
  }
  sample.key = fmt::format("change:{}:{}", join(items, " "), sample.turns.back().content);
  answer(sample,
         reasoning_for(sample.effort, fmt::format("{} words", items.size()),
                       fmt::format("The last text was: {}\nIt has {} words.", join(items, " "),
                                   items.size())),
         content);
  sample.check = TextCheck{std::move(content)};
  return sample;
}

}  // namespace

Sample make_follow_up(Random& random, const Difficulty& difficulty) {
  const uint64_t roll = random.below(100);
  if (roll < 40) return make_chain(random, difficulty.level);
  if (roll < 65) return make_memory(random);
  if (roll < 82) return make_pronoun(random);
  return make_change(random);
}

}  // namespace stride::nano
