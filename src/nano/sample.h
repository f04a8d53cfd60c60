// SPDX-License-Identifier: Apache-2.0
// One generated exercise for step-nano: a conversation that ends with the expected assistant turn,
// and what a verifier needs to judge another answer to it.
//
// Invariants: `turns` starts with a user turn and ends with an assistant turn; `key` names the
// exercise by its content (operands, slots), never by its phrasing where the content space is
// large, because the split between training and evaluation is a hash of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/random.h"

namespace stride::nano {

enum class Skill : uint8_t {
  arithmetic,
  division,
  compare,
  word_problem,
  text,
  recall,
  tools,
  json,
  code,
  constraints,
  chat,
  units,
  dates,
  extract,
  follow_up,
  references,
};
inline constexpr int kSkills = 16;

// The line `Reasoning: ...` of the system turn; unset writes none and is answered as medium is.
enum class Effort : uint8_t { unset, low, medium, high };

enum class Role : uint8_t { user, assistant, tool };

struct Call {
  std::string name;
  std::string arguments;  // a JSON object, keys in the order of the call
};

struct Turn {
  Role role = Role::user;
  std::string content;
  std::string reasoning;    // assistant only
  std::vector<Call> calls;  // assistant only
};

// The last integer written in the answer.
struct IntegerCheck {
  int64_t value = 0;
};
// The whole answer, apart from surrounding blanks and one final full stop.
struct TextCheck {
  std::string text;
};
// Words or phrases that the answer must and must not hold, upper and lower case alike.
struct ContainsCheck {
  std::vector<std::string> all;
  std::vector<std::string> none;
};
// The calls, in any order, with equal argument values.
struct CallsCheck {
  std::vector<Call> calls;
};
// The answer is one JSON value that fits the schema and equals the expected one, in any key order.
struct JsonCheck {
  std::string schema;  // empty: no schema
  std::string expected;
};
// What the answer's form must be; each field that is set is demanded.
struct FormCheck {
  enum class Letters : uint8_t { any, upper, lower };
  Letters letters = Letters::any;
  int n_words = -1;                  // exactly so many, separated by blanks
  int n_items = -1;                  // exactly so many, separated by `separator`
  std::string separator;             // "," or "\n"
  std::string item_prefix;           // each item starts with it ("- ")
  std::vector<std::string> allowed;  // items must come from here, without repeats
  std::string starts_with;
  std::string ends_with;  // before final punctuation
  std::vector<std::string> contains;
  std::vector<std::string> lacks;  // letters or words that must not occur
  bool one_sentence = false;
};
// A function of the tiny language: each case is the arguments as literals and the value it must
// return.
struct ProgramCheck {
  std::string function;
  std::vector<std::pair<std::string, std::string>> cases;
};

using Check = std::variant<IntegerCheck, TextCheck, ContainsCheck, CallsCheck, JsonCheck, FormCheck,
                           ProgramCheck>;

struct Sample {
  Skill skill = Skill::arithmetic;
  std::string kind;  // a finer name inside the skill, such as "add" or "needle"
  std::string key;
  Effort effort = Effort::unset;
  std::string system;  // text of the system turn without the effort line; empty writes none
  std::vector<std::string> tools;  // JSON texts of the declared tools
  std::vector<Turn> turns;
  Check check;
};

// How hard and how long the exercise may be.
struct Difficulty {
  double level = 0.5;  // 0 easiest .. 1 hardest
  uint32_t max_tokens =
      512;                 // a bound that generators of long contexts fill; others stay far below
  uint32_t max_asked = 6;  // entries that one question about a long context may ask for
};

std::string_view skill_name(Skill skill);

}  // namespace stride::nano
