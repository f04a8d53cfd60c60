// SPDX-License-Identifier: Apache-2.0
// What a model file holds, whatever its format: metadata under GGUF keys and tensors under GGUF
// names and shapes. GGUF files (one or many shards) and safetensors directories both implement it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/error.h"
#include "format/metadata.h"
#include "quant/row_groups.h"
#include "quant/type.h"

namespace stride::format {

// [ne0, ne1, ne2, ne3]: ne0 is contiguous (the input dimension of a matrix), unused dimensions
// are 1.
using Shape = std::array<uint64_t, 4>;

struct Tensor {
  std::string name;  // GGUF name: "blk.3.ffn_up_exps.weight"
  quant::Type type = quant::Type::f32;
  Shape shape{1, 1, 1, 1};
  uint32_t n_dims = 1;
  quant::Layout layout = quant::Layout::rows;  // in which stored() gives it; rows() never does
  uint64_t bytes =
      0;  // of the values in `type`; checked against the file when the catalog was opened
  size_t source = 0;  // the catalog's own: where the bytes are

  uint64_t values() const { return shape[0] * shape[1] * shape[2] * shape[3]; }
  uint64_t rows() const { return shape[1] * shape[2] * shape[3]; }
};

class TensorCatalog {
 public:
  virtual ~TensorCatalog() = default;

  virtual const Metadata& metadata() const = 0;
  virtual std::span<const Tensor> tensors() const = 0;
  virtual const Tensor* find(std::string_view name) const = 0;

  // The bytes of rows [first, first + n) of the tensor, which must exist: a view of the mapped file
  // where it stores them as they are, else converted into `scratch` (zero-centred norms get their
  // +1, FP8 blocks become f32, groups are taken apart). Views live as long as the catalog. Any
  // number of threads may call this.
  virtual Result<std::span<const std::byte>> rows(const Tensor& tensor, uint64_t first, uint64_t n,
                                                  std::vector<std::byte>& scratch) const = 0;

  // All of the tensor's bytes, as rows() gives them.
  Result<std::span<const std::byte>> bytes(const Tensor& tensor,
                                           std::vector<std::byte>& scratch) const {
    return rows(tensor, 0, tensor.rows(), scratch);
  }

  // The same bytes in the tensor's layout: where it is groups, `first` and `n` are multiples of
  // kGroupRows.
  virtual Result<std::span<const std::byte>> stored(const Tensor& tensor, uint64_t first,
                                                    uint64_t n,
                                                    std::vector<std::byte>& scratch) const {
    STRIDE_CHECK(tensor.layout == quant::Layout::rows);
    return rows(tensor, first, n, scratch);
  }

  // True if stored() gives a view of the file for this tensor.
  virtual bool is_mapped(const Tensor& tensor) const = 0;

  // A hint that these rows are not needed soon: a view's pages leave this process's memory and come
  // back from the file when they are read again.
  virtual void release(const Tensor& tensor, uint64_t first, uint64_t n) const = 0;

  // Where the tensor lies, for people: "model-00002-of-00003.gguf at 4096".
  virtual std::string place(const Tensor& tensor) const = 0;

  // What is suspicious but usable, one sentence each.
  virtual std::span<const std::string> warnings() const = 0;
};

// Opens a GGUF file (any shard of a split one), or a directory or index file of safetensors.
Result<std::unique_ptr<TensorCatalog>> open_model(const std::filesystem::path& path);

}  // namespace stride::format
