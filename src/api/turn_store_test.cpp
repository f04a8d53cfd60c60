// SPDX-License-Identifier: Apache-2.0
// Turns that come back are in the prompt as the model wrote them, and only if they are the same.
#include "api/turn_store.h"

#include <gtest/gtest.h>

#include "api/messages_request.h"
#include "api/prepare.h"
#include "api/request_common.h"
#include "api/testing/scripted_engine.h"
#include "engine/session.h"
#include "json/json.h"

namespace stride::api {
namespace {

constexpr uint32_t kContext = 4000;
// Not as the template would write it: two newlines, a space before the value's end.
constexpr const char* kSays =
    "I look.\n</think>\n\nOne moment. "
    "\n\n<tool_call>\n<function=f>\n<parameter=a>\n1\n</parameter>\n"
    "</function>\n</tool_call>\n";
constexpr const char* kHead = R"({"max_tokens":900,"tools":[{"name":"f","input_schema":{}}],
    "messages":[{"role":"user","content":"Go"})";

class TurnStoreTest : public ::testing::Test {
 protected:
  ChatCall read(const std::string& text) {
    const auto body = parse_body(text);
    auto call = read_messages_request(*body, {});
    EXPECT_TRUE(call) << call.error().message;
    return *std::move(call);
  }

  std::vector<engine::Token> prompt(const ChatCall& call) {
    return encode_call(call, *scripted_.engine, kContext)->front().prompt;
  }

  // Asks once, keeps the turn, and gives the tokens that the model has read and written.
  std::vector<engine::Token> answer(const std::string& client = "me") {
    const ChatCall call = read(std::string(kHead) + "]}");
    auto requests = prepare(call, *scripted_.engine, kContext);
    auto session = engine::Session::make(scripted_.engine->model(), kContext);
    auto options = (*requests)[0].options;
    options.sampling.temperature = 0;
    auto generated =
        engine::generate(*scripted_.engine, *session, (*requests)[0].input, options, {}, {});
    EXPECT_TRUE(generated);
    turns_.save(client, call, ids_, 0, *generated);
    std::vector<engine::Token> out = (*requests)[0].input.prompt;
    for (const auto& token : generated->tokens) out.push_back(token.id);
    return out;
  }

  // The request that follows: `blocks` is what the client sends of the turn.
  ChatCall next(const std::string& blocks, const std::string& client = "me") {
    const std::string id = ids_.call(Dialect::messages, 0, 0);
    ChatCall call = read(std::string(kHead) + R"(,{"role":"assistant","content":[)" + blocks +
                         R"({"type":"tool_use","id":")" + id +
                         R"(","name":"f","input":{"a":"1"}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":")" +
                         id + R"(","content":"done"}]}]})");
    turns_.restore(client, call);
    return call;
  }

  bool goes_on(const ChatCall& call, const std::vector<engine::Token>& before) {
    const auto tokens = prompt(call);
    return tokens.size() > before.size() &&
           std::equal(before.begin(), before.end(), tokens.begin());
  }

  testing::ScriptedEngine scripted_ = testing::make_scripted_engine(kSays);
  std::unique_ptr<Store> store_ = *Store::open({});
  TurnStore turns_{*store_, *scripted_.engine};
  Ids ids_{11};
};

constexpr const char* kText = R"({"type":"text","text":"One moment."},)";

TEST_F(TurnStoreTest, ATurnGoesOnTokenForToken) {
  const auto before = answer();
  EXPECT_TRUE(goes_on(next(kText), before)) << "found by the id of its call";
  EXPECT_TRUE(goes_on(
      next(R"({"type":"thinking","thinking":"I look.","signature":"x"},)" + std::string(kText)),
      before));
  EXPECT_TRUE(goes_on(next(R"({"type":"thinking","thinking":"","signature":")" +
                           reasoning_handle(ids_) + "\"}," + kText),
                      before))
      << "found by its handle";
}

TEST_F(TurnStoreTest, AChangedTurnIsTheClients) {
  const auto before = answer();
  EXPECT_FALSE(goes_on(next(R"({"type":"text","text":"Another moment."},)"), before));
  EXPECT_FALSE(goes_on(next(R"({"type":"thinking","thinking":"I do not look.","signature":"x"},)" +
                            std::string(kText)),
                       before));
}

TEST_F(TurnStoreTest, TurnsBelongToTheirClient) {
  const auto before = answer("me");
  EXPECT_FALSE(goes_on(next(kText, "you"), before));
}

TEST_F(TurnStoreTest, ReasoningBeforeTheLastQuestionStaysOut) {
  answer();
  ChatCall call = next(kText);
  call.conversation.messages.push_back(chat::text_message(chat::Role::user, "And now?"));
  const std::string text = render_call(call)->text();
  EXPECT_EQ(text.find("I look."), std::string::npos) << text;
}

}  // namespace
}  // namespace stride::api
