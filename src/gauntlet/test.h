// SPDX-License-Identifier: Apache-2.0
// The fifteen tests: what is asked, how the answer is graded, and what the grader has to prove
// about itself. A test has five frozen variants and draws fresh ones from a seed; one drawn variant
// is a Case. Grading needs no network and no model, only the sandbox where code is run.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gauntlet/attempt.h"

namespace stride::gauntlet {

class Sandbox;  // sandbox.h

struct ChatTurn {
  enum class Role : uint8_t { system, user, assistant, tool };

  Role role = Role::user;
  std::string text{};
  std::string reasoning{};            // of an assistant, sent back where the API has a place for it
  std::vector<CapturedCall> calls{};  // of an assistant
  std::string call_id{};              // of a tool result
};

struct ToolSpec {
  std::string name{};
  std::string description{};
  std::string parameters{};  // a JSON Schema, as text
};

// What is sent: the conversation so far and the tools.
struct Question {
  std::vector<ChatTurn> turns{};
  std::vector<ToolSpec> tools{};
  // Of a test that has the request modes json_object and json_schema besides the plain prompt: the
  // JSON Schema of the answer, as text. Empty: there are no such modes.
  std::string answer_schema{};
};

struct Criterion {
  std::string name{};
  double weight = 0;
  double value = 0;        // 0..1
  bool gate = false;       // a missed gate caps the score
  std::string evidence{};  // what in the answer decided it
};

struct Grade {
  double score = 0;  // 0..1
  bool passed = false;
  bool clean = false;  // passed, all gates met, no leak and no repair
  FailureClass failure = FailureClass::ok;
  std::vector<Criterion> criteria{};
  std::vector<std::string> flags{};  // "hallucinated", "forbidden_tool", "invented_booking"
};

// An answer whose grade is known before: the harness certifies itself with these.
struct PseudoAnswer {
  enum class Must : uint8_t { be_zero, fail, not_pass, not_clean, be_perfect };

  std::string name{};               // "empty", "reference", "wrong: ignores the second step"
  std::vector<Attempt> attempts{};  // one per turn
  // fail: score at most 0.40 and not passed; not_pass: partial credit may be more than that;
  // not_clean: it may even pass, as half of a good text can.
  Must must = Must::fail;
};

class Case {
 public:
  virtual ~Case() = default;

  virtual Question question() const = 0;
  // The turns to add after `attempts` (one per turn so far), or nothing when the dialogue is over.
  // Only the tool test has more than one turn.
  virtual std::vector<ChatTurn> reply(std::span<const Attempt> attempts) const;
  // Grades the answer channel and the calls, at least one attempt. The global guards (empty, echo,
  // refusal) are applied by grade() below.
  virtual Grade grade(std::span<const Attempt> attempts, Sandbox& sandbox) const = 0;
  virtual std::vector<PseudoAnswer> certification() const = 0;
};

struct TestInfo {
  std::string_view id{};       // "basic_reasoning"
  std::string_view title{};    // "Basic Reasoning"
  uint32_t answer_budget = 0;  // tokens
  double timeout_s = 0;
  double published_timeout_s = 0;
  double pass_score = 0;
  uint32_t max_turns = 1;
  bool needs_sandbox = false;
};

inline constexpr uint32_t kFrozenVariants = 5;

// In the order of the published series.
std::span<const TestInfo> tests();
const TestInfo* find_test(std::string_view id);

struct Variant {
  uint32_t index = 0;              // of the frozen ones where there is no seed
  std::optional<uint64_t> seed{};  // a fresh one
};

// Requires an id of tests() and, without a seed, an index below kFrozenVariants. `today` is
// YYYY-MM-DD, which test 15 tells the model.
std::unique_ptr<Case> make_case(std::string_view test, const Variant& variant,
                                std::string_view today);

// Test 8 over a handbook of about `n_word` words instead of 8,000: the grid of depth and length.
std::unique_ptr<Case> make_long_context_case(const Variant& variant, size_t n_word);

// Test 7 in plain English instead of its protocol: reported, never counted.
std::unique_ptr<Case> make_plain_edge_case(const Variant& variant);

// True where the test runs code and there is no sandbox to run it in: its cells are left out of the
// run with a visible note. Grading such a cell all the same gives 0 with the flag "unsupported".
bool is_unsupported(const TestInfo& test, const Sandbox& sandbox);

// The grade with the global guards: what was not delivered is 0, whatever the reasoning held.
Grade grade(const TestInfo& test, const Case& drawn, std::span<const Attempt> attempts,
            Sandbox& sandbox);

// The last 8,000 characters of the reasoning graded as if they had been the answer; a diagnostic.
double recovered_score(const TestInfo& test, const Case& drawn, std::span<const Attempt> attempts,
                       Sandbox& sandbox);

}  // namespace stride::gauntlet
