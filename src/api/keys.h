// SPDX-License-Identifier: Apache-2.0
// The keys that open the server. Without any, everybody may call.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "net/http_message.h"

namespace stride::api {

struct Key {
  std::string secret{};
  std::string name{};  // of its owner, in logs and for taking turns; never the secret
};

class KeyRing {
 public:
  KeyRing() = default;
  explicit KeyRing(std::vector<Key> keys) : keys_(std::move(keys)) {}

  bool open() const { return keys_.empty(); }
  // The key that came as `Authorization: Bearer KEY` or `x-api-key: KEY`, or nullptr. The time it
  // takes depends on lengths alone.
  const Key* find(const net::HttpRequest& request) const;

 private:
  std::vector<Key> keys_;
};

// One key a line, perhaps with white space and a name after it; empty lines and those that begin
// with # are passed over. Keys without a name are named key-1, key-2 ... in their order.
Result<std::vector<Key>> parse_keys(std::string_view text);

}  // namespace stride::api
