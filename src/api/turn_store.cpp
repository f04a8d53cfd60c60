// SPDX-License-Identifier: Apache-2.0
#include "api/turn_store.h"

#include <algorithm>

#include "api/json_text.h"
#include "json/json.h"

namespace stride::api {
namespace {

constexpr std::string_view kSpace = " \t\r\n\v\f";

std::string_view trim(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

std::string key_of(const std::string& client, std::string_view id) {
  return client + "\n" + std::string(id);
}

// FNV-1a over all pieces.
uint64_t hash_vocabulary(const text::Tokenizer& tokenizer) {
  uint64_t out = 0xcbf29ce484222325;
  const auto add = [&](uint8_t byte) { out = (out ^ byte) * 0x100000001b3; };
  for (engine::Token id = 0; static_cast<size_t>(id) < tokenizer.size(); ++id) {
    for (const char c : tokenizer.piece(id)) add(static_cast<uint8_t>(c));
    add(0xff);
  }
  return out;
}

// The order of an object's members does not matter: clients write arguments anew.
bool same_json(const Json& a, const Json& b) {
  if (!a.is_object() && !a.is_array()) return json::dump(a) == json::dump(b);
  if (a.type() != b.type() || a.size() != b.size()) return false;
  if (a.is_array()) return std::ranges::equal(a, b, same_json);
  for (const auto& [key, value] : a.get_ref<const Json::object_t&>()) {
    const Json* other = json::member(b, key);
    if (other == nullptr || !same_json(value, *other)) return false;
  }
  return true;
}

bool same_arguments(const std::string& a, const std::string& b) {
  if (a == b) return true;
  const auto left = json::parse(a.empty() ? "{}" : a, {.numbers = json::Numbers::exact});
  const auto right = json::parse(b.empty() ? "{}" : b, {.numbers = json::Numbers::exact});
  return left && right && same_json(*left, *right);
}

// The last question: messages before it have lost their reasoning in the prompt.
size_t last_question(const chat::Conversation& conversation) {
  const auto& messages = conversation.messages;
  for (size_t i = messages.size(); i-- > 0;) {
    if (messages[i].role == chat::Role::user) return i + 1;
  }
  return 0;
}

}  // namespace

struct TurnStore::Turn {
  std::string reasoning{};
  std::string content{};
  std::vector<chat::ToolCall> calls{};
  chat::SampledTurn sampled{};

  // What the client has may lack the reasoning, but must not contradict.
  bool agrees(const chat::Message& message) const {
    const std::string said = chat::content_text(message);
    const std::string_view thought = trim(message.reasoning.value_or(""));
    if (trim(said) != trim(content)) return false;
    if (!thought.empty() && thought != trim(reasoning)) return false;
    return std::ranges::equal(message.tool_calls, calls, [](const auto& a, const auto& b) {
      return a.name == b.name && same_arguments(a.arguments, b.arguments);
    });
  }
};

TurnStore::TurnStore(Store& store, const engine::Engine& engine)
    : store_(store), engine_(engine), vocabulary_(hash_vocabulary(engine.tokenizer())) {}

void TurnStore::save(const std::string& client, const ChatCall& call, const Ids& ids,
                     uint32_t choice, const engine::Generated& generated) {
  // Only a turn that the model itself ended is the same when it is read again.
  if (generated.finish_cause != engine::FinishCause::end_of_turn || call.continue_final ||
      call.dialect == Dialect::completions)
    return;
  const chat::ParsedOutput& output = generated.output;
  const bool with_handle = call.dialect != Dialect::chat;
  if (output.calls.empty() && !(with_handle && output.reasoning)) return;
  JsonText out;
  out.object().field("vocabulary", vocabulary_);
  out.field("reasoning", output.reasoning.value_or(""));
  out.field("content", output.content.value_or(""));
  out.field("closed", call.conversation.thinking == chat::Thinking::off);
  out.key("calls").array();
  for (const chat::ParsedCall& made : output.calls)
    out.object().field("name", made.name).field("arguments", made.arguments).end();
  out.end().key("tokens").array();
  for (const engine::GeneratedToken& token : generated.tokens) out.value(token.id);
  out.end().end();
  const std::string name = with_handle ? reasoning_handle(ids) : ids.call(call.dialect, choice, 0);
  store_.put(RecordKind::turn, key_of(client, name), out.take());
  for (size_t i = 0; i < output.calls.size(); ++i)
    store_.put(RecordKind::call, key_of(client, ids.call(call.dialect, choice, i)), name);
}

std::optional<TurnStore::Turn> TurnStore::read(const std::string& text) const {
  const auto record = json::parse(text);
  if (!record) return std::nullopt;
  const Json* vocabulary = json::member(*record, "vocabulary");
  const Json* closed = json::member(*record, "closed");
  const Json* calls = json::member(*record, "calls");
  const Json* tokens = json::member(*record, "tokens");
  const std::string* reasoning = json::string_member(*record, "reasoning");
  const std::string* content = json::string_member(*record, "content");
  if (vocabulary == nullptr || closed == nullptr || calls == nullptr || tokens == nullptr ||
      reasoning == nullptr || content == nullptr)
    return std::nullopt;
  if (json::dump(*vocabulary) != std::to_string(vocabulary_)) return std::nullopt;
  Turn out{.reasoning = *reasoning, .content = *content};
  for (const Json& call : *calls) {
    const std::string* name = json::string_member(call, "name");
    const std::string* arguments = json::string_member(call, "arguments");
    if (name == nullptr || arguments == nullptr) return std::nullopt;
    out.calls.push_back({.name = *name, .arguments = *arguments});
  }
  const auto n_vocab = static_cast<int64_t>(engine_.tokenizer().size());
  for (const Json& token : *tokens) {
    const auto id = json::as_int64(token);
    if (!id || *id < 0 || *id >= n_vocab) return std::nullopt;
    out.sampled.tokens.push_back(static_cast<engine::Token>(*id));
  }
  out.sampled.text = engine_.tokenizer().decode(out.sampled.tokens);
  out.sampled.thinking_closed = *closed == true;
  return out;
}

std::optional<TurnStore::Turn> TurnStore::find(const std::string& client, const std::string& handle,
                                               const chat::Message& message) const {
  std::optional<std::string> text;
  if (!handle.empty()) text = store_.get(RecordKind::turn, key_of(client, handle));
  for (const chat::ToolCall& call : message.tool_calls) {
    if (text) break;
    const auto name = store_.get(RecordKind::call, key_of(client, call.id));
    if (name) text = store_.get(RecordKind::turn, key_of(client, *name));
  }
  return text ? read(*text) : std::nullopt;
}

void TurnStore::restore_message(const std::string& client, const std::string& handle,
                                chat::Message& message) const {
  const auto turn = find(client, handle, message);
  if (!turn) return;
  if (turn->agrees(message)) {
    message.reasoning = turn->reasoning;
    if (!turn->sampled.tokens.empty()) message.sampled = turn->sampled;
  } else if (!handle.empty() && message.reasoning.value_or("").empty()) {
    message.reasoning = turn->reasoning;
  }
}

void TurnStore::restore(const std::string& client, ChatCall& call) const {
  auto& messages = call.conversation.messages;
  for (size_t i = last_question(call.conversation); i < messages.size(); ++i) {
    if (messages[i].role != chat::Role::assistant) continue;
    if (call.continue_final && i + 1 == messages.size()) continue;
    const auto handle = call.reasoning_handles.find(i);
    restore_message(client, handle != call.reasoning_handles.end() ? handle->second : "",
                    messages[i]);
  }
}

}  // namespace stride::api
