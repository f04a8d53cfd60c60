// SPDX-License-Identifier: Apache-2.0
// Any model output, cut anywhere: the result must be that of the whole text, every delta
// well-formed UTF-8, and the arguments of every call that was not cut a JSON object. The first five
// bytes choose the options and the cuts.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/utf8.h"
#include "chat/output_parser.h"
#include "chat/tool_schemas.h"
#include "json/json.h"

namespace {

using namespace stride::chat;

void require(bool condition) {
  if (!condition) std::abort();
}

const ToolSchemas& tools() {
  static const ToolSchemas out = [] {
    auto parsed = ToolSchemas::parse(
        {R"({"function":{"name":"bash","parameters":{"properties":{"command":{"type":"string"},)"
         R"("items":{"type":"array"},"n":{"type":["integer","null"]}},"required":["command"]}}})",
         R"({"function":{"name":"none"}})"});
    require(parsed.has_value());
    return *std::move(parsed);
  }();
  return out;
}

ParserOptions options_from(uint8_t a, uint8_t b) {
  ParserOptions out;
  if (a % 8 != 0) out.tools = &tools();
  out.start = static_cast<OutputStart>(b % 3);
  if (a & 0x10) out.reasoning_format = ReasoningFormat::raw;
  if (a & 0x20) out.stop_strings = {"stop", "top\n", "\n\n\n"};
  if (a & 0x40) out.end_marker = "<|im_end|>";
  if (a & 0x80) out.max_held_bytes = b;
  if (b & 0x80) out.stream_after_bytes = a % 32;
  return out;
}

ParsedOutput parse(std::string_view text, const ParserOptions& options, FinishReason reason,
                   stride::Random* cuts) {
  ParsedOutput out;
  OutputParser parser(options);
  const auto take = [&out](const std::vector<Delta>& deltas) {
    for (const Delta& delta : deltas) {
      require(stride::is_utf8(delta.text));
      out.add(delta);
    }
  };
  while (!text.empty()) {
    const size_t n = cuts == nullptr ? text.size() : std::min(text.size(), cuts->below(9) + 1);
    take(parser.push(text.substr(0, n)));
    text.remove_prefix(n);
  }
  take(parser.finish(reason));
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 5) return 0;
  const ParserOptions options = options_from(data[0], data[1]);
  const FinishReason reason = data[2] % 2 != 0 ? FinishReason::length : FinishReason::stop;
  stride::Random random(data[3] * 256U + data[4]);
  const std::string_view text(reinterpret_cast<const char*>(data) + 5, size - 5);
  const ParsedOutput whole = parse(text, options, reason, nullptr);
  require(parse(text, options, reason, &random) == whole);
  for (const ParsedCall& call : whole.calls) {
    if (call.ending == CallEnding::cut) continue;
    const auto value =
        stride::json::parse(call.arguments, {.numbers = stride::json::Numbers::exact});
    require(value && value->is_object());
  }
  return 0;
}
