// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/endpoint.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <mutex>
#include <thread>

#include "gauntlet/cast_testing.h"
#include "gauntlet/mock_server.h"
#include "gauntlet/request.h"

namespace stride::gauntlet {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "stride-endpoint-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

Question asked(std::string text) {
  return {.turns = {{.role = ChatTurn::Role::user, .text = std::move(text)}}, .tools = {}};
}

std::string url_of(const MockServer& server) {
  return "http://127.0.0.1:" + std::to_string(server.port());
}

EndpointOptions options_for(const MockServer& server, Api api = Api::openai) {
  return {.url = url_of(server), .api = api, .model = "step"};
}

// A folder that holds one cast, and a server that plays it.
struct Played {
  Folder folder{};
  std::optional<MockServer> server{};

  Played(const Cast& cast, CastServing serving) {
    EXPECT_TRUE(save_cast(folder.path(), cast));
    auto casts = std::make_shared<const CastFolder>(CastFolder::open(folder.path()).value());
    server = MockServer::start({.handler = cast_handler(casts, std::move(serving))}).value();
  }
};

Json body_of(EndpointOptions options, const Question& question, const AskOptions& ask = {}) {
  const auto endpoint = Endpoint::make(std::move(options));
  EXPECT_TRUE(endpoint) << endpoint.error().message;
  return json::parse(endpoint->request_body(question, ask)).value();
}

TEST(Endpoint, GivesEveryCastItsClassOverASocket) {
  for (const KnownCast& known : known_casts()) {
    SCOPED_TRACE(known.name);
    const net::HttpEnd end = known.cast.outcome.end;
    const bool no_connection =
        end == net::HttpEnd::connect_failed || end == net::HttpEnd::connect_timeout;
    if (no_connection) continue;  // a server that answers cannot show it
    const Played played(known.cast, {.speed = 0});
    EndpointOptions options = options_for(*played.server, known.cast.api);
    // Only the limit that is to be met is short.
    constexpr double kShort = 1;
    if (end == net::HttpEnd::first_byte_timeout) options.first_event_timeout_s = kShort;
    if (end == net::HttpEnd::idle_timeout) options.idle_timeout_s = kShort;
    const double total_s = end == net::HttpEnd::total_timeout ? kShort : 60;
    const auto endpoint = Endpoint::make(options);
    const Attempt attempt =
        endpoint->ask(asked("hello"), {.timeout_s = total_s, .stream = known.cast.stream}, {});
    expect_content(known, attempt);
    EXPECT_TRUE(attempt.new_connection);
  }
}

TEST(Endpoint, ByteAtATimeWithJitterChangesNothing) {
  for (const char* name :
       {"chat_crlf", "anthropic_thinking", "ollama_stream", "think_tags", "harmony"}) {
    SCOPED_TRACE(name);
    const KnownCast known = known_cast(name);
    const Played played(known.cast,
                        {.speed = 0, .byte_at_a_time = true, .jitter_ms = 0.05, .seed = 3});
    const auto endpoint = Endpoint::make(options_for(*played.server, known.cast.api));
    expect_content(known, endpoint->ask(asked("hello"), {}, {}));
  }
}

TEST(Endpoint, SeesTheFaultsOfTheMock) {
  const KnownCast known = known_cast("chat_stream");
  const size_t some = 400;  // inside the answer
  const auto ask = [&](CastServing serving) {
    serving.speed = 0;
    const Played played(known.cast, std::move(serving));
    EndpointOptions options = options_for(*played.server);
    options.idle_timeout_s = 0.3;
    return Endpoint::make(options)->ask(asked("hello"), {}, {});
  };
  EXPECT_EQ(ask({.stall_after = some}).failure, FailureClass::idle_timeout);
  EXPECT_EQ(ask({.cut_after = some}).failure, FailureClass::stream_cut);
  EXPECT_EQ(ask({.content_type = "text/html"}).failure, FailureClass::ok);
  const Attempt limited = ask({.first_statuses = {429}, .retry_after_s = 2.5});
  EXPECT_EQ(limited.failure, FailureClass::rate_limited);
  EXPECT_EQ(limited.retry_after_s, 2.5);
}

TEST(Endpoint, FollowsAScriptOfRateLimits) {
  const Played played(known_cast("chat_stream").cast,
                      {.speed = 0, .first_statuses = {429, 429, 503}});
  const auto endpoint = Endpoint::make(options_for(*played.server));
  std::vector<FailureClass> classes;
  for (int i = 0; i < 4; ++i) classes.push_back(endpoint->ask(asked("hi"), {}, {}).failure);
  using enum FailureClass;
  EXPECT_THAT(classes, ElementsAre(rate_limited, rate_limited, http_5xx, ok));
  EXPECT_EQ(played.server->n_request(), 4U);
}

TEST(Endpoint, ARecordingReplaysToTheSameAttempt) {
  const Folder folder;
  const Played played(known_cast("anthropic_thinking").cast, {.speed = 4});
  EndpointOptions options = options_for(*played.server, Api::anthropic);
  options.record_folder = folder.path();
  const AskOptions ask{.seed = 5, .nonce = "a nonce plays no role"};
  const Attempt live = Endpoint::make(options)->ask(asked("hello"), ask, {});
  EXPECT_EQ(live.failure, FailureClass::ok);
  EXPECT_FALSE(live.cast.empty());
  EXPECT_TRUE(live.timing.ttfr);
  options.record_folder.clear();
  options.replay_folder = folder.path();
  const auto replayed = Endpoint::make(options);
  EXPECT_EQ(replayed->ask(asked("hello"), {.seed = 5, .nonce = "another"}, {}), live);
  EXPECT_EQ(replayed->ask(asked("other"), ask, {}).failure, FailureClass::harness_error);
  EXPECT_EQ(replayed->post("{}", 1, {}).status, 0);
}

TEST(Endpoint, SendsTheKeyAndKeepsItOutOfEverything) {
  constexpr const char* kKey = "sk-very-secret";
  const Folder folder;
  std::string seen;
  const auto server =
      MockServer::start({.handler = [&](const MockRequest& request) {
        const auto* value = net::find_header(request.headers, "Authorization");
        seen = value == nullptr ? "" : *value;
        return json_response(401, R"({"error":{"message":"bad key sk-very-secret"}})");
      }}).value();
  EndpointOptions options = options_for(server);
  options.key = kKey;
  options.record_folder = folder.path();
  const auto endpoint = Endpoint::make(options);
  const Attempt attempt = endpoint->ask(asked("hello"), {}, {});
  EXPECT_EQ(seen, std::string("Bearer ") + kKey);
  EXPECT_EQ(attempt.failure, FailureClass::http_4xx);
  EXPECT_THAT(attempt.message, HasSubstr("bad key xxxxxxxxxxxxxx"));
  EXPECT_THAT(endpoint->request_body(asked("hello"), {}), Not(HasSubstr(kKey)));
  const std::string cast = file_text(folder.path() / attempt.cast);
  EXPECT_THAT(cast, HasSubstr("\"redactions\":[\"key\"]"));
  const auto read = read_cast(cast);
  EXPECT_THAT(read->pieces[0].bytes, Not(HasSubstr(kKey)));
}

TEST(Endpoint, KeepsItsConnectionUnlessANewOneIsWanted) {
  const Played played(known_cast("chat_stream").cast, {.speed = 0});
  const auto endpoint = Endpoint::make(options_for(*played.server));
  EXPECT_TRUE(endpoint->ask(asked("hi"), {}, {}).new_connection);
  const Attempt second = endpoint->ask(asked("hi"), {}, {});
  EXPECT_FALSE(second.new_connection);
  EXPECT_FALSE(second.timing.tcp);
  EXPECT_TRUE(endpoint->ask(asked("hi"), {.new_connection = true}, {}).new_connection);
}

TEST(Endpoint, StopsInTheMiddle) {
  bool gone = false;
  std::mutex mutex;
  const auto server = MockServer::start({.handler = [&](const MockRequest&) {
                        MockResponse response{.headers = {{"content-type", "text/event-stream"}},
                                              .end = MockResponse::End::hold};
                        response.pieces.push_back(
                            {0, "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n"});
                        response.on_end = [&](bool sent) {
                          const std::scoped_lock lock(mutex);
                          gone = !sent;
                        };
                        return response;
                      }}).value();
  const auto endpoint = Endpoint::make(options_for(server));
  std::stop_source source;
  AskOptions ask;
  ask.on_progress = [&](size_t n) {
    if (n > 0) source.request_stop();
  };
  const Attempt attempt = endpoint->ask(asked("hi"), ask, source.get_token());
  EXPECT_TRUE(attempt.cancelled);
  EXPECT_EQ(attempt.answer, "Hi");
  for (int i = 0; i < 1000; ++i) {
    const std::scoped_lock lock(mutex);
    if (gone) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const std::scoped_lock lock(mutex);
  EXPECT_TRUE(gone);
}

TEST(Endpoint, ManyThreadsDoNotMixTheirAnswers) {
  const auto server =
      MockServer::start({.handler = [](const MockRequest& request) {
        const Json body = json::parse(request.body).value();
        const Json answer = {{"choices",
                              {{{"message", {{"content", body["messages"][0]["content"]}}},
                                {"finish_reason", "stop"}}}}};
        return json_response(200, json::dump(answer));
      }}).value();
  const auto endpoint = Endpoint::make(options_for(server));
  std::vector<std::jthread> threads;
  std::vector<int> n_right(6);
  for (int i = 0; i < 6; ++i)
    threads.emplace_back([&, i] {
      const std::string text = "number " + std::to_string(i);
      for (int k = 0; k < 20; ++k)
        n_right[i] += endpoint->ask(asked(text), {.stream = false}, {}).answer == text;
    });
  threads.clear();
  EXPECT_THAT(n_right, testing::Each(20));
}

TEST(Endpoint, RefusesWhatCannotBeUsed) {
  const auto error = [](EndpointOptions options) {
    const auto endpoint = Endpoint::make(std::move(options));
    return endpoint ? std::string() : endpoint.error().message;
  };
  EXPECT_THAT(error({.url = ""}), HasSubstr("URL"));
  EXPECT_THAT(error({.url = "http://h", .key = "a\nb"}), HasSubstr("control character"));
  EXPECT_THAT(error({.url = "http://h", .headers = {{"A b", "c"}}}), HasSubstr("header"));
  EXPECT_THAT(error({.url = "http://h", .headers = {{"A", "c\r\nX: y"}}}), HasSubstr("header"));
  EXPECT_THAT(error({.url = "http://h", .extra_body = "[1]"}), HasSubstr("extra body"));
  EXPECT_THAT(error({.url = "http://h", .replay_folder = "/no/such/folder"}), HasSubstr("folder"));
  EXPECT_EQ(error({.url = "http://h"}), "");
}

TEST(Endpoint, ListsTheModels) {
  const auto server =
      MockServer::start({.handler = [](const MockRequest& request) {
        EXPECT_EQ(request.method, "GET");
        return json_response(200, request.path == "/api/tags" ? R"({"models":[{"name":"a:1"}]})"
                                                              : R"({"data":[{"id":"b"},{}]})");
      }}).value();
  EXPECT_THAT(Endpoint::make(options_for(server))->models(5, {}).value(), ElementsAre("b"));
  EXPECT_THAT(Endpoint::make(options_for(server, Api::ollama))->models(5, {}).value(),
              ElementsAre("a:1"));
}

TEST(ApiUrl, IsFoundBelowWhatTheUserGave) {
  const auto at = [](const char* url, Api api, Path path = Path::ask) {
    return to_string(api_url(net::parse_url(url).value(), api, path)).substr(8);
  };
  EXPECT_EQ(at("https://h", Api::openai), "h/v1/chat/completions");
  EXPECT_EQ(at("https://h/v1/", Api::stride), "h/v1/chat/completions");
  EXPECT_EQ(at("https://h/api", Api::openai), "h/api/v1/chat/completions");
  EXPECT_EQ(at("https://h/api/paas/v4", Api::openai), "h/api/paas/v4/chat/completions");
  EXPECT_EQ(at("https://h/v1beta/openai", Api::openai), "h/v1beta/openai/chat/completions");
  EXPECT_EQ(at("https://h/x/chat/completions?a=b", Api::openai), "h/x/chat/completions?a=b");
  EXPECT_EQ(at("https://h/x/chat/completions", Api::openai, Path::models), "h/x/models");
  EXPECT_EQ(at("https://h", Api::anthropic), "h/v1/messages");
  EXPECT_EQ(at("https://h/v1/responses", Api::responses), "h/v1/responses");
  EXPECT_EQ(at("https://h/v1", Api::ollama), "h/api/chat");
  EXPECT_EQ(at("https://h/api/chat", Api::ollama, Path::models), "h/api/tags");
}

Question dialogue() {
  using Role = ChatTurn::Role;
  return {.turns = {{.role = Role::system, .text = "Be brief."},
                    {.role = Role::user, .text = "Time?"},
                    {.role = Role::assistant,
                     .reasoning = "Hm.",
                     .calls = {{"", "now", "{\"zone\":\"UTC\"}"}, {"b", "then", "{}"}}},
                    {.role = Role::tool, .text = "12:00"},
                    {.role = Role::tool, .text = "13:00", .call_id = "b"}},
          .tools = {{"now", "The time", R"({"type":"object"})"}}};
}

TEST(Request, SpeaksOpenAiChat) {
  EndpointOptions options{.url = "http://h", .model = "m", .thinking = Thinking::off};
  options.sampling = sampling_named("greedy", "m").value();
  AskOptions ask{.answer_budget = 400,
                 .seed = 7,
                 .format = AnswerFormat::json_schema,
                 .schema = R"({"type":"object"})",
                 .tool_choice = "now",
                 .stop = {"END"}};
  const Json body = body_of(options, dialogue(), ask);
  EXPECT_EQ(
      json::dump(body["messages"]),
      R"([{"role":"system","content":"Be brief."},{"role":"user","content":"Time?"},)"
      R"({"role":"assistant","content":null,"reasoning_content":"Hm.","tool_calls":[)"
      R"({"id":"call_0","type":"function","function":{"name":"now","arguments":"{\"zone\":\"UTC\"}"}},)"
      R"({"id":"b","type":"function","function":{"name":"then","arguments":"{}"}}]},)"
      R"({"role":"tool","content":"12:00","tool_call_id":"call_0"},)"
      R"({"role":"tool","content":"13:00","tool_call_id":"b"}])");
  EXPECT_EQ(body["max_tokens"], 400);
  EXPECT_EQ(body["temperature"], 0.0);
  EXPECT_EQ(body["seed"], 7);
  EXPECT_EQ(json::dump(body["stop"]), R"(["END"])");
  EXPECT_EQ(json::dump(body["chat_template_kwargs"]), R"({"enable_thinking":false})");
  EXPECT_EQ(json::dump(body["tool_choice"]), R"({"type":"function","function":{"name":"now"}})");
  EXPECT_EQ(
      json::dump(body["tools"]),
      R"([{"type":"function","function":{"name":"now","description":"The time","parameters":{"type":"object"}}}])");
  EXPECT_EQ(
      json::dump(body["response_format"]),
      R"({"type":"json_schema","json_schema":{"name":"answer","strict":true,"schema":{"type":"object"}}})");
  EXPECT_EQ(json::dump(body["stream_options"]), R"({"include_usage":true})");
}

