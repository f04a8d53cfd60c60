// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/load.h"

#include <gmock/gmock.h>

#include <set>

#include "gauntlet/environments.h"
#include "gauntlet/load_questions.h"
#include "gauntlet/model_mock_testing.h"

namespace stride::gauntlet {
namespace {

using testing::HasSubstr;

Endpoint endpoint_of(const MockServer& server) {
  return Endpoint::make(
             {.url = "http://127.0.0.1:" + std::to_string(server.port()), .model = "step"})
      .value();
}

TEST(Spread, InterpolatesAndKeepsBackWhatTooFewValuesCannotSay) {
  EXPECT_FALSE(spread_of({}));
  const auto few = spread_of({4, 1, 3, 2});
  EXPECT_EQ(few->n, 4U);
  EXPECT_DOUBLE_EQ(few->p50, 2.5);
  EXPECT_DOUBLE_EQ(few->p90, 3.7);
  EXPECT_DOUBLE_EQ(few->mean, 2.5);
  EXPECT_EQ(few->max, 4);
  EXPECT_FALSE(few->p95);
  std::vector<double> many;
  for (int i = 0; i < 100; ++i) many.push_back(i);
  EXPECT_NEAR(*spread_of(many)->p99, 98.01, 1e-9);
  many.resize(20);
  EXPECT_NEAR(*spread_of(many)->p95, 18.05, 1e-9);
  EXPECT_FALSE(spread_of(many)->p99);
}

TEST(Slo, IsMetOnlyByWhatWasSeen) {
  Attempt attempt;
  attempt.timing.ttft = 0.5;
  attempt.timing.total = 2;
  attempt.timing.itl_norm = {0.1, 0.1, 0.3};
  EXPECT_TRUE(meets({}, attempt));
  EXPECT_TRUE(meets({.ttft = 0.5, .total = 2}, attempt));
  EXPECT_FALSE(meets({.ttft = 0.4}, attempt));
  EXPECT_FALSE(meets({.ttfa = 9}, attempt));
  EXPECT_TRUE(meets({.itl_norm_p95 = 0.29}, attempt));
  EXPECT_FALSE(meets({.itl_norm_p95 = 0.2}, attempt));
  attempt.failure = FailureClass::wrong;
  EXPECT_FALSE(meets({}, attempt));
}

TEST(LoadQuestion, SpellsNumbersAndRepeatsNoPrompt) {
  EXPECT_EQ(spell(0), "zero");
  EXPECT_EQ(spell(19), "nineteen");
  EXPECT_EQ(spell(80), "eighty");
  EXPECT_EQ(spell(342), "three hundred and forty-two");
  EXPECT_EQ(spell(4017), "four thousand and seventeen");
  EXPECT_EQ(spell(9999), "nine thousand nine hundred and ninety-nine");
  std::set<std::string> beginnings;
  for (uint64_t i = 0; i < 200; ++i)
    beginnings.insert(load_question(1, i, 10, i % 5 == 0).question.turns[0].text.substr(0, 24));
  EXPECT_EQ(beginnings.size(), 200U);
  EXPECT_EQ(load_question(3, 4, 5, true).expected, load_question(3, 4, 5, true).expected);
}

TEST(Load, ClimbsTheLadderAndCountsEverything) {
  const MockServer server = serve(std::make_shared<ModelMock>());
  size_t n_progress = 0;
  LoadOptions options{.concurrency = {1, 3}, .rates = {400}, .spaced = {500}, .n_request = 25};
  options.on_progress = [&](const LoadProgress& progress) {
    ++n_progress;
    EXPECT_LE(progress.n_done, progress.n_request);
  };
  const LoadReport report = run_load(endpoint_of(server), options, {});
  ASSERT_EQ(report.points.size(), 4U);
  EXPECT_TRUE(report.complete);
  EXPECT_EQ(n_progress, 100U);
  EXPECT_EQ(server.n_request(), 101U);
  for (const LoadPoint& point : report.points) {
    EXPECT_EQ(point.n_request, 25U);
    EXPECT_EQ(point.n_delivered, 25U);
    EXPECT_EQ(point.n_good, 25U);
    EXPECT_EQ(point.n_probe, 5U);
    EXPECT_EQ(point.n_probe_right, 0U);  // the mock cannot read numbers
    EXPECT_EQ(point.classes.at(FailureClass::ok), 25U);
    EXPECT_GT(point.n_output_token, 0U);
    EXPECT_FALSE(point.estimated);
    ASSERT_TRUE(point.ttft && point.total && point.itl);
    EXPECT_LE(point.ttft->max, point.total->max);
    EXPECT_EQ(point.late.has_value(), point.arrival != Arrival::closed);
  }
  EXPECT_THAT(to_text(report), HasSubstr("3 clients"));
  EXPECT_THAT(to_text(report), HasSubstr("25/25"));
  const auto read = json::parse(to_json(report));
  ASSERT_TRUE(read);
  EXPECT_EQ((*read)["points"][3]["arrival"], "poisson");
  EXPECT_THAT(to_svg(report), HasSubstr("</svg>"));
}

TEST(Load, SeesThatAnEndpointFallsBehind) {
  // One answer at a time takes far longer than the arrivals leave: only the intended start shows
  // it.
  const MockServer server = serve(std::make_shared<ModelMock>("", 1'000'000));
  LoadOptions options{.spaced = {2000}, .n_request = 20, .max_in_flight = 1, .warm_up = false};
  const LoadReport report = run_load(endpoint_of(server), options, {});
  const LoadPoint& point = report.points.at(0);
  EXPECT_EQ(point.n_delivered, 20U);
  EXPECT_GT(point.late->max, 10 * point.late->p50 / 9);
  EXPECT_GE(point.total->max, point.late->max);
}

TEST(Load, CountsWhatMissesTheGoals) {
  const MockServer server = serve(std::make_shared<ModelMock>("", 1'000'000));
  LoadOptions options{.concurrency = {2}, .n_request = 6, .probe_every = 0};
  options.slo.total = 1e-6;
  const LoadReport report = run_load(endpoint_of(server), options, {});
  EXPECT_EQ(report.points.at(0).n_delivered, 6U);
  EXPECT_EQ(report.points.at(0).n_good, 0U);
  EXPECT_EQ(report.points.at(0).goodput_per_s(), 0);
  EXPECT_EQ(report.points.at(0).n_probe, 0U);
}

TEST(Load, GivesUpWhereNothingIsDelivered) {
  const auto server = MockServer::start({.handler = [](const MockRequest&) {
                        return json_response(429, "{}");
                      }}).value();
  const LoadReport report =
      run_load(endpoint_of(server), {.concurrency = {2, 4}, .n_request = 4}, {});
  ASSERT_EQ(report.points.size(), 1U);
  EXPECT_FALSE(report.complete);
  EXPECT_THAT(to_text(report), HasSubstr("4 x rate_limited"));
  EXPECT_THAT(report.message, HasSubstr("given up"));
}

TEST(Load, StopsWhenAsked) {
  const MockServer server = serve(std::make_shared<ModelMock>());
  std::stop_source source;
  LoadOptions options{.concurrency = {1, 2}, .n_request = 50};
  options.on_progress = [&](const LoadProgress& progress) {
    if (progress.n_done == 3) source.request_stop();
  };
  const LoadReport report = run_load(endpoint_of(server), options, source.get_token());
  ASSERT_EQ(report.points.size(), 1U);
  EXPECT_EQ(report.points[0].n_request, 3U);
  EXPECT_FALSE(report.complete);
}

TEST(Environments, AColdRequestIsNewInEveryRespect) {
  const AskOptions ask = cold_ask({}, 7);
  EXPECT_TRUE(ask.new_connection);
  EXPECT_EQ(ask.nonce, cold_ask({}, 7).nonce);
  EXPECT_NE(ask.nonce, cold_ask({}, 8).nonce);
  bool unloaded = false;
  EXPECT_TRUE(cool_down({.idle_s = 0,
                         .between =
                             [&] {
                               unloaded = true;
                               return Result<>();
                             }},
                        {}));
  EXPECT_TRUE(unloaded);
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(cool_down({.idle_s = 1000}, source.get_token()).error().code, Errc::cancelled);
}

TEST(Environments, WarmKeepsTheConnection) {
  const MockServer server = serve(std::make_shared<ModelMock>());
  const Endpoint endpoint = endpoint_of(server);
  EXPECT_EQ(warm_up(endpoint, 10, {}).failure, FailureClass::ok);
  EXPECT_FALSE(warm_up(endpoint, 10, {}).new_connection);
}

TEST(Environments, RecoveryNamesTheFaultThatAnEndpointDoesNotSurvive) {
  const auto recover = [](const std::string& broken) {
    const MockServer server = serve(std::make_shared<ModelMock>(broken, 200'000));
    std::vector<std::string> lost;
    for (const RecoveryStep& step : run_recovery(endpoint_of(server), {.timeout_s = 60}, {}))
      if (!step.recovered) lost.push_back(step.name);
    return lost;
  };
  EXPECT_THAT(recover(""), testing::IsEmpty());
  EXPECT_THAT(recover("C24"), testing::ElementsAre("client_abort"));
}

TEST(Environments, NamesReadBack) {
  for (const auto environment :
       {Environment::warm, Environment::cold, Environment::sustained, Environment::recovery})
    EXPECT_EQ(parse_environment(name(environment)), environment);
  EXPECT_FALSE(parse_environment("hot"));
}

}  // namespace
}  // namespace stride::gauntlet
