// SPDX-License-Identifier: Apache-2.0
// The streams of told_answer.h, followed event by event.
#include <memory>
#include <utility>

#include "api/testing/told_parts.h"
#include "net/sse_parser.h"

namespace stride::api::testing {
namespace {

std::unexpected<Error> wrong(std::string_view what, const net::SseItem& at) {
  return fail(Errc::format, "{}: event \"{}\" with {}", what, at.event, at.data);
}

class Reader {
 public:
  virtual ~Reader() = default;
  virtual Result<> take(const net::SseItem& event) = 0;
  // True once the event was taken that ends every stream of this dialect.
  bool over() const { return over_; }
  ToldAnswer take_answer() { return std::move(out_); }

 protected:
  ToldAnswer out_;
  bool over_ = false;
};

// Chat and completions: chunks without a name, the finish reason once, the usage, [DONE].
class OpenAiReader final : public Reader {
 public:
  explicit OpenAiReader(bool is_chat) : is_chat_(is_chat) {}

  Result<> take(const net::SseItem& event) override {
    if (!event.event.empty()) return wrong("a chunk has a name", event);
    if (event.data == "[DONE]") {
      if (out_.finish_reason.empty()) return fail(Errc::format, "[DONE] without a finish reason");
      over_ = true;
      return {};
    }
    const Json chunk = STRIDE_TRY(parse_told(event.data));
    const std::string id = text_at(chunk, "/id");
    if (id.empty() || (!id_.empty() && id != id_)) return wrong("not the id of the answer", event);
    id_ = id;
    const Json& choices = list_at(chunk, "/choices");
    if (choices.empty()) {
      if (out_.finish_reason.empty() || out_.usage != ToldUsage())
        return wrong("the usage is out of place", event);
      out_.usage = STRIDE_TRY(openai_usage(chunk));
      return {};
    }
    if (choices.size() != 1 || !out_.finish_reason.empty())
      return wrong("something follows the finish reason", event);
    return take_choice(choices[0], chunk, event);
  }

 private:
  Result<> take_choice(const Json& choice, const Json& chunk, const net::SseItem& event) {
    if (!is_chat_) {
      add_text(ToldBlock::Kind::content, text_at(choice, "/text"), out_);
    } else if (const Json* delta = json::member(choice, "delta")) {
      if (std::exchange(first_, false) && text_at(*delta, "/role") != "assistant")
        return wrong("the role does not come first", event);
      STRIDE_TRY(take_delta(*delta, event));
    } else {
      return wrong("there is no delta", event);
    }
    add_openai_logprobs(choice, out_);
    out_.finish_reason = text_at(choice, "/finish_reason");
    out_.finish_cause = text_at(chunk, "/timings/finish_cause");
    out_.stop = text_at(choice, "/stop_reason");
    return {};
  }

  Result<> take_delta(const Json& delta, const net::SseItem& event) {
    const size_t n_block = out_.blocks.size();
    add_reasoning(delta, out_);
    if (n_block > 0 && out_.blocks.size() > n_block) return wrong("reasoning comes late", event);
    add_text(ToldBlock::Kind::content, text_at(delta, "/content"), out_);
    for (const Json& call : list_at(delta, "/tool_calls")) {
      const size_t index = call.at("index").get<size_t>();
      const std::string arguments = text_at(call, "/function/arguments");
      if (call.contains("id")) {
        if (index != n_call_++ || text_at(call, "/id").empty() || !arguments.empty())
          return wrong("not the beginning of the next call", event);
        out_.blocks.push_back({ToldBlock::Kind::call, text_at(call, "/function/name"), ""});
      } else if (index + 1 != n_call_ || out_.blocks.back().kind != ToldBlock::Kind::call) {
        return wrong("arguments of a call that is not open", event);
      } else {
        out_.blocks.back().text += arguments;
      }
    }
    return {};
  }

