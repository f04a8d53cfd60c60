// SPDX-License-Identifier: Apache-2.0
// The items of responses and conversations by their own names, so that a request can refer to them
// instead of sending them again. Each belongs to the client that made it, and to the response or
// conversation (its owner) that it was kept with; it goes with that.
//
// What an answer says is kept for its response and for its conversation, each on its own. What it
// was asked is kept where its names are new: a later input may repeat an earlier answer, and must
// not take its place.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/encoder.h"
#include "api/errors.h"
#include "api/store.h"
#include "json/json_fwd.h"

namespace stride::api {

enum class ItemOwner { response, conversation };

struct NamedItem {
  std::string id{};
  std::string text{};  // JSON
};
using NamedItems = std::vector<NamedItem>;

// What one response is asked.
struct InputItems {
  std::string text{};  // a JSON array, all items with types and names
  NamedItems fresh{};  // those to be kept
};

class ItemStore {
 public:
  // Outlives this.
  explicit ItemStore(Store& store) : store_(store) {}

  // The last thousand of an array, where they have names that are not known yet. Reads the store.
  NamedItems fresh(const std::string& client, const Json& items) const;
  InputItems read_input(const std::string& client, const std::string& items, const Ids& ids) const;

  // Does not wait for the disk.
  void keep(ItemOwner kind, const std::string& client, const std::string& owner,
            const NamedItems& items);
  // Those of `items` that were kept with this owner.
  void drop(ItemOwner kind, const std::string& client, const std::string& owner, const Json& items);
  std::optional<Json> find(const std::string& client, const std::string& id) const;

  // Puts what the entries of an array refer to ({"type": "item_reference", "id": ...}) in their
  // place. Refused where one is not known, or where they become too large; `name` is the array's.
  Outcome<> resolve(const std::string& client, Json& items, const std::string& name) const;

 private:
  Store& store_;
};

// Those of an array that have names.
NamedItems named_items(const Json& items);

// Makes each text of an array a message of the user, and gives each item a type and a name where it
// has none.
void name_items(Json& items, const Ids& ids);

}  // namespace stride::api
