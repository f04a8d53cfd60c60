// SPDX-License-Identifier: Apache-2.0
// The responses that clients asked to be kept (store: true), and the conversations that they make
// by previous_response_id. A response belongs to the client that made it; others do not find it.
#pragma once

#include <optional>
#include <string>

#include "api/call.h"
#include "api/errors.h"
#include "api/store.h"
#include "json/json_fwd.h"

namespace stride::api {

struct StoredResponse {
  std::string previous{};
  std::string input{};     // items, as a JSON array
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
  explicit ResponseStore(Store& store) : store_(store) {}

  void save(const std::string& client, const std::string& id, const StoredResponse& response);
  std::optional<StoredResponse> find(const std::string& client, const std::string& id) const;
  // False where there is none.
  bool erase(const std::string& client, const std::string& id);

  // Puts the items that a body's input refers to ({"type": "item_reference", "id": ...}) in its
  // place. Refused where one is not known.
  Outcome<> resolve_references(const std::string& client, Json& body) const;

  // The items of a response and of those before it, oldest first: inputs and outputs. Refused where
  // one of them is not there any more.
  Outcome<Json> history(const std::string& client, const std::string& id) const;

 private:
  Store& store_;
};

}  // namespace stride::api
