// SPDX-License-Identifier: Apache-2.0
// Which endpoint a request is for. Every path may be called with and without /v1 before it, and
// with the server's own prefix; a final slash does not matter.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/dialect.h"
#include "net/http_message.h"

namespace stride::api {

enum class Endpoint {
  page,
  chat,
  chat_control,
  chat_tokens,
  completions,
  responses,
  response_tokens,
  response,        // GET, DELETE of one
  response_items,  // GET of its input
  response_cancel,
  conversations,       // POST makes one
  conversation,        // GET, POST of new metadata, DELETE
  conversation_items,  // GET, POST of more
  conversation_item,   // GET, DELETE of one
  messages,
  message_tokens,
  models,
  model,
  tokenize,
  detokenize,
  apply_template,
  embeddings,
  health,
  ping,
  version,
  metrics,
  load,
  slots,
  slot,  // POST of an action
  props,
  nothing,  // paths that clients call and that hold nothing: answered without a word
};

enum class Access { open, keyed };

struct Route {
  std::string_view method;
  std::string_view path;  // "/responses/{}": {} is one part of any text
  Endpoint endpoint;
  Dialect dialect = Dialect::chat;  // of its errors
  Access access = Access::keyed;
};

struct RouteMatch {
  const Route* route = nullptr;  // nullptr: no such path, or not with this method
  std::string id{};              // what stood at {}
  std::string item{};            // and at a second one
  std::string allowed{};         // the methods that the path has: "GET, DELETE"
  Dialect dialect = Dialect::chat;
};

std::span<const Route> routes();
RouteMatch match_route(const net::HttpRequest& request, std::string_view prefix);

}  // namespace stride::api
