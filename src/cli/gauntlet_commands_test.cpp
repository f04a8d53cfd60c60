// SPDX-License-Identifier: Apache-2.0
#include "cli/gauntlet_commands.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "cli/endpoint_flags.h"
#include "gauntlet/mock_server.h"

namespace stride::cli {
namespace {

using gauntlet::MockRequest;
using gauntlet::MockServer;
using testing::HasSubstr;

int run(int (*command)(Arguments), const std::vector<std::string>& args,
        std::string* out = nullptr) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int code = command(args);
  const std::string text =
      testing::internal::GetCapturedStdout() + testing::internal::GetCapturedStderr();
  if (out != nullptr) *out = text;
  return code;
}

MockServer answering(int status) {
  return MockServer::
      start({.handler =
                 [status](const MockRequest&) {
                   return gauntlet::json_response(
                       status,
                       status == 200
                           ? R"({"choices":[{"message":{"content":"Red."},"finish_reason":"stop"}]})"
                           : R"({"error":{"message":"no"}})");
                 }})
          .value();
}

std::string url_of(const MockServer& server) {
  return "http://127.0.0.1:" + std::to_string(server.port());
}

TEST(GauntletContract, ExitCodesTellWhatHappened) {
  const MockServer good = answering(200), locked = answering(401);
  std::string out;
  EXPECT_EQ(run(gauntlet_contract, {url_of(good), "-m", "m", "--only", "C02,C09"}, &out),
            kGauntletOk);
  EXPECT_THAT(out, HasSubstr("2 passed, 0 failed"));
  EXPECT_EQ(run(gauntlet_contract, {url_of(good), "-m", "m", "--only", "C22"}, &out),
            kGauntletGateFailed);
  EXPECT_EQ(run(gauntlet_contract, {url_of(locked), "-m", "m"}, &out), kGauntletUnusable);
  EXPECT_THAT(out, HasSubstr("status 401"));
  EXPECT_EQ(run(gauntlet_contract, {url_of(good), "--only", "C31"}, &out), kGauntletUsage);
  EXPECT_EQ(run(gauntlet_contract, {"ftp://x"}, &out), kGauntletUsage);
  EXPECT_EQ(run(gauntlet_contract, {}, &out), kGauntletUsage);
  EXPECT_EQ(run(gauntlet_contract, {"--help"}, &out), kGauntletOk);
  EXPECT_EQ(run(gauntlet_contract, {url_of(good), "-m", "m", "--only", "C09", "--json", "-"}, &out),
            kGauntletOk);
  EXPECT_THAT(out, testing::StartsWith("{\"complete\":true"));
}

TEST(GauntletLoad, MeasuresUnderBothNames) {
  const MockServer good = answering(200), limited = answering(429);
  std::string out;
  for (const auto command : {gauntlet_load, bench_serve}) {
    EXPECT_EQ(run(command, {url_of(good), "-m", "m", "-c", "2", "-n", "4"}, &out), kGauntletOk);
    EXPECT_THAT(out, HasSubstr("2 clients"));
    EXPECT_THAT(out, HasSubstr("4/4"));
  }
  EXPECT_EQ(run(gauntlet_load, {url_of(limited), "-m", "m", "-c", "1", "-n", "2"}, &out),
            kGauntletUnusable);
  EXPECT_EQ(run(bench_serve, {url_of(limited), "-m", "m", "-c", "1", "-n", "2"}, &out), 1);
  EXPECT_EQ(run(bench_serve, {url_of(good), "-c", "0"}, &out), 2);
  EXPECT_EQ(run(gauntlet_load, {url_of(good), "-c", "0"}, &out), kGauntletUsage);
  EXPECT_EQ(run(gauntlet_load, {url_of(good), "-c", "1.5"}, &out), kGauntletUsage);
  EXPECT_EQ(run(gauntlet_load, {url_of(good), "-c", ""}, &out), kGauntletUsage);
  EXPECT_EQ(run(gauntlet_load, {url_of(good), "-r", "nan"}, &out), kGauntletUsage);
}

TEST(GauntletMock, RefusesWhatItCannotServe) {
  std::string out;
  EXPECT_EQ(run(gauntlet_mock, {"/no/such/folder"}, &out), kGauntletUsage);
  EXPECT_EQ(run(gauntlet_mock, {STRIDE_TEST_DATA "/casts", "--statuses", "42"}, &out),
            kGauntletUsage);
  EXPECT_EQ(run(gauntlet_mock, {STRIDE_TEST_DATA "/casts", "--speed", "-1"}, &out), kGauntletUsage);
  EXPECT_EQ(run(gauntlet_mock, {STRIDE_TEST_DATA "/casts", "--port", "70000"}, &out),
            kGauntletUsage);
}

TEST(EndpointFlags, ReadWhatTheUserSays) {
  EndpointFlags flags;
  flags.url = "http://h";
  flags.api = "anthropic";
  flags.think = "effort=high";
  flags.budget = "published";
  flags.headers = {"X-A:  b"};
  const auto options = endpoint_options(flags);
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->api, gauntlet::Api::anthropic);
  EXPECT_EQ(options->effort, "high");
  EXPECT_EQ(options->shared_budget, 4000U);
  EXPECT_THAT(options->headers, testing::ElementsAre(std::pair("X-A", "b")));
}

TEST(EndpointFlags, CountWithTheVocabularyOfAModel) {
  EndpointFlags flags;
  flags.url = "http://h";
  flags.tokenizer = STRIDE_TEST_DATA "/../../models/step-nano.gguf";
  const auto options = endpoint_options(flags);
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->count_tokens(""), 0U);
  EXPECT_GT(options->count_tokens("Hello there."), 1U);
  flags.tokenizer = "/no/such/file.gguf";
  EXPECT_THAT(endpoint_options(flags).error().message, HasSubstr("/no/such/file.gguf"));
}

TEST(EndpointFlags, SendAKeyOnlyWhereItBelongs) {
  ::setenv("OPENAI_API_KEY", "sk-1", 1);
  ::unsetenv("STRIDE_API_KEY");
  EndpointFlags flags;
  flags.url = "http://127.0.0.1:1";
  EXPECT_EQ(endpoint_options(flags)->key, "");
  flags.url = "https://api.openai.com/v1";
  EXPECT_EQ(endpoint_options(flags)->key, "sk-1");
  flags.url = "http://127.0.0.1:1";
  flags.url = "http://openai.com.evil.example/openai.com";
  EXPECT_EQ(endpoint_options(flags)->key, "");
  flags.key_variable = "OPENAI_API_KEY";
  EXPECT_EQ(endpoint_options(flags)->key, "sk-1");
  flags.key_variable = "NO_SUCH_VARIABLE";
  EXPECT_FALSE(endpoint_options(flags));
  ::unsetenv("OPENAI_API_KEY");
}

TEST(EndpointFlags, NameWhatIsWrong) {
  const auto error = [](auto change) {
    EndpointFlags flags;
    flags.url = "http://h";
    change(flags);
    const auto options = endpoint_options(flags);
    return options ? std::string() : options.error().message;
  };
  EXPECT_THAT(error([](EndpointFlags& f) { f.think = "maybe"; }), HasSubstr("--think"));
  EXPECT_THAT(error([](EndpointFlags& f) { f.sampling = "hot"; }), HasSubstr("--sampling"));
  EXPECT_THAT(error([](EndpointFlags& f) { f.headers = {"x"}; }), HasSubstr("--header"));
  EXPECT_THAT(error([](EndpointFlags& f) { f.idle_timeout = 0; }), HasSubstr("--idle-timeout"));
}

}  // namespace
}  // namespace stride::cli
