// SPDX-License-Identifier: Apache-2.0
// Test 9: one JSON value and nothing else. A fence or words around it are taken off, but then it
// was not what was asked for, and cannot pass.
#include <algorithm>

#include "gauntlet/cases.h"
#include "gauntlet/json_tasks.h"
#include "gauntlet/prose.h"
#include "gauntlet/scorer.h"
#include "json/json.h"

namespace stride::gauntlet {
namespace {

constexpr double kPass = 0.70;

struct Value {
  std::optional<Json> json{};
  bool alone = false;  // it was the whole answer, without duplicate keys
  std::string fault{};
};

// The value that begins at the first brace, whatever stands around it.
std::optional<Json> wrapped(std::string_view answer, const json::ParseOptions& options) {
  for (const FencedBlock& block : fenced_blocks(answer)) {
    if (auto value = json::parse(trim(block.body), options)) return *std::move(value);
  }
  const size_t begin = answer.find('{');
  const size_t end = answer.rfind('}');
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
    return std::nullopt;
  }
  auto value = json::parse(answer.substr(begin, end - begin + 1), options);
  if (!value) return std::nullopt;
  return *std::move(value);
}

Value read(std::string_view answer) {
  json::ParseOptions options{.max_bytes = 1 << 20,
                             .max_values = 100'000,
                             .duplicates = json::Duplicates::refuse,
                             .numbers = json::Numbers::exact};
  Value out;
  auto whole = json::parse(trim(answer), options);
  if (whole) {
    out.json = *std::move(whole);
    out.alone = true;
    return out;
  }
  out.fault = whole.error().message;
  options.duplicates = json::Duplicates::last_wins;
  out.json = wrapped(answer, options);
  return out;
}

class StructuredOutput final : public Case {
 public:
  explicit StructuredOutput(JsonTask task) : task_(std::move(task)) {}

  Question question() const override {
    Question out = ask(task_.prompt);
    out.answer_schema = task_.schema;
    return out;
  }

  Grade grade(std::span<const Attempt> attempts, Sandbox& /*sandbox*/) const override {
    const std::string answer = raw_lines(attempts.back().answer);
    const Value value = read(answer);
    if (!value.json) {
      return nothing_to_grade(FailureClass::unparseable, "no JSON value: " + quote(value.fault));
    }
    Scorer scorer(kPass);
    scorer.gate("one JSON value", 0.25, value.alone, value.alone, 0.50,
                value.alone ? "the whole answer" : quote(value.fault), FailureClass::unparseable);
    if (!value.alone) scorer.repaired();
    size_t n = 0;
    std::string missed;
    for (const JsonAssertion& assertion : task_.assertions) {
      const bool holds = assertion.holds(*value.json);
      n += holds ? 1 : 0;
      if (!holds && missed.size() < 160)
        missed += (missed.empty() ? "; fails: " : ", ") + assertion.name;
    }
    scorer.add("schema", 0.60, share(n, task_.assertions.size()),
               std::to_string(n) + " of " + std::to_string(task_.assertions.size()) + missed);
    scorer.add("across fields", 0.15, task_.cross.holds(*value.json), task_.cross.name);
    return scorer.finish();
  }

  std::vector<PseudoAnswer> certification() const override {
    using Must = PseudoAnswer::Must;
    const std::string& reference = task_.reference;
    auto out = usual_suspects(question(), reference);
    out.push_back(pseudo("reference fenced", "```json\n" + reference + "\n```", Must::not_pass));
    out.push_back(pseudo("reference in words", "Here is the JSON:\n" + reference, Must::not_pass));
    for (const auto& [name, text] : task_.wrong) {
      out.push_back(pseudo("wrong: " + name, text, Must::not_pass));
    }
    out.push_back(pseudo("wrong: a list", '[' + reference + ']', Must::fail));
    out.push_back(pseudo("wrong: the schema", task_.schema, Must::fail));
    out.push_back(pseudo("wrong: null", "null", Must::fail));
    out.push_back(
        pseudo("wrong: the inner part only", R"({"severity":2,"confidence":0.8})", Must::fail));
    return out;
  }

 private:
  JsonTask task_;
};

}  // namespace

CasePtr make_structured_output(const Variant& variant) {
  if (!variant.seed) return std::make_unique<StructuredOutput>(json_task(variant.index, nullptr));
  Random random(variant_seed("structured_output", variant));
  const size_t index = random.below(kJsonTasks);
  return std::make_unique<StructuredOutput>(json_task(index, &random));
}

}  // namespace stride::gauntlet
