// SPDX-License-Identifier: Apache-2.0
// The order of events, however the text of an answer is cut into pieces: a token may end the
// reasoning and begin the answer, or hold the whole of a call.
#include <gtest/gtest.h>

#include "api/encoder.h"
#include "api/testing/requests.h"
#include "api/testing/told_answer.h"
#include "chat/output_parser.h"
#include "chat/tool_schemas.h"

namespace stride::api {
namespace {

using testing::ToldBlock;

constexpr const char* kTool =
    R"({"type":"function","function":{"name":"f","parameters":{"type":"object",)"
    R"("properties":{"a":{"type":"string"}}}}})";

// Reasoning, text, a call, text and another call.
const std::string kAnswer =
    "I think.\n</think>\nSure.\n<tool_call>\n<function=f>\n<parameter=a>\nx\"y\n</parameter>\n"
    "</function>\n</tool_call> and <tool_call>\n<function=f>\n</function>\n</tool_call>";

// What a server would send for these pieces.
class Stream {
 public:
  Stream(Dialect dialect, const std::string& body)
      : call_(testing::good(dialect, body)),
        schemas_(*chat::ToolSchemas::parse(std::vector<std::string>{kTool})) {}

  struct Sent {
    std::string events;
    std::string body;
  };

  Sent run(std::span<const std::string> pieces) {
    const auto encoder = make_encoder(call_, {.ids = Ids(3), .created = 5, .n_prompt = 10});
    chat::OutputParser parser({.tools = &schemas_});
    engine::Generated generated;
    Sent out{.events = encoder->start(), .body = {}};
    const auto take = [&](const std::vector<chat::Delta>& deltas) {
      for (const chat::Delta& delta : deltas) {
        generated.output.add(delta);
        out.events += encoder->delta(0, delta);
      }
    };
    for (const std::string& piece : pieces) take(parser.push(piece));
    take(parser.finish(chat::FinishReason::stop));
    if (!generated.output.calls.empty()) generated.finish_reason = engine::FinishReason::tool_calls;
    out.events += encoder->finish(0, generated);
    const engine::Generated all[] = {generated};
    out.body = encoder->body(all);
    out.events += encoder->close();
    return out;
  }

 private:
  ChatCall call_;
  chat::ToolSchemas schemas_;
};

// Cuts the text after each byte, and once more behind that.
template <class Check>
void with_every_cut(const std::string& text, const Check& check) {
  check(std::vector{text});
  for (size_t i = 1; i < text.size(); ++i) {
    check(std::vector{text.substr(0, i), text.substr(i)});
    const size_t k = i + (i * 7) % (text.size() - i);
    check(std::vector{text.substr(0, i), text.substr(i, k - i), text.substr(k)});
  }
  std::vector<std::string> bytes;
  for (const char c : text) bytes.emplace_back(1, c);
  check(bytes);
}

// In their order, in every dialect.
const std::vector<ToldBlock> kBlocks = {
    {ToldBlock::Kind::reasoning, "", "I think."},
    {ToldBlock::Kind::content, "", "Sure.\n"},
    {ToldBlock::Kind::call, "f", R"({"a":"x\"y"})"},
    {ToldBlock::Kind::content, "", " and "},
    {ToldBlock::Kind::call, "f", "{}"},
};

void check_every_cut(Dialect dialect, const std::string& body) {
  Stream stream(dialect, body);
  std::string first;
  with_every_cut(kAnswer, [&](const std::vector<std::string>& pieces) {
    const auto sent = stream.run(pieces);
    if (first.empty()) first = sent.body;
    ASSERT_EQ(sent.body, first);
    const auto told = testing::read_stream(dialect, sent.events);
    ASSERT_TRUE(told) << told.error().message;
    ASSERT_EQ(told->blocks, kBlocks);
    const auto whole = testing::read_whole(dialect, sent.body);
    ASSERT_TRUE(whole) << whole.error().message;
    ASSERT_EQ(testing::merged(*told), testing::merged(*whole));
  });
}

TEST(Streams, ItemsOfResponsesFollowEachOtherAtEveryCut) {
  check_every_cut(Dialect::responses, R"({"input":"x"})");
  check_every_cut(Dialect::responses, R"({"input":"x","reasoning":{"summary":"auto"}})");
}

TEST(Streams, BlocksOfMessagesFollowEachOtherAtEveryCut) {
  check_every_cut(Dialect::messages, testing::messages_body(""));
}

TEST(Streams, DeltasOfChatGiveTheWholeAtEveryCut) {
  check_every_cut(Dialect::chat, testing::chat_body(""));
}

}  // namespace
}  // namespace stride::api
