// SPDX-License-Identifier: Apache-2.0
#include "web/page.h"

#include <algorithm>
#include <cctype>

namespace stride::web {
namespace {

std::string_view trim(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Takes the text before the next `mark` off the front.
std::string_view take_until(std::string_view& text, char mark) {
  const size_t end = std::min(text.find(mark), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return trim(part);
}

// "q=0", "q=0.0" and their like forbid what they follow.
bool is_refused(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = take_until(parameters, ';');
    if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) continue;
    return parameter.substr(2).find_first_not_of("0.") == std::string_view::npos;
  }
  return false;
}

bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool accepts_gzip(std::string_view accept_encoding) {
  bool any = false;
  while (!accept_encoding.empty()) {
    std::string_view coding = take_until(accept_encoding, ',');
    const std::string_view name = take_until(coding, ';');
    if (same_letters(name, "gzip")) return !is_refused(coding);
    if (name == "*") any = !is_refused(coding);
  }
  return any;
}

bool is_known(std::string_view if_none_match, std::string_view etag) {
  while (!if_none_match.empty()) {
    std::string_view tag = take_until(if_none_match, ',');
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == etag || tag == "*") return true;
  }
  return false;
}

}  // namespace

std::optional<PageAnswer> answer(const PageRequest& request) {
  const Asset* asset = find_asset(request.path);
  if (asset == nullptr) return std::nullopt;
  PageAnswer out;
  out.headers.assign(headers().begin(), headers().end());
  out.headers.push_back({"ETag", asset->etag});
  out.headers.push_back({"Cache-Control", "no-cache"});
  out.headers.push_back({"Vary", "Accept-Encoding"});
  if (is_known(request.if_none_match, asset->etag)) {
    out.status = 304;
    return out;
  }
  out.headers.push_back({"Content-Type", asset->content_type});
  out.body = asset->plain;
  if (accepts_gzip(request.accept_encoding)) {
    out.headers.push_back({"Content-Encoding", "gzip"});
    out.body = asset->packed;
  }
  return out;
}

}  // namespace stride::web
