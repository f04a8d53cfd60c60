// SPDX-License-Identifier: Apache-2.0
#include "net/url.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"

namespace stride::net {
namespace {

constexpr size_t kMaxBytes = 8192;

uint16_t default_port(bool secure) {
  return secure ? 443 : 80;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

Result<uint16_t> parse_port(std::string_view text) {
  uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc{} || stop != end || port == 0)
    return fail(Errc::invalid_argument, "the port of a URL is \"{}\"; it must be 1 to 65535", text);
  return port;
}

Result<> check_host(std::string_view host, bool bracketed) {
  const bool fits = std::all_of(host.begin(), host.end(), [&](char c) {
    if (is_digit(c) || c == '.') return true;
    const bool hex = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    return bracketed ? hex || c == ':' : is_letter(c) || c == '-' || c == '_';
  });
  if (host.empty() || host.size() > 253 || !fits)
    return fail(Errc::invalid_argument, "\"{}\" is not the name or address of a host", host);
  return {};
}

// host, host:port, [v6] or [v6]:port.
Result<> read_authority(std::string_view text, Url& url) {
  if (text.contains('@'))
    return fail(Errc::invalid_argument, "a URL with a user name or password is not accepted");
  std::string_view host = text, rest;
  const bool bracketed = text.starts_with('[');
  if (bracketed) {
    const size_t close = text.find(']');
    if (close == text.npos)
      return fail(Errc::invalid_argument, "the IPv6 address of a URL has no closing bracket");
    host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
  } else if (const size_t colon = text.find(':'); colon != text.npos) {
    host = text.substr(0, colon);
    rest = text.substr(colon);
  }
  STRIDE_TRY(check_host(host, bracketed));
  url.host.resize(host.size());
  std::transform(host.begin(), host.end(), url.host.begin(), ascii_lower);
  if (rest.empty()) return {};
  if (rest.front() != ':')
    return fail(Errc::invalid_argument, "\"{}\" stands after the host of a URL", rest);
  url.port = STRIDE_TRY(parse_port(rest.substr(1)));
  return {};
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  if (text.empty() || text.size() > kMaxBytes)
    return fail(Errc::invalid_argument, "a URL must have 1 to {} bytes", kMaxBytes);
  if (std::any_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c >= 0x7f; }))
    return fail(Errc::invalid_argument,
                "a URL holds white space, a control character or a character outside ASCII");
  Url url;
  if (const size_t mark = text.find("://"); mark != text.npos) {
    std::string scheme(text.substr(0, mark));
    std::transform(scheme.begin(), scheme.end(), scheme.begin(), ascii_lower);
    if (scheme != "http" && scheme != "https")
      return fail(Errc::invalid_argument, "the scheme of a URL is \"{}\"; it must be http or https",
                  scheme);
    url.secure = scheme == "https";
    text.remove_prefix(mark + 3);
  }
  if (text.contains('#'))
    return fail(Errc::invalid_argument, "a URL with a fragment (#) names no endpoint");
  url.port = default_port(url.secure);
  const size_t end = std::min(text.find_first_of("/?"), text.size());
  STRIDE_TRY(read_authority(text.substr(0, end), url));
  text.remove_prefix(end);
  const size_t question = std::min(text.find('?'), text.size());
  url.path = text.substr(0, question);
  if (question < text.size()) url.query = text.substr(question + 1);
  return url;
}

std::string to_string(const Url& url) {
  const bool bracketed = url.host.contains(':');
  std::string out = url.secure ? "https://" : "http://";
  out += bracketed ? "[" + url.host + "]" : url.host;
  if (url.port != default_port(url.secure)) out += ":" + std::to_string(url.port);
  out += url.path;
  if (!url.query.empty()) out += "?" + url.query;
  return out;
}

bool is_loopback(const Url& url) {
  return url.host == "localhost" || url.host == "::1" ||
         (url.host.starts_with("127.") && std::all_of(url.host.begin(), url.host.end(), [](char c) {
            return is_digit(c) || c == '.';
          }));
}

}  // namespace stride::net
