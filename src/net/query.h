// SPDX-License-Identifier: Apache-2.0
// Percent-encoding and query strings (RFC 3986, and the form encoding of HTML for '+').
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stride::net {

enum class Plus { literal, is_space };

// nullopt where '%' is not followed by two hexadecimal digits. The result may hold any byte.
std::optional<std::string> percent_decode(std::string_view text, Plus plus = Plus::literal);

// "a=1&b=x%20y&c" as pairs in order; '+' is a space; a name without '=' has an empty value; empty
// pieces are skipped. nullopt for a bad escape or more than 1,000 pairs.
using QueryPairs = std::vector<std::pair<std::string, std::string>>;
std::optional<QueryPairs> parse_query(std::string_view query);

// The value of the first pair of this name, or nullptr.
const std::string* find_query(const QueryPairs& pairs, std::string_view name);

}  // namespace stride::net
