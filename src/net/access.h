// SPDX-License-Identifier: Apache-2.0
// Who may call: the Host header against DNS rebinding, cross-origin headers, and the comparison of
// secrets. Nothing here is on by default; the routes decide.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_message.h"

namespace stride::net {

// True in time that depends on the lengths alone.
bool equal_constant_time(std::string_view a, std::string_view b);

// "host", "host:port", "[v6]:port" without its port and brackets, in lower case and without a final
// dot; nullopt if it is none of these.
std::optional<std::string> host_of(std::string_view host_header);

// A page of another site can have its own name resolve to 127.0.0.1 and then call a local server;
// its requests still carry that name. Allowed: localhost, 127.0.0.1, ::1, `bound_address`, and
// `names`; a name "*" allows all.
class HostCheck {
 public:
  HostCheck(std::string_view bound_address, std::vector<std::string> names);

  bool allows(std::string_view host_header) const;

 private:
  std::vector<std::string> names_;
  bool all_ = false;
};

// Which pages of other origins may read answers. With no origins, no header is ever given.
struct CorsOptions {
  // "https://app.example", "localhost" (any scheme and port of the own machine) or "*".
  std::vector<std::string> origins{};
  bool credentials = false;  // not for origins that only "*" allows
};

// The headers for an answer to `request`; empty where its Origin is absent or not allowed.
Headers cors_headers(const CorsOptions& options, const HttpRequest& request);

// The answer to a preflight, an OPTIONS with Access-Control-Request-Method: 204 and the headers.
// For any other request nullopt.
std::optional<HttpResponse> cors_preflight(const CorsOptions& options, const HttpRequest& request);

}  // namespace stride::net
