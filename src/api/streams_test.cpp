// SPDX-License-Identifier: Apache-2.0
// The order of events, however the text of an answer is cut into pieces: a token may end the
// reasoning and begin the answer, or hold the whole of a call.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "api/encoder.h"
#include "api/testing/requests.h"
#include "chat/output_parser.h"
#include "chat/tool_schemas.h"

namespace stride::api {
namespace {

using Events = std::vector<Json>;

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

Events parse_events(const std::string& text) {
  Events out;
  for (size_t at = 0; (at = text.find("data: ", at)) != std::string::npos;) {
    const size_t end = text.find('\n', at);
    const std::string data = text.substr(at + 6, end - at - 6);
    at = end;
    if (data == "[DONE]") continue;
    const auto parsed = json::parse(data);
    EXPECT_TRUE(parsed) << data;
    if (parsed) out.push_back(*parsed);
  }
  return out;
}

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

std::string text_of(const Json& event, const char* member) {
  const std::string* text = json::string_member(event, member);
  return text != nullptr ? *text : "";
}

// Follows a stream of Responses as a strict client does.
class ResponsesReader {
 public:
  void read(const Json& event) {
    ASSERT_EQ(event.at("sequence_number").get<size_t>(), n_event_++) << event;
    const std::string type = text_of(event, "type");
    if (type == "response.output_item.added") {
      ASSERT_TRUE(item_.empty()) << "two items are open";
      item_ = text_of(event.at("item"), "type");
      ASSERT_EQ(event.at("output_index").get<size_t>(), items_.size());
      ASSERT_EQ(event.at("item").at("status"), "in_progress");
    } else if (type == "response.output_item.done") {
      ASSERT_EQ(part_, item_ == "function_call" ? 0 : 3) << "the part was not ended: " << event;
      items_.push_back(event.at("item"));
      check_text(items_.back());
      item_ = "";
      part_ = 0;
      said_ = "";
    } else if (type == "response.content_part.added") {
      expect(event, {"message", "reasoning"}, 0, 1);
    } else if (type == "response.output_text.delta") {
      expect(event, {"message"}, 1, 1);
      said_ += text_of(event, "delta");
    } else if (type == "response.reasoning_text.delta") {
      expect(event, {"reasoning"}, 1, 1);
      said_ += text_of(event, "delta");
    } else if (type == "response.output_text.done") {
      expect(event, {"message"}, 1, 2);
      ASSERT_EQ(text_of(event, "text"), said_);
    } else if (type == "response.reasoning_text.done") {
      expect(event, {"reasoning"}, 1, 2);
      ASSERT_EQ(text_of(event, "text"), said_);
    } else if (type == "response.content_part.done") {
      expect(event, {"message", "reasoning"}, 2, 3);
    } else if (type == "response.function_call_arguments.delta") {
      expect(event, {"function_call"}, 0, 0);
      said_ += text_of(event, "delta");
    } else if (type == "response.function_call_arguments.done") {
      expect(event, {"function_call"}, 0, 0);
      ASSERT_EQ(text_of(event, "arguments"), said_);
    } else {
      ASSERT_TRUE(item_.empty());
      last_ = type;
    }
  }

  const std::vector<Json>& items() const { return items_; }
  const std::string& last() const { return last_; }

 private:
  void expect(const Json& event, const std::set<std::string>& items, int part, int then) {
    ASSERT_TRUE(items.contains(item_)) << event << " while this is open: " << item_;
    ASSERT_EQ(part_, part) << event;
    ASSERT_EQ(event.at("output_index").get<size_t>(), items_.size());
    part_ = then;
  }

  void check_text(const Json& item) const {
    if (item_ == "function_call") {
      ASSERT_EQ(item.at("arguments"), said_);
    } else {
      ASSERT_EQ(item.at("content").at(0).at("text"), said_);
    }
  }

