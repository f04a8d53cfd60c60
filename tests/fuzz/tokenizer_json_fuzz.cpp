// SPDX-License-Identifier: Apache-2.0
// Reading a tokenizer.json: never a crash, and a vocabulary that is accepted encodes any text
// without loss. The input is the file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "text/tokenizer.h"
#include "text/tokenizer_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace stride::text;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto vocabulary = read_tokenizer_json(text);
  if (!vocabulary) return 0;
  const auto tokenizer = Tokenizer::create(*std::move(vocabulary));
  if (!tokenizer) return 0;
  if (tokenizer->decode(tokenizer->encode(text, Special::allow)) != text) std::abort();
  return 0;
}
