// SPDX-License-Identifier: Apache-2.0
#include "api/response_store.h"

#include <fmt/format.h>

#include <ranges>
#include <set>
#include <vector>

#include "api/json_text.h"
#include "json/json.h"

namespace stride::api {
namespace {

constexpr size_t kLongestChain = 10'000;

std::string key_of(const std::string& client, const std::string& id) {
  return client + "\n" + id;
}

constexpr json::ParseOptions kExact{.max_depth = 128, .numbers = json::Numbers::exact};

Json output_items(const StoredResponse& stored) {
  Json out = Json::array();
  append_response_items("[]", stored.response, stored.handle, out);
  return out;
}

Json input_items(const StoredResponse& stored) {
  Json out = Json::array();
  append_response_items(stored.input, "", "", out);
  return out;
}

}  // namespace

void append_response_items(const std::string& input_items, const std::string& response_text,
                           const std::string& handle, Json& out) {
  auto input = json::parse(input_items, kExact);
  if (input && input->is_array())
    for (Json& item : *input) out.push_back(std::move(item));
  auto response = json::parse(response_text, kExact);
  if (!response || !response->is_object()) return;
  const auto output = response->find("output");
  if (output == response->end() || !output->is_array()) return;
  for (Json& item : *output) {
    const std::string* type = json::string_member(item, "type");
    if (type != nullptr && *type == "reasoning") item["encrypted_content"] = handle;
    out.push_back(std::move(item));
  }
}

void ResponseStore::save(const std::string& client, const std::string& id,
                         const StoredResponse& response, const NamedItems& input) {
  JsonText out;
  out.object().field("previous", response.previous).field("handle", response.handle);
  out.raw_field("input", response.input).raw_field("response", response.response).end();
  store_.put(RecordKind::response, key_of(client, id), out.take());
  items_.keep(ItemOwner::response, client, id, named_items(output_items(response)));
  items_.keep(ItemOwner::response, client, id, input);
}

std::optional<StoredResponse> ResponseStore::find(const std::string& client,
                                                  const std::string& id) const {
  const auto text = store_.get(RecordKind::response, key_of(client, id));
  if (!text) return std::nullopt;
  const auto record = json::parse(*text, {.max_depth = 256, .numbers = json::Numbers::exact});
  if (!record) return std::nullopt;
  const std::string* previous = json::string_member(*record, "previous");
  const std::string* handle = json::string_member(*record, "handle");
  const Json* input = json::member(*record, "input");
  const Json* response = json::member(*record, "response");
  if (previous == nullptr || handle == nullptr || input == nullptr || response == nullptr)
    return std::nullopt;
  return StoredResponse{.previous = *previous,
                        .input = json::dump(*input),
                        .response = json::dump(*response),
                        .handle = *handle};
}

bool ResponseStore::erase(const std::string& client, const std::string& id) {
  const auto stored = find(client, id);
  if (!stored) return false;
  for (const Json& items : {output_items(*stored), input_items(*stored)})
    items_.drop(ItemOwner::response, client, id, items);
  store_.erase(RecordKind::response, key_of(client, id));
  return true;
}

Outcome<Json> ResponseStore::history(const std::string& client, const std::string& id) const {
  std::vector<StoredResponse> chain;
  std::set<std::string> seen;
  for (std::string at = id; !at.empty(); at = chain.back().previous) {
    auto stored = find(client, at);
    if (!stored)
      return refuse("previous_response_id",
                    fmt::format("Previous response with id '{}' not found.", at));
    if (chain.size() == kLongestChain || !seen.insert(at).second)
      return refuse("previous_response_id", "previous_response_id: the chain is too long");
    chain.push_back(*std::move(stored));
  }
  Json out = Json::array();
  for (const StoredResponse& stored : std::views::reverse(chain))
    append_response_items(stored.input, stored.response, stored.handle, out);
  return out;
}

}  // namespace stride::api
