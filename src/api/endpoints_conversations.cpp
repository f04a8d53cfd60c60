// SPDX-License-Identifier: Apache-2.0
// Conversations of the Responses API and their items: made, read, added to, deleted.
#include <chrono>
#include <random>

#include "api/encoder.h"
#include "api/endpoints.h"
#include "api/fields.h"
#include "api/item_page.h"
#include "api/json_text.h"
#include "api/request_common.h"
#include "json/json.h"

namespace stride::api {
namespace {

constexpr size_t kMostItems = 20;  // that one request may add, as with OpenAI

std::string conversation_object(const std::string& id, const StoredConversation& stored) {
  return JsonText()
      .object()
      .field("id", id)
      .field("object", "conversation")
      .field("created_at", stored.created)
      .raw_field("metadata", stored.metadata)
      .end()
      .take();
}

Outcome<std::string> read_metadata(const Fields& body) {
  const Json* metadata = STRIDE_TRY(body.object("metadata"));
  return metadata != nullptr ? json::dump(*metadata) : std::string("{}");
}

Ids new_ids() {
  std::random_device device;
  return Ids(uint64_t{device()} << 32 | device());
}

int64_t seconds_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

// The items of a body, each with a name.
Outcome<Json> Endpoints::read_items(const Incoming& in, const Fields& body, const Ids& ids) const {
  const Json* given = STRIDE_TRY(body.array("items"));
  if (given == nullptr) return Json::array();
  if (given->size() > kMostItems)
    return refuse("items", fmt::format("items has {} entries; at most {} can be added at once",
                                       given->size(), kMostItems));
  Json out = *given;
  for (size_t i = 0; i < out.size(); ++i)
    if (!out[i].is_object()) return refuse("items", fmt::format("items[{}] is not an object", i));
  STRIDE_TRY(items_.resolve(in.client, out, "items"));
  name_items(out, ids);
  return out;
}

Outcome<std::string> Endpoints::make_conversation(const Incoming& in) {
  const Json body =
      in.request.body.empty() ? Json(Json::object()) : STRIDE_TRY(parse_body(in.request.body));
  const Fields fields(body);
  const Ids ids = new_ids();
  StoredConversation stored{.created = seconds_now(),
                            .metadata = STRIDE_TRY(read_metadata(fields)),
                            .items = json::dump(STRIDE_TRY(read_items(in, fields, ids)))};
  const std::string id = ids.make("conv_", 0);
  conversations_.save(in.client, id, stored);
  return conversation_object(id, stored);
}

Outcome<std::string> Endpoints::conversation(const Incoming& in) {
  const std::string& id = in.match.id;
  if (in.request.method == "DELETE") {
    if (!conversations_.erase(in.client, id)) return std::unexpected(unknown_conversation(id));
    return JsonText()
        .object()
        .field("id", id)
        .field("object", "conversation.deleted")
        .field("deleted", true)
        .end()
        .take();
  }
  if (in.request.method == "POST") {
    const Json body = STRIDE_TRY(parse_body(in.request.body));
    std::string metadata = STRIDE_TRY(read_metadata(Fields(body)));
    return conversation_object(
        id, STRIDE_TRY(conversations_.set_metadata(in.client, id, std::move(metadata))));
  }
  const auto stored = conversations_.find(in.client, id);
  if (!stored) return std::unexpected(unknown_conversation(id));
  return conversation_object(id, *stored);
}

Outcome<std::string> Endpoints::conversation_items(const Incoming& in) {
  const std::string& id = in.match.id;
  if (in.request.method == "GET") {
    const PageQuery query = STRIDE_TRY(read_page_query(in.request.query));
    return item_page(STRIDE_TRY(conversations_.items(in.client, id)), query);
  }
  const Json body = STRIDE_TRY(parse_body(in.request.body));
  const Json items = STRIDE_TRY(read_items(in, Fields(body), new_ids()));
  STRIDE_TRY(conversations_.add(in.client, id, items));
  return item_list(items);
}

// One item as it is kept; the conversation without it.
Outcome<std::string> Endpoints::conversation_item(const Incoming& in) {
  const std::string& id = in.match.id;
  const std::string& item = in.match.item;
  if (in.request.method == "DELETE")
    return conversation_object(id, STRIDE_TRY(conversations_.erase_item(in.client, id, item)));
  return json::dump(STRIDE_TRY(conversations_.item(in.client, id, item)));
}

}  // namespace stride::api
