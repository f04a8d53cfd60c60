// SPDX-License-Identifier: Apache-2.0
#include "api/conversation_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/json_text.h"
#include "api/response_store.h"
#include "json/json.h"

namespace stride::api {
namespace {

constexpr json::ParseOptions kExact{.max_depth = 256, .numbers = json::Numbers::exact};

std::string key_of(const std::string& client, const std::string& id) {
  return client + "\n" + id;
}

bool is_named(const Json& item, std::string_view name) {
  const std::string* id = json::string_member(item, "id");
  return id != nullptr && *id == name;
}

Failure unknown_item(const std::string& item) {
  return {FailureKind::not_found, fmt::format("Item with id '{}' not found.", item), "item_id"};
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
  const std::scoped_lock lock(mutex_);
  if (!store_.get(RecordKind::conversation, key_of(client, id))) return false;
  store_.erase(RecordKind::conversation, key_of(client, id));
  return true;
}

Outcome<Json> ConversationStore::items(const std::string& client, const std::string& id) const {
  const auto stored = find(client, id);
  if (!stored) return std::unexpected(unknown_conversation(id));
  return STRIDE_TRY(json::parse(stored->items, kExact));
}

Outcome<Json> ConversationStore::item(const std::string& client, const std::string& id,
                                      const std::string& item) const {
  const Json all = STRIDE_TRY(items(client, id));
  const auto found =
      std::ranges::find_if(all, [&](const Json& one) { return is_named(one, item); });
  if (found == all.end()) return std::unexpected(unknown_item(item));
  return *found;
}

Outcome<StoredConversation> ConversationStore::add(const std::string& client, const std::string& id,
                                                   const Json& items) {
  const std::scoped_lock lock(mutex_);
  Json all = STRIDE_TRY(this->items(client, id));
  for (const Json& item : items) all.push_back(item);
  return save_items(client, id, all);
}

Outcome<StoredConversation> ConversationStore::erase_item(const std::string& client,
                                                          const std::string& id,
                                                          const std::string& item) {
  const std::scoped_lock lock(mutex_);
  const Json all = STRIDE_TRY(items(client, id));
  Json left = Json::array();
  for (const Json& one : all)
    if (!is_named(one, item)) left.push_back(one);
  if (left.size() == all.size()) return std::unexpected(unknown_item(item));
  return save_items(client, id, left);
}

Outcome<StoredConversation> ConversationStore::set_metadata(const std::string& client,
                                                            const std::string& id,
                                                            std::string metadata) {
  const std::scoped_lock lock(mutex_);
  auto stored = find(client, id);
  if (!stored) return std::unexpected(unknown_conversation(id));
  stored->metadata = std::move(metadata);
  save(client, id, *stored);
  return *std::move(stored);
}

void ConversationStore::add_response(const std::string& client, const std::string& id,
                                     const std::string& input, const std::string& response,
                                     const Ids& ids) {
  Json items = Json::array();
  append_response_items(input, response, reasoning_handle(ids), items);
  name_items(items, ids);
  (void)add(client, id, items);  // the client may have deleted it
}

Outcome<StoredConversation> ConversationStore::save_items(const std::string& client,
                                                          const std::string& id,
                                                          const Json& items) {
  auto stored = find(client, id);
  if (!stored) return std::unexpected(unknown_conversation(id));
  stored->items = json::dump(items);
  save(client, id, *stored);
  return *std::move(stored);
}

void name_items(Json& items, const Ids& ids) {
  // Numbers that the items of an answer, which may have the same ids, do not reach.
  constexpr uint64_t kFirst = uint64_t{1} << 32;
  for (size_t i = 0; i < items.size(); ++i) {
    Json& item = items[i];
    if (!item.is_object()) continue;
    if (json::string_member(item, "type") == nullptr) item["type"] = "message";
    if (json::string_member(item, "id") != nullptr) continue;
    const bool message = *json::string_member(item, "type") == "message";
    item["id"] = ids.make(message ? "msg_" : "item_", kFirst + i);
  }
}

}  // namespace stride::api
