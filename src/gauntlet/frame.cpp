// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/frame.h"

#include <utility>

namespace stride::gauntlet {
namespace {

// White space, and the bytes of a byte order mark.
constexpr std::string_view kBeforeBody = " \t\r\n\xef\xbb\xbf";

BodyKind kind_of(char first) {
  if (first == '{' || first == '[') return BodyKind::json;
  if (first == '<') return BodyKind::page;
  return BodyKind::events;
}

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

}  // namespace

Result<> FrameParser::push(std::string_view bytes, const Sink& sink) {
  if (kind_ == BodyKind::empty) {
    const size_t begin = bytes.find_first_not_of(kBeforeBody);
    if (begin == bytes.npos) return {};
    bytes.remove_prefix(begin);
    kind_ = kind_of(bytes.front());
  }
  if (kind_ == BodyKind::events)
    return events_.push(bytes, [&](net::SseItem item) { pass_on(std::move(item), sink, false); });
  if (kind_ == BodyKind::json)
    return values_.push(bytes, [&](std::string text) { sink({.text = std::move(text)}); });
  return {};
}

void FrameParser::finish(const Sink& sink) {
  if (auto item = events_.finish()) pass_on(std::move(*item), sink, true);
  if (std::string rest = values_.finish(); !rest.empty())
    sink({.text = std::move(rest), .cut = true});
}

void FrameParser::pass_on(net::SseItem item, const Sink& sink, bool cut) {
  const std::string_view data = trimmed(item.data);
  Frame frame{.event = std::move(item.event), .cut = cut};
  if (item.kind == net::SseItem::Kind::comment || data.empty()) {
    frame.kind = Frame::Kind::ping;
  } else if (data == "[DONE]") {
    frame.kind = Frame::Kind::done;
  } else {
    frame.text = data;
  }
  sink(frame);
}

}  // namespace stride::gauntlet
