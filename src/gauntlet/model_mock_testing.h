// SPDX-License-Identifier: Apache-2.0
// For tests: an endpoint that keeps to OpenAI's chat and to Anthropic's messages, reasons, calls
// tools and counts its tokens, each of four bytes. `broken` names the one check of the contract
// that it fails.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gauntlet/mock_server.h"
#include "json/json.h"

namespace stride::gauntlet {

class ModelMock {
 public:
  explicit ModelMock(std::string broken = {}, int64_t token_ns = 0)
      : broken_(std::move(broken)), token_ns_(token_ns) {}

  MockResponse answer(const MockRequest& request) {
    if (request.method == "GET")
      return json_response(200, is("C01") ? R"({"data":[]})" : R"({"data":[{"id":"step"}]})");
    const auto body = json::parse(request.body);
    if (!body) {
      if (is("C22")) return json_response(500, R"({"error":{"message":"crash","type":"x"}})");
      return is("C30") ? json_response(400, "bad request") : error(400, "the body is no JSON");
    }
    if (std::exchange(aborted_, false) && is("C24")) return error(503, "no free place");
    if (body->at("model") != "step") return error(is("C23") ? 500 : 404, "no such model");
    if (request.body.size() > 1'000'000 && !is("C21")) return error(400, "the prompt is too long");
    const bool anthropic = request.path.ends_with("/messages");
    Turn turn = think(*body);
    const bool stream = body->value("stream", false);
    MockResponse response = anthropic ? messages(turn, stream) : chat(turn, stream);
    if (is("C26")) response.headers.emplace_back("connection", "close");
    response.on_end = [this](bool sent) {
      --n_open_;
      aborted_ |= !sent;
    };
    ++n_open_;
    return response;
  }

 private:
  struct Turn {
    std::string reasoning{}, answer{}, finish = "stop";
    std::vector<std::pair<std::string, std::string>> calls{};  // name and arguments
    size_t n_prompt = 0;

    size_t n_reasoning() const { return (reasoning.size() + 3) / 4; }
    size_t n_output() const {
      size_t n = answer.size();
      for (const auto& [name, arguments] : calls) n += name.size() + arguments.size();
      return n_reasoning() + (n + 3) / 4;
    }
  };

  bool is(std::string_view check) const { return broken_ == check; }

  static MockResponse error(int status, std::string_view message) {
    return json_response(
        status, json::dump({{"error", {{"message", message}, {"type", "invalid_request_error"}}}}));
  }

  static std::string text_of(const Json& content) {
    if (content.is_string()) return content.get<std::string>();
    return content.is_array() && !content.empty() ? content[0].value("text", "") : "";
  }

  Turn think(const Json& body) {
    Turn turn;
    const Json& messages = body.at("messages");
    const Json& last = messages.back();
    const std::string asked = text_of(last.at("content"));
    for (const Json& message : messages) {
      turn.n_prompt += 4 + text_of(message.at("content")).size() / 4;
      if (!is("C18")) turn.n_prompt += message.value("reasoning_content", "").size() / 4;
    }
    const Json* kwargs = json::member(body, "chat_template_kwargs");
    const bool off = kwargs != nullptr && !is("C28") && !kwargs->value("enable_thinking", true);
    if (!off) turn.reasoning = "Let me see what is asked here.";
    const std::string choice = body.contains("tool_choice") ? json::dump(body["tool_choice"]) : "";
    const bool calls =
        body.contains("tools") && last.at("role") == "user" && (choice != "\"none\"" || is("C15"));
    if (calls)
      call(choice, turn);
    else
      turn.answer = say(body, asked);
    shape(body, turn);
    return turn;
  }

  void call(const std::string& choice, Turn& turn) const {
    if (choice.contains("send_email")) {
      turn.calls = {{"send_email", R"({"to":"a","text":"b"})"}};
    } else {
      for (const char* city : {"Milan", "Oslo"})
        turn.calls.emplace_back("get_forecast", is("C17") ? "{\"city\":"
                                                          : std::string("{\"city\":\"") + city +
                                                                "\",\"date\":\"2026-10-09\"}");
    }
    turn.finish = "tool_calls";
  }

  std::string say(const Json& body, const std::string& asked) {
    const Json& first = body["messages"][0];
    if (is("C25") && n_open_ > 0) return "Mixed up.";
    if (first.at("role") == "system" && !is("C20")) return "HARBOUR";
    if (const Json* format = json::find(body, "/response_format/type")) {
      if (*format == "json_object") return is("C13") ? "Rome" : R"({"capital":"Rome"})";
      return is("C14") ? R"({"city":"Rome"})" : R"({"city":"Rome","rank":1})";
    }
    if (asked.starts_with("Count")) {
      std::string text;
      for (int i = 0; i < 2000; ++i) text += "one two three ";
      return text;
    }
    if (const size_t colon = asked.find("else: "); colon != asked.npos)
      return is("C19") ? "Gr\xef\xbf\xbd" : asked.substr(colon + 6);
    std::string text = "Red, green and blue are three of them";
    if (asked.contains("rivers")) text = "The Seine, the Loire and the Rhone";
    if (asked.contains("metals")) text = "Iron, copper and zinc";
    if (asked.contains("train")) text = "At 12:15";
    if (body.value("stream", false) && is("C03")) text += ", as a stream";
    if (body.contains("seed"))
      text += is("C12") ? " " + std::to_string(++n_seeded_) : " " + json::dump(body["seed"]);
    return text + ".";
  }