  size_t n_event_ = 0;
  std::string item_;  // the type of the one that is open
  int part_ = 0;      // of the item: none, open, its text ended, ended
  std::string said_;
  std::vector<Json> items_;
  std::string last_;
};

TEST(ResponsesStream, ItemsFollowEachOtherAtEveryCut) {
  Stream stream(Dialect::responses, R"({"input":"x"})");
  std::string first;
  with_every_cut(kAnswer, [&](const std::vector<std::string>& pieces) {
    const auto sent = stream.run(pieces);
    ResponsesReader reader;
    for (const Json& event : parse_events(sent.events)) reader.read(event);
    ASSERT_EQ(reader.last(), "response.completed");
    const auto& items = reader.items();
    ASSERT_EQ(items.size(), 5U);
    EXPECT_EQ(items[0].at("content")[0].at("text"), "I think.");
    EXPECT_EQ(items[1].at("content")[0].at("text"), "Sure.\n");
    EXPECT_EQ(items[2].at("arguments"), R"({"a":"x\"y"})");
    EXPECT_EQ(items[3].at("content")[0].at("text"), " and ");
    if (first.empty()) first = sent.body;
    ASSERT_EQ(sent.body, first);
    ASSERT_EQ(json::dump(json::parse(sent.body)->at("output")), json::dump(Json(items)));
  });
}

TEST(MessagesStream, BlocksFollowEachOtherAtEveryCut) {
  Stream stream(Dialect::messages, testing::messages_body(""));
  with_every_cut(kAnswer, [&](const std::vector<std::string>& pieces) {
    const auto sent = stream.run(pieces);
    std::vector<std::pair<std::string, std::string>> blocks;
    bool open = false;
    for (const Json& event : parse_events(sent.events)) {
      const std::string type = text_of(event, "type");
      if (type.starts_with("content_block_")) {
        ASSERT_EQ(event.at("index").get<size_t>(),
                  blocks.size() - (type.ends_with("start") ? 0 : 1));
      }
      if (type == "content_block_start") {
        ASSERT_FALSE(open);
        open = true;
        blocks.emplace_back(text_of(event.at("content_block"), "type"), "");
      } else if (type == "content_block_delta") {
        ASSERT_TRUE(open);
        const Json& delta = event.at("delta");
        for (const char* member : {"thinking", "text", "partial_json"})
          blocks.back().second += text_of(delta, member);
      } else if (type == "content_block_stop") {
        ASSERT_TRUE(std::exchange(open, false));
      } else {
        ASSERT_FALSE(open) << type;
      }
    }
    const std::vector<std::pair<std::string, std::string>> expected = {
        {"thinking", "I think."},
        {"text", "Sure.\n"},
        {"tool_use", R"({"a":"x\"y"})"},
        {"text", " and "},
        {"tool_use", "{}"}};
    ASSERT_EQ(blocks, expected);
  });
}

TEST(ChatStream, DeltasGiveTheWholeAtEveryCut) {
  Stream stream(Dialect::chat, testing::chat_body(""));
  with_every_cut(kAnswer, [&](const std::vector<std::string>& pieces) {
    const auto sent = stream.run(pieces);
    std::map<std::string, std::string> said;
    std::map<int, std::string> arguments;
    std::string reason;
    for (const Json& event : parse_events(sent.events)) {
      const Json& choice = event.at("choices").at(0);
      const Json& delta = choice.at("delta");
      for (const char* member : {"reasoning", "reasoning_content", "content"})
        said[member] += text_of(delta, member);
      if (delta.contains("reasoning")) {
        ASSERT_EQ(said["content"], "") << "reasoning after content";
      }
      if (delta.contains("tool_calls"))
        arguments[delta["tool_calls"][0].at("index").get<int>()] +=
            text_of(delta["tool_calls"][0].at("function"), "arguments");
      reason += text_of(choice, "finish_reason");
    }
    const Json whole = json::parse(sent.body)->at("choices").at(0);
    ASSERT_EQ(said["content"], whole.at("message").at("content"));
    ASSERT_EQ(said["reasoning"], "I think.");
    ASSERT_EQ(said["reasoning_content"], "I think.");
    ASSERT_EQ(arguments[0], R"({"a":"x\"y"})");
    ASSERT_EQ(arguments[1], "{}");
    ASSERT_EQ(reason, "tool_calls");
  });
}

}  // namespace
}  // namespace stride::api
