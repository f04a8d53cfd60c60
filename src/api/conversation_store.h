// SPDX-License-Identifier: Apache-2.0
// Conversations of the Responses API: lists of items that clients go on with by name, instead of
// sending them again. Each belongs to the client that made it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "api/encoder.h"
#include "api/errors.h"
#include "api/item_store.h"
#include "api/store.h"
#include "json/json_fwd.h"

namespace stride::api {

struct StoredConversation {
  int64_t created = 0;          // seconds since 1970
  std::string metadata = "{}";  // an object
  std::string items = "[]";     // an array
};

class ConversationStore {
 public:
  // Outlives this.
  explicit ConversationStore(Store& store) : store_(store), items_(store) {}

  // A new one.
  void save(const std::string& client, const std::string& id,
            const StoredConversation& conversation);
  std::optional<StoredConversation> find(const std::string& client, const std::string& id) const;
  // False where there is none.
  bool erase(const std::string& client, const std::string& id);

  // Refused where there is none.
  Outcome<Json> items(const std::string& client, const std::string& id) const;
  Outcome<Json> item(const std::string& client, const std::string& id,
                     const std::string& item) const;
  // Refused where there is none. `items` is an array, with names. What is there already is not
  // read for it, so that a conversation may grow long.
  Outcome<> add(const std::string& client, const std::string& id, const Json& items);
  // The conversation after these changes; refused where there is none.
  Outcome<StoredConversation> erase_item(const std::string& client, const std::string& id,
                                         const std::string& item);
  Outcome<StoredConversation> set_metadata(const std::string& client, const std::string& id,
                                           std::string metadata);
  // The input and the output of a response, of which `ids` are.
  void add_response(const std::string& client, const std::string& id, const InputItems& input,
                    const std::string& response, const Ids& ids);

 private:
  // False where there is no such conversation. The texts are JSON arrays, written by json::dump().
  // With mutex_.
  bool append(const std::string& client, const std::string& id,
              std::initializer_list<std::string_view> arrays);
  void write(const std::string& client, const std::string& id,
             const StoredConversation& conversation);

  Store& store_;
  ItemStore items_;
  std::mutex mutex_;  // of changes
};

Failure unknown_conversation(const std::string& id);

}  // namespace stride::api
