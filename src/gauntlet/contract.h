// SPDX-License-Identifier: Apache-2.0
// The contract battery: thirty questions to an endpoint that need no grading, only that it keeps to
// the API it claims to speak. Where the model has to play along (to call a tool, say) and does not,
// the check is `unsupported`, as nothing was seen either way.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gauntlet/endpoint.h"

namespace stride::gauntlet {

enum class CheckState : uint8_t { pass, fail, unsupported };
std::string_view name(CheckState state);

struct CheckResult {
  std::string id{};  // "C01"
  std::string title{};
  CheckState state = CheckState::unsupported;
  std::string detail{};  // one line: what was seen
};

struct ContractReport {
  std::vector<CheckResult> results{};
  bool complete = true;  // false: stopped before the last check

  size_t count(CheckState state) const;
  // Of the checks that could be decided; 0 where there is none.
  double pass_share() const;
};

struct ContractOptions {
  double timeout_s = 120;        // of each request
  uint32_t answer_budget = 160;  // tokens
  uint32_t reasoning_budget = 2048;
  std::vector<std::string> only{};  // ids; empty: all
  std::function<void(const CheckResult&)> on_result{};
};

struct CheckInfo {
  std::string_view id{}, title{};
};
std::vector<CheckInfo> contract_checks();

// An error where the endpoint gives no answer at all, so that nothing can be checked.
Result<ContractReport> run_contract(const Endpoint& endpoint, const ContractOptions& options,
                                    std::stop_token stop);

std::string to_json(const ContractReport& report);
// One line a check, then the counts.
std::string to_text(const ContractReport& report);

}  // namespace stride::gauntlet
