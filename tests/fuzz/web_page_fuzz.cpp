// SPDX-License-Identifier: Apache-2.0
// Three lines of any bytes as the path and the headers of a request for a file of the chat page:
// no answer for other paths; packed only where gzip is named; 304 only where the tag is.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "web/page.h"

namespace {

using namespace stride;

void require(bool condition) {
  if (!condition) std::abort();
}

std::string_view take_line(std::string_view& text) {
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view path = take_line(text);
  const std::string_view encodings = take_line(text);
  const auto answer =
      web::answer({.path = path, .accept_encoding = encodings, .if_none_match = text});
  const web::Asset* asset = web::find_asset(path);
  require(answer.has_value() == (asset != nullptr));
  if (!answer) return 0;
  if (answer->status == 304) {
    require(answer->body.empty());
    require(text.contains(asset->etag) || text.contains('*'));
    return 0;
  }
  const bool packed = answer->body.data() == asset->packed.data();
  require(packed || answer->body.data() == asset->plain.data());
  require(!packed || encodings.contains('*') || encodings.find_first_of("gG") != encodings.npos);
  return 0;
}
