// SPDX-License-Identifier: Apache-2.0
// The address of an HTTP endpoint, taken apart strictly: http and https only, no user names or
// passwords in it (they would end up in records), no fragment, no white space.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace stride::net {

struct Url {
  bool secure = false;
  std::string host{};   // lower case; an IPv6 address without brackets
  uint16_t port = 0;    // that of the scheme where none was written
  std::string path{};   // "" or begins with a slash, as written
  std::string query{};  // without the question mark

  bool operator==(const Url&) const = default;
};

// "host:8080/v1" is http. The error quotes no more than the part that is wrong.
Result<Url> parse_url(std::string_view text);

// The port is left out where it is that of the scheme.
std::string to_string(const Url& url);

// 127.0.0.0/8, ::1 and localhost.
bool is_loopback(const Url& url);

}  // namespace stride::net
