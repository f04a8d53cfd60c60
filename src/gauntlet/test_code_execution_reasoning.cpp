// SPDX-License-Identifier: Apache-2.0
// Test 13: the exact output of a short program, and why.
#include <algorithm>

#include "gauntlet/cases.h"
#include "gauntlet/pattern.h"
#include "gauntlet/prose.h"
#include "gauntlet/scorer.h"
#include "gauntlet/trace_programs.h"

namespace stride::gauntlet {
namespace {

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    out.emplace_back(trim(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  while (!out.empty() && out.back().empty()) out.pop_back();
  while (!out.empty() && out.front().empty()) out.erase(out.begin());
  return out;
}

struct Output {
  std::vector<std::string> lines{};
  std::string fault{};
};

// The one block that is output and not the program again. Two different ones are a guess.
Output output_of(const std::string& answer) {
  std::vector<FencedBlock> blocks = fenced_blocks(answer);
  if (blocks.empty()) return {.fault = "no fenced block"};
  if (blocks.size() > 1) {
    std::erase_if(blocks, [](const FencedBlock& block) {
      return block.body.find("print(") != std::string::npos;
    });
  }
  if (blocks.empty()) return {.fault = "only code"};
  Output out{.lines = lines_of(blocks[0].body)};
  for (const FencedBlock& block : blocks) {
    if (lines_of(block.body) != out.lines && !lines_of(block.body).empty()) {
      const bool whole = lines_of(block.body).size() >= 4;
      if (whole) return {.fault = "several different outputs"};
    }
  }
  return out;
}

class CodeExecution final : public Case {
 public:
  explicit CodeExecution(TraceProgram program) : program_(std::move(program)) {}

  Question question() const override {
    return ask("What does this Python program print?\n\n```python\n" + program_.code +
               "```\n\nGive the exact output in one fenced block, then explain why in at most four "
               "sentences.");
  }

  Grade grade(std::span<const Attempt> attempts, Sandbox& /*sandbox*/) const override {
    const std::string answer = answer_of(attempts);
    const Output output = output_of(answer);
    Scorer scorer;
    size_t right = 0;
    for (size_t i = 0; i < 4; ++i) {
      const bool same = i < output.lines.size() && output.lines[i] == program_.output[i];
      right += same ? 1 : 0;
      scorer.add("line " + std::to_string(i + 1), 0.15, same,
                 i < output.lines.size() ? quote(output.lines[i]) : "missing");
    }
    const bool all = right == 4 && output.lines.size() == 4;
    scorer.gate(
        "the whole output", 0, all, all, 0.55,
        output.fault.empty() ? std::to_string(output.lines.size()) + " lines" : output.fault,
        output.fault.empty() ? FailureClass::wrong : FailureClass::unparseable);
    const std::vector<Tokens> said = sentence_tokens(answer);
    const bool prose = is_prose(tokens(strip_markdown(answer)));
    for (const TraceProgram::Fact& fact : program_.facts) {
      const bool stated = prose && std::ranges::any_of(said, [&](const Tokens& sentence) {
                            return std::ranges::all_of(fact.groups, [&](const auto& group) {
                              return matches_any(sentence, std::span<const std::string>(group));
                            });
                          });
      scorer.add(fact.name, 0.10, stated, stated ? "stated" : "not stated");
    }
    return scorer.finish();
  }

  std::vector<PseudoAnswer> certification() const override {
    using Must = PseudoAnswer::Must;
    const auto with = [&](const std::array<std::string, 4>& lines) {
      std::string text = "```\n";
      for (const std::string& line : lines) text += line + '\n';
      return text + "```\n\n" + program_.explanation;
    };
    auto out = usual_suspects(question(), with(program_.output), Must::not_clean);
    for (size_t i = 0; i < program_.wrong_outputs.size(); ++i) {
      out.push_back(pseudo("wrong: output " + std::to_string(i + 1),
                           with(program_.wrong_outputs[i]), Must::not_pass));
    }
    out.push_back(pseudo("wrong: explanation only", program_.explanation, Must::fail));
    out.push_back(pseudo("wrong: two outputs",
                         with(program_.wrong_outputs[0]) + '\n' + with(program_.output),
                         Must::not_pass));
    std::string pieces = "```\n" + program_.output[0] + "\n```\n\n" + program_.explanation;
    out.push_back(pseudo("wrong: one line only", std::move(pieces), Must::not_pass));
    return out;
  }

 private:
  TraceProgram program_;
};

}  // namespace

CasePtr make_code_execution_reasoning(const Variant& variant) {
  return std::make_unique<CodeExecution>(trace_program_for(variant));
}

}  // namespace stride::gauntlet