  const bool is_chat_;
  bool first_ = true;
  std::string id_;
  size_t n_call_ = 0;
};

// Blocks are opened, filled and closed, one after the other.
class MessagesReader final : public Reader {
 public:
  Result<> take(const net::SseItem& event) override {
    const Json body = STRIDE_TRY(parse_told(event.data));
    const std::string& type = event.event;
    if (type != text_at(body, "/type")) return wrong("the name is not the type", event);
    if (type == "ping") return {};
    if (type == "message_start") {
      if (std::exchange(begun_, true)) return wrong("a second beginning", event);
      return {};
    }
    if (!begun_) return wrong("no message has begun", event);
    if (type.starts_with("content_block_")) return take_block(type, body, event);
    if (open_) return wrong("a block is open", event);
    if (type == "message_delta" && out_.finish_reason.empty()) {
      out_.finish_reason = text_at(body, "/delta/stop_reason");
      out_.stop = text_at(body, "/delta/stop_sequence");
      out_.finish_cause = text_at(body, "/timings/finish_cause");
      out_.usage = STRIDE_TRY(messages_usage(body));
      return {};
    }
    if (type != "message_stop" || out_.finish_reason.empty()) return wrong("out of order", event);
    over_ = true;
    return {};
  }

 private:
  Result<> take_block(const std::string& type, const Json& body, const net::SseItem& event) {
    const bool starts = type == "content_block_start";
    if (starts == open_ || !out_.finish_reason.empty()) return wrong("out of order", event);
    if (body.at("index").get<size_t>() + (starts ? 0 : 1) != out_.blocks.size())
      return wrong("not the index of the block", event);
    if (starts) return open(body.at("content_block"), event);
    ToldBlock& block = out_.blocks.back();
    if (type == "content_block_delta") return add(body.at("delta"), block, event);
    open_ = false;
    if (block.kind == ToldBlock::Kind::reasoning && !signed_)
      return wrong("a thinking block without its signature", event);
    // As the object that the whole answer holds.
    const auto arguments = parse_told(block.text);
    if (block.kind == ToldBlock::Kind::call && arguments) block.text = json::dump(*arguments);
    return {};
  }

  Result<> open(const Json& content, const net::SseItem& event) {
    const std::string type = text_at(content, "/type");
    open_ = true;
    signed_ = false;
    ToldBlock block;
    if (type == "thinking") {
      block.kind = ToldBlock::Kind::reasoning;
    } else if (type == "tool_use") {
      block = {ToldBlock::Kind::call, text_at(content, "/name"), ""};
      if (text_at(content, "/id").empty()) return wrong("a call without an id", event);
    } else if (type != "text") {
      return wrong("an unknown block", event);
    }
    out_.blocks.push_back(std::move(block));
    return {};
  }

  Result<> add(const Json& delta, ToldBlock& block, const net::SseItem& event) {
    using enum ToldBlock::Kind;
    const std::string type = text_at(delta, "/type");
    const auto expected = type == "text_delta"         ? content
                          : type == "input_json_delta" ? call
                                                       : reasoning;
    if (block.kind != expected || signed_) return wrong("not a part of this block", event);
    signed_ = type == "signature_delta";
    for (const char* member : {"/thinking", "/text", "/partial_json"})
      block.text += text_at(delta, member);
    return {};
  }

  bool begun_ = false;
  bool open_ = false;
  bool signed_ = false;
};

// Items are added, filled part by part, and done; the response at the end holds all of them.
class ResponsesReader final : public Reader {
 public:
  Result<> take(const net::SseItem& event) override {
    const Json body = STRIDE_TRY(parse_told(event.data));
    const std::string type = text_at(body, "/type");
    if (type != event.event) return wrong("the name is not the type", event);
    if (body.at("sequence_number").get<uint64_t>() != n_event_++)
      return wrong("not the next number", event);
    if ((n_event_ == 1) != (type == "response.created")) return wrong("out of order", event);
    if (const Json* response = json::member(body, "response"))
      return take_state(type, *response, event);
    if (body.at("output_index").get<size_t>() != items_.size())
      return wrong("not the index of the item", event);
    if (type == "response.output_item.added") return open(body.at("item"), event);
    if (type == "response.output_item.done") return close(body.at("item"), event);
    if (text_at(body, "/item_id") != id_) return wrong("not the id of the item", event);
    return take_part(type, body, event);
  }

