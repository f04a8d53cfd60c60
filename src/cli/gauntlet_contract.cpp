// SPDX-License-Identifier: Apache-2.0
// stride gauntlet contract: does an endpoint keep to the API it claims to speak?
#include <fmt/core.h>

#include <algorithm>
#include <sstream>

#include "cli/endpoint_flags.h"
#include "cli/gauntlet_commands.h"
#include "cli/human.h"
#include "cli/write_output.h"
#include "gauntlet/contract.h"

namespace stride::cli {
namespace {

using gauntlet::CheckResult;
using gauntlet::CheckState;

struct Options {
  EndpointFlags endpoint;
  std::string only;
  double timeout = 120;
  uint32_t reasoning = 2048;
  std::optional<std::string> json;
};

Result<std::vector<std::string>> read_ids(const std::string& text) {
  std::vector<std::string> ids;
  std::istringstream in(text);
  const auto known = gauntlet::contract_checks();
  for (std::string id; std::getline(in, id, ',');) {
    const bool found =
        std::any_of(known.begin(), known.end(),
                    [&](const gauntlet::CheckInfo& check) { return check.id == id; });
    if (!found)
      return fail(Errc::invalid_argument, "--only names \"{}\"; the checks are C01 to C30", id);
    ids.push_back(std::move(id));
  }
  return ids;
}

void print_result(const CheckResult& result) {
  fmt::print("{} {:<11} {}{}{}\n", result.id, name(result.state), result.title,
             result.detail.empty() ? "" : ": ", printable(result.detail, 240));
  std::fflush(stdout);
}

Result<int> run(const Options& options) {
  gauntlet::ContractOptions contract;
  contract.only = STRIDE_TRY(read_ids(options.only));
  contract.timeout_s = options.timeout;
  contract.reasoning_budget = options.reasoning;
  const bool quiet = options.json == "-";
  if (!quiet) contract.on_result = print_result;
  const auto endpoint =
      STRIDE_TRY(gauntlet::Endpoint::make(STRIDE_TRY(endpoint_options(options.endpoint))));
  const StopOnInterrupt interrupt;
  const auto report = gauntlet::run_contract(endpoint, contract, interrupt.token());
  if (!report) {
    fmt::print(stderr, "stride gauntlet contract: the endpoint is unusable: {}\n",
               printable(report.error().message, 400));
    return kGauntletUnusable;
  }
  STRIDE_TRY(write_output(options.json, gauntlet::to_json(*report)));
  const size_t n_fail = report->count(CheckState::fail);
  if (!quiet)
    fmt::print("{} passed, {} failed, {} could not be decided{}\n", report->count(CheckState::pass),
               n_fail, report->count(CheckState::unsupported),
               report->complete ? "" : " (interrupted)");
  if (!report->complete) return kGauntletIncomplete;
  return n_fail > 0 ? kGauntletGateFailed : kGauntletOk;
}

}  // namespace

int gauntlet_contract(Arguments args) {
  Options options;
  CommandLine line(
      "gauntlet contract",
      "Asks an endpoint thirty questions about the API it claims to speak. Exit code 0: "
      "all that could be decided passed; 2: a check failed; 4: interrupted; 5: no answer "
      "at all.");
  line.positional("URL", options.endpoint.url, "the endpoint, with or without /v1");
  add_endpoint_flags(line, options.endpoint);
  line.option("--only", options.only, "checks, comma separated: C06,C15")
      .option("--timeout", options.timeout, "seconds for each request")
      .option("--contract-reasoning", options.reasoning,
              "tokens for reasoning in each request, instead of --reasoning-budget")
      .option("--json", options.json, "write the results to this file; - is standard output")
      .example("stride gauntlet contract http://127.0.0.1:8080 -m step", "a local server")
      .example("stride gauntlet contract https://openrouter.ai/api -m stepfun/step-3.7-flash",
               "a service; the key comes from OPENROUTER_API_KEY");
  if (const auto stop = line.parse(args)) return *stop == 0 ? kGauntletOk : kGauntletUsage;
  const auto code = run(options);
  if (code) return *code;
  fmt::print(stderr, "stride gauntlet contract: {}\n", printable(code.error().message, 400));
  return kGauntletUsage;
}

}  // namespace stride::cli
