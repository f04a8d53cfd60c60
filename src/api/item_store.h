// SPDX-License-Identifier: Apache-2.0
// The items of responses and conversations by their own names, so that a request can refer to them
// instead of sending them again. Each belongs to the client that made it, and to the response or
// conversation (its owner) that it was first kept with; it goes with that. What a response and a
// conversation both hold is kept for each.
#pragma once

#include <optional>
#include <string>

#include "api/encoder.h"
#include "api/errors.h"
#include "api/store.h"
#include "json/json_fwd.h"

namespace stride::api {

enum class ItemOwner { response, conversation };

class ItemStore {
 public:
  // Outlives this.
  explicit ItemStore(Store& store) : store_(store) {}

  // The last thousand of `items`, where they have names and are not kept yet.
  void keep(ItemOwner kind, const std::string& client, const std::string& owner, const Json& items);
  // Those of `items` that were kept with this owner.
  void drop(ItemOwner kind, const std::string& client, const std::string& owner, const Json& items);
  std::optional<Json> find(const std::string& client, const std::string& id) const;

  // Puts what the entries of an array refer to ({"type": "item_reference", "id": ...}) in their
  // place. Refused where one is not known, or where they become too large; `name` is the array's.
  Outcome<> resolve(const std::string& client, Json& items, const std::string& name) const;

 private:
  Store& store_;
};

// Makes each text of an array a message of the user, and gives each item a type and a name where it
// has none.
void name_items(Json& items, const Ids& ids);
// The same of an array's text, or the text itself where it is no array.
std::string named_items(const std::string& items, const Ids& ids);

}  // namespace stride::api
