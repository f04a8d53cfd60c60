// SPDX-License-Identifier: Apache-2.0
// Server-sent events taken apart while they arrive: lines end with LF, CRLF or CR, `data:` lines of
// one event are joined by a newline, one space after a colon is dropped, a byte order mark at the
// start is ignored. Every way of cutting the bytes gives the same items.
//
// More is let through than the standard asks for, so that a reader can tell what a broken server
// meant: comments, lines that are no field but look like JSON, and an event that no blank line
// ended.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace stride::net {

struct SseItem {
  enum class Kind {
    event,
    comment,  // data: the line without its colon
    stray,    // data: a line that begins with a brace or bracket, or such a value of "error:"
  };

  Kind kind = Kind::event;
  std::string event{};  // the name; empty where none was given
  std::string data{};

  bool operator==(const SseItem&) const = default;
};

class SseParser {
 public:
  // `max_bytes` bounds one line and one event.
  explicit SseParser(size_t max_bytes = size_t{16} << 20) : max_bytes_(max_bytes) {}

  using Sink = std::function<void(SseItem)>;

  // Errc::exhausted once an event is larger than the bound; nothing is read after that.
  Result<> push(std::string_view bytes, const Sink& sink);

  // The stream has ended: what is left of a last line and a last event. Once.
  std::optional<SseItem> finish();

 private:
  void end_line(const Sink& sink);
  void read_field(std::string_view line, const Sink& sink);

  size_t max_bytes_;
  std::string line_{};
  SseItem event_{};
  bool has_data_ = false;
  bool after_cr_ = false;  // a line feed now belongs to the line end before it
  bool first_line_ = true;
  bool failed_ = false;
};

}  // namespace stride::net
