// SPDX-License-Identifier: Apache-2.0
// How much of a long handbook is found, by the depth at which it stands and the length of the
// handbook: the grid of test 8. Each question's fact lies at a depth of its own; the sixth has none
// and is not in the grid.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace stride::gauntlet {

struct RagDepth {
  std::string_view question{};  // the criterion
  int percent = 0;              // of the handbook, before the fact
};
inline constexpr std::array<RagDepth, 5> kRagDepths = {
    {{"Q1", 4}, {"Q4", 20}, {"Q2", 40}, {"Q5", 60}, {"Q3", 80}}};

// Of one environment, which stands for a length: warm and cold 8,000 words, rag_2k 2,000 and so on.
struct RagRecall {
  std::string env{};
  size_t n_cells = 0;
  std::array<size_t, kRagDepths.size()> n_right{};  // beside kRagDepths
};

// The words of the handbook in an environment.
constexpr size_t rag_words(std::string_view env) {
  return env == "rag_2k" ? 2'000 : env == "rag_32k" ? 32'000 : env == "rag_100k" ? 100'000 : 8'000;
}

}  // namespace stride::gauntlet
