// SPDX-License-Identifier: Apache-2.0
// Writes a GGUF file (version 3) tensor by tensor, so that no more than the caller's buffer is in
// memory: the header is written from the planned tensors first, then their data in the same order.
// The file gets its name when it is complete; a failure leaves nothing behind.
//
//   auto out = STRIDE_TRY(GgufWriter::create("model.gguf", metadata, tensors));
//   for (...) STRIDE_TRY(out.write(bytes));  // in pieces of any size
//   STRIDE_TRY(out.finish());
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/output_file.h"
#include "format/metadata.h"
#include "format/tensor_catalog.h"

namespace stride::format {

class GgufWriter {
 public:
  // Of each tensor, name, type, layout, shape and n_dims are used. Alignment is general.alignment
  // of the metadata, or 32. Tensors in groups need the key stride.layout (see layout.h).
  static Result<GgufWriter> create(const std::filesystem::path& path, const Metadata& metadata,
                                   std::span<const Tensor> tensors);

  // The next bytes of the tensors' data; padding between tensors is put in.
  Result<> write(std::span<const std::byte> bytes);

  // Fails (internal) unless all data of all tensors were written.
  Result<> finish();

  uint64_t file_bytes() const { return file_bytes_; }  // of the complete file

 private:
  explicit GgufWriter(OutputFile file) : file_(std::move(file)) {}
  Result<> pad();

  OutputFile file_;
  uint64_t file_bytes_ = 0;
  uint64_t alignment_ = 0;
  std::vector<uint64_t> sizes_;  // of each tensor's data
  size_t current_ = 0;           // tensor being written
  uint64_t in_current_ = 0;      // bytes of it written
};

}  // namespace stride::format