TEST(Request, AddsTheBudgets) {
  EndpointOptions options{.url = "http://h", .model = "m", .reasoning_budget = 1000};
  EXPECT_EQ(body_of(options, asked("x"), {.answer_budget = 24})["max_tokens"], 1024);
  EXPECT_EQ(
      body_of(options, asked("x"), {.answer_budget = 24, .reasoning_budget = 8})["max_tokens"], 32);
  options.shared_budget = 4000;
  EXPECT_EQ(body_of(options, asked("x"), {.answer_budget = 24})["max_tokens"], 4000);
  options.shared_budget.reset();
  options.api = Api::stride;
  EXPECT_EQ(body_of(options, asked("x"))["reasoning_budget_tokens"], 1000);
  options.url = "https://openrouter.ai/api/v1";
  options.api = Api::openai;
  EXPECT_EQ(json::dump(body_of(options, asked("x"))["reasoning"]), R"({"max_tokens":1000})");
  options.url = "https://api.openai.com";
  EXPECT_TRUE(body_of(options, asked("x")).contains("max_completion_tokens"));
}

TEST(Request, MergesTheExtraBodyAndPutsTheNonceFirst) {
  EndpointOptions options{.url = "http://h",
                          .model = "m",
                          .extra_body = R"({"stream_options":null,"provider":{"order":["a"]}})"};
  const Json body = body_of(options, asked("x"), {.nonce = "n1"});
  EXPECT_FALSE(body.contains("stream_options"));
  EXPECT_EQ(json::dump(body["provider"]), R"({"order":["a"]})");
  EXPECT_EQ(body["messages"][0]["content"], "[n1]\n\nx");
}

