// SPDX-License-Identifier: Apache-2.0
// The body of an answer as frames, whatever its content type claims: server-sent events, JSON
// values, or neither. The first byte that is no white space decides. Every way of cutting the bytes
// gives the same frames.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "gauntlet/json_splitter.h"
#include "net/sse_parser.h"

namespace stride::gauntlet {

struct Frame {
  enum class Kind : uint8_t {
    text,  // meant to be JSON
    ping,  // a comment, or an event without data
    done,  // [DONE]
  };

  Kind kind = Kind::text;
  std::string event{};  // the name of a server-sent event
  std::string text{};
  bool cut = false;  // the end came before the frame was complete

  bool operator==(const Frame&) const = default;
};

enum class BodyKind : uint8_t { empty, events, json, page };

class FrameParser {
 public:
  using Sink = std::function<void(const Frame&)>;

  Result<> push(std::string_view bytes, const Sink& sink);
  void finish(const Sink& sink);

  BodyKind kind() const { return kind_; }

 private:
  static void pass_on(net::SseItem item, const Sink& sink, bool cut);

  BodyKind kind_ = BodyKind::empty;
  net::SseParser events_{};
  JsonSplitter values_{};
};

}  // namespace stride::gauntlet
