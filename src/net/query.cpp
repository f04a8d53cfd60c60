// SPDX-License-Identifier: Apache-2.0
#include "net/query.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace stride::net {

namespace {

constexpr size_t kMaxPairs = 1000;

std::optional<char> hex_byte(std::string_view digits) {
  uint8_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2) return std::nullopt;
  return static_cast<char>(value);
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const auto byte = hex_byte(text.substr(i + 1, 2));
      if (!byte) return std::nullopt;
      out += *byte;
      i += 2;
    } else {
      out += text[i] == '+' && plus == Plus::is_space ? ' ' : text[i];
    }
  }
  return out;
}

std::optional<QueryPairs> parse_query(std::string_view query) {
  QueryPairs pairs;
  while (!query.empty()) {
    const std::string_view piece = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(piece.size() + 1, query.size()));
    if (piece.empty()) continue;
    if (pairs.size() == kMaxPairs) return std::nullopt;
    const size_t equals = std::min(piece.find('='), piece.size());
    auto name = percent_decode(piece.substr(0, equals), Plus::is_space);
    auto value = percent_decode(piece.substr(std::min(equals + 1, piece.size())), Plus::is_space);
    if (!name || !value) return std::nullopt;
    pairs.emplace_back(std::move(*name), std::move(*value));
  }
  return pairs;
}

const std::string* find_query(const QueryPairs& pairs, std::string_view name) {
  const auto found = std::ranges::find(pairs, name, &QueryPairs::value_type::first);
  return found == pairs.end() ? nullptr : &found->second;
}

}  // namespace stride::net
