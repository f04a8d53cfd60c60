// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/contract.h"

#include <gmock/gmock.h>

#include "gauntlet/model_mock_testing.h"

namespace stride::gauntlet {
namespace {

using testing::HasSubstr;

Result<ContractReport> contract_with(const std::string& broken, ContractOptions options) {
  // Tokens that take their time, so that an answer can be left in the middle.
  const MockServer server = serve(std::make_shared<ModelMock>(broken, 200'000));
  EndpointOptions endpoint{.url = "http://127.0.0.1:" + std::to_string(server.port()),
                           .model = "step"};
  endpoint.count_tokens = [](std::string_view text) { return (text.size() + 3) / 4; };
  return run_contract(Endpoint::make(endpoint).value(), options, {});
}

TEST(Contract, AnEndpointThatKeepsItPassesEveryCheck) {
  size_t n_reported = 0;
  ContractOptions options;
  options.on_result = [&](const CheckResult&) { ++n_reported; };
  const auto report = contract_with("", options);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->count(CheckState::pass), 30U) << to_text(*report);
  EXPECT_EQ(n_reported, 30U);
  EXPECT_TRUE(report->complete);
  EXPECT_EQ(report->pass_share(), 1);
}

TEST(Contract, EveryCheckFailsOnTheEndpointThatBreaksIt) {
  for (const CheckInfo& check : contract_checks()) {
    ContractOptions options;
    options.only = {std::string(check.id)};
    const auto report = contract_with(options.only[0], options);
    ASSERT_TRUE(report) << report.error().message;
    ASSERT_EQ(report->results.size(), 1U);
    EXPECT_EQ(report->results[0].state, CheckState::fail) << to_text(*report);
    EXPECT_FALSE(report->results[0].detail.empty());
  }
}

TEST(Contract, HasThirtyChecksInOrder) {
  const auto checks = contract_checks();
  ASSERT_EQ(checks.size(), 30U);
  for (size_t i = 0; i < checks.size(); ++i)
    EXPECT_EQ(checks[i].id, (i < 9 ? "C0" : "C") + std::to_string(i + 1));
}

TEST(Contract, IsAnErrorWhereNobodyAnswers) {
  uint16_t port = 0;
  {
    port = serve(std::make_shared<ModelMock>()).port();
  }
  const auto endpoint =
      Endpoint::make({.url = "http://127.0.0.1:" + std::to_string(port), .model = "step"});
  EXPECT_FALSE(run_contract(*endpoint, {}, {}));
}

TEST(Contract, StopsWhenAsked) {
  const MockServer server = serve(std::make_shared<ModelMock>());
  const auto endpoint =
      Endpoint::make({.url = "http://127.0.0.1:" + std::to_string(server.port()), .model = "step"});
  std::stop_source source;
  ContractOptions options;
  options.on_result = [&](const CheckResult& result) {
    if (result.id == "C02") source.request_stop();
  };
  const auto report = run_contract(*endpoint, options, source.get_token());
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->complete);
  EXPECT_EQ(report->results.size(), 2U);
  EXPECT_THAT(to_text(*report), HasSubstr("interrupted"));
  EXPECT_THAT(to_json(*report), HasSubstr("\"complete\":false"));
}

}  // namespace
}  // namespace stride::gauntlet
