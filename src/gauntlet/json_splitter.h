// SPDX-License-Identifier: Apache-2.0
// Objects and arrays of a stream of JSON taken apart while they arrive: one a line (NDJSON), one
// over many lines, or one after the other. Every way of cutting the bytes gives the same pieces.
//
// Only brackets and strings are followed. A line feed inside a string, which JSON forbids, ends a
// damaged piece, so that the next line is read again.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace stride::gauntlet {

class JsonSplitter {
 public:
  explicit JsonSplitter(size_t max_bytes = size_t{64} << 20) : max_bytes_(max_bytes) {}

  // `text` of the sink is a balanced piece, or a damaged one that does not parse.
  using Sink = std::function<void(std::string text)>;

  // Errc::exhausted once a piece is larger than the bound; nothing is read after that.
  Result<> push(std::string_view bytes, const Sink& sink);
  // What the end cut off; empty where nothing is open.
  std::string finish();

 private:
  void take(char c, const Sink& sink);
  void emit(const Sink& sink);

  size_t max_bytes_;
  std::string piece_{};
  size_t depth_ = 0;
  bool in_string_ = false, escaped_ = false, failed_ = false;
};

}  // namespace stride::gauntlet
