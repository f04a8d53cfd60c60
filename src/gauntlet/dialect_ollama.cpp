// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/dialect.h"
#include "json/json.h"

namespace stride::gauntlet {
namespace {

class OllamaDialect final : public Dialect {
 public:
  void read(const Json& frame, std::string_view, EventLog& log) override {
    const Json* message = json::member(frame, "message");
    const Json* done = json::member(frame, "done");
    if (message == nullptr && done == nullptr) return;
    log.recognized = true;
    if (log.model.empty()) log.model = text_member(frame, "model");
    if (message != nullptr) read_message(*message, log);
    if (done != nullptr && done->is_boolean() && done->get<bool>()) read_end(frame, log);
  }

 private:
  static void read_message(const Json& message, EventLog& log) {
    if (!log.seen(Channel::role)) log.add(Channel::role, text_member(message, "role"));
    log.add(Channel::reasoning, text_member(message, "thinking"));
    log.add(Channel::answer, text_member(message, "content"));
    const Json* calls = json::member(message, "tool_calls");
    if (calls == nullptr || !calls->is_array()) return;
    for (const Json& call : *calls) {
      const Json* function = json::member(call, "function");
      if (function == nullptr || !function->is_object()) continue;
      const uint32_t index = log.call(log.calls.size(), text_member(call, "id"));
      log.name_call(index, text_member(*function, "name"));
      if (const Json* arguments = json::member(*function, "arguments"))
        log.extend_call(index, arguments_text(*arguments));
    }
  }

  static void read_end(const Json& frame, EventLog& log) {
    UsageClaim& claim = log.usage;
    read_count(frame, "prompt_eval_count", claim.input, claim);
    read_count(frame, "eval_count", claim.output, claim);
    if (claim.input || claim.output || claim.unreadable) log.add(Channel::usage);
    log.finish_reason = text_member(frame, "done_reason");
    if (!log.finish_reason.empty()) log.add(Channel::finish, log.finish_reason);
    log.done = true;
    log.add(Channel::done);
  }
};

}  // namespace

std::unique_ptr<Dialect> make_ollama_dialect() {
  return std::make_unique<OllamaDialect>();
}

}  // namespace stride::gauntlet
