// SPDX-License-Identifier: Apache-2.0
// Decisions where the dialect and the prompt's template differ:
// - Blocks of instructions whose text begins with x-anthropic- are stamps of the client, new in
//   each request; in a prompt they would make everything after them new as well. They are left out.
// - Results of tools come before other text of the same message, in the order of their calls. A
//   <system-reminder> that stands beside results becomes part of the last of them: as a message of
//   its own it would count as a new question and end the reasoning of the tool loop.
// - Tools with defer_loading stand in the prompt where a tool_reference names them, not in the list
//   of tools, which so stays the same while a client discovers tools.
#include "api/messages_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/constraints.h"
#include "api/fields.h"
#include "api/request_common.h"
#include "api/sampling_fields.h"
#include "api/thinking_controls.h"
#include "json/json.h"

namespace stride::api {
namespace {

constexpr std::string_view kBreak = "\n\n";  // between blocks of text

void append(std::string& to, std::string_view text) {
  if (text.empty()) return;
  if (!to.empty()) to += kBreak;
  to += text;
}

bool is_stamp(std::string_view text) {
  return text.starts_with("x-anthropic-");
}

bool is_reminder(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return text.starts_with("<system-reminder>");
}

class Reader {
 public:
  Reader(const Fields& body, ChatCall& call) : body_(body), call_(call) {}

  Outcome<> read() {
    STRIDE_TRY(read_tools());
    STRIDE_TRY(read_system());
    const Json* messages = STRIDE_TRY(body_.array("messages"));
    if (messages == nullptr || messages->empty())
      return refuse("messages", "messages: at least one message is required");
    for (size_t i = 0; i < messages->size(); ++i)
      STRIDE_TRY(read_message((*messages)[i], fmt::format("messages.{}", i)));
    if (conversation().messages.empty())
      return refuse("messages", "messages: none of the messages has content");
    return {};
  }

  const std::vector<std::string>& declared() const { return names_; }

 private:
  chat::Conversation& conversation() { return call_.conversation; }

  void add(chat::Role role, std::string text) {
    conversation().messages.push_back(chat::text_message(role, std::move(text)));
  }

  // Tools of the vendor's own servers have a type such as web_search_20250305 and no schema.
  Outcome<> read_tools() {
    const Json* tools = STRIDE_TRY(body_.array("tools"));
    if (tools == nullptr) return {};
    for (size_t i = 0; i < tools->size(); ++i) {
      const Json& tool = (*tools)[i];
      const std::string* name = json::string_member(tool, "name");
      const std::string* type = json::string_member(tool, "type");
      if (!tool.is_object()) return refuse("tools", fmt::format("tools.{} is not an object", i));
      const bool served = type == nullptr || *type == "custom";
      if (!served) continue;
      if (name == nullptr || name->empty())
        return refuse("tools", fmt::format("tools.{}.name: a tool needs a name", i));
      std::string text = function_tool(*name, json::member(tool, "description"),
                                       json::member(tool, "input_schema"));
      names_.push_back(*name);
      const Json* defer = json::member(tool, "defer_loading");
      const bool deferred = defer != nullptr && defer->is_boolean() && defer->get<bool>();
      (deferred ? call_.deferred_tools : conversation().tools).push_back(std::move(text));
    }
    return {};
  }

  Outcome<> read_system() {
    const Json* system = body_.find("system");
    if (system == nullptr) return {};
    std::string text = STRIDE_TRY(text_blocks(*system, "system", Stamps::drop));
    if (!text.empty()) add(chat::Role::system, std::move(text));
    return {};
  }

  enum class Stamps { keep, drop };

  // A string, or the texts of a list of blocks.
  Outcome<std::string> text_blocks(const Json& value, const std::string& place, Stamps stamps) {
    std::string out;
    if (value.is_string()) {
      const auto& text = value.get_ref<const std::string&>();
      return stamps == Stamps::drop && is_stamp(text) ? std::string() : text;
    }
    if (!value.is_array())
      return refuse(place, fmt::format("{}: must be a string or a list of blocks", place));
    for (size_t i = 0; i < value.size(); ++i) {
      const std::string text = STRIDE_TRY(block_text(value[i], fmt::format("{}.{}", place, i)));
      if (stamps == Stamps::keep || !is_stamp(text)) append(out, text);
    }
    return out;
  }

