// SPDX-License-Identifier: Apache-2.0
// What single fields, headers and paths do to whole exchanges over real sockets.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>

#include "api/testing/manual_service.h"
#include "net/content_coding.h"

namespace stride::api {
namespace {

using net::Client;
using testing::kChat;
using testing::ManualService;
using testing::ServerTest;

// Two at once for each key; the third may come when one has ended.
TEST_F(ServerTest, LimitsTheAnswersOfAKey) {
  start({.keys = {{.secret = "one", .name = "alice"}, {.secret = "two", .name = "bob"}},
         .per_client = 2});
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<ManualService::Taken> taken;
  const auto send = [&](const std::string& key) {
    clients.push_back(std::make_unique<Client>(server_->port()));
    clients.back()->send(
        request("POST", "/v1/chat/completions", small_body(""), "x-api-key: " + key + "\r\n"));
  };
  for (const char* key : {"one", "one", "two"}) {
    send(key);
    taken.push_back(service_.taken.take());
  }
  send("one");
  const auto refused = clients.back()->read_answer();
  EXPECT_EQ(refused.status, 429);
  EXPECT_NE(net::find_header(refused.headers, "Retry-After"), nullptr);
  taken[0].listener.on_finish(generated("Yo"));
  EXPECT_EQ(clients[0]->read_answer().status, 200);
  send("one");
  taken.push_back(service_.taken.take());
  for (size_t i = 1; i < taken.size(); ++i) taken[i].listener.on_finish(generated("Yo"));
}

TEST_F(ServerTest, TellsOfItsSlots) {
  start({.n_slot = 2});
  EXPECT_EQ(ask("GET", "/slots").body, R"([{"id":0,"n_ctx":4000,"is_processing":false},)"
                                       R"({"id":1,"n_ctx":4000,"is_processing":false}])");
  // The service of these tests says that two requests run.
  EXPECT_EQ(ask("GET", "/slots?fail_on_no_slot=1").status, 503);
  EXPECT_EQ(ask("GET", "/slots?fail_on_no_slot=0").status, 200);
  const auto save = ask("POST", "/slots/0?action=save", R"({"filename":"x"})");
  EXPECT_EQ(save.status, 501);
  EXPECT_NE(save.body.find("not_supported_error"), std::string::npos);
}

TEST_F(ServerTest, NamesTheFieldsItPassedOver) {
  std::vector<std::string> lines;
  std::mutex mutex;
  start({.log = [&](std::string_view line) {
    const std::scoped_lock lock(mutex);
    lines.emplace_back(line);
  }});
  for (const bool stream : {false, true}) {
    Client client(server_->port());
    client.send(request("POST", "/v1/chat/completions",
                        std::string(R"({"user":"u","mood":1,"bad name":2,"stream":)") +
                            (stream ? "true," : "false,") + kChat + "}"));
    service_.taken.take().listener.on_finish(generated("Yo"));
    const auto head = stream ? client.read_head() : client.read_answer();
    const std::string* header = net::find_header(head.headers, "x-stride-ignored-fields");
    ASSERT_NE(header, nullptr);
    EXPECT_EQ(*header, "user, mood");
  }
  server_.reset();
  EXPECT_TRUE(std::ranges::any_of(lines, [](const std::string& line) {
    return line.find(R"("ignored_fields":["user","mood","bad name"])") != std::string::npos;
  }));
}

TEST_F(ServerTest, TellsTheTimeOfEachToken) {
  start();
  for (const std::string path : {"/v1/chat/completions", "/v1/completions"}) {
    Client client(server_->port());
    std::string body = small_body(path, true);
    body.insert(1, "\"timings_per_token\":true,");
    client.send(request("POST", path, body));
    const auto taken = service_.taken.take();
    taken.listener.on_prefill({.total = 9, .reused = 4, .processed = 5});
    taken.listener.on_token({.id = 'Y', .drafts = {.n_draft = 4, .n_accepted = 3}});
    taken.listener.on_delta({.kind = chat::Delta::Kind::content, .text = "Y"});
    client.read_through(R"("timings":{"cache_n":4,"prompt_n":5,"prompt_ms":)");
    client.read_through(R"("predicted_n":1,)");
    client.read_through(R"("draft_n":4,"draft_n_accepted":3})");
    taken.listener.on_finish(generated("Y"));
  }
}

TEST_F(ServerTest, GoesOnWithAConversation) {
  start();
  const auto made = ask("POST", "/v1/conversations",
                        R"({"metadata":{"a":"b"},"items":[{"role":"user","content":"One"}]})");
  ASSERT_EQ(made.status, 200) << made.body;
  const size_t at = made.body.find("conv_");
  const std::string id = made.body.substr(at, made.body.find('"', at) - at);
  const auto go_on = [&](const std::string& input) {
    Client client(server_->port());
    client.send(request("POST", "/v1/responses",
                        fmt::format(R"({{"input":{},"conversation":"{}"}})", input, id)));
    auto taken = service_.taken.take();
    taken.listener.on_delta({.kind = chat::Delta::Kind::content, .text = "Yo"});
    taken.listener.on_finish(generated("Yo"));
    EXPECT_NE(client.read_answer().body.find(R"("conversation":{"id":")" + id), std::string::npos);
    return scripted_.engine->tokenizer().decode(taken.request.input.prompt);
  };
  const std::string first = go_on(R"("Two")");
  EXPECT_NE(first.find("One"), std::string::npos);
  const std::string second = go_on(R"([{"role":"user","content":"Three"}])");
  for (const char* said : {"One", "Two", "Yo", "Three"})
    EXPECT_NE(second.find(said), std::string::npos) << said;
  const std::string path = "/v1/conversations/" + id;
  const auto items = ask("GET", path + "/items");
  EXPECT_NE(items.body.find("Three"), std::string::npos) << items.body;
  const auto oldest = ask("GET", path + "/items?order=asc&limit=1");
  EXPECT_NE(oldest.body.find("One"), std::string::npos) << oldest.body;
  EXPECT_NE(oldest.body.find(R"("has_more":true)"), std::string::npos);
  EXPECT_EQ(ask("GET", path + "/items?limit=none").status, 400);
  // An item of an answer can be named instead of being sent.
  const size_t item_at = items.body.rfind("msg_", items.body.find("assistant"));
  const std::string item = items.body.substr(item_at, items.body.find('"', item_at) - item_at);
  Client client(server_->port());
  client.send(
      request("POST", "/v1/responses",
              fmt::format(R"({{"input":[{{"role":"user","content":"a"}},{{"type":"item_reference",)"
                          R"("id":"{}"}},{{"role":"user","content":"b"}}]}})",
                          item)));
  auto taken = service_.taken.take();
  EXPECT_NE(scripted_.engine->tokenizer().decode(taken.request.input.prompt).find("Yo"),
            std::string::npos);
  taken.listener.on_finish(generated("Yo"));
  const auto reference = [](const std::string& name) {
    return fmt::format(R"({{"items":[{{"type":"item_reference","id":"{}"}}]}})", name);
  };
  const auto copied = ask("POST", "/v1/conversations", reference(item));
  EXPECT_EQ(copied.status, 200) << copied.body;
  EXPECT_EQ(ask("POST", path + "/items", reference("msg_none")).status, 404);
  const std::string item_path = path + "/items/" + item;
  EXPECT_NE(ask("GET", item_path).body.find("Yo"), std::string::npos);
  EXPECT_EQ(ask("POST", item_path).status, 405);
  const auto without = ask("DELETE", item_path);
  EXPECT_NE(without.body.find(R"("object":"conversation")"), std::string::npos) << without.body;
  EXPECT_EQ(ask("GET", item_path).status, 404);
  EXPECT_EQ(ask("DELETE", item_path).status, 404);
  EXPECT_EQ(ask("GET", path + "/items").body.find(item), std::string::npos);
  EXPECT_EQ(ask("GET", path).status, 200);
  EXPECT_EQ(ask("DELETE", path).status, 200);
  EXPECT_EQ(ask("GET", path).status, 404);
  EXPECT_EQ(ask("POST", "/v1/responses", R"({"input":"x","conversation":")" + id + "\"}").status,
            404);
  EXPECT_EQ(
      ask("POST", "/v1/responses", R"({"input":"x","conversation":"c","previous_response_id":"r"})")
          .status,
      400);
}

// What one response was asked: listed in pages, with names by which the next one refers to it.
TEST_F(ServerTest, ListsTheInputOfAResponseAndFindsItAgain) {
  start();
  const auto respond = [&](const std::string& input) {
    Client client(server_->port());
    client.send(request("POST", "/v1/responses", fmt::format(R"({{"input":{}}})", input)));
    auto taken = service_.taken.take();
    taken.listener.on_finish(generated("Yo"));
    return std::pair(client.read_answer().body,
                     scripted_.engine->tokenizer().decode(taken.request.input.prompt));
  };
  const auto name_in = [](const std::string& body, const std::string& key) {
    const size_t at = body.find('"' + key + R"(":")") + key.size() + 4;
    return body.substr(at, body.find('"', at) - at);
  };
  const auto first =
      respond(R"([{"role":"user","content":"One"},{"role":"developer","content":"Two"},)"
              R"({"role":"user","content":"Three"}])");
  const std::string path = "/v1/responses/" + name_in(first.first, "id") + "/input_items";
  const auto page = ask("GET", path + "?limit=2");
  EXPECT_EQ(page.status, 200);
  EXPECT_LT(page.body.find("Three"), page.body.find("Two")) << page.body;
  EXPECT_EQ(page.body.find("One"), std::string::npos);
  EXPECT_NE(page.body.find(R"("has_more":true)"), std::string::npos);
  const auto rest = ask("GET", path + "?limit=2&after=" + name_in(page.body, "last_id"));
  EXPECT_NE(rest.body.find("One"), std::string::npos) << rest.body;
  EXPECT_NE(rest.body.find(R"("has_more":false)"), std::string::npos);

  const auto second = respond(
      fmt::format(R"([{{"type":"item_reference","id":"{}"}}])", name_in(rest.body, "first_id")));
  EXPECT_NE(second.second.find("One"), std::string::npos) << second.second;
  for (const char* query :
       {"limit=0", "limit=101", "order=up", "after=msg_none", "before=msg_none"}) {
    const auto refused = ask("GET", path + "?" + query);
    EXPECT_EQ(refused.status, 400);
    const std::string name(query, std::string_view(query).find('='));
    EXPECT_NE(refused.body.find(fmt::format(R"("param":"{}")", name)), std::string::npos)
        << refused.body;
  }
}

TEST_F(ServerTest, ListsTheInputOfAResponseThatIsBeingAnswered) {
  start();
  const auto begun = ask("POST", "/v1/responses", R"({"input":"Hello","background":true})");
  ASSERT_EQ(begun.status, 200) << begun.body;
  auto taken = service_.taken.take();
  const size_t at = begun.body.find("resp_");
  const std::string path =
      "/v1/responses/" + begun.body.substr(at, begun.body.find('"', at) - at) + "/input_items";
  const auto before = ask("GET", path);
  EXPECT_NE(before.body.find(R"("text":"Hello")"), std::string::npos) << before.body;
  taken.listener.on_finish(generated("Yo"));
  EXPECT_EQ(ask("GET", path).body, before.body);
}

TEST_F(ServerTest, ReadsCompressedRequests) {
  start();
  Client client(server_->port());
  const std::string body = net::pack(small_body(""));
  client.send(request("POST", "/v1/chat/completions", body, "Content-Encoding: gzip\r\n"));
  service_.taken.take().listener.on_finish(generated("Yo"));
  EXPECT_EQ(client.read_answer().status, 200);
}

}  // namespace
}  // namespace stride::api
