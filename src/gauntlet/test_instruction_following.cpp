// SPDX-License-Identifier: Apache-2.0
// Test 11: one paragraph under eight rules, each counted for itself.
#include <algorithm>
#include <array>

#include "gauntlet/cases.h"
#include "gauntlet/pattern.h"
#include "gauntlet/prose.h"
#include "gauntlet/rules.h"
#include "gauntlet/scorer.h"

namespace stride::gauntlet {
namespace {

// The loose reading of an answer: without its first or last line, and without asterisks.
std::vector<std::string> loose_readings(const std::string& answer) {
  const std::string whole(trim(answer));
  const size_t first = whole.find('\n');
  const size_t last = whole.rfind('\n');
  const std::string no_first = first == std::string::npos ? "" : whole.substr(first + 1);
  const std::string no_last = last == std::string::npos ? "" : whole.substr(0, last);
  const std::string neither =
      first == std::string::npos || first == last ? "" : whole.substr(first + 1, last - first - 1);
  std::vector<std::string> out = {whole, no_first, no_last, neither};
  for (size_t i = 0; i < 4; ++i) {
    std::string plain = out[i];
    std::erase(plain, '*');
    out.push_back(std::move(plain));
  }
  return out;
}

class InstructionFollowing final : public Case {
 public:
  InstructionFollowing(const Witness& witness, std::vector<Rule> rules)
      : witness_(witness), rules_(std::move(rules)) {}

  Question question() const override {
    std::string text = "Write one paragraph about " + std::string(witness_.topic) +
                       " that obeys all eight rules: ";
    for (size_t i = 0; i < rules_.size(); ++i) {
      text += '(' + std::to_string(i + 1) + ") " + rules_[i].text() +
              (i + 1 < rules_.size() ? "; " : ".");
    }
    return ask(std::move(text));
  }

  Grade grade(std::span<const Attempt> attempts, Sandbox& /*sandbox*/) const override {
    const std::string answer(trim(answer_of(attempts)));
    Scorer scorer;
    for (const Rule& rule : rules_) {
      const bool holds = rule.holds(answer);
      scorer.add(rule.text(), 0.125, holds, holds ? "obeyed" : "broken");
    }
    const Tokens all = tokens(answer);
    const bool on_topic =
        std::ranges::any_of(witness_.topic_patterns, [&](auto p) { return matches(all, p); });
    const bool long_enough = words(answer).size() >= 20;
    const bool prose = reads_as_text(sentence_tokens(answer));
    const bool is_paragraph = on_topic && long_enough && prose;
    scorer.gate("a paragraph about the subject", 0, is_paragraph, is_paragraph, kGateCap,
                !on_topic      ? "another subject"
                : !long_enough ? "too short"
                : prose        ? "yes"
                               : "no text");
    const bool strict = all_hold(answer);
    const std::vector<std::string> readings = loose_readings(answer);
    const bool loose = std::ranges::any_of(readings, [&](const auto& r) { return all_hold(r); });
    scorer.add("strict", 0, strict, strict ? "all rules" : "not all rules");
    scorer.add("loose", 0, loose, loose ? "all rules in some reading" : "in no reading all rules");
    return scorer.finish();
  }

  std::vector<PseudoAnswer> certification() const override {
    using Must = PseudoAnswer::Must;
    auto out = usual_suspects(question(), witness_.text, Must::not_clean);
    for (const Witness& other : witnesses()) {
      if (other.topic == witness_.topic) continue;
      out.push_back(
          pseudo("wrong: about " + std::string(other.topic), std::string(other.text), Must::fail));
      break;
    }
    std::string keywords;
    for (int i = 0; i < 20; ++i) keywords += std::string(witness_.topic) + ' ';
    out.push_back(pseudo("wrong: the subject repeated", keywords, Must::fail));
    out.push_back(pseudo("wrong: one line",
                         "I would love to write about " + std::string(witness_.topic) + " one day.",
                         Must::fail));
    return out;
  }

 private:
  bool all_hold(const std::string& answer) const {
    return !trim(answer).empty() &&
           std::ranges::all_of(rules_, [&](const Rule& rule) { return rule.holds(answer); });
  }

  const Witness& witness_;
  std::vector<Rule> rules_;
};

}  // namespace

CasePtr make_instruction_following(const Variant& variant) {
  if (is_frozen(variant, 0)) {
    return std::make_unique<InstructionFollowing>(witnesses()[0], first_rules());
  }
  Random random(variant_seed("instruction_following", variant));
  const size_t drawn = random.below(witnesses().size());
  const Witness& witness = witnesses()[variant.seed ? drawn : variant.index];
  return std::make_unique<InstructionFollowing>(witness, draw_rules(witness, random));
}

}  // namespace stride::gauntlet