  // What can be read of one block as text.
  Outcome<std::string> block_text(const Json& block, const std::string& place) {
    if (block.is_string()) return block.get<std::string>();
    const std::string* type = json::string_member(block, "type");
    if (type == nullptr) return refuse(place, fmt::format("{}: a block needs a \"type\"", place));
    if (*type == "text") {
      const std::string* text = json::string_member(block, "text");
      if (text == nullptr) return refuse(place, fmt::format("{}.text: must be a string", place));
      return *text;
    }
    if (*type == "image") return refuse_image(place);
    if (*type == "document") return document_text(block, place);
    if (*type == "tool_reference") return reference_text(block);
    if (*type == "search_result") {
      const Json* content = json::member(block, "content");
      return content == nullptr ? std::string()
                                : STRIDE_TRY(text_blocks(*content, place, Stamps::keep));
    }
    return std::string();  // of a kind that only its vendor knows
  }

  Outcome<std::string> document_text(const Json& block, const std::string& place) {
    const Json* source = json::member(block, "source");
    const Json none = Json::object();
    const Json& from = source != nullptr ? *source : none;
    const std::string* type = json::string_member(from, "type");
    const std::string* data = json::string_member(from, "data");
    if (type != nullptr && *type == "text" && data != nullptr) return *data;
    if (type != nullptr && *type == "content") {
      const Json* content = json::member(from, "content");
      if (content != nullptr) return text_blocks(*content, place, Stamps::keep);
    }
    return refuse(place, fmt::format("{}: only documents given as text can be read", place));
  }

  // The definition of a tool that was left out of the list.
  std::string reference_text(const Json& block) {
    const std::string* name = json::string_member(block, "tool_name");
    if (name == nullptr) return {};
    for (const std::string& tool : call_.deferred_tools) {
      if (function_names({tool}) == std::vector{*name})
        return fmt::format("<tools>\n{}\n</tools>", python_text(tool));
    }
    return fmt::format("The tool {} is available.", *name);
  }

  // As the template writes the tools of its list.
  static std::string python_text(const std::string& tool) {
    const auto parsed = json::parse(tool, {.numbers = json::Numbers::exact});
    return parsed ? json::python_dump(*parsed) : tool;
  }

  Outcome<> read_message(const Json& message, const std::string& place) {
    const std::string* role = json::string_member(message, "role");
    if (role == nullptr) return refuse(place, fmt::format("{}.role: is missing", place));
    const Json* content = json::member(message, "content");
    if (content == nullptr || content->is_null()) {
      if (*role == "assistant") return {};  // says nothing
      return refuse(place, fmt::format("{}.content: is missing", place));
    }
    if (!content->is_string() && !content->is_array())
      return refuse(place, fmt::format("{}.content: must be a string or a list of blocks", place));
    if (*role == "user") return read_user(*content, place + ".content");
    if (*role == "assistant") return read_assistant(*content, place + ".content");
    if (*role == "system" || *role == "developer") {
      add(chat::Role::system, STRIDE_TRY(text_blocks(*content, place + ".content", Stamps::drop)));
      return {};
    }
    return refuse(
        place, fmt::format("{}.role: \"{}\" is not one of user, assistant, system", place, *role));
  }

