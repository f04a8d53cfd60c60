// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "gauntlet/dialect.h"
#include "json/json.h"

namespace stride::gauntlet {
namespace {

class AnthropicDialect final : public Dialect {
 public:
  void read(const Json& frame, std::string_view event, EventLog& log) override {
    std::string_view type = text_member(frame, "type");
    if (type.empty()) type = event;
    if (type == "ping") return log.add(Channel::ping);
    if (type == "message_start") return read_start(frame, log);
    if (type == "content_block_start") return start_block(frame, log);
    if (type == "content_block_delta") return read_delta(frame, log);
    if (type == "content_block_stop") return stop_block(block_index(frame), log);
    if (type == "message_delta") return read_message_delta(frame, log);
    if (type == "message_stop") {
      log.recognized = log.done = true;
      log.add(Channel::done);
    } else if (type == "message") {
      read_whole(frame, log);
    }
  }

 private:
  struct Block {
    std::optional<uint32_t> call{};
    std::string first_input{};  // counts where no delta follows
    bool has_delta = false;
  };

  static uint64_t block_index(const Json& frame) {
    const Json* index = json::member(frame, "index");
    const auto number = index && json::is_number(*index) ? json::as_int64(*index) : std::nullopt;
    return number && *number >= 0 ? static_cast<uint64_t>(*number) : 0;
  }

  void read_start(const Json& frame, EventLog& log) {
    log.recognized = true;
    const Json* message = json::member(frame, "message");
    if (message == nullptr) return log.add(Channel::role);
    log.model = text_member(*message, "model");
    log.add(Channel::role, text_member(*message, "role"));
    if (const Json* usage = json::member(*message, "usage")) read_usage(*usage, log);
  }

  void start_block(const Json& frame, EventLog& log) {
    log.recognized = true;
    if (const Json* block = json::member(frame, "content_block"))
      blocks_[block_index(frame)] = read_block(*block, log);
  }

  // A block as it begins in a stream, or a whole one.
  static Block read_block(const Json& block, EventLog& log) {
    Block state;
    const std::string_view type = text_member(block, "type");
    if (type == "text") {
      log.add(Channel::answer, text_member(block, "text"));
    } else if (type == "thinking") {
      log.add(Channel::reasoning, text_member(block, "thinking"));
      log.signature += text_member(block, "signature");
    } else if (type == "redacted_thinking") {
      log.note("a part of the reasoning is encrypted");
    } else if (type == "tool_use") {
      state.call = log.call(log.calls.size(), text_member(block, "id"));
      log.name_call(*state.call, text_member(block, "name"));
      const Json* input = json::member(block, "input");
      state.first_input = input == nullptr ? "{}" : arguments_text(*input);
    }
    return state;
  }

  void read_delta(const Json& frame, EventLog& log) {
    log.recognized = true;
    const Json* delta = json::member(frame, "delta");
    if (delta == nullptr) return;
    const std::string_view type = text_member(*delta, "type");
    Block& block = blocks_[block_index(frame)];
    if (type == "text_delta") {
      log.add(Channel::answer, text_member(*delta, "text"));
    } else if (type == "thinking_delta") {
      log.add(Channel::reasoning, text_member(*delta, "thinking"));
    } else if (type == "signature_delta") {
      log.signature += text_member(*delta, "signature");
    } else if (type == "input_json_delta" && block.call) {
      const std::string_view part = text_member(*delta, "partial_json");
      block.has_delta |= !part.empty();
      log.extend_call(*block.call, part);
    }
  }

  void stop_block(uint64_t index, EventLog& log) {
    const auto found = blocks_.find(index);
    if (found == blocks_.end()) return;
    const Block& block = found->second;
    if (block.call && !block.has_delta) log.extend_call(*block.call, block.first_input);
    blocks_.erase(found);
  }

  static void read_finish(const Json& value, EventLog& log) {
    const std::string_view reason = text_member(value, "stop_reason");
    if (reason.empty()) return;
    log.finish_reason = reason;
    log.add(Channel::finish, reason);
  }

  static void read_message_delta(const Json& frame, EventLog& log) {
    log.recognized = true;
    if (const Json* delta = json::member(frame, "delta")) read_finish(*delta, log);
    if (const Json* usage = json::member(frame, "usage")) read_usage(*usage, log);
  }

  static void read_whole(const Json& frame, EventLog& log) {
    log.recognized = log.done = true;
    log.model = text_member(frame, "model");
    log.add(Channel::role, text_member(frame, "role"));
    if (const Json* content = json::member(frame, "content"); content && content->is_array())
      for (const Json& part : *content) {
        const Block block = read_block(part, log);
        if (block.call) log.extend_call(*block.call, block.first_input);
      }
    read_finish(frame, log);
    if (const Json* usage = json::member(frame, "usage")) read_usage(*usage, log);
  }

  // The prompt is counted in three parts here: new, read from the cache, written to it.
  static void read_usage(const Json& usage, EventLog& log) {
    UsageClaim& claim = log.usage;
    std::optional<uint64_t> fresh, read, written;
    read_count(usage, "input_tokens", fresh, claim);
    read_count(usage, "cache_read_input_tokens", read, claim);
    read_count(usage, "cache_creation_input_tokens", written, claim);
    read_count(usage, "output_tokens", claim.output, claim);
    if (read) claim.cached = read;
    // A later usage may repeat the fresh part alone.
    const uint64_t sum = fresh.value_or(0) + read.value_or(0) + written.value_or(0);
    if (fresh && sum >= claim.input.value_or(0)) claim.input = sum;
    log.add(Channel::usage);
  }

  std::map<uint64_t, Block> blocks_{};
};

}  // namespace

std::unique_ptr<Dialect> make_anthropic_dialect() {
  return std::make_unique<AnthropicDialect>();
}

}  // namespace stride::gauntlet
