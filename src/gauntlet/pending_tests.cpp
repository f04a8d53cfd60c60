// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "gauntlet/test.h"

namespace stride::gauntlet {
namespace {
constexpr std::array<TestInfo, 15> kTests = {{
    {"basic_reasoning", "Basic Reasoning", 400, 120, 30, 0.60},
    {"code_generation", "Code Generation", 1500, 120, 60, 0.60, 1, true},
    {"debugging", "Debugging", 1500, 120, 60, 0.60, 1, true},
    {"algorithm_explanation", "Algorithm Explanation", 400, 120, 30, 0.60},
    {"complex_reasoning", "Complex Multi-Step Reasoning", 1200, 300, 300, 0.60},
    {"content_generation", "Content Generation", 900, 180, 90, 0.60},
    {"edge_case_handling", "Edge Case Handling", 500, 120, 60, 0.60},
    {"long_context_rag", "Long-Context RAG", 600, 300, 120, 0.60},
    {"structured_output", "Structured Output (JSON)", 500, 120, 60, 0.70},
    {"tool_use", "Tool Use", 800, 240, 90, 0.60, 6},
    {"instruction_following", "Instruction Following", 400, 120, 60, 0.60},
    {"adversarial", "Adversarial / Trick", 400, 120, 30, 0.60},
    {"code_execution_reasoning", "Code Execution Reasoning", 700, 120, 60, 0.60},
    {"summarization", "Summarization Fidelity", 400, 180, 90, 0.60},
    {"recent_knowledge", "Recent Knowledge", 400, 120, 30, 0.60},
}};
}  // namespace
std::vector<ChatTurn> Case::reply(std::span<const Attempt>) const {
  return {};
}
std::span<const TestInfo> tests() {
  return kTests;
}
const TestInfo* find_test(std::string_view id) {
  const auto found = std::ranges::find(kTests, id, &TestInfo::id);
  return found == kTests.end() ? nullptr : &*found;
}
}  // namespace stride::gauntlet
namespace stride::gauntlet {
std::unique_ptr<Case> make_case(std::string_view, const Variant&, std::string_view) {
  return nullptr;
}
Grade grade(const TestInfo&, const Case&, std::span<const Attempt>, Sandbox&) {
  return {};
}
double recovered_score(const TestInfo&, const Case&, std::span<const Attempt>, Sandbox&) {
  return 0;
}
}  // namespace stride::gauntlet
