// SPDX-License-Identifier: Apache-2.0
#include "net/access.h"

#include <algorithm>
#include <cstdint>

#include "base/ascii.h"

namespace stride::net {

namespace {

bool is_port(std::string_view text) {
  return text.size() <= 5 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// Letters, digits and what stands in host names, IPv4 and IPv6 addresses.
bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
         c == ':' || c == '%';
}

bool is_own_name(std::string_view host) {
  return host == "localhost" || host == "127.0.0.1" || host == "::1";
}

// Whether one of the origins other than "*" names this one.
bool is_named(const CorsOptions& options, std::string_view origin) {
  return std::ranges::any_of(options.origins, [&](const std::string& allowed) {
    if (ascii_lowered(allowed) == ascii_lowered(origin)) return true;
    if (allowed != "localhost") return false;
    const size_t scheme = origin.find("://");
    if (scheme == std::string_view::npos) return false;
    const auto host = host_of(origin.substr(scheme + 3));
    return host && is_own_name(*host);
  });
}

}  // namespace

bool equal_constant_time(std::string_view a, std::string_view b) {
  // The compiler may not leave the loop early once it is sure, hence volatile.
  volatile uint8_t difference = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < a.size(); ++i) {
    const char other = b.empty() ? '\0' : b[i % b.size()];
    difference = static_cast<uint8_t>(difference | static_cast<uint8_t>(a[i] ^ other));
  }
  return difference == 0;
}

std::optional<std::string> host_of(std::string_view host_header) {
  std::string_view host = host_header;
  std::string_view port;
  if (host.starts_with('[')) {
    const size_t close = host.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view rest = host.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return std::nullopt;
    port = rest.substr(std::min<size_t>(1, rest.size()));
    host = host.substr(1, close - 1);
  } else if (const size_t colon = host.find(':'); colon != std::string_view::npos) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
  }
  std::string name = ascii_lowered(host);
  if (name.ends_with('.')) name.pop_back();
  if (name.empty() || !is_port(port) || !std::ranges::all_of(name, is_host_character))
    return std::nullopt;
  return name;
}

HostCheck::HostCheck(std::string_view bound_address, std::vector<std::string> names)
    : names_(std::move(names)) {
  all_ = std::ranges::find(names_, "*") != names_.end();
  for (std::string& name : names_) name = ascii_lowered(name);
  names_.push_back(ascii_lowered(bound_address));
}

bool HostCheck::allows(std::string_view host_header) const {
  if (all_) return true;
  const auto host = host_of(host_header);
  return host && (is_own_name(*host) || std::ranges::find(names_, *host) != names_.end());
}

Headers cors_headers(const CorsOptions& options, const HttpRequest& request) {
  const std::string_view origin = request.header("Origin");
  if (origin.empty()) return {};
  const bool named = is_named(options, origin);
  if (!named && std::ranges::find(options.origins, "*") == options.origins.end()) return {};
  // "*" never comes with credentials: any page could then act with the user's.
  Headers headers = {{"Access-Control-Allow-Origin", named ? std::string(origin) : "*"},
                     {"Vary", "Origin"},
                     {"Access-Control-Expose-Headers", "X-Request-Id, request-id"}};
  if (named && options.credentials) headers.push_back({"Access-Control-Allow-Credentials", "true"});
  return headers;
}

std::optional<HttpResponse> cors_preflight(const CorsOptions& options, const HttpRequest& request) {
  if (request.method != "OPTIONS" || request.header("Access-Control-Request-Method").empty())
    return std::nullopt;
  HttpResponse response{.status = 204, .headers = cors_headers(options, request)};
  if (response.headers.empty()) return response;
  response.headers.push_back({"Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS"});
  const std::string_view wanted = request.header("Access-Control-Request-Headers");
  response.headers.push_back({"Access-Control-Allow-Headers", wanted.empty()
                                                                  ? "Authorization, Content-Type"
                                                                  : std::string(wanted)});
  response.headers.push_back({"Access-Control-Max-Age", "600"});
  return response;
}

}  // namespace stride::net
