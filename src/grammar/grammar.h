// SPDX-License-Identifier: Apache-2.0
// Grammars for what a model may write, compiled from JSON Schema, regular expressions, lists of
// choices, GBNF and declared tools. docs/structured-output.md says what is enforced.
//
//   const auto grammar = STRIDE_TRY(compile_json_schema(schema));
//   Matcher matcher(grammar, cache);   // matcher.h: masks for the sampler
//
// Compiling takes milliseconds and belongs on the request's thread, not on the decoder's. A Grammar
// never changes and may be shared by any number of requests and threads.
//
// Errors name the keyword and its place as a JSON pointer: unsupported for what cannot be enforced
// exactly, invalid_argument for what is malformed or allows no text at all, exhausted for what is
// too large.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace stride::grammar {

struct Program;

class Grammar {
 public:
  explicit Grammar(Program program);
  ~Grammar();
  Grammar(const Grammar&) = delete;
  Grammar& operator=(const Grammar&) = delete;

  const Program& program() const { return *program_; }
  size_t n_byte() const { return n_byte_; }

 private:
  std::unique_ptr<const Program> program_;
  size_t n_byte_;
};

using GrammarPtr = std::shared_ptr<const Grammar>;

enum class Enforcement {
  exact,        // a keyword that cannot be enforced is an error
  best_effort,  // it is left out, for tools whose authors did not ask for exactness
};

// Any JSON object.
Result<GrammarPtr> compile_json_object();
// The JSON texts of the values that the schema accepts.
Result<GrammarPtr> compile_json_schema(std::string_view schema,
                                       Enforcement enforcement = Enforcement::exact);
// The text matches as a whole.
Result<GrammarPtr> compile_regex(std::string_view pattern);
// One of the texts.
Result<GrammarPtr> compile_choice(const std::vector<std::string>& choices);
// llama.cpp's notation; the rule "root" is the text.
Result<GrammarPtr> compile_gbnf(std::string_view source);

// The content of an answer where tools were declared.
struct CallRules {
  enum class Choice {
    automatic,  // free text, then any number of calls
    required,   // one call or more, nothing else
    none,       // no calls
  };
  Choice choice = Choice::automatic;
  bool parallel = true;  // false: one call at most
  // Only these functions; empty: all. A named tool_choice is `required` with one name.
  std::vector<std::string> names{};
  Enforcement enforcement = Enforcement::best_effort;
  // Of what stands in place of free text where the answer is no call: a schema as JSON text. The
  // answer is then either calls or such a value.
  std::optional<std::string> answer_schema{};
  bool answer_is_object = false;  // likewise any JSON object, where there is no schema
};

// Each tool is an object of the OpenAI form, or the bare function object with "name". A tool whose
// "strict" is true is always enforced exactly.
Result<GrammarPtr> compile_calls(const std::vector<std::string>& tools, const CallRules& rules);

}  // namespace stride::grammar
