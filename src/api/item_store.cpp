// SPDX-License-Identifier: Apache-2.0
#include "api/item_store.h"

#include <fmt/format.h>

#include <utility>

#include "json/json.h"

namespace stride::api {
namespace {

// Of one response or request. Beyond it, a single one could fill the queue of the store.
constexpr size_t kMostKept = 1000;
// Of the items that one request refers to: a context holds far less.
constexpr size_t kMostBytes = size_t{16} << 20;

constexpr json::ParseOptions kExact{.max_depth = 256, .numbers = json::Numbers::exact};

RecordKind record_kind(ItemOwner kind) {
  return kind == ItemOwner::response ? RecordKind::response_item : RecordKind::conversation_item;
}

std::string key_of(const std::string& client, const std::string& id) {
  return client + "\n" + id;
}

// A record is the owner's name, a line's end and the item.
std::string head_of(const std::string& owner) {
  return owner + "\n";
}

std::optional<std::string> item_text(const Store& store, const std::string& client,
                                     const std::string& id) {
  for (const RecordKind kind : {RecordKind::conversation_item, RecordKind::response_item}) {
    const auto record = store.get(kind, key_of(client, id));
    const size_t end = record ? record->find('\n') : std::string::npos;
    if (end != std::string::npos) return record->substr(end + 1);
  }
  return std::nullopt;
}

// A message of the user with this text.
Json text_item(const std::string& text) {
  Json part = Json::object();
  part["type"] = "input_text";
  part["text"] = text;
  Json item = Json::object();
  item["type"] = "message";
  item["role"] = "user";
  item["content"] = Json::array({std::move(part)});
  return item;
}

}  // namespace

NamedItems ItemStore::fresh(const std::string& client, const Json& items) const {
  NamedItems out;
  const size_t first = items.size() > kMostKept ? items.size() - kMostKept : 0;
  for (size_t i = first; i < items.size(); ++i) {
    const std::string* id = json::string_member(items[i], "id");
    if (id != nullptr && !item_text(store_, client, *id))
      out.push_back({.id = *id, .text = json::dump(items[i])});
  }
  return out;
}

InputItems ItemStore::read_input(const std::string& client, const std::string& items,
                                 const Ids& ids) const {
  auto parsed = json::parse(items, kExact);
  if (!parsed || !parsed->is_array()) return {.text = "[]"};
  name_items(*parsed, ids);
  return {.text = json::dump(*parsed), .fresh = fresh(client, *parsed)};
}

void ItemStore::keep(ItemOwner kind, const std::string& client, const std::string& owner,
                     const NamedItems& items) {
  for (const NamedItem& item : items)
    store_.put(record_kind(kind), key_of(client, item.id), head_of(owner) + item.text);
}

void ItemStore::drop(ItemOwner kind, const std::string& client, const std::string& owner,
                     const Json& items) {
  const std::string head = head_of(owner);
  for (const Json& item : items) {
    const std::string* id = json::string_member(item, "id");
    if (id == nullptr) continue;
    const auto record = store_.get(record_kind(kind), key_of(client, *id));
    if (record && record->starts_with(head)) store_.erase(record_kind(kind), key_of(client, *id));
  }
}

std::optional<Json> ItemStore::find(const std::string& client, const std::string& id) const {
  const auto text = item_text(store_, client, id);
  auto item = text ? json::parse(*text, kExact) : Result<Json>(Json());
  if (!item || !item->is_object()) return std::nullopt;
  return *std::move(item);
}

Outcome<> ItemStore::resolve(const std::string& client, Json& items,
                             const std::string& name) const {
  size_t n_byte = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    const std::string* type = json::string_member(items[i], "type");
    if (type == nullptr || *type != "item_reference") continue;
    const std::string place = fmt::format("{}[{}]", name, i);
    const std::string* id = json::string_member(items[i], "id");
    if (id == nullptr) return refuse(place, place + " has no id");
    const auto text = item_text(store_, client, *id);
    auto item = text ? json::parse(*text, kExact) : Result<Json>(Json());
    if (!item || !item->is_object())
      return std::unexpected(Failure(
          FailureKind::not_found,
          fmt::format("Item with id '{}' not found. Items are kept only of conversations and of "
                      "responses with store.",
                      *id),
          place));
    n_byte += text->size();
    if (n_byte > kMostBytes)
      return refuse(name, fmt::format("the items that {} refers to have more than {} bytes", name,
                                      kMostBytes));
    items[i] = *std::move(item);
  }
  return {};
}

NamedItems named_items(const Json& items) {
  NamedItems out;
  for (const Json& item : items) {
    if (const std::string* id = json::string_member(item, "id"))
      out.push_back({.id = *id, .text = json::dump(item)});
  }
  return out;
}

void name_items(Json& items, const Ids& ids) {
  // Numbers that the items of an answer, which may have the same ids, do not reach.
  constexpr uint64_t kFirst = uint64_t{1} << 32;
  for (size_t i = 0; i < items.size(); ++i) {
    Json& item = items[i];
    if (item.is_string()) item = text_item(item.get<std::string>());
    if (!item.is_object()) continue;
    if (json::string_member(item, "type") == nullptr) item["type"] = "message";
    if (const auto* id = json::string_member(item, "id"); id != nullptr && !id->empty()) continue;
    const bool message = *json::string_member(item, "type") == "message";
    item["id"] = ids.make(message ? "msg_" : "item_", kFirst + i);
  }
}

}  // namespace stride::api