  Outcome<> read_user(const Json& content, const std::string& place) {
    if (content.is_string()) {
      add(chat::Role::user, content.get<std::string>());
      return {};
    }
    std::vector<chat::Message> results;
    std::vector<std::string> texts;
    for (size_t i = 0; i < content.size(); ++i) {
      const std::string at = fmt::format("{}.{}", place, i);
      const std::string* type = json::string_member(content[i], "type");
      if (type != nullptr && *type == "tool_result") {
        results.push_back(STRIDE_TRY(read_result(content[i], at)));
      } else if (std::string text = STRIDE_TRY(block_text(content[i], at)); !text.empty()) {
        texts.push_back(std::move(text));
      }
    }
    sort_by_calls(results);
    std::string said;
    for (const std::string& text : texts) {
      if (!results.empty() && is_reminder(text)) {
        append(results.back().content[0].text, text);
      } else {
        append(said, text);
      }
    }
    const bool only_results = !results.empty() && said.empty();
    std::ranges::move(results, std::back_inserter(conversation().messages));
    if (!only_results) add(chat::Role::user, std::move(said));
    return {};
  }

  Outcome<chat::Message> read_result(const Json& block, const std::string& place) {
    const std::string* id = json::string_member(block, "tool_use_id");
    if (id == nullptr) return refuse(place, fmt::format("{}.tool_use_id: is missing", place));
    if (!is_known_call(*id))
      return refuse(place,
                    fmt::format("{}: unexpected `tool_use_id` found in `tool_result` blocks: "
                                "{}. Each `tool_result` block must have a corresponding "
                                "`tool_use` block in an earlier message",
                                place, *id));
    const Json* content = json::member(block, "content");
    std::string text;
    if (content != nullptr && !content->is_null())
      text = STRIDE_TRY(text_blocks(*content, place + ".content", Stamps::keep));
    const Json* is_error = json::member(block, "is_error");
    if (text.empty() && is_error != nullptr && is_error->is_boolean() && is_error->get<bool>())
      text = "error";
    chat::Message out = chat::text_message(chat::Role::tool, std::move(text));
    out.tool_call_id = *id;
    return out;
  }

  bool is_known_call(std::string_view id) {
    return std::ranges::any_of(conversation().messages, [&](const chat::Message& message) {
      return std::ranges::any_of(message.tool_calls,
                                 [&](const chat::ToolCall& call) { return call.id == id; });
    });
  }

  // Before anything is put behind the last of them.
  void sort_by_calls(std::vector<chat::Message>& results) {
    auto& messages = conversation().messages;
    if (messages.empty() || results.empty()) return;
    std::vector<chat::Message> run{messages.back()};
    std::ranges::move(results, std::back_inserter(run));
    sort_results(run);
    results.assign(std::make_move_iterator(run.begin() + 1), std::make_move_iterator(run.end()));
  }

  Outcome<> read_assistant(const Json& content, const std::string& place) {
    chat::Message out = chat::text_message(chat::Role::assistant, "");
    if (content.is_string()) {
      out.content[0].text = content.get<std::string>();
    } else {
      out.reasoning = "";
      for (size_t i = 0; i < content.size(); ++i)
        STRIDE_TRY(read_answer_block(content[i], fmt::format("{}.{}", place, i), out));
    }
    const bool empty = out.content[0].text.empty() && out.tool_calls.empty() &&
                       out.reasoning.value_or("").empty() && handle_.empty();
    if (empty) return {};
    if (!handle_.empty())
      call_.reasoning_handles[conversation().messages.size()] = std::exchange(handle_, {});
    conversation().messages.push_back(std::move(out));
    return {};
  }

  Outcome<> read_answer_block(const Json& block, const std::string& place, chat::Message& out) {
    const std::string* type = json::string_member(block, "type");
    if (type != nullptr && (*type == "thinking" || *type == "redacted_thinking")) {
      const std::string* text = json::string_member(block, "thinking");
      const std::string* handle = json::string_member(block, "signature");
      if (handle == nullptr) handle = json::string_member(block, "data");
      if (text != nullptr) *out.reasoning += *text;
      if (handle != nullptr) handle_ = *handle;
    } else if (type != nullptr && *type == "tool_use") {
      const std::string* name = json::string_member(block, "name");
      const std::string* id = json::string_member(block, "id");
      const Json* input = json::member(block, "input");
      if (name == nullptr) return refuse(place, fmt::format("{}.name: is missing", place));
      chat::ToolCall call{.id = id != nullptr ? *id : "", .name = *name};
      if (input != nullptr && input->is_object()) call.arguments = json::dump(*input);
      out.tool_calls.push_back(std::move(call));
    } else {
      append(out.content[0].text, STRIDE_TRY(block_text(block, place)));
    }
    return {};
  }

