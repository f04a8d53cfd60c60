// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/dialect.h"
#include "json/json.h"

namespace stride::gauntlet {
namespace {

// The text of a list of parts of one kind: [{"type": "text", "text": "..."}].
std::string parts_text(const Json& parts) {
  if (parts.is_string()) return parts.get<std::string>();
  std::string text;
  if (parts.is_array())
    for (const Json& part : parts) text += text_member(part, "text");
  return text;
}

class ChatDialect final : public Dialect {
 public:
  void read(const Json& frame, std::string_view, EventLog& log) override {
    if (const auto model = text_member(frame, "model"); log.model.empty()) log.model = model;
    if (const Json* choices = json::member(frame, "choices"); choices != nullptr) {
      log.recognized = true;
      if (choices->is_array() && !choices->empty()) watch_id(text_member(frame, "id"), log);
      if (choices->is_array())
        for (const Json& choice : *choices) read_choice(choice, log);
    }
    if (const Json* usage = json::member(frame, "usage"); usage != nullptr && usage->is_object())
      read_usage(*usage, log);
    const Json* extra = json::member(frame, "x_groq");
    const Json* usage = extra == nullptr ? nullptr : json::member(*extra, "usage");
    if (usage != nullptr && usage->is_object()) read_usage(*usage, log);
  }

 private:
  // Some servers give every chunk an id of its own; one that comes back after another belongs to
  // another answer.
  void watch_id(std::string_view id, EventLog& log) {
    if (id.empty() || id == last_id_) return;
    if (first_id_.empty()) first_id_ = id;
    log.mixed |= !last_id_.empty() && id == first_id_;
    last_id_ = id;
  }

  void read_choice(const Json& choice, EventLog& log) {
    const Json* index = json::member(choice, "index");
    if (index != nullptr && json::is_number(*index) && json::as_int64(*index) != 0)
      return log.note("choices other than the first were sent and are ignored");
    const Json* delta = json::member(choice, "delta");
    const Json* message = json::member(choice, "message");
    if (delta != nullptr && delta->is_object()) {
      read_message(*delta, log);
    } else if (message != nullptr && message->is_object()) {
      // Some servers end a stream with the whole message once more.
      if (log.n_text_bytes == 0)
        read_message(*message, log);
      else
        log.note("the whole message came again after its pieces");
    }
    std::string_view finish = text_member(choice, "finish_reason");
    if (finish == "null") finish = {};  // a word where the value null is meant
    if (const auto error = read_error(choice)) log.error = error;
    if (finish.empty()) return;
    if (!log.finish_reason.empty() && log.finish_reason != finish)
      log.note("finish_reason was sent twice with different values");
    log.finish_reason = finish;
    log.add(Channel::finish, finish);
  }

  static void read_message(const Json& message, EventLog& log) {
    const size_t before = log.n_text_bytes;
    read_channels(message, log);
    if (!log.finish_reason.empty() && log.n_text_bytes > before)
      log.note("text came after the finish reason");
  }

  static void read_channels(const Json& message, EventLog& log) {
    if (json::member(message, "role") != nullptr) {
      if (log.seen(Channel::role)) log.note("the role was sent more than once");
      log.add(Channel::role, text_member(message, "role"));
    }
    read_reasoning(message, log);
    if (const Json* content = json::member(message, "content")) read_content(*content, log);
    log.add(Channel::refusal, text_member(message, "refusal"));
    if (const Json* calls = json::member(message, "tool_calls"); calls && calls->is_array())
      for (const Json& call : *calls) read_call(call, log);
    if (const Json* call = json::member(message, "function_call"); call && call->is_object())
      read_function(*call, log.call(0, {}), log);
  }

  // The same text may stand under several names: the first that is not empty counts.
  static void read_reasoning(const Json& message, EventLog& log) {
    for (const char* key : {"reasoning_content", "reasoning", "thinking"}) {
      const Json* value = json::member(message, key);
      if (value == nullptr) continue;
      if (const std::string text = parts_text(*value); !text.empty())
        return log.add(Channel::reasoning, text);
    }
    const Json* details = json::member(message, "reasoning_details");
    if (details == nullptr || !details->is_array()) return;
    std::string text;
    for (const Json& detail : *details) {
      const std::string_view shown = text_member(detail, "text");
      text += shown.empty() ? text_member(detail, "summary") : shown;
      if (!text_member(detail, "data").empty()) log.note("a part of the reasoning is encrypted");
    }
    log.add(Channel::reasoning, text);
  }

  static void read_content(const Json& content, EventLog& log) {
    if (content.is_string()) return log.add(Channel::answer, content.get_ref<const std::string&>());
    if (content.is_object()) return log.add(Channel::answer, text_member(content, "text"));
    if (!content.is_array()) return;
    for (const Json& part : content) {
      const std::string_view type = text_member(part, "type");
      const Json* thinking = json::member(part, "thinking");
      if (type == "refusal") {
        log.add(Channel::refusal, text_member(part, "refusal"));
      } else if (type == "reasoning" || type == "thinking") {
        log.add(Channel::reasoning, thinking == nullptr ? std::string(text_member(part, "text"))
                                                        : parts_text(*thinking));
      } else {
        log.add(Channel::answer, text_member(part, "text"));
      }
    }
  }

  static void read_call(const Json& call, EventLog& log) {
    std::optional<uint64_t> index;
    if (const Json* sent = json::member(call, "index"); sent && json::is_number(*sent))
      if (const auto number = json::as_int64(*sent); number && *number >= 0)
        index = static_cast<uint64_t>(*number);
    const std::string_view id = text_member(call, "id");
    if (const Json* function = json::member(call, "function"); function && function->is_object())
      read_function(*function, log.call(index, id), log);
    else if (!id.empty())
      log.call(index, id);
  }

  static void read_function(const Json& function, uint32_t index, EventLog& log) {
    log.name_call(index, text_member(function, "name"));
    if (const Json* arguments = json::member(function, "arguments"))
      log.extend_call(index, arguments_text(*arguments));
  }

  static void read_usage(const Json& usage, EventLog& log) {
    UsageClaim& claim = log.usage;
    read_count(usage, "prompt_tokens", claim.input, claim);
    read_count(usage, "completion_tokens", claim.output, claim);
    read_count(usage, "total_tokens", claim.total, claim);
    read_count(usage, "cached_tokens", claim.cached, claim);
    read_count(usage, "prompt_cache_hit_tokens", claim.cached, claim);
    if (const Json* details = json::member(usage, "prompt_tokens_details"))
      read_count(*details, "cached_tokens", claim.cached, claim);
    if (const Json* details = json::member(usage, "completion_tokens_details"))
      read_count(*details, "reasoning_tokens", claim.reasoning, claim);
    if (const Json* cost = json::member(usage, "cost"); cost && json::is_number(*cost)) {
      const auto number = json::as_double(*cost);
      if (number && *number >= 0) claim.cost_usd = number;
    }
    log.add(Channel::usage);
  }

  std::string first_id_{}, last_id_{};
};

}  // namespace

std::unique_ptr<Dialect> make_chat_dialect() {
  return std::make_unique<ChatDialect>();
}

}  // namespace stride::gauntlet
