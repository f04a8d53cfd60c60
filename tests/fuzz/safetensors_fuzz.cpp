// SPDX-License-Identifier: Apache-2.0
// Any bytes as a safetensors file: refused with a sentence, or the tensors cover the data exactly.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "format/hf_names.h"
#include "format/safetensors.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = stride::format::parse_safetensors(std::as_bytes(std::span(data, size)));
  if (!file) {
    require(!file.error().message.empty());
    return 0;
  }
  uint64_t covered = 0;
  for (const auto& tensor : file->tensors) {
    require(tensor.offset <= size && tensor.bytes <= size - tensor.offset);
    covered += tensor.bytes;
    if (const auto name = stride::format::gguf_name(tensor.name)) require(!name->name.empty());
  }
  require(covered <= size - 8);
  if (!file->tensors.empty()) {
    const auto& last = file->tensors.back();
    require(last.offset + last.bytes == size);
  }
  return 0;
}
