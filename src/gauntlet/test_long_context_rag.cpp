// SPDX-License-Identifier: Apache-2.0
// Test 8: six questions about a long handbook, with the sections that hold the answers.
#include <algorithm>
#include <array>

#include "gauntlet/cases.h"
#include "gauntlet/handbook.h"
#include "gauntlet/pattern.h"
#include "gauntlet/prose.h"
#include "gauntlet/scorer.h"

namespace stride::gauntlet {
namespace {

const std::vector<std::string>& labels() {
  static const std::vector<std::string> kLabels = {"Q1", "Q2", "Q3", "Q4", "Q5", "Q6"};
  return kLabels;
}

struct Parts {
  std::string value{};
  std::vector<int64_t> cited{};
};

// "7.35 bar [section 5]", also with the section sign or round brackets: the citation apart from the
// value.
Parts parts_of(const std::string& text) {
  const std::string flat = fold(text);
  size_t at = flat.find("\xc2\xa7");
  for (const std::string_view mark : {"[", "(sec", "section "}) at = std::min(at, flat.find(mark));
  if (at == std::string::npos) return {.value = flat};
  return {.value = flat.substr(0, at), .cited = integers(flat.substr(at))};
}

class LongContext final : public Case {
 public:
  explicit LongContext(Handbook book) : book_(std::move(book)) {}

  Question question() const override {
    std::string text =
        "Answer the questions from the handbook below.\n\n" + book_.text + "\nQuestions:\n";
    for (size_t i = 0; i < book_.questions.size(); ++i) {
      text += labels()[i] + ". " + book_.questions[i].text + '\n';
    }
    text +=
        "\nAnswer with one line per question, `Qn: <answer> [\xc2\xa7k]`, where k is the section "
        "the "
        "answer stands in, or `Qn: NOT FOUND` if the handbook does not say.";
    return ask(std::move(text));
  }

  Grade grade(std::span<const Attempt> attempts, Sandbox& /*sandbox*/) const override {
    static constexpr std::array<double, 6> kWeights = {0.13, 0.13, 0.13, 0.18, 0.20, 0.15};
    const std::vector<Labelled> lines = labelled(answer_of(attempts), labels());
    Scorer scorer;
    for (size_t i = 0; i < 6; ++i) {
      const HandbookQuestion& q = book_.questions[i];
      const Parts parts = parts_of(lines[i].value);
      const std::string evidence = (lines[i].found ? quote(lines[i].value) : "no line") + " (" +
                                   std::to_string(q.depth) + " % depth)";
      const bool absent = q.accepted.empty();
      const bool right = lines[i].found && !lines[i].conflict &&
                         (absent ? says_not_found(parts.value) : states(parts.value, q));
      scorer.add(labels()[i], kWeights[i], right, evidence);
      if (absent && lines[i].found && !right && !trim(parts.value).empty()) {
        scorer.flag("hallucinated");
      }
      if (i >= 4) continue;
      const bool cited = right && std::ranges::any_of(parts.cited, [&](int64_t n) {
                           return std::ranges::count(q.sections, n) > 0;
                         });
      scorer.add(labels()[i] + " section", 0.02, cited && parts.cited.size() <= 3, evidence);
    }
    return scorer.finish();
  }

  std::vector<PseudoAnswer> certification() const override {
    using Must = PseudoAnswer::Must;
    auto out = usual_suspects(question(), reference(), Must::not_pass, Must::be_zero);
    std::string none;
    std::string both;
    std::string distracted;
    for (size_t i = 0; i < 6; ++i) {
      const HandbookQuestion& q = book_.questions[i];
      none += labels()[i] + ": NOT FOUND\n";
      const std::string other = q.distractors.empty() ? "Halden and Sons" : q.distractors[0];
      distracted += labels()[i] + ": " + other + " [\xc2\xa7" + "7]\n";
      both += labels()[i] + ": " + q.answer + " or " + other + '\n';
    }
    out.push_back(pseudo("wrong: nothing found", none, Must::fail));
    out.push_back(pseudo("wrong: the near-duplicates", distracted, Must::be_zero));
    out.push_back(pseudo("wrong: both of each", both, Must::fail));
    out.push_back(pseudo("wrong: the pasted handbook", book_.text, Must::be_zero));
    return out;
  }

 private:
  static bool states(const std::string& value, const HandbookQuestion& q) {
    const Tokens all = tokens(with_digits(with_plain_numbers(value)));
    return matches_any(all, q.accepted) && !matches_any(all, q.distractors) &&
           !matches(all, "not found") && all.size() <= 30;
  }

  static bool says_not_found(const std::string& value) {
    const Tokens all = tokens(value);
    return matches(all, "not found") && all.size() <= 8 &&
           !matches(all, "but|probably|perhaps|maybe|likely|or");
  }

  std::string reference() const {
    std::string out;
    for (size_t i = 0; i < 6; ++i) {
      const HandbookQuestion& q = book_.questions[i];
      out += labels()[i] + ": " + q.answer;
      if (i < 4) out += " [\xc2\xa7" + std::to_string(q.sections.back()) + ']';
      out += '\n';
    }
    return out;
  }

  Handbook book_;
};

}  // namespace

CasePtr make_long_context_rag(const Variant& variant) {
  return make_long_context_case(variant, kHandbookWords);
}

std::unique_ptr<Case> make_long_context_case(const Variant& variant, size_t n_word) {
  return std::make_unique<LongContext>(
      make_handbook(variant_seed("long_context_rag", variant), n_word));
}

}  // namespace stride::gauntlet
