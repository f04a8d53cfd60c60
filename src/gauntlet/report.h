// SPDX-License-Identifier: Apache-2.0
// What is written about runs: one HTML page that needs nothing else, Markdown in the layout of the
// published series, JSON, CSV and JUnit. Reports say only what the summaries hold.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gauntlet/compare.h"
#include "gauntlet/published.h"
#include "gauntlet/summary.h"

namespace stride::gauntlet {

struct HeadToHead {
  size_t a = 0, b = 0;  // indexes of the runs
  Comparison comparison{};
};

struct ReportInput {
  std::vector<Summary> runs{};  // at least one; the first is the subject
  std::vector<HeadToHead> pairs{};
  const PublishedModel* published = nullptr;  // shown beside the first run
};

// Pairs the first run with each other; runs of other questions are left out with a note.
ReportInput report_input(std::vector<Summary> runs, std::vector<std::string>& notes);

std::string to_html(const ReportInput& input);
std::string to_markdown(const ReportInput& input);
std::string to_json(const ReportInput& input);
std::string to_csv(std::span<const Summary> runs);    // a line for each cell
std::string to_junit(std::span<const Summary> runs);  // a case for each cell

}  // namespace stride::gauntlet
