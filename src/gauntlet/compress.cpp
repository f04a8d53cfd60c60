// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/compress.h"

#include <zstd.h>

#include "base/check.h"

namespace stride::gauntlet {

std::string compress(std::string_view text) {
  constexpr int kLevel = 3;
  std::string out(ZSTD_compressBound(text.size()), '\0');
  const size_t size = ZSTD_compress(out.data(), out.size(), text.data(), text.size(), kLevel);
  STRIDE_CHECK(!ZSTD_isError(size));  // the bound is large enough for any text
  out.resize(size);
  return out;
}

Result<std::string> decompress(std::string_view frame, size_t max_bytes) {
  const unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN)
    return fail(Errc::format, "a transcript is not a zstd frame with its size");
  if (size > max_bytes)
    return fail(Errc::exhausted, "a transcript of {} bytes is above the limit of {}", size,
                max_bytes);
  std::string out(size, '\0');
  const size_t n = ZSTD_decompress(out.data(), out.size(), frame.data(), frame.size());
  if (ZSTD_isError(n))
    return fail(Errc::format, "a transcript is damaged: {}", ZSTD_getErrorName(n));
  if (n != size) return fail(Errc::format, "a transcript is shorter than it says");
  return out;
}

}  // namespace stride::gauntlet
