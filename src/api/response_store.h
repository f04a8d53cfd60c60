// SPDX-License-Identifier: Apache-2.0
// The responses that clients asked to be kept (store: true), and the conversations that they make
// by previous_response_id. A response belongs to the client that made it; others do not find it.
#pragma once

#include <optional>
#include <string>

#include "api/call.h"
#include "api/errors.h"
#include "api/item_store.h"
#include "api/store.h"
#include "json/json_fwd.h"

namespace stride::api {

struct StoredResponse {
  std::string previous{};
  std::string input{};     // items with names, as a JSON array
  std::string response{};  // the whole object
  std::string handle{};    // of its reasoning
};

// Appends the items of one response: its input (an array) and the output of the response. Its
// reasoning gets the handle that gives it back exactly.
void append_response_items(const std::string& input_items, const std::string& response_text,
                           const std::string& handle, Json& out);

class ResponseStore {
 public:
  // Outlives this.
  explicit ResponseStore(Store& store) : store_(store), items_(store) {}

  // With those items of its input that are to be found by their names. Does not wait for the disk.
  void save(const std::string& client, const std::string& id, const StoredResponse& response,
            const NamedItems& input = {});
  std::optional<StoredResponse> find(const std::string& client, const std::string& id) const;
  // False where there is none.
  bool erase(const std::string& client, const std::string& id);

  // The items of a response and of those before it, oldest first: inputs and outputs. Refused where
  // one of them is not there any more.
  Outcome<Json> history(const std::string& client, const std::string& id) const;

 private:
  Store& store_;
  ItemStore items_;
};

}  // namespace stride::api
