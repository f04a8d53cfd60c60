// SPDX-License-Identifier: Apache-2.0
#include "api/conversation_store.h"

#include <fmt/format.h>

#include "api/json_text.h"
#include "api/response_store.h"
#include "json/json.h"

namespace stride::api {
namespace {

constexpr json::ParseOptions kExact{.max_depth = 256, .numbers = json::Numbers::exact};

std::string key_of(const std::string& client, const std::string& id) {
  return client + "\n" + id;
}

}  // namespace

Failure unknown_conversation(const std::string& id) {
  return {FailureKind::not_found, fmt::format("Conversation with id '{}' not found.", id),
          "conversation"};
}

void ConversationStore::save(const std::string& client, const std::string& id,
                             const StoredConversation& conversation) {
  store_.put(RecordKind::conversation, key_of(client, id),
             JsonText()
                 .object()
                 .field("created_at", conversation.created)
                 .raw_field("metadata", conversation.metadata)
                 .raw_field("items", conversation.items)
                 .end()
                 .take());
}

std::optional<StoredConversation> ConversationStore::find(const std::string& client,
                                                          const std::string& id) const {
  const auto text = store_.get(RecordKind::conversation, key_of(client, id));
  const auto record = text ? json::parse(*text, kExact) : Result<Json>(Json());
  if (!record || !record->is_object()) return std::nullopt;
  const Json* created = json::member(*record, "created_at");
  const Json* metadata = json::member(*record, "metadata");
  const Json* items = json::member(*record, "items");
  if (created == nullptr || metadata == nullptr || items == nullptr) return std::nullopt;
  return StoredConversation{.created = json::as_int64(*created).value_or(0),
                            .metadata = json::dump(*metadata),
                            .items = json::dump(*items)};
}

bool ConversationStore::erase(const std::string& client, const std::string& id) {
  if (!store_.get(RecordKind::conversation, key_of(client, id))) return false;
  store_.erase(RecordKind::conversation, key_of(client, id));
  return true;
}

Outcome<Json> ConversationStore::items(const std::string& client, const std::string& id) const {
  const auto stored = find(client, id);
  if (!stored) return std::unexpected(unknown_conversation(id));
  return STRIDE_TRY(json::parse(stored->items, kExact));
}

std::optional<StoredConversation> ConversationStore::add(const std::string& client,
                                                         const std::string& id, const Json& items) {
  const std::scoped_lock lock(mutex_);
  auto stored = find(client, id);
  if (!stored) return std::nullopt;
  auto all = json::parse(stored->items, kExact);
  if (!all || !all->is_array()) return std::nullopt;
  for (const Json& item : items) all->push_back(item);
  stored->items = json::dump(*all);
  save(client, id, *stored);
  return stored;
}

void ConversationStore::add_response(const std::string& client, const std::string& id,
                                     const std::string& input, const std::string& response,
                                     const std::string& handle) {
  Json items = Json::array();
  append_response_items(input, response, handle, items);
  add(client, id, items);
}

}  // namespace stride::api
