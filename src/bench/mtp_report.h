// SPDX-License-Identifier: Apache-2.0
// What drafts brought, as a table for people and as JSON with every pair.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/machine.h"
#include "bench/mtp.h"
#include "bench/statistics.h"

namespace stride::bench {

struct MtpReport {
  std::string version;
  Machine machine;
  std::string kernels;
  unsigned n_threads = 1;
  std::string model_file, model_name;
  uint32_t n_layer = 0;
  std::string kv_type;
  MtpPlan plan;
  std::vector<double> simulated;  // acceptance of each head; empty = the heads' own
  MtpOutcome outcome;
};

struct MtpFigures {
  Spread plain, drafting;  // tokens/s
  Spread ratio;            // of the two sides of a pair
  // Of all pairs together.
  std::vector<double> acceptance;  // [n_mtp] where the heads before were right; 0 if never asked
  double tokens_per_pass = 0;
  std::vector<double> depth_share;  // [n_mtp + 1] passes with so many drafts
  double draft_share = 0;           // of the time
};
MtpFigures figures_of(const MtpMeasurement& measurement);

// Over the classes.
struct MtpSummary {
  double mean_ratio = 0, least_ratio = 0;  // of the medians
  std::string slowest;                     // the class of the least
};
MtpSummary summary_of(const MtpOutcome& outcome);

std::string table(const MtpReport& report);
std::string to_json(const MtpReport& report);

}  // namespace stride::bench
