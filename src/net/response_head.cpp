// SPDX-License-Identifier: Apache-2.0
#include "net/response_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace stride::net {

namespace {

constexpr std::array<std::string_view, 7> kOwnHeaders = {
    "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive",
    "Date",           "X-Request-Id",      "request-id"};

bool is_own(std::string_view name) {
  return std::ranges::any_of(kOwnHeaders,
                             [&](std::string_view own) { return same_header_name(own, name); });
}

// A line end in a value would begin a header of the sender's choice.
void append_on_one_line(std::string& out, std::string_view text) {
  for (const char c : text) out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  append_on_one_line(out, name);
  out += ": ";
  append_on_one_line(out, value);
  out += "\r\n";
}

// IMF-fixdate of RFC 9110, by hand because strftime follows the locale.
std::string http_date(std::time_t now) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm t{};
  gmtime_r(&now, &t);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[t.tm_wday], t.tm_mday,
                     kMonths[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

}  // namespace

bool has_no_body(int status) {
  return status < 200 || status == 204 || status == 304;
}

std::string response_head(int status, const Headers& headers, const Framing& framing,
                          std::string_view request_id, std::time_t now) {
  std::string out = fmt::format("HTTP/1.1 {} {}\r\n", status, reason_phrase(status));
  append_header(out, "Date", http_date(now));
  for (const Header& header : headers)
    if (!is_own(header.name)) append_header(out, header.name, header.value);
  append_header(out, "X-Request-Id", request_id);
  append_header(out, "request-id", request_id);
  if (framing.kind == Framing::Kind::chunked)
    append_header(out, "Transfer-Encoding", "chunked");
  else if (framing.kind == Framing::Kind::length && !has_no_body(status))
    append_header(out, "Content-Length", fmt::to_string(framing.length));
  if (!framing.keep_alive)
    append_header(out, "Connection", "close");
  else if (framing.minor_version == 0)
    append_header(out, "Connection", "keep-alive");
  return out += "\r\n";
}

}  // namespace stride::net
