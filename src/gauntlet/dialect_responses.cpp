// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <set>

#include "gauntlet/dialect.h"
#include "json/json.h"

namespace stride::gauntlet {
namespace {

class ResponsesDialect final : public Dialect {
 public:
  void read(const Json& frame, std::string_view event, EventLog& log) override {
    std::string_view type = text_member(frame, "type");
    if (type.empty()) type = event;
    if (text_member(frame, "object") == "response") return end(frame, log, true);
    if (!type.starts_with("response.")) return;
    log.recognized = true;
    const std::string_view delta = text_member(frame, "delta");
    if (type == "response.created" || type == "response.in_progress") {
      if (const Json* response = json::member(frame, "response"); response && log.model.empty())
        log.model = text_member(*response, "model");
      log.add(log.seen(Channel::role) ? Channel::ping : Channel::role);
    } else if (type == "response.output_text.delta") {
      log.add(Channel::answer, delta);
    } else if (type == "response.refusal.delta") {
      log.add(Channel::refusal, delta);
    } else if (type == "response.reasoning_text.delta") {
      reasoning(Reasoning::text, delta, log);
    } else if (type == "response.reasoning_summary_text.delta") {
      reasoning(Reasoning::summary, delta, log);
    } else if (type == "response.output_item.added") {
      if (const Json* item = json::member(frame, "item")) begin_item(*item, frame, log);
    } else if (type == "response.function_call_arguments.delta") {
      if (const auto call = call_of(frame)) {
        log.extend_call(*call, delta);
        if (!delta.empty()) with_arguments_.insert(*call);
      }
    } else if (type == "response.output_item.done") {
      if (const Json* item = json::member(frame, "item")) end_item(*item, frame, log);
    } else if (type == "response.completed" || type == "response.incomplete" ||
               type == "response.failed") {
      if (const Json* response = json::member(frame, "response"))
        end(*response, log, log.n_text_bytes == 0);
      log.done = true;
      log.add(Channel::done);
    }
  }

 private:
  enum class Reasoning : uint8_t { none, text, summary };

  // Full text and summary are two tellings of the same: the one that came first counts.
  void reasoning(Reasoning kind, std::string_view text, EventLog& log) {
    if (text.empty()) return;
    if (reasoning_ == Reasoning::none) reasoning_ = kind;
    if (kind == reasoning_)
      log.add(Channel::reasoning, text);
    else
      log.note("the reasoning came both in full and as a summary; the first of them counts");
  }

  std::optional<uint32_t> call_of(const Json& frame) const {
    for (const std::string& key :
         {"i:" + std::string(text_member(frame, "item_id")), index_key(frame)})
      if (const auto found = calls_.find(key); found != calls_.end()) return found->second;
    return std::nullopt;
  }

  static std::string index_key(const Json& frame) {
    const Json* index = json::member(frame, "output_index");
    return index == nullptr ? "-" : "o:" + json::dump(*index);
  }

  void begin_item(const Json& item, const Json& frame, EventLog& log) {
    if (text_member(item, "type") != "function_call") return;
    const uint32_t call = log.call(log.calls.size(), text_member(item, "call_id"));
    log.name_call(call, text_member(item, "name"));
    calls_[index_key(frame)] = call;
    if (const auto id = text_member(item, "id"); !id.empty()) calls_["i:" + std::string(id)] = call;
  }

  // Whole items are needed where the pieces did not come.
  void end_item(const Json& item, const Json& frame, EventLog& log) {
    if (text_member(item, "type") != "function_call") return;
    auto call = call_of(frame);
    if (!call) {
      begin_item(item, frame, log);
      call = call_of(frame);
    }
    const Json* arguments = json::member(item, "arguments");
    if (call && arguments && with_arguments_.insert(*call).second)
      log.extend_call(*call, arguments_text(*arguments));
  }

  void read_item(const Json& item, EventLog& log) {
    const std::string_view type = text_member(item, "type");
    const auto each = [&](const char* key, auto&& visit) {
      if (const Json* list = json::member(item, key); list && list->is_array())
        for (const Json& part : *list) visit(part);
    };
    if (type == "message") {
      each("content", [&](const Json& part) {
        log.add(Channel::answer, text_member(part, "text"));
        log.add(Channel::refusal, text_member(part, "refusal"));
      });
    } else if (type == "reasoning") {
      each("content",
           [&](const Json& part) { reasoning(Reasoning::text, text_member(part, "text"), log); });
      each("summary", [&](const Json& part) {
        reasoning(Reasoning::summary, text_member(part, "text"), log);
      });
      if (!text_member(item, "encrypted_content").empty())
        log.note("a part of the reasoning is encrypted");
    } else if (type == "function_call") {
      const uint32_t call = log.call(log.calls.size(), text_member(item, "call_id"));
      log.name_call(call, text_member(item, "name"));
      if (const Json* arguments = json::member(item, "arguments"))
        log.extend_call(call, arguments_text(*arguments));
    }
  }

  // The response object: at the end of a stream, or the whole answer.
  void end(const Json& response, EventLog& log, bool with_output) {
    log.recognized = true;
    if (log.model.empty()) log.model = text_member(response, "model");
    if (const Json* output = json::member(response, "output");
        with_output && output && output->is_array())
      for (const Json& item : *output) read_item(item, log);
    if (const Json* usage = json::member(response, "usage")) read_usage(*usage, log);
    log.error = read_error(response);
    std::string_view reason = text_member(response, "status");
    if (const Json* details = json::member(response, "incomplete_details"))
      if (const auto why = text_member(*details, "reason"); !why.empty()) reason = why;
    log.finish_reason = reason;
    if (!reason.empty()) log.add(Channel::finish, reason);
  }

  static void read_usage(const Json& usage, EventLog& log) {
    UsageClaim& claim = log.usage;
    if (!usage.is_object()) return;
    read_count(usage, "input_tokens", claim.input, claim);
    read_count(usage, "output_tokens", claim.output, claim);
    read_count(usage, "total_tokens", claim.total, claim);
    if (const Json* details = json::member(usage, "input_tokens_details"))
      read_count(*details, "cached_tokens", claim.cached, claim);
    if (const Json* details = json::member(usage, "output_tokens_details"))
      read_count(*details, "reasoning_tokens", claim.reasoning, claim);
    log.add(Channel::usage);
  }

  Reasoning reasoning_ = Reasoning::none;
  std::map<std::string, uint32_t, std::less<>> calls_{};  // by item id and by output index
  std::set<uint32_t> with_arguments_{};
};

}  // namespace

std::unique_ptr<Dialect> make_responses_dialect() {
  return std::make_unique<ResponsesDialect>();
}

}  // namespace stride::gauntlet