  // Stop sequences and the limit.
  void shape(const Json& body, Turn& turn) const {
    if (const Json* stop = json::find(body, "/stop/0"))
      if (const size_t at = turn.answer.find(stop->get<std::string>()); at != turn.answer.npos)
        turn.answer.resize(is("C11") ? at + 4 : at);
    const uint64_t limit = body.value("max_tokens", uint64_t{0});
    if (is("C09")) turn.answer.clear();
    if (is("C29") && limit < 400 && turn.answer.contains("12:15")) {
      turn.answer.clear();
      turn.finish = "length";
    }
    if (is("C10") || limit >= turn.n_output()) return;
    turn.finish = "length";
    turn.reasoning.resize(std::min<size_t>(turn.reasoning.size(), limit * 4));
    turn.answer.resize(std::min<size_t>(turn.answer.size(), (limit - turn.n_reasoning()) * 4));
  }

  Json usage_of(const Turn& turn) const {
    Json usage = {{"prompt_tokens", turn.n_prompt},
                  {"completion_tokens", turn.n_output()},
                  {"total_tokens", turn.n_prompt + turn.n_output()}};
    if (!is("C07")) usage["completion_tokens_details"] = {{"reasoning_tokens", turn.n_reasoning()}};
    return usage;
  }

  std::string id_of(size_t call) const { return "call_" + std::to_string(is("C16") ? 0 : call); }

  MockResponse chat(const Turn& turn, bool stream) const {
    const std::string finish = is("C05") ? "eos" : turn.finish;
    const std::string answer = is("C08") ? turn.answer + "</think>" : turn.answer;
    if (!stream) {
      Json message = {
          {"role", "assistant"}, {"content", answer}, {"reasoning_content", turn.reasoning}};
      if (is("C02")) message["content"] = nullptr;
      for (size_t i = 0; i < turn.calls.size(); ++i)
        message["tool_calls"].push_back(call_json(turn, i));
      return json_response(
          200,
          json::dump(
              {{"model", "step"},
               {"choices",
                Json::array({{{"index", 0}, {"message", message}, {"finish_reason", finish}}})},
               {"usage", usage_of(turn)}}));
    }
    std::vector<std::string> frames = {chunk({{"role", "assistant"}, {"content", ""}})};
    if (is("C04")) frames.push_back(frames.front());
    cut(turn.reasoning,
        [&](std::string part) { frames.push_back(chunk({{"reasoning_content", part}})); });
    cut(answer, [&](std::string part) { frames.push_back(chunk({{"content", part}})); });
    for (size_t i = 0; i < turn.calls.size(); ++i) {
      Json call = call_json(turn, i);
      call["index"] = i;
      frames.push_back(chunk({{"tool_calls", Json::array({call})}}));
    }
    frames.push_back(data(
        {{"choices",
          Json::array({{{"index", 0}, {"delta", Json::object()}, {"finish_reason", finish}}})}}));
    if (!is("C06")) frames.push_back(data({{"choices", Json::array()}, {"usage", usage_of(turn)}}));
    frames.emplace_back("data: [DONE]\n\n");
    return paced(frames);
  }

  Json call_json(const Turn& turn, size_t i) const {
    return {{"id", id_of(i)},
            {"type", "function"},
            {"function", {{"name", turn.calls[i].first}, {"arguments", turn.calls[i].second}}}};
  }

  MockResponse messages(const Turn& turn, bool) const {
    std::vector<std::string> frames = {data({{"type", "message_start"},
                                             {"message",
                                              {{"role", "assistant"},
                                               {"model", "step"},
                                               {"usage", {{"input_tokens", turn.n_prompt}}}}}})};
    const auto block = [&](int index, const Json& start, const std::vector<Json>& deltas) {
      frames.push_back(
          data({{"type", "content_block_start"}, {"index", index}, {"content_block", start}}));
      for (const Json& delta : deltas)
        frames.push_back(
            data({{"type", "content_block_delta"}, {"index", index}, {"delta", delta}}));
      frames.push_back(data({{"type", "content_block_stop"}, {"index", index}}));
    };
    std::vector<Json> thinking = {{{"type", "thinking_delta"}, {"thinking", turn.reasoning}}};
    if (!is("C27")) thinking.push_back({{"type", "signature_delta"}, {"signature", "c2ln"}});
    block(0, {{"type", "thinking"}, {"thinking", ""}}, thinking);
    block(1, {{"type", "text"}, {"text", ""}}, {{{"type", "text_delta"}, {"text", turn.answer}}});
    frames.push_back(data({{"type", "message_delta"},
                           {"delta", {{"stop_reason", "end_turn"}}},
                           {"usage", {{"output_tokens", turn.n_output()}}}}));
    frames.push_back(data({{"type", "message_stop"}}));
    return paced(frames);
  }

  static std::string data(const Json& value) { return "data: " + json::dump(value) + "\n\n"; }
  static std::string chunk(const Json& delta) {
    return data(
        {{"choices", Json::array({{{"index", 0}, {"delta", delta}, {"finish_reason", nullptr}}})}});
  }

  // Whole characters, about a token each.
  template <class Take>
  static void cut(const std::string& text, Take take) {
    for (size_t at = 0; at < text.size();) {
      size_t end = std::min(at + 4, text.size());
      while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
      take(text.substr(at, end - at));
      at = end;
    }
  }

  MockResponse paced(const std::vector<std::string>& frames) const {
    MockResponse response{.headers = {{"content-type", "text/event-stream"}}};
    int64_t t_ns = 0;
    for (const std::string& frame : frames) response.pieces.push_back({t_ns += token_ns_, frame});
    response.end_ns = t_ns;
    return response;
  }

  std::string broken_;
  int64_t token_ns_;
  std::atomic<int> n_open_{0}, n_seeded_{0};
  bool aborted_ = false;
};

inline MockServer serve(const std::shared_ptr<ModelMock>& mock) {
  return MockServer::start(
             {.handler = [mock](const MockRequest& request) { return mock->answer(request); }})
      .value();
}

}  // namespace stride::gauntlet
