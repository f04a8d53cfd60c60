// SPDX-License-Identifier: Apache-2.0
// Any bytes through what the HTTP server reads and writes itself: escapes, queries, hosts, and the
// frames of headers and events, which no value may leave.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/access.h"
#include "net/query.h"
#include "net/response_head.h"
#include "net/sse.h"

namespace {

using namespace stride::net;

void require(bool condition) {
  if (!condition) std::abort();
}

std::string escaped(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789aBcDeF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return out;
}

void check_url(std::string_view text) {
  require(percent_decode(escaped(text)) == text);
  if (const auto decoded = percent_decode(text)) require(decoded->size() <= text.size());
  const auto pairs = parse_query(text);
  if (!pairs) return;
  std::string again;
  for (const auto& [name, value] : *pairs) again += escaped(name) + '=' + escaped(value) + '&';
  require(parse_query(again) == pairs);
}

void check_host(std::string_view text) {
  const auto host = host_of(text);
  require(HostCheck("::1", {}).allows(text) ==
          (host && (*host == "localhost" || *host == "127.0.0.1" || *host == "::1")));
  if (host) require(!host->empty());
  const HttpRequest request{.method = "OPTIONS",
                            .headers = {{"Origin", std::string(text)},
                                        {"Access-Control-Request-Method", std::string(text)}}};
  cors_preflight({.origins = {"localhost", "https://a.example"}, .credentials = true}, request);
  require(equal_constant_time(text, std::string(text)));
}

void check_frames(std::string_view text) {
  const std::string value(text);
  const std::string head = response_head(200, {{value, value}}, {}, value, 0);
  require(std::ranges::count(head, '\n') == 7);
  require(std::ranges::count(head, '\r') == 7);
  const std::string frame = sse_event(text, text);
  std::string_view event = frame;
  require(event.ends_with("\n\n"));
  event.remove_suffix(1);
  while (!event.empty()) {
    require(event.starts_with("data: ") || event.starts_with("event: "));
    event.remove_prefix(event.find('\n') + 1);
  }
  require(frame.find('\r') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_url(text);
  check_host(text);
  check_frames(text);
  return 0;
}