 private:
  // Of the one part of an item.
  enum class Part : uint8_t { none, open, told, closed };

  Result<> take_state(const std::string& type, const Json& response, const net::SseItem& event) {
    const bool ends = type == "response.completed" || type == "response.incomplete";
    if (!ends && type != "response.created" && type != "response.in_progress")
      return wrong("an unknown state", event);
    if (!ends) return {};
    if (!id_.empty()) return wrong("an item is open", event);
    if (json::dump(response.at("output")) != json::dump(items_))
      return wrong("the output is not what was told", event);
    if (type != "response." + text_at(response, "/status")) return wrong("another state", event);
    out_ = STRIDE_TRY(read_whole(Dialect::responses, json::dump(response)));
    over_ = true;
    return {};
  }

  Result<> open(const Json& item, const net::SseItem& event) {
    if (!id_.empty()) return wrong("two items are open", event);
    id_ = text_at(item, "/id");
    type_ = text_at(item, "/type");
    part_ = Part::none;
    told_.clear();
    if (id_.empty() || text_at(item, "/status") != "in_progress")
      return wrong("not an item that begins", event);
    return {};
  }

  Result<> take_part(const std::string& type, const Json& body, const net::SseItem& event) {
    const auto go = [&](Part from, Part to) -> Result<> {
      if (part_ != from) return wrong("out of order", event);
      part_ = to;
      return {};
    };
    const bool is_call = type_ == "function_call" || type_ == "custom_tool_call";
    if (type.ends_with("part.added")) return go(Part::none, Part::open);
    if (type.ends_with("part.done")) return go(Part::told, Part::closed);
    const Part open = is_call ? Part::none : Part::open;
    if (type.ends_with(".delta")) {
      told_ += text_at(body, "/delta");
      return go(open, open);
    }
    if (!type.ends_with(".done")) return wrong("an unknown event", event);
    for (const char* member : {"/text", "/arguments", "/input"})
      if (json::find(body, member) != nullptr && text_at(body, member) != told_)
        return wrong("not what the deltas told", event);
    return go(open, is_call ? Part::closed : Part::told);
  }

  Result<> close(const Json& item, const net::SseItem& event) {
    ToldAnswer one;
    add_item(item, one);
    if (part_ != Part::closed || text_at(item, "/id") != id_ || text_at(item, "/type") != type_)
      return wrong("the item cannot end here", event);
    if (one.blocks.back().text != told_) return wrong("the item is not what was told", event);
    items_.push_back(item);
    id_.clear();
    return {};
  }

  uint64_t n_event_ = 0;
  std::string id_, type_, told_;  // of the item that is open
  Part part_ = Part::none;
  Json items_ = Json::array();
};

std::unique_ptr<Reader> make_reader(Dialect dialect) {
  if (dialect == Dialect::messages) return std::make_unique<MessagesReader>();
  if (dialect == Dialect::responses) return std::make_unique<ResponsesReader>();
  return std::make_unique<OpenAiReader>(dialect == Dialect::chat);
}

}  // namespace

Result<ToldAnswer> read_stream(Dialect dialect, std::string_view events) {
  const auto reader = make_reader(dialect);
  Result<> state;
  const auto take = [&](const net::SseItem& item) {
    if (!state || item.kind == net::SseItem::Kind::comment) return;
    if (item.kind == net::SseItem::Kind::stray) {
      state = wrong("a line that is no field", item);
    } else if (reader->over()) {
      state = wrong("something follows the end", item);
    } else {
      state = reader->take(item);
    }
  };
  net::SseParser parser;
  STRIDE_TRY(parser.push(events, take));
  STRIDE_TRY(state);
  if (const auto rest = parser.finish()) return wrong("the stream was cut", *rest);
  if (!reader->over()) return fail(Errc::format, "the stream has no end");
  return reader->take_answer();
}

}  // namespace stride::api::testing
