// SPDX-License-Identifier: Apache-2.0
// Any bytes as a GGUF file: refused with a sentence, or every tensor lies in the file, apart from
// the others, and can be decoded, out of its groups if it is in some; the shape of the model is
// read or refused.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "format/gguf.h"
#include "format/layers.h"
#include "format/layout.h"
#include "model/config.h"
#include "quant/codec.h"

namespace {

using namespace stride;

void require(bool condition) {
  if (!condition) std::abort();
}

// The first row and the last, which are all of a tensor's groups that matter to its bounds.
void take_some(std::span<const std::byte> bytes, const format::Tensor& tensor) {
  std::vector<std::byte> scratch;
  for (const uint64_t row : {uint64_t{0}, tensor.rows() - 1})
    require(format::take_rows(tensor, bytes, row, 1, scratch).size() ==
            tensor.bytes / tensor.rows());
}

void decode_some(std::span<const std::byte> file, const format::GgufFile& gguf,
                 const format::Tensor& tensor) {
  const auto bytes = file.subspan(gguf.offsets[tensor.source], tensor.bytes);
  take_some(bytes, tensor);
  const uint64_t block = quant::type_info(tensor.type)->block_values;
  const uint64_t n = std::min(tensor.values(), uint64_t{4} * block);
  std::vector<float> values(n);
  quant::decode(tensor.type, bytes.first(quant::row_bytes(tensor.type, n)), values);
}

void check_tensors(std::span<const std::byte> file, const format::GgufFile& gguf) {
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
  for (const format::Tensor& tensor : gguf.tensors) {
    const uint64_t begin = gguf.offsets.at(tensor.source);
    require(tensor.bytes > 0 && begin >= gguf.data_offset && begin <= file.size());
    require(tensor.bytes <= file.size() - begin);
    require(tensor.rows() > 0 && tensor.bytes % tensor.rows() == 0);
    ranges.emplace_back(begin, begin + tensor.bytes);
    decode_some(file, gguf, tensor);
  }
  std::ranges::sort(ranges);
  for (size_t i = 1; i < ranges.size(); ++i) require(ranges[i - 1].second <= ranges[i].first);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = std::as_bytes(std::span(data, size));
  const auto gguf = format::parse_gguf(file);
  if (!gguf) {
    require(!gguf.error().message.empty());
    return 0;
  }
  check_tensors(file, *gguf);
  const auto depth = format::read_depth(gguf->metadata, gguf->tensors);
  if (!depth) return 0;
  require(depth->n_layer > 0 && depth->n_layer + depth->n_mtp <= 4096);
  std::vector<std::string> warnings;
  const auto config = model::read_config(gguf->metadata, *depth, warnings);
  if (config) {
    require(config->layers.size() == config->n_layer + config->n_mtp);
    for (const auto& layer : config->layers) {
      if (&layer - config->layers.data() > 4) break;
      require(model::rope_frequencies(*config, layer).size() == layer.n_rot / 2);
    }
  }
  return 0;
}
