// SPDX-License-Identifier: Apache-2.0
#include "api/keys.h"

#include <fmt/format.h>

#include <algorithm>

#include "net/access.h"

namespace stride::api {
namespace {

constexpr std::string_view kSpace = " \t\r";
constexpr size_t kMostKeyBytes = 4096;

std::string_view trim(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

std::string_view bearer(std::string_view header) {
  constexpr std::string_view kScheme = "bearer ";
  if (header.size() < kScheme.size()) return {};
  if (!net::same_header_name(header.substr(0, kScheme.size()), kScheme)) return {};
  return trim(header.substr(kScheme.size()));
}

}  // namespace

const Key* KeyRing::find(const net::HttpRequest& request) const {
  const std::string_view shown[] = {bearer(request.header("authorization")),
                                    trim(request.header("x-api-key"))};
  const Key* found = nullptr;
  for (const Key& key : keys_) {
    for (const std::string_view candidate : shown) {
      if (net::equal_constant_time(candidate, key.secret)) found = &key;
    }
  }
  return found;
}

Result<std::vector<Key>> parse_keys(std::string_view text) {
  std::vector<Key> out;
  size_t line_number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++line_number;
    if (line.empty() || line.starts_with('#')) continue;
    const size_t cut = std::min(line.find_first_of(kSpace), line.size());
    if (cut > kMostKeyBytes)
      return fail(Errc::format, "line {}: a key of {} bytes; at most {} are allowed", line_number,
                  cut, kMostKeyBytes);
    Key key{.secret = std::string(line.substr(0, cut)),
            .name = std::string(trim(line.substr(cut)))};
    if (key.name.empty()) key.name = fmt::format("key-{}", out.size() + 1);
    out.push_back(std::move(key));
  }
  return out;
}

}  // namespace stride::api
