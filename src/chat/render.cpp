// SPDX-License-Identifier: Apache-2.0
// The turns in the order of the template: one system turn (effort, first system message, tools),
// then every message, then the generation prompt. Text of callers enters only through
// Writer::plain, the renderer's own text only through Writer::own, which alone makes control
// segments.
//
// Q, the last query, is the last user message that is not a tool result in disguise; reasoning of
// assistant messages is written after it and dropped before it.
#include "chat/render.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "json/json.h"

namespace stride::chat {
namespace {

// As deep as a request may be.
constexpr json::ParseOptions kExact{.max_depth = 128, .numbers = json::Numbers::exact};

constexpr std::array kControlTokens = {token::kTurnBegin,   token::kTurnEnd,   token::kThinkBegin,
                                       token::kThinkEnd,    token::kCallBegin, token::kCallEnd,
                                       token::kResultBegin, token::kResultEnd, token::kImage};

constexpr std::string_view kToolsHead =
    "# Tools\n\nYou have access to the following functions in JSONSchema format:\n\n<tools>";

constexpr std::string_view kToolsTail =
    "\n</tools>\n\n"
    "If you choose to call a function ONLY reply in the following format with NO suffix:\n\n"
    "<tool_call>\n<function=example_function_name>\n<parameter=example_parameter_1>\nvalue_1\n"
    "</parameter>\n<parameter=example_parameter_2>\nThis is the value for the second parameter\n"
    "that can span\nmultiple lines\n</parameter>\n</function>\n</tool_call>\n\n"
    "<IMPORTANT>\nReminder:\n"
    "- Function calls MUST follow the specified format: an inner <function=...>\n...\n"
    "</function> block must be nested within <tool_call>\n...\n</tool_call> XML tags\n"
    "- Required parameters MUST be specified\n</IMPORTANT>";

// Collects segments so that no two plain ones are neighbours and none is empty.
class Writer {
 public:
  void plain(std::string_view text) {
    if (text.empty()) return;
    const bool joins =
        !segments_.empty() && !segments_.back().control && segments_.back().tokens.empty();
    if (!joins) segments_.push_back({});
    segments_.back().text += text;
  }

  void exact(const SampledTurn& turn) {
    if (!turn.tokens.empty()) segments_.push_back({.text = turn.text, .tokens = turn.tokens});
  }

  void control(std::string_view token) {
    segments_.push_back({.text = std::string(token), .control = true});
  }

  // Text of the renderer itself, with its control tokens.
  void own(std::string_view text) {
    while (!text.empty()) {
      const size_t at = std::min(text.find('<', 1), text.size());
      const auto* found = std::ranges::find_if(
          kControlTokens, [&](std::string_view t) { return text.starts_with(t); });
      if (found != kControlTokens.end()) {
        control(*found);
        text.remove_prefix(found->size());
      } else {
        plain(text.substr(0, at));
        text.remove_prefix(at);
      }
    }
  }

  std::vector<Segment> take() && { return std::move(segments_); }

 private:
  std::vector<Segment> segments_;
};

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view trim_newlines_left(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of('\n'), text.size()));
  return text;
}