TEST(Request, SpeaksAnthropic) {
  EndpointOptions options{.url = "http://h",
                          .api = Api::anthropic,
                          .model = "m",
                          .reasoning_budget = 100,
                          .thinking = Thinking::on};
  const Json body = body_of(options, dialogue(), {.answer_budget = 10, .tool_choice = "required"});
  EXPECT_EQ(
      json::dump(body["messages"]),
      R"([{"role":"user","content":[{"type":"text","text":"Time?"}]},)"
      R"({"role":"assistant","content":[{"type":"tool_use","id":"call_0","name":"now","input":{"zone":"UTC"}},)"
      R"({"type":"tool_use","id":"b","name":"then","input":{}}]},)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"call_0","content":"12:00"},)"
      R"({"type":"tool_result","tool_use_id":"b","content":"13:00"}]}])");
  EXPECT_EQ(body["system"], "Be brief.");
  EXPECT_EQ(body["max_tokens"], 110);
  EXPECT_EQ(json::dump(body["thinking"]), R"({"type":"enabled","budget_tokens":100})");
  EXPECT_EQ(json::dump(body["tool_choice"]), R"({"type":"any"})");
  EXPECT_EQ(json::dump(body["tools"]),
            R"([{"name":"now","description":"The time","input_schema":{"type":"object"}}])");
}

