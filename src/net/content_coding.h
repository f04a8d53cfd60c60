// SPDX-License-Identifier: Apache-2.0
// Bodies that travel compressed: gzip, and deflate as the web means it (zlib's form). A few
// thousand bytes can unpack to gigabytes, so whoever unpacks says how much room there is, and is
// asked before more is taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace stride::net {

// Of the Content-Encoding header: gzip, x-gzip or deflate.
bool known_coding(std::string_view name);

enum class Unpacking : uint8_t { done, malformed, too_large, no_room };

// Appends what `packed` holds to `out`. At most `most` bytes, and at each step only as many as
// `may_hold` allows. What `out` holds after a failure is of no use.
Unpacking unpack(std::string_view packed, size_t most,
                 const std::function<bool(size_t n_byte)>& may_hold, std::string& out);

// As gzip; for speed, not for size.
std::string pack(std::string_view plain);

// Whether an Accept-Encoding header names gzip (or *) and does not rule it out.
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace stride::net
