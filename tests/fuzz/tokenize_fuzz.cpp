// SPDX-License-Identifier: Apache-2.0
// Encoding and decoding any bytes: nothing is lost, no special token appears where none is allowed,
// segments change nothing, and the stream decoder gives valid UTF-8 however its input is cut.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "text/test_vocabulary.h"
#include "text/tokenizer.h"

namespace {

using namespace stride::text;

const Tokenizer& tokenizer() {
  static const Tokenizer instance = [] {
    auto made = Tokenizer::create(testing::small_vocabulary({{"a", "b"},
                                                             {"ab", "ab"},
                                                             {" ", " "},
                                                             {"  ", "  "},
                                                             {" ", "ab"},
                                                             {"\xe4", "\xb8"},
                                                             {"\xe4\xb8", "\xad"},
                                                             {"\n", "\n"},
                                                             {".", "a"},
                                                             {"1", "2"},
                                                             {"12", "3"}},
                                                            {"<|im_end|>", "<|im_start|>", "<"},
                                                            {"<think>", "ab<"}));
    if (!made) std::abort();
    return *std::move(made);
  }();
  return instance;
}

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t cut = text.empty() ? 0 : data[0] % (text.size() + 1);

  const auto plain = tokenizer().encode(text, Special::forbid);
  require(tokenizer().decode(plain) == text);
  for (const Token token : plain) require(!tokenizer().is_special(token));
  const auto special = tokenizer().encode(text, Special::allow);
  require(tokenizer().decode(special) == text);

  std::vector<Segment> segments = {{text.substr(0, cut), Special::forbid},
                                   {text.substr(cut), Special::forbid}};
  require(tokenizer().encode(segments) == plain);
  segments[1].special = Special::allow;
  require(tokenizer().decode(tokenizer().encode(segments)) == text);

  StreamDecoder stream(tokenizer());
  std::string joined;
  for (const Token token : special) {
    const std::string part = stream.push(token);
    require(stride::is_utf8(part));
    joined += part;
  }
  joined += stream.finish();
  require(joined == stride::to_valid_utf8(text));
  return 0;
}
