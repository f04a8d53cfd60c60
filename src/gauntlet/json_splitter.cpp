// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/json_splitter.h"

#include <utility>

namespace stride::gauntlet {

Result<> JsonSplitter::push(std::string_view bytes, const Sink& sink) {
  for (const char c : bytes) {
    if (piece_.size() >= max_bytes_) failed_ = true;
    if (failed_)
      return fail(Errc::exhausted, "a JSON value of the answer is larger than {} bytes",
                  max_bytes_);
    take(c, sink);
  }
  return {};
}

std::string JsonSplitter::finish() {
  return std::exchange(piece_, {});
}

void JsonSplitter::take(char c, const Sink& sink) {
  if (in_string_) {
    if (c == '\n') return emit(sink);
    piece_ += c;
    if (std::exchange(escaped_, false)) return;
    if (c == '\\') escaped_ = true;
    if (c == '"') in_string_ = false;
    return;
  }
  const bool opens = c == '{' || c == '[';
  if (depth_ == 0 && !opens) {
    // Between two values: white space, or what is no JSON and is told to the reader line by line.
    if (c == '\n') {
      if (!piece_.empty()) emit(sink);
    } else if (!piece_.empty() || (c != ' ' && c != '\t' && c != '\r')) {
      piece_ += c;
    }
    return;
  }
  if (depth_ == 0 && !piece_.empty()) emit(sink);
  piece_ += c;
  if (opens) ++depth_;
  if (c == '"') in_string_ = true;
  if ((c == '}' || c == ']') && --depth_ == 0) emit(sink);
}

void JsonSplitter::emit(const Sink& sink) {
  depth_ = 0;
  in_string_ = escaped_ = false;
  sink(std::exchange(piece_, {}));
}

}  // namespace stride::gauntlet