TEST(Request, SendsThinkingBackWithItsSignature) {
  const Played played(known_cast("anthropic_thinking").cast, {.speed = 0});
  const auto endpoint = Endpoint::make(options_for(*played.server, Api::anthropic));
  const Attempt attempt = endpoint->ask(asked("hi"), {}, {});
  Question question = asked("hi");
  question.turns.push_back(
      {.role = ChatTurn::Role::assistant, .text = attempt.answer, .reasoning = attempt.reasoning});
  EXPECT_THAT(endpoint->request_body(question, {}),
              HasSubstr(R"({"type":"thinking","thinking":"Think hard.","signature":"c2ln"})"));
}

TEST(Request, SpeaksResponsesAndOllama) {
  EndpointOptions options{.url = "http://h", .api = Api::responses, .model = "m"};
  const Json body = body_of(options, dialogue());
  EXPECT_EQ(body["instructions"], "Be brief.");
  EXPECT_EQ(
      json::dump(body["input"]),
      R"([{"type":"message","role":"user","content":[{"type":"input_text","text":"Time?"}]},)"
      R"({"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"Hm."}]},)"
      R"({"type":"function_call","call_id":"call_0","name":"now","arguments":"{\"zone\":\"UTC\"}"},)"
      R"({"type":"function_call","call_id":"b","name":"then","arguments":"{}"},)"
      R"({"type":"function_call_output","call_id":"call_0","output":"12:00"},)"
      R"({"type":"function_call_output","call_id":"b","output":"13:00"}])");
  options.api = Api::ollama;
  options.thinking = Thinking::on;
  const Json ollama = body_of(options, dialogue());
  EXPECT_EQ(ollama["think"], true);
  EXPECT_EQ(json::dump(ollama["messages"][2]["tool_calls"][0]),
            R"({"function":{"name":"now","arguments":{"zone":"UTC"}}})");
  EXPECT_EQ(ollama["messages"][3]["tool_name"], "now");
}

TEST(Request, CanonicalTextForgetsTheOrderOfKeys) {
  const auto canonical = [](const char* text) { return canonical_text(json::parse(text).value()); };
  EXPECT_EQ(canonical(R"({"b":[{"d":1,"c":2}],"a":null})"), R"({"a":null,"b":[{"c":2,"d":1}]})");
}

TEST(SamplingNamed, KnowsThreeNames) {
  EXPECT_EQ(sampling_named("published", "x")->temperature, 0.7);
  EXPECT_EQ(sampling_named("greedy", "x")->temperature, 0.0);
  EXPECT_FALSE(sampling_named("deploy", "x")->temperature);
  EXPECT_EQ(sampling_named("deploy", "stepfun/Step-3.7-Flash")->temperature, 1.0);
  EXPECT_FALSE(sampling_named("cold", "x"));
}

}  // namespace
}  // namespace stride::gauntlet
