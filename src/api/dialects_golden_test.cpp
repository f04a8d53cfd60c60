// SPDX-License-Identifier: Apache-2.0
// Whole answers, byte for byte: each file of tests/golden/api holds a request, what the model says
// to it, and the body of the answer. Times are zero and names are made from a fixed seed.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "api/completions_request.h"
#include "api/encoder.h"
#include "api/messages_request.h"
#include "api/openai_chat_request.h"
#include "api/prepare.h"
#include "api/request_common.h"
#include "api/responses_request.h"
#include "api/testing/scripted_engine.h"
#include "engine/session.h"
#include "json/json.h"

namespace stride::api {
namespace {

constexpr uint32_t kContext = 4000;

struct Case {
  std::string path;
  std::string request;
  std::string says;
  std::string answer;
};

Case read_case(const std::filesystem::path& file) {
  std::ifstream in(file);
  Case out;
  std::string* to = nullptr;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("--- POST ")) {
      out.path = line.substr(9);
      to = &out.request;
    } else if (line == "--- says") {
      to = &out.says;
    } else if (line == "--- answer") {
      to = &out.answer;
    } else if (to != nullptr) {
      *to += line + "\n";
    }
  }
  // The newline at the end of a section is the file's.
  for (std::string* section : {&out.says, &out.answer}) {
    if (section->ends_with('\n')) section->pop_back();
  }
  return out;
}

Outcome<ChatCall> read_call(const Case& c) {
  CallDefaults defaults;
  defaults.options.sampling.temperature = 0;
  defaults.model = "test-model";
  Json body = STRIDE_TRY(parse_body(c.request));
  if (c.path == "/v1/completions") return read_completions_request(body, defaults);
  if (c.path == "/v1/responses") return read_responses_request(body, Json::array(), defaults);
  if (c.path == "/v1/messages") return read_messages_request(body, defaults);
  return read_chat_request(std::move(body), defaults);
}

// The answer as a server would send it, with all choices one after the other.
Outcome<std::string> run(const Case& c) {
  const ChatCall call = STRIDE_TRY(read_call(c));
  const auto scripted = testing::make_scripted_engine(c.says);
  const engine::Engine& engine = *scripted.engine;
  auto session = STRIDE_TRY(engine::Session::make(engine.model(), kContext));
  const auto requests = STRIDE_TRY(prepare(call, engine, kContext));
  AnswerContext context{.ids = Ids(7),
                        .created = 1700000000,
                        .fingerprint = "stride-test",
                        .n_prompt = static_cast<uint32_t>(requests[0].input.prompt.size()),
                        .tokenizer = &engine.tokenizer()};
  const auto encoder = make_encoder(call, std::move(context));
  std::string streamed = encoder->start();
  std::vector<engine::Generated> choices;
  for (uint32_t i = 0; i < requests.size(); ++i) {
    engine::Listener listener;
    listener.on_prompt_logprobs = [&](auto all) { streamed += encoder->prompt_logprobs(i, all); };
    listener.on_token = [&](const auto& token) { streamed += encoder->token(i, token); };
    listener.on_delta = [&](const auto& delta) { streamed += encoder->delta(i, delta); };
    auto generated = STRIDE_TRY(
        engine::generate(engine, session, requests[i].input, requests[i].options, listener, {}));
    generated.timings = {};
    generated.usage.reused_tokens = generated.usage.matched_tokens = 0;
    generated.usage.cache_miss = engine::CacheMiss::unknown;
    streamed += encoder->finish(i, generated);
    choices.push_back(std::move(generated));
  }
  std::string body = encoder->body(choices);
  streamed += encoder->close();
  return call.output.stream ? streamed : body + "\n";
}

std::vector<std::string> case_names() {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(STRIDE_GOLDEN "/api"))
    out.push_back(entry.path().stem().string());
  std::ranges::sort(out);
  return out;
}

class DialectsGolden : public ::testing::TestWithParam<std::string> {};

TEST_P(DialectsGolden, AnswersByteForByte) {
  const Case c = read_case(STRIDE_GOLDEN "/api/" + GetParam() + ".txt");
  const auto answer = run(c);
  const std::string got = answer ? *answer : error_body(Dialect::chat, answer.error(), "") + "\n";
  EXPECT_EQ(got, c.answer + "\n") << "of " << GetParam();
}

INSTANTIATE_TEST_SUITE_P(All, DialectsGolden, ::testing::ValuesIn(case_names()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace stride::api
