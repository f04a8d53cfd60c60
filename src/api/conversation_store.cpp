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

std::optional<Json> read(const Store& store, const std::string& client, const std::string& id) {
  const auto text = store.get(RecordKind::conversation, key_of(client, id));
  auto record = text ? json::parse(*text, kExact) : Result<Json>(Json());
  if (!record || !record->is_object()) return std::nullopt;
  for (const char* member : {"created_at", "metadata", "items"})
    if (!record->contains(member)) return std::nullopt;
  return *std::move(record);
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
  write(client, id, conversation);
  if (const auto items = json::parse(conversation.items, kExact))
    items_.keep(ItemOwner::conversation, client, id, *items);
}

// The items come last: add() puts more at the end.
void ConversationStore::write(const std::string& client, const std::string& id,
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
  const auto record = read(store_, client, id);
  if (!record) return std::nullopt;
  return StoredConversation{.created = json::as_int64((*record)["created_at"]).value_or(0),
                            .metadata = json::dump((*record)["metadata"]),
                            .items = json::dump((*record)["items"])};
}

bool ConversationStore::erase(const std::string& client, const std::string& id) {
  const std::scoped_lock lock(mutex_);
  const auto all = items(client, id);
  if (!all) return false;
  items_.drop(ItemOwner::conversation, client, id, *all);
  store_.erase(RecordKind::conversation, key_of(client, id));
  return true;
}

Outcome<Json> ConversationStore::items(const std::string& client, const std::string& id) const {
  auto record = read(store_, client, id);
  if (!record) return std::unexpected(unknown_conversation(id));
  return std::move((*record)["items"]);
}

Outcome<Json> ConversationStore::item(const std::string& client, const std::string& id,
                                      const std::string& item) const {
  const Json all = STRIDE_TRY(items(client, id));
  const auto found =
      std::ranges::find_if(all, [&](const Json& one) { return is_named(one, item); });
  if (found == all.end()) return std::unexpected(unknown_item(item));
  return *found;
}

Outcome<> ConversationStore::add(const std::string& client, const std::string& id,
                                 const Json& items) {
  constexpr std::string_view kEnd = "]}";  // of the items and of the record, see write()
  const std::scoped_lock lock(mutex_);
  auto record = store_.get(RecordKind::conversation, key_of(client, id));
  if (!record || !record->ends_with(kEnd)) return std::unexpected(unknown_conversation(id));
  record->resize(record->size() - kEnd.size());
  for (const Json& item : items) {
    if (!record->ends_with('[')) *record += ',';
    *record += json::dump(item);
  }
  store_.put(RecordKind::conversation, key_of(client, id), *record += kEnd);
  items_.keep(ItemOwner::conversation, client, id, items);
  return {};
}

Outcome<StoredConversation> ConversationStore::erase_item(const std::string& client,
                                                          const std::string& id,
                                                          const std::string& item) {
  const std::scoped_lock lock(mutex_);
  auto stored = find(client, id);
  if (!stored) return std::unexpected(unknown_conversation(id));
  const Json all = STRIDE_TRY(json::parse(stored->items, kExact));
  Json left = Json::array();
  Json gone = Json::array();
  for (const Json& one : all) (is_named(one, item) ? gone : left).push_back(one);
  if (gone.empty()) return std::unexpected(unknown_item(item));
  items_.drop(ItemOwner::conversation, client, id, gone);
  stored->items = json::dump(left);
  write(client, id, *stored);
  return *std::move(stored);
}

Outcome<StoredConversation> ConversationStore::set_metadata(const std::string& client,
                                                            const std::string& id,
                                                            std::string metadata) {
  const std::scoped_lock lock(mutex_);
  auto stored = find(client, id);
  if (!stored) return std::unexpected(unknown_conversation(id));
  stored->metadata = std::move(metadata);
  write(client, id, *stored);
  return *std::move(stored);
}

void ConversationStore::add_response(const std::string& client, const std::string& id,
                                     const std::string& input, const std::string& response,
                                     const Ids& ids) {
  Json items = Json::array();
  append_response_items(input, response, reasoning_handle(ids), items);
  (void)add(client, id, items);  // the client may have deleted it
}

}  // namespace stride::api
