// SPDX-License-Identifier: Apache-2.0
// Writes a model as a GGUF file, with other tensor types, another set of MTP layers, or its rows in
// groups (format/layout.h). Streams: whatever the size of a tensor, memory holds a bounded number
// of its rows. Tensors that keep their type keep their values bit for bit. The result does not
// depend on the number of threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "format/mix.h"
#include "format/tensor_catalog.h"
#include "quant/error.h"

namespace stride::format {

enum class MtpLayers {
  keep,   // as the source has them
  drop,   // the trunk alone
  merge,  // those of ConvertOptions::mtp in place of the source's
};

struct ConvertProgress {
  uint64_t bytes_done = 0;  // of the output's tensor data
  uint64_t bytes_total = 0;
  std::string_view tensor;
};

struct ConvertOptions {
  std::optional<Mix> mix;  // none: every tensor keeps its type
  bool repack = false;     // rows in groups where they can be; else in order, whatever the source
  MtpLayers mtp_layers = MtpLayers::keep;
  const TensorCatalog* mtp = nullptr;       // the file to merge from; only with MtpLayers::merge
  unsigned n_threads = 0;                   // 0 = one a core
  const std::atomic<bool>* stop = nullptr;  // set by another thread or a signal: Errc::cancelled
  std::function<void(const ConvertProgress&)> on_progress;
};

struct TypeSummary {
  uint64_t n_tensors = 0;
  uint64_t bytes = 0;
  quant::ErrorStatistics error;  // of the values that were encoded; none for copied tensors
};

struct ConvertReport {
  uint64_t bytes_in = 0;  // of the tensors taken from the source
  uint64_t file_bytes = 0;
  uint64_t n_copied = 0, n_converted = 0;
  uint64_t n_regrouped = 0;  // of the copied ones: put into groups or taken out of them
  std::map<quant::Type, TypeSummary> types;
  std::vector<std::string> notes;  // fallbacks and what was dropped, one sentence each
};

Result<ConvertReport> convert_model(const TensorCatalog& source, const std::filesystem::path& path,
                                    const ConvertOptions& options);

// The part of convert_model() that decides: which tensors, from where, in which type.
struct PlannedTensor {
  Tensor tensor;                           // as it will be written
  const Tensor* from = nullptr;            // as it is stored
  const TensorCatalog* catalog = nullptr;  // where
};
struct ConvertPlan {
  Metadata metadata;
  std::vector<PlannedTensor> tensors;
  std::vector<std::string> notes;
};
Result<ConvertPlan> plan_conversion(const TensorCatalog& source, const ConvertOptions& options);

// Rows of one piece of work: about a million values, at least one row, and whole groups.
uint64_t rows_of_piece(const Tensor& tensor);

}  // namespace stride::format
