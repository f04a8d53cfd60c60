// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stride::cli {

// Decimal units with three or four digits: "720.5 MB", "10.65 GB", "512 B".
std::string human_bytes(uint64_t bytes);

// "199.4 B", "1.19 M": counts of parameters.
std::string human_count(uint64_t n);

// "1 layer", "3 layers": for nouns that take an s.
std::string counted(uint64_t n, std::string_view noun);

// "0:07", "12:40", "1:02:03".
std::string human_time(double seconds);

// Text from a file made safe for a terminal: control characters and what is no UTF-8 are replaced,
// and what is longer than `most` bytes is cut.
std::string printable(std::string_view text, size_t most = 200);

}  // namespace stride::cli
