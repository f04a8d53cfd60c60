// SPDX-License-Identifier: Apache-2.0
// A model file of any bytes, from its header to logits: whatever gets through the checks of the
// reader and the binder must run, on both paths, without a fault.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "format/gguf.h"
#include "format/layout.h"
#include "model/model.h"

namespace stride {
namespace {

class MemoryCatalog final : public format::TensorCatalog {
 public:
  MemoryCatalog(std::span<const std::byte> bytes, format::GgufFile file)
      : bytes_(bytes), file_(std::move(file)) {}

  const format::Metadata& metadata() const override { return file_.metadata; }
  std::span<const format::Tensor> tensors() const override { return file_.tensors; }
  std::span<const std::string> warnings() const override { return {}; }
  bool is_mapped(const format::Tensor&) const override { return true; }
  void release(const format::Tensor&, uint64_t, uint64_t) const override {}
  std::string place(const format::Tensor&) const override { return "memory"; }

  const format::Tensor* find(std::string_view name) const override {
    const auto it = std::ranges::find(file_.tensors, name, &format::Tensor::name);
    return it == file_.tensors.end() ? nullptr : &*it;
  }

  Result<std::span<const std::byte>> rows(const format::Tensor& tensor, uint64_t first, uint64_t n,
                                          std::vector<std::byte>& scratch) const override {
    return format::take_rows(tensor, bytes_of(tensor), first, n, scratch);
  }

  Result<std::span<const std::byte>> stored(const format::Tensor& tensor, uint64_t first,
                                            uint64_t n, std::vector<std::byte>&) const override {
    const size_t each = quant::row_bytes(tensor.type, tensor.shape[0]);
    return bytes_of(tensor).subspan(first * each, n * each);
  }

 private:
  std::span<const std::byte> bytes_of(const format::Tensor& tensor) const {
    return bytes_.subspan(file_.offsets[tensor.source], tensor.bytes);
  }

  std::span<const std::byte> bytes_;
  format::GgufFile file_;
};

// Sizes that a file may claim without holding them cost memory and time, not safety; they are cut
// off here.
bool is_small(const model::Config& c) {
  return c.n_expert <= 64 && c.n_expert_used <= 16 && c.layers.size() <= 16 &&
         c.max_q_width() <= 4096 && c.n_ff <= 4096 && c.n_ff_expert <= 4096 &&
         c.n_ff_shared <= 4096 && c.n_embd <= 4096;
}

void run(const format::TensorCatalog& catalog, model::Path path, model::Activations activations) {
  std::vector<std::string> warnings;
  const auto model = model::Model::load(
      catalog, {.path = path, .n_threads = 1, .max_rows = 2, .activations = activations}, warnings);
  if (!model) return;
  const auto sequence = (*model)->new_sequence(8);
  if (!sequence) return;
  const auto n_vocab = static_cast<model::Token>((*model)->config().n_vocab);
  const std::vector<model::Token> ids = {0, n_vocab - 1, n_vocab / 2};
  model::Output out;
  if (!(*model)->forward(
          **sequence, {.ids = ids, .logits = model::Logits::all, .hidden = true, .experts = true},
          out)) {
    return;
  }
  const std::vector<float> hidden = out.hidden;
  for (uint32_t k = 0; k < (*model)->config().n_mtp; ++k) {
    static_cast<void>((*model)->forward_mtp(**sequence, k, {.ids = ids}, hidden, out));
  }
}

}  // namespace
}  // namespace stride

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace stride;
  const std::vector<std::byte> copy(reinterpret_cast<const std::byte*>(data),
                                    reinterpret_cast<const std::byte*>(data) + size);
  auto file = format::parse_gguf(copy);
  if (!file) return 0;
  std::vector<std::string> warnings;
  const auto depth = format::read_depth(file->metadata, file->tensors);
  if (!depth) return 0;
  const auto config = model::read_config(file->metadata, *depth, warnings);
  if (!config || !is_small(*config)) return 0;
  const MemoryCatalog catalog(copy, *std::move(file));
  run(catalog, model::Path::reference, model::Activations::int8);
  run(catalog, model::Path::fast, model::Activations::int8);
  run(catalog, model::Path::fast, model::Activations::int16);
  return 0;
}
