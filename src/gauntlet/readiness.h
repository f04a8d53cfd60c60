// SPDX-License-Identifier: Apache-2.0
// The Production Readiness Score: 0 to 10 from five shares, by the weights and limits of a profile,
// capped by blockers. What is deployed is not an average: a model that scores well but does not
// deliver is held down by its blockers whatever the rest is worth.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gauntlet/attempt.h"
#include "gauntlet/load.h"
#include "gauntlet/statistics.h"

namespace stride::gauntlet {

struct Shares {
  double quality = 0;      // Q: mean test score
  double consistency = 0;  // C: mean over tests of pass^k, k = min(3, n)
  double delivery = 0;     // D: delivered requests, times the share of the contract that passes
  double latency = 0;      // L: requests that meet every service level
  double reliability = 0;  // R: first attempts that the transport did not lose
};

struct Weights {
  double quality = 0, consistency = 0, delivery = 0, latency = 0, reliability = 0;
};

struct Profile {
  std::string_view name{};
  Weights weights{};
  Slo slo{};
};

std::span<const Profile> profiles();
// Errc::invalid_argument lists the profiles there are.
Result<Profile> find_profile(std::string_view name);

// What the blockers of a profile ask about; nothing where the test did not run.
struct BlockerFacts {
  double delivery = 1, reliability = 1;
  std::optional<double> code_clean{}, json_clean{}, tool_clean{};  // rates
  std::optional<double> debugging_pass{}, tool_pass{}, rag_pass{};
  std::optional<double> forbidden_tool{}, invented_booking{}, hallucinated{};
};

std::vector<std::string> blockers(const Profile& profile, const BlockerFacts& facts);

// 10 times the weighted sum, before any blocker.
double weighted_score(const Weights& weights, const Shares& shares);
// The highest score that this many blockers allow.
double cap(size_t n_blockers);
// "ready", "ready with guardrails", "pilot" or "not ready", of the score as printed.
std::string_view band(double score);

struct Readiness {
  std::string profile{};
  Shares shares{};
  double before_blockers = 0;
  Estimate score{};  // capped
  std::vector<std::string> blockers{};
};

}  // namespace stride::gauntlet
