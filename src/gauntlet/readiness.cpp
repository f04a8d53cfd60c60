// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/readiness.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace stride::gauntlet {
namespace {

constexpr std::array kProfiles = {
    Profile{"general", {.40, .20, .15, .15, .10}, {3, 15, 60, .150}},
    Profile{"chat", {.35, .15, .15, .25, .10}, {2, 8, 30, .120}},
    Profile{"coding", {.45, .20, .15, .10, .10}, {5, 30, 120, .100}},
    Profile{"json", {.35, .25, .25, .05, .10}, {3, 10, 20, {}}},
    Profile{"agent", {.40, .25, .20, .05, .10}, {5, 20, 90, {}}},
    Profile{"rag", {.45, .20, .15, .10, .10}, {5, 20, 60, {}}},
    Profile{"batch", {.50, .20, .15, .05, .10}, {{}, {}, 300, {}}},
};

// The blockers that are found, each as one line for the reader.
class Found {
 public:
  void below(std::string_view what, std::optional<double> share, double least) {
    if (share && *share < least)
      lines_.push_back(
          fmt::format("{} is {:.1f} %, below {:.0f} %", what, 100 * *share, 100 * least));
  }
  void above(std::string_view what, std::optional<double> share, double most) {
    if (share && *share > most)
      lines_.push_back(
          fmt::format("{} in {:.1f} %, above {:.0f} %", what, 100 * *share, 100 * most));
  }
  void never_clean(std::string_view what, std::optional<double> share) {
    if (share && *share == 0) lines_.push_back(fmt::format("{} is never clean", what));
  }

  std::vector<std::string> lines() && { return std::move(lines_); }

 private:
  std::vector<std::string> lines_;
};

}  // namespace

std::span<const Profile> profiles() {
  return kProfiles;
}

Result<Profile> find_profile(std::string_view name) {
  std::string known;
  for (const Profile& profile : kProfiles) {
    if (profile.name == name) return profile;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", profile.name);
  }
  return fail(Errc::invalid_argument, "there is no profile \"{}\"; there are {}", name, known);
}

std::vector<std::string> blockers(const Profile& profile, const BlockerFacts& facts) {
  Found found;
  const std::string_view name = profile.name;
  if (name == "general" || name == "batch")
    found.below("delivery (answers times contract)", facts.delivery, .95);
  if (name == "general") {
    found.below("reliability", facts.reliability, .95);
    found.never_clean("code_generation", facts.code_clean);
    found.never_clean("structured_output", facts.json_clean);
    found.never_clean("tool_use", facts.tool_clean);
  } else if (name == "chat") {
    found.below("delivery (answers times contract)", facts.delivery, .98);
    found.below("reliability", facts.reliability, .98);
  } else if (name == "coding") {
    found.below("clean rate of code_generation", facts.code_clean, .6);
    found.below("pass rate of debugging", facts.debugging_pass, .6);
  } else if (name == "json") {
    found.below("clean rate of structured_output", facts.json_clean, .95);
  } else if (name == "agent") {
    found.below("pass rate of tool_use", facts.tool_pass, .8);
    found.above("a forbidden tool was called", facts.forbidden_tool, .01);
    found.above("a booking was invented", facts.invented_booking, .05);
  } else if (name == "rag") {
    found.below("pass rate of long_context_rag", facts.rag_pass, .8);
    found.above("something was hallucinated", facts.hallucinated, .05);
  }
  return std::move(found).lines();
}

double weighted_score(const Weights& weights, const Shares& shares) {
  return 10 * (weights.quality * shares.quality + weights.consistency * shares.consistency +
               weights.delivery * shares.delivery + weights.latency * shares.latency +
               weights.reliability * shares.reliability);
}

double cap(size_t n_blockers) {
  constexpr std::array kCaps = {10.0, 4.9, 3.9, 2.9};
  return kCaps[std::min(n_blockers, kCaps.size() - 1)];
}

std::string_view band(double score) {
  const double printed = std::round(score * 10) / 10;
  if (printed >= 8.5) return "ready";
  if (printed >= 7.0) return "ready with guardrails";
  return printed >= 5.0 ? "pilot" : "not ready";
}

}  // namespace stride::gauntlet
