// SPDX-License-Identifier: Apache-2.0
#include "net/content_coding.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "net/http_message.h"

namespace stride::net {

namespace {

// Added to the window's size: either form, told by its header.
constexpr int kAnyForm = 32, kGzipForm = 16;
constexpr size_t kStep = size_t{64} << 10;

class Inflater {
 public:
  Inflater() { good_ = inflateInit2(&stream_, MAX_WBITS + kAnyForm) == Z_OK; }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  bool good() const { return good_; }
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
  bool good_ = false;
};

std::string_view trim(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

// "q=0", "q=0.0" and the like.
bool rules_out(std::string_view parameter) {
  parameter = trim(parameter);
  return (parameter.starts_with("q=0") || parameter.starts_with("Q=0")) &&
         parameter.find_first_not_of("0.", 2) == std::string_view::npos;
}

}  // namespace

bool known_coding(std::string_view name) {
  return same_header_name(name, "gzip") || same_header_name(name, "x-gzip") ||
         same_header_name(name, "deflate");
}

Unpacking unpack(std::string_view packed, size_t most,
                 const std::function<bool(size_t n_byte)>& may_hold, std::string& out) {
  Inflater inflater;
  if (!inflater.good()) return Unpacking::no_room;
  z_stream& z = inflater.stream();
  if (packed.size() > std::numeric_limits<uInt>::max()) return Unpacking::too_large;
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  z.avail_in = static_cast<uInt>(packed.size());
  while (true) {
    // One byte more than allowed, to know that there is more.
    const size_t begin = out.size();
    const size_t n = std::min(kStep, most - begin + 1);
    if (!may_hold(begin + n)) return Unpacking::no_room;
    out.resize(begin + n);
    z.next_out = reinterpret_cast<Bytef*>(out.data() + begin);
    z.avail_out = static_cast<uInt>(n);
    const int result = inflate(&z, Z_NO_FLUSH);
    out.resize(begin + n - z.avail_out);
    if (out.size() > most) return Unpacking::too_large;
    if (result == Z_STREAM_END) {
      if (z.avail_in == 0) return Unpacking::done;
      // Several pieces, one after the other, are one text.
      if (inflateReset(&z) != Z_OK) return Unpacking::malformed;
    } else if (result != Z_OK || (z.avail_in == 0 && z.avail_out > 0)) {
      return Unpacking::malformed;
    }
  }
}

std::string pack(std::string_view plain) {
  z_stream z{};
  constexpr int kMemory = 8;
  STRIDE_CHECK(deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + kGzipForm, kMemory,
                            Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&z, plain.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  z.avail_in = static_cast<uInt>(plain.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  STRIDE_CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

bool accepts_gzip(std::string_view accept_encoding) {
  bool any = false;
  while (!accept_encoding.empty()) {
    const size_t comma = std::min(accept_encoding.find(','), accept_encoding.size());
    const std::string_view entry = accept_encoding.substr(0, comma);
    accept_encoding.remove_prefix(std::min(comma + 1, accept_encoding.size()));
    const size_t semicolon = std::min(entry.find(';'), entry.size());
    const std::string_view name = trim(entry.substr(0, semicolon));
    const bool wanted = semicolon == entry.size() || !rules_out(entry.substr(semicolon + 1));
    if (same_header_name(name, "gzip")) return wanted;
    any |= name == "*" && wanted;
  }
  return any;
}

}  // namespace stride::net
