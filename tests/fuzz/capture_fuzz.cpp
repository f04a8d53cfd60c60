// SPDX-License-Identifier: Apache-2.0
// Any body of any dialect, cut anywhere: the attempt and its events must be those of the whole, and
// every failure must have its line. The same bytes are also read as a recorded cast. The first two
// bytes choose the API, the status, the end and the cuts.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/random.h"
#include "gauntlet/capture.h"
#include "gauntlet/cast.h"

namespace {

using namespace stride::gauntlet;
using stride::net::HttpEnd;
using stride::net::HttpOutcome;

void require(bool condition) {
  if (!condition) std::abort();
}

std::pair<Attempt, std::vector<Event>> capture(std::string_view text, uint8_t a, uint8_t b,
                                               stride::Random* cuts) {
  Capture capture({.api = static_cast<Api>(a % 5), .stream_asked = (a & 0x40) != 0});
  constexpr int kStatuses[] = {200, 200, 200, 429, 500, 302, 404, 0};
  const int status = kStatuses[b % 8];
  if (status != 0) capture.head(status, {{"content-type", "text/event-stream"}}, 1);
  while (!text.empty()) {
    const size_t n = cuts == nullptr ? text.size() : 1 + cuts->below(text.size());
    if (!capture.push(text.substr(0, n), 2)) break;
    text.remove_prefix(n);
  }
  HttpOutcome outcome;
  outcome.end = static_cast<HttpEnd>((b >> 3) % 11);
  outcome.total_ns = 3;
  Attempt attempt = capture.finish(outcome);
  return {std::move(attempt), capture.events()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 2), size - 2);
  const auto whole = capture(text, data[0], data[1], nullptr);
  stride::Random cuts(data[0] * 256 + data[1]);
  require(capture(text, data[0], data[1], &cuts) == whole);
  const Attempt& attempt = whole.first;
  require(attempt.message.empty() == (attempt.failure == FailureClass::ok));
  require(attempt.message.find('\n') == std::string::npos);
  if (const auto cast = read_cast(text)) {
    const auto again = read_cast(write_cast(*cast));
    require(again.has_value());
    require(replay(*again, {.api = again->api}) == replay(*cast, {.api = cast->api}));
  }
  return 0;
}