  Fields body_;
  ChatCall& call_;
  std::vector<std::string> names_;
  std::string handle_;  // of the message that is being read
};

// {"type": "auto" | "any" | "tool" | "none", "name", "disable_parallel_tool_use"}
Outcome<> read_choice(const Fields& body, const std::vector<std::string>& declared,
                      ChatCall& call) {
  const Json* choice = STRIDE_TRY(body.object("tool_choice"));
  if (choice == nullptr) return {};
  const Fields fields(*choice, "tool_choice.");
  const std::string type = STRIDE_TRY(fields.text("type")).value_or("");
  call.rules.parallel = !STRIDE_TRY(fields.boolean("disable_parallel_tool_use")).value_or(false);
  if (type == "any" || type == "tool") {
    if (declared.empty())
      return refuse("tool_choice", "tool_choice asks for a call, but there are no tools to call");
    call.rules.choice = ToolChoice::required;
  }
  if (type == "none") call.rules.choice = ToolChoice::none;
  if (type == "tool") {
    const std::string name = STRIDE_TRY(fields.text("name")).value_or("");
    if (std::ranges::find(declared, name) == declared.end())
      return refuse("tool_choice.name",
                    fmt::format("tool_choice: Tool '{}' not found in provided tools", name));
    call.rules.allowed.push_back(name);
  } else if (type != "auto" && type != "any" && type != "none") {
    return refuse(
        "tool_choice.type",
        fmt::format("tool_choice.type is \"{}\"; it can be auto, any, tool or none", type));
  }
  return {};
}

Outcome<> read_output(const Fields& body, ChatCall& call) {
  call.output.stream = STRIDE_TRY(body.boolean("stream")).value_or(false);
  call.output.return_progress = STRIDE_TRY(body.boolean("return_progress")).value_or(false);
  if (const Json* config = STRIDE_TRY(body.object("output_config")))
    STRIDE_TRY(read_format(Fields(*config, "output_config."), "format", call));
  STRIDE_TRY(read_format(body, "output_format", call));
  const Json* thinking = body.find("thinking");
  if (thinking != nullptr && thinking->is_object()) {
    const std::string* display = json::string_member(*thinking, "display");
    call.messages.omit_thinking = display != nullptr && *display == "omitted";
  }
  return {};
}

}  // namespace

Outcome<ChatCall> read_messages_request(const Json& body, const CallDefaults& defaults,
                                        MessagesPurpose purpose) {
  ChatCall call;
  call.dialect = Dialect::messages;
  const Fields fields(body);
  call.model = STRIDE_TRY(read_model(fields, defaults));
  STRIDE_TRY(read_sampling(fields, defaults, call));
  call.n = 1;
  STRIDE_TRY(read_max_tokens(fields, "max_tokens", call));
  if (purpose == MessagesPurpose::answer && !call.options.max_tokens)
    return refuse("max_tokens", "max_tokens: is required");
  STRIDE_TRY(read_stop(fields, "stop_sequences", call));
  STRIDE_TRY(read_output(fields, call));
  STRIDE_TRY(read_thinking(fields, defaults, call));
  if (fields.has("thread"))
    return refuse("thread", "thread: threads are not supported; send all messages");
  Reader reader(fields, call);
  STRIDE_TRY(reader.read());
  STRIDE_TRY(read_choice(fields, reader.declared(), call));
  const auto& messages = call.conversation.messages;
  call.continue_final = messages.back().role == chat::Role::assistant;
  call.ignored = fields.unread();
  call.lane = lane_of(call, defaults);
  return call;
}

}  // namespace stride::api
