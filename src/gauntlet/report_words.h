// SPDX-License-Identifier: Apache-2.0
// Figures as reports print them, the same in HTML and Markdown. A figure that was not observed is a
// dash.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gauntlet/summary.h"

namespace stride::gauntlet {

inline constexpr std::string_view kDash = "\xe2\x80\x93";

std::string number(std::optional<double> value, int digits = 2);
std::string percent(size_t part, size_t whole);
std::string percent(std::optional<double> share);
std::string duration(std::optional<double> seconds);
std::string with_ci(const Estimate& estimate, int digits = 2);  // "0.81 [0.76, 0.86]"
std::string money(std::optional<double> dollars);
std::string date_text(double unix_seconds);                               // "2026-11-26 08:00 UTC"
std::string class_counts(const std::map<FailureClass, size_t>& classes);  // "3 wrong, 1 echo"
std::string words_of(FailureClass failure);   // "truncated in reasoning"
std::string subject(const Summary& summary);  // model, or the URL
std::string budget_text(const Summary& summary);
std::string sampling_text(const EndpointOptions& options);

// Profiles the run is ready for, and those with blockers, as sentences.
struct Fitness {
  std::string fit_for{}, not_for{};
};
Fitness fitness(const Summary& summary);
// Why the figures do not cover all of the plan; empty where they do.
std::vector<std::string> caveats(const Summary& summary);

}  // namespace stride::gauntlet
