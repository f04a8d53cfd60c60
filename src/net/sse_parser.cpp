// SPDX-License-Identifier: Apache-2.0
#include "net/sse_parser.h"

#include <algorithm>
#include <utility>

namespace stride::net {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

Result<> SseParser::push(std::string_view bytes, const Sink& sink) {
  while (!bytes.empty() && !failed_) {
    if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const size_t end = std::min(bytes.find_first_of("\r\n"), bytes.size());
    if (line_.size() + event_.data.size() + end > max_bytes_) {
      failed_ = true;
      break;
    }
    line_ += bytes.substr(0, end);
    if (end == bytes.size()) return {};
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    end_line(sink);
  }
  if (failed_)
    return fail(Errc::exhausted, "an event of the stream is larger than {} bytes", max_bytes_);
  return {};
}

std::optional<SseItem> SseParser::finish() {
  std::optional<SseItem> last;
  if (failed_) return last;
  if (!line_.empty()) end_line([&](SseItem item) { last = std::move(item); });
  if (has_data_) last = std::exchange(event_, {});
  has_data_ = false;
  return last;
}

void SseParser::end_line(const Sink& sink) {
  std::string_view line = line_;
  if (std::exchange(first_line_, false) && line.starts_with(kByteOrderMark))
    line.remove_prefix(kByteOrderMark.size());
  if (!line.empty()) {
    read_field(line, sink);
  } else {
    if (has_data_) sink(std::move(event_));
    event_ = {};
    has_data_ = false;
  }
  line_.clear();
}

void SseParser::read_field(std::string_view line, const Sink& sink) {
  if (line.front() == '{' || line.front() == '[')
    return sink({.kind = SseItem::Kind::stray, .data = std::string(line)});
  const size_t colon = std::min(line.find(':'), line.size());
  const std::string_view name = line.substr(0, colon);
  std::string_view value = line.substr(std::min(colon + 1, line.size()));
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name.empty()) {
    sink({.kind = SseItem::Kind::comment, .data = std::string(value)});
  } else if (name == "data") {
    if (has_data_) event_.data += '\n';
    event_.data += value;
    has_data_ = true;
  } else if (name == "event") {
    event_.event = value;
  } else if (name == "error" && value.starts_with('{')) {
    sink({.kind = SseItem::Kind::stray, .event = "error", .data = std::string(value)});
  }
}

}  // namespace stride::net
