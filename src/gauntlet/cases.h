// SPDX-License-Identifier: Apache-2.0
// The makers of the fifteen tests, one file each, and what they share: the conversation with one
// user message, the pseudo-answers that every test has to survive, and the seeds of the variants.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "gauntlet/test.h"

namespace stride::gauntlet {

// The number that decides everything about a variant: the seed of a fresh one, else a frozen number
// of the test and the index.
uint64_t variant_seed(std::string_view test, const Variant& variant);

// True for a frozen variant of this index.
inline bool is_frozen(const Variant& variant, uint32_t index) {
  return !variant.seed && variant.index == index;
}

template <class Container>
const auto& pick(Random& random, const Container& from) {
  return from[random.below(std::size(from))];
}

// `n` different items in random order; n <= from.size().
template <class T>
std::vector<T> draw(Random& random, std::vector<T> from, size_t n) {
  for (size_t i = 0; i < n; ++i) std::swap(from[i], from[i + random.below(from.size() - i)]);
  from.resize(n);
  return from;
}

Question ask(std::string prompt);

Attempt answered(std::string text);
PseudoAnswer pseudo(std::string name, std::string text, PseudoAnswer::Must must);

// Empty, white space, echo, not knowing, refusing, filler, "{}", the reference in the reasoning
// channel only and cut at half, and the reference itself. `cut`: what half a reference earns at
// most; `echo`: what the pasted prompt earns at most.
std::vector<PseudoAnswer> usual_suspects(const Question& question, std::string_view reference,
                                         PseudoAnswer::Must cut = PseudoAnswer::Must::fail,
                                         PseudoAnswer::Must echo = PseudoAnswer::Must::be_zero);

// A copy of `text` with each {name} replaced.
std::string filled(std::string_view text,
                   const std::vector<std::pair<std::string, std::string>>& slots);

using CasePtr = std::unique_ptr<Case>;

CasePtr make_basic_reasoning(const Variant& variant);
CasePtr make_code_generation(const Variant& variant);
CasePtr make_debugging(const Variant& variant);
CasePtr make_algorithm_explanation(const Variant& variant);
CasePtr make_complex_reasoning(const Variant& variant);
CasePtr make_content_generation(const Variant& variant);
CasePtr make_edge_case_handling(const Variant& variant);
CasePtr make_long_context_rag(const Variant& variant);
CasePtr make_structured_output(const Variant& variant);
CasePtr make_tool_use(const Variant& variant);
CasePtr make_instruction_following(const Variant& variant);
CasePtr make_adversarial(const Variant& variant);
CasePtr make_code_execution_reasoning(const Variant& variant);
CasePtr make_summarization(const Variant& variant);
CasePtr make_recent_knowledge(const Variant& variant, std::string_view today);

}  // namespace stride::gauntlet
