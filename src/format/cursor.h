// SPDX-License-Identifier: Apache-2.0
// Reads little-endian fields from bytes in memory and never past their end. Lengths are compared
// with what is left before anything is allocated for them.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/error.h"

namespace stride::format {

static_assert(std::endian::native == std::endian::little, "model files are little endian");

class Cursor {
 public:
  explicit Cursor(std::span<const std::byte> bytes) : bytes_(bytes) {}

  uint64_t offset() const { return at_; }
  uint64_t left() const { return bytes_.size() - at_; }

  template <class T>
    requires std::is_arithmetic_v<T>
  Result<T> read() {
    if (left() < sizeof(T)) return truncated(sizeof(T));
    T value;
    std::memcpy(&value, bytes_.data() + at_, sizeof value);
    at_ += sizeof value;
    return value;
  }

  // A string as GGUF stores it: u64 length, then the bytes.
  Result<std::string_view> string() {
    const uint64_t length = STRIDE_TRY(read<uint64_t>());
    if (length > left()) {
      return fail(Errc::format, "a string of {} bytes at offset {} passes the end of the file ({})",
                  length, at_, bytes_.size());
    }
    const std::string_view text(reinterpret_cast<const char*>(bytes_.data()) + at_, length);
    at_ += length;
    return text;
  }

 private:
  std::unexpected<Error> truncated(size_t wanted) const {
    return fail(Errc::format, "the file ends at byte {}, {} more wanted at offset {}",
                bytes_.size(), wanted, at_);
  }

  std::span<const std::byte> bytes_;
  size_t at_ = 0;
};

}  // namespace stride::format
