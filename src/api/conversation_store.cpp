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
    items_.keep(ItemOwner::conversation, client, id, items_.fresh(client, *items));
}

// The items come last: append() puts more at the end.
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
  const NamedItems fresh = items_.fresh(client, items);
  const std::scoped_lock lock(mutex_);
  if (!append(client, id, {json::dump(items)})) return std::unexpected(unknown_conversation(id));
  items_.keep(ItemOwner::conversation, client, id, fresh);
  return {};
}

bool ConversationStore::append(const std::string& client, const std::string& id,
                               std::initializer_list<std::string_view> arrays) {
  constexpr std::string_view kEnd = "]}";  // of the items and of the record, see write()
  auto record = store_.get(RecordKind::conversation, key_of(client, id));
  if (!record || !record->ends_with(kEnd)) return false;
  record->resize(record->size() - kEnd.size());
  for (const std::string_view array : arrays) {
    const std::string_view items = array.substr(1, array.size() - 2);  // without brackets
    if (items.empty()) continue;
    if (!record->ends_with('[')) *record += ',';
    *record += items;
  }
  store_.put(RecordKind::conversation, key_of(client, id), *record += kEnd);
  return true;
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
                                     const InputItems& input, const std::string& response,
                                     const Ids& ids) {
  Json output = Json::array();
  append_response_items("[]", response, reasoning_handle(ids), output);
  const std::scoped_lock lock(mutex_);
  if (!append(client, id, {input.text, json::dump(output)})) return;  // it has been deleted
  items_.keep(ItemOwner::conversation, client, id, input.fresh);
  items_.keep(ItemOwner::conversation, client, id, named_items(output));
}

}  // namespace stride::api
