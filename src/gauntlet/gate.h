// SPDX-License-Identifier: Apache-2.0
// Whether a new run is good enough to replace a baseline, by a policy file:
//
//   {"max_drop": 0.03, "tests": {"structured_output": {"min_clean": 0.95},
//    "tool_use": {"max_drop": 0.05}}, "latency": {"ttfa_p95_ms": 8000}, "delivery_min": 0.98,
//    "readiness_min": 7, "on_inconclusive": "more", "max_extra_cells": 150}
//
// A drop is judged by non-inferiority: it fails where the whole interval of the difference lies
// below the margin, passes where all of it lies above, and is inconclusive between. Shares fail
// where even the upper end of Wilson's interval is too low and pass where the share is reached.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gauntlet/compare.h"
#include "gauntlet/summary.h"

namespace stride::gauntlet {

struct TestPolicy {
  std::optional<double> max_drop{}, min_clean{}, min_pass{}, min_score{};
};

enum class OnInconclusive : uint8_t { report, pass, fail, more };

struct GatePolicy {
  std::optional<double> max_drop{}, delivery_min{}, readiness_min{};
  std::map<std::string, TestPolicy> tests{};
  std::map<std::string, double> latency_ms{};  // "ttfa_p95" -> most
  OnInconclusive on_inconclusive = OnInconclusive::report;
  uint32_t max_extra_cells = 0;
};

// Refuses members it does not know: a mistyped limit must not be a limit that is never checked.
Result<GatePolicy> parse_policy(std::string_view json);

enum class GateResult : uint8_t { pass, fail, inconclusive };
std::string_view name(GateResult result);

struct GateCheck {
  std::string name{};
  GateResult result = GateResult::pass;
  std::string detail{};
};

struct GateReport {
  GateResult result = GateResult::pass;  // before on_inconclusive
  std::vector<GateCheck> checks{};
};

Result<GateReport> run_gate(const GatePolicy& policy, const Summary& fresh,
                            const Summary& baseline);

// What on_inconclusive makes of a result that more cells did not decide.
GateResult settle(const GatePolicy& policy, GateResult result);

}  // namespace stride::gauntlet
