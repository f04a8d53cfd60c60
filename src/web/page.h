// SPDX-License-Identifier: Apache-2.0
// How a request for a file of the chat page is answered, apart from the server that carries it:
// which bytes, and with which headers.
//
//   if (const auto answer = web::answer({.path = "/", .accept_encoding = ..., .if_none_match =
//   ...}))
//     send(answer->status, answer->headers, answer->body);
//
// Browsers ask again for every file and get 304 while it is the same, so a new program is seen at
// once.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "web/assets.h"

namespace stride::web {

// The values of the headers of these names; empty where there is none.
struct PageRequest {
  std::string_view path{};  // without the query and without a prefix of the server
  std::string_view accept_encoding{};
  std::string_view if_none_match{};
};

struct PageAnswer {
  int status = 200;  // or 304
  std::vector<Header> headers{};
  std::span<const std::byte> body{};  // lives as long as the program
};

// Nothing for a path that is not of the page.
std::optional<PageAnswer> answer(const PageRequest& request);

}  // namespace stride::web
