// SPDX-License-Identifier: Apache-2.0
// Any bytes as a stream of server-sent events, cut anywhere: the items must be those of the whole.
// The first byte seeds the cuts.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "net/sse_parser.h"

namespace {

using namespace stride::net;

struct Parsed {
  std::vector<SseItem> items{};
  bool whole = true;

  bool operator==(const Parsed&) const = default;
};

Parsed parse(std::string_view text, stride::Random* cuts) {
  SseParser parser(1000);
  Parsed out;
  while (!text.empty() && out.whole) {
    const size_t n = cuts == nullptr ? 1 : 1 + cuts->below(text.size());
    out.whole =
        parser.push(text.substr(0, n), [&](SseItem item) { out.items.push_back(std::move(item)); })
            .has_value();
    text.remove_prefix(n);
  }
  if (auto last = parser.finish()) out.items.push_back(std::move(*last));
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  stride::Random cuts(data[0]);
  if (parse(text, nullptr) != parse(text, &cuts)) std::abort();
  return 0;
}
