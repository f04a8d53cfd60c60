// SPDX-License-Identifier: Apache-2.0
// The files of the chat page, embedded in the program: the page of web/ and the libraries that it
// takes from Debian packages. Nothing is read from disk, and the page asks no other server.
//
//   const web::Asset* asset = web::find_asset("/");   // nullptr: no such file
//
// A server sends `headers()` with every file, 304 where If-None-Match holds `etag`, and `packed`
// with Content-Encoding: gzip to clients that accept it.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace stride::web {

struct Asset {
  std::string_view path;  // of the address, from the root: "/", "/web/style.css"
  std::string_view content_type;
  std::string_view etag;  // with its quotes, as the header wants it
  std::span<const std::byte> plain;
  std::span<const std::byte> packed;  // the same with gzip
};

struct Header {
  std::string_view name;
  std::string_view value;
};

// The path without a query. The bytes live as long as the program.
const Asset* find_asset(std::string_view path);

std::span<const Asset> assets();

// What keeps the page to itself: the content policy and its like.
std::span<const Header> headers();

}  // namespace stride::web