std::string_view trim_newlines_right(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

// A message's content as one string in which the placeholders of images are remembered by place, so
// that the same letters in a text stay letters.
struct Content {
  std::string text;
  std::vector<size_t> images;  // offsets in `text`

  // Writes the part of `text` that `piece` views.
  void write(Writer& out, std::string_view piece) const {
    size_t at = static_cast<size_t>(piece.data() - text.data());
    const size_t end = at + piece.size();
    for (const size_t image : images) {
      if (image < at || image >= end) continue;
      out.plain(std::string_view(text).substr(at, image - at));
      out.control(token::kImage);
      at = image + token::kImage.size();
    }
    out.plain(std::string_view(text).substr(at, end - at));
  }

  void write(Writer& out) const { write(out, text); }
};

// Reasoning and content of an assistant message, views into its content or its own field.
struct Answer {
  std::string_view reasoning{};
  std::string_view content{};
  bool reasoning_in_content = false;
};

class Renderer {
 public:
  Renderer(const Conversation& conversation, const RenderOptions& options)
      : conversation_(conversation), messages_(conversation.messages), options_(options) {}

  Result<Prompt> render() {
    contents_.reserve(messages_.size());
    for (size_t i = 0; i < messages_.size(); ++i) contents_.push_back(STRIDE_TRY(read_content(i)));
    last_query_ = find_last_query();
    if (!options_.bos.empty()) out_.control(options_.bos);
    if (auto ok = write_system(); !ok) return std::unexpected(std::move(ok).error());
    const bool continued = options_.final_turn == FinalTurn::continued && !messages_.empty() &&
                           messages_.back().role == Role::assistant;
    const size_t n_closed = messages_.size() - (continued ? 1 : 0);
    for (size_t i = 0; i < n_closed; ++i) {
      if (auto ok = write_message(i); !ok) return std::unexpected(std::move(ok).error());
    }
    if (continued) {
      if (auto ok = write_open_turn(messages_.size() - 1); !ok) {
        return std::unexpected(std::move(ok).error());
      }
    } else if (conversation_.add_generation_prompt) {
      out_.own("<|im_start|>assistant\n<think>\n");
      if (conversation_.thinking == Thinking::off) out_.own("\n</think>\n");
    }
    return Prompt{std::move(out_).take()};
  }

 private:
  Result<Content> read_content(size_t index) const {
    Content out;
    bool after_text = false;
    for (const Part& part : messages_[index].content) {
      if (part.kind == Part::Kind::image) {
        if (options_.images == Images::refuse) {
          return fail(Errc::unsupported,
                      "messages[{}] holds an image, but this model reads text only", index);
        }
        out.images.push_back(out.text.size());
        out.text += token::kImage;
        after_text = false;
        continue;
      }
      if (after_text) out.text += options_.part_separator;
      out.text += options_.trim == Trim::foreign ? trim(part.text) : part.text;
      after_text = true;
    }
    return out;
  }

  size_t find_last_query() const {
    for (size_t i = messages_.size(); i-- > 0;) {
      const std::string_view text = contents_[i].text;
      const bool is_result =
          text.starts_with(token::kResultBegin) && text.ends_with(token::kResultEnd);
      if (messages_[i].role == Role::user && !is_result) return i;
    }
    return messages_.empty() ? 0 : messages_.size() - 1;
  }

  Result<void> write_system() {
    const bool has_message = !messages_.empty() && messages_[0].role == Role::system;
    const bool has_tools = !conversation_.tools.empty();
    if (!has_message && !has_tools && !conversation_.effort) return {};
    out_.own("<|im_start|>system\n");
    if (conversation_.effort) {
      out_.own("Reasoning: ");
      out_.own(effort_name(*conversation_.effort));
      out_.own("\n\n");
    }
    if (has_message) contents_[0].write(out_);
    if (has_tools) {
      if (has_message) out_.own("\n\n");
      out_.own(kToolsHead);
      for (size_t i = 0; i < conversation_.tools.size(); ++i) {
        out_.own("\n");
        out_.plain(STRIDE_TRY(tool_line(i)));
      }
      out_.own(kToolsTail);
    }
    out_.own("<|im_end|>\n");
    return {};
  }

  Result<std::string> tool_line(size_t index) const {
    const std::string place = fmt::format("tools[{}]", index);
    const Json tool = STRIDE_TRY_AT(place, json::parse(conversation_.tools[index], kExact));
    if (!tool.is_object()) return fail(Errc::invalid_argument, "{} is not a JSON object", place);
    return json::python_dump(tool);
  }

  Result<void> write_message(size_t index) {
    const Message& message = messages_[index];
    switch (message.role) {
      case Role::user:
        write_turn("user", contents_[index]);
        return {};
      case Role::system:
        // The first message is in the system turn already.
        if (index > 0) {
          write_turn(message.name == "observation" ? "observation" : "system", contents_[index]);
        }
        return {};
      case Role::assistant:
        return write_assistant(index);
      case Role::tool:
        write_result(index);
        return {};
      case Role::other:
        break;
    }
    return {};
  }

  void write_turn(std::string_view role, const Content& content) {
    out_.own("<|im_start|>");
    out_.own(role);
    out_.own("\n");
    content.write(out_);
    out_.own("<|im_end|>\n");
  }

  // A run of results is one turn; a message that renders nothing ends the run like any other.
  void write_result(size_t index) {
    const auto is_result = [&](size_t i) { return messages_[i].role == Role::tool; };
    if (index == 0 || !is_result(index - 1)) out_.own("<|im_start|>tool_response\n");
    out_.own("<tool_response>");
    contents_[index].write(out_);
    out_.own("</tool_response>");
    if (index + 1 == messages_.size() || !is_result(index + 1)) out_.own("<|im_end|>\n");
  }

  Answer split_answer(size_t index) const {
    const Message& message = messages_[index];
    const std::string_view text = contents_[index].text;
    if (message.reasoning) {
      const std::string_view reasoning = *message.reasoning;
      return {.reasoning = options_.trim == Trim::foreign ? trim(reasoning) : reasoning,
              .content = text};
    }
    const size_t first_end = text.find(token::kThinkEnd);
    if (first_end == std::string_view::npos) return {.content = text};
    std::string_view reasoning = trim_newlines_right(text.substr(0, first_end));
    if (const size_t begin = reasoning.rfind(token::kThinkBegin); begin != std::string_view::npos) {
      reasoning.remove_prefix(begin + token::kThinkBegin.size());
    }
    const size_t last_end = text.rfind(token::kThinkEnd);
    return {.reasoning = trim_newlines_left(reasoning),
            .content = trim_newlines_left(text.substr(last_end + token::kThinkEnd.size())),
            .reasoning_in_content = true};
  }

  void write_reasoning(size_t index, const Answer& answer) {
    if (answer.reasoning_in_content) {
      contents_[index].write(out_, answer.reasoning);
    } else {
      out_.plain(answer.reasoning);
    }
  }

  void write_sampled(const SampledTurn& turn) {
    out_.own("<|im_start|>assistant\n<think>\n");
    if (turn.thinking_closed) out_.own("\n</think>\n");
    out_.exact(turn);
    out_.own("<|im_end|>\n");
  }

  Result<void> write_assistant(size_t index) {
    if (index > last_query_ && messages_[index].sampled) {
      write_sampled(*messages_[index].sampled);
      return {};
    }
    const Answer answer = split_answer(index);
    out_.own("<|im_start|>assistant\n");
    if (index > last_query_) {
      out_.own("<think>\n");
      write_reasoning(index, answer);
      out_.own("\n</think>\n");
    }
    contents_[index].write(out_, answer.content);
    const std::vector<ToolCall>& calls = messages_[index].tool_calls;
    for (size_t i = 0; i < calls.size(); ++i) {
      auto ok = write_call(calls[i]);
      if (!ok) {
        return within(fmt::format("messages[{}].tool_calls[{}]", index, i), std::move(ok).error());
      }
    }
    out_.own("<|im_end|>\n");
    return {};
  }

  Result<void> write_call(const ToolCall& call) {
    out_.own("<tool_call>\n<function=");
    out_.plain(call.name);
    out_.own(">\n");
    if (!call.arguments.empty()) {
      const Json arguments = STRIDE_TRY_AT("arguments", json::parse(call.arguments, kExact));
      if (!arguments.is_object()) {
        return fail(Errc::invalid_argument, "the arguments are not a JSON object");
      }
      for (const auto& [key, value] : arguments.get_ref<const Json::object_t&>()) {
        out_.own("<parameter=");
        out_.plain(key);
        out_.own(">\n");
        out_.plain(json::python_str(value));
        out_.own("\n</parameter>\n");
      }
    }
    out_.own("</function>\n</tool_call>");
    return {};
  }

  // The last assistant message without its end, in the form of a turn after the last query.
  Result<void> write_open_turn(size_t index) {
    if (!messages_[index].tool_calls.empty()) {
      return fail(Errc::invalid_argument,
                  "messages[{}] ends in a tool call and cannot be continued", index);
    }
    Answer answer = split_answer(index);
    const bool only_begun = !answer.reasoning_in_content && !messages_[index].reasoning &&
                            answer.content.starts_with(token::kThinkBegin);
    if (only_begun) {
      answer.reasoning = trim_newlines_left(answer.content.substr(token::kThinkBegin.size()));
      answer.content = {};
      answer.reasoning_in_content = true;
    }
    const bool closed_in_content = answer.reasoning_in_content && !only_begun;
    out_.own("<|im_start|>assistant\n<think>\n");
    write_reasoning(index, answer);
    if (answer.content.empty() && !closed_in_content && conversation_.thinking == Thinking::on) {
      return {};
    }
    out_.own("\n</think>\n");
    contents_[index].write(out_, answer.content);
    return {};
  }

  const Conversation& conversation_;
  const std::vector<Message>& messages_;
  const RenderOptions& options_;
  std::vector<Content> contents_;
  size_t last_query_ = 0;
  Writer out_;
};

}  // namespace

std::string Prompt::text() const {
  std::string out;
  for (const Segment& segment : segments) out += segment.text;
  return out;
}

Result<Prompt> render(const Conversation& conversation, const RenderOptions& options) {
  return Renderer(conversation, options).render();
}

}  // namespace stride::chat
