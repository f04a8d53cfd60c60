// SPDX-License-Identifier: Apache-2.0
// Programs as a model may write them: any text must come to an end, with a value or an error, and
// within bounds. The first byte chooses between running it and calling a function f(x) of it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "nano/tiny_language.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto result = data[0] % 2 == 0 ? stride::nano::run_program(text)
                                       : stride::nano::run_function(text, "f", "3");
  if (!result && result.error().message.empty()) std::abort();
  return 0;
}
