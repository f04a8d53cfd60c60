// SPDX-License-Identifier: Apache-2.0
// Where a model's knowledge ends, from dated facts that the user supplies: how many of each quarter
// it knows, does not know, or invents. It belongs to test 15 and is not scored: facts age, so no
// pack can hold them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gauntlet/test.h"

namespace stride::gauntlet {

struct DatedFact {
  int year = 0, month = 0;  // in which it happened
  std::string question{};
  std::vector<std::string> accepted{};  // one of them must be in the answer
};

// A JSON list of {"date": "YYYY-MM", "question": text, "accepted": [texts]}, at most 1,000.
Result<std::vector<DatedFact>> read_dated_facts(std::string_view json);

Question ask_fact(const DatedFact& fact, std::string_view today);

enum class Knows : uint8_t { right, unknown, wrong, failed };
Knows judge_fact(const DatedFact& fact, std::string_view answer);

struct QuarterKnowledge {
  int year = 0, quarter = 0;  // 1..4
  size_t n_right = 0, n_unknown = 0, n_wrong = 0, n_failed = 0;
};

struct KnowledgeCurve {
  std::vector<QuarterKnowledge> quarters{};  // ascending
  // The first quarter that is not known any more: the split which the answers fit best. Nothing
  // where every split is as good as none.
  std::optional<size_t> boundary{};
};
// `answers` stand beside `facts`.
KnowledgeCurve knowledge_curve(std::span<const DatedFact> facts, std::span<const Knows> answers);

}  // namespace stride::gauntlet
