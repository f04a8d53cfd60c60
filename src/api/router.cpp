// SPDX-License-Identifier: Apache-2.0
#include "api/router.h"

#include <array>

#include "net/query.h"

namespace stride::api {
namespace {

using enum Endpoint;

constexpr std::array kRoutes = {
    Route{"GET", "/", page, Dialect::chat, Access::open},
    Route{"GET", "/health", health, Dialect::chat, Access::open},
    Route{"GET", "/ping", ping, Dialect::chat, Access::open},
    Route{"POST", "/ping", ping, Dialect::chat, Access::open},
    Route{"GET", "/version", version, Dialect::chat, Access::open},
    Route{"POST", "/chat/completions", chat},
    Route{"POST", "/chat/completions/control", chat_control},
    Route{"POST", "/chat/completions/input_tokens", chat_tokens},
    Route{"POST", "/completions", completions, Dialect::completions},
    Route{"POST", "/responses", responses, Dialect::responses},
    Route{"POST", "/responses/input_tokens", response_tokens, Dialect::responses},
    Route{"GET", "/responses/{}", response, Dialect::responses},
    Route{"DELETE", "/responses/{}", response, Dialect::responses},
    Route{"GET", "/responses/{}/input_items", response_items, Dialect::responses},
    Route{"POST", "/responses/{}/cancel", response_cancel, Dialect::responses},
    Route{"POST", "/conversations", conversations, Dialect::responses},
    Route{"GET", "/conversations/{}", conversation, Dialect::responses},
    Route{"POST", "/conversations/{}", conversation, Dialect::responses},
    Route{"DELETE", "/conversations/{}", conversation, Dialect::responses},
    Route{"GET", "/conversations/{}/items", conversation_items, Dialect::responses},
    Route{"POST", "/conversations/{}/items", conversation_items, Dialect::responses},
    Route{"GET", "/conversations/{}/items/{}", conversation_item, Dialect::responses},
    Route{"DELETE", "/conversations/{}/items/{}", conversation_item, Dialect::responses},
    Route{"POST", "/messages", messages, Dialect::messages},
    Route{"POST", "/messages/count_tokens", message_tokens, Dialect::messages},
    Route{"GET", "/models", models},
    Route{"GET", "/models/{}", model},
    Route{"POST", "/tokenize", tokenize},
    Route{"POST", "/detokenize", detokenize},
    Route{"POST", "/apply-template", apply_template},
    Route{"POST", "/embeddings", embeddings},
    Route{"POST", "/embedding", embeddings},
    Route{"GET", "/metrics", metrics},
    Route{"GET", "/load", load},
    Route{"GET", "/slots", slots},
    Route{"POST", "/slots/{}", slot},
    Route{"GET", "/props", props},
    Route{"POST", "/api/event_logging/batch", nothing, Dialect::messages, Access::open},
};

using Holes = std::array<std::string, 2>;

// One pattern against a path; the texts at {} go to `holes`.
bool matches(std::string_view pattern, std::string_view path, Holes& holes) {
  // Only a model's name may hold slashes.
  const bool with_slashes = pattern.starts_with("/models/");
  for (std::string& text : holes) {
    const size_t hole = pattern.find("{}");
    if (hole == std::string_view::npos) break;
    if (!path.starts_with(pattern.substr(0, hole))) return false;
    path.remove_prefix(hole);
    pattern.remove_prefix(hole + 2);
    const std::string_view part = with_slashes ? path : path.substr(0, path.find('/'));
    auto decoded = net::percent_decode(part);
    if (!decoded || part.empty()) return false;
    text = *std::move(decoded);
    path.remove_prefix(part.size());
  }
  return pattern == path;
}

// Where errors should be readable although no endpoint was found.
Dialect dialect_of(const net::HttpRequest& request, std::string_view path) {
  if (path.starts_with("/messages") || !request.header("anthropic-version").empty())
    return Dialect::messages;
  return path.starts_with("/responses") ? Dialect::responses : Dialect::chat;
}

std::string_view without_version(std::string_view path, std::string_view prefix) {
  if (!prefix.empty() && path.starts_with(prefix)) path.remove_prefix(prefix.size());
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  // Some clients add /v1 to a base that has it already.
  while (path == "/v1" || path.starts_with("/v1/")) path.remove_prefix(3);
  return path.empty() ? "/" : path;
}

}  // namespace

std::span<const Route> routes() {
  return kRoutes;
}

RouteMatch match_route(const net::HttpRequest& request, std::string_view prefix) {
  RouteMatch out;
  const std::string_view path = without_version(request.path, prefix);
  out.dialect = dialect_of(request, path);
  for (const Route& route : kRoutes) {
    Holes holes;
    if (!matches(route.path, path, holes)) continue;
    if (!out.allowed.empty()) out.allowed += ", ";
    out.allowed += route.method;
    // The first match is the most special one; a later pattern with {} must not take its place.
    if (route.method != request.method || out.route != nullptr) continue;
    out.route = &route;
    out.id = std::move(holes[0]);
    out.item = std::move(holes[1]);
    if (route.dialect != Dialect::chat) out.dialect = route.dialect;
  }
  return out;
}

}  // namespace stride::api
