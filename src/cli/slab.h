// SPDX-License-Identifier: Apache-2.0
// "Slabs": models with random weights and the true shapes of layers, for measuring and for
// comparing engines. Weights are about zero-mean with standard deviation 1 / sqrt(n_in), so that
// activations stay in range at any depth; blocks of quantised types are random bits with suitable
// scales.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "format/convert.h"
#include "format/mix.h"
#include "model/config.h"

namespace stride::cli {

struct SlabShape {
  bool small = false;    // small widths for tests; else those of Step-3.5-Flash
  uint32_t n_layer = 5;  // trunk layers, every fourth with full attention
  uint32_t n_mtp = 0;    // MTP layers after them
  uint32_t n_dense = 1;  // leading layers without experts
  uint32_t n_vocab = 8192;
};

// Fails if a count is out of range.
Result<model::Config> slab_config(const SlabShape& shape);

// Every tensor that a GGUF file of this configuration holds, with its shape and as F32, in file
// order.
std::vector<format::Tensor> model_tensors(const model::Config& config);

// The keys of the file: the configuration, and a byte-level vocabulary with the special tokens of
// Step-3.5, filled up with unused tokens.
format::Metadata slab_metadata(const model::Config& config);

// Random values of a type: of the mean and about the standard deviation given. Requires a type of
// can_randomize() and a whole number of blocks.
bool can_randomize(quant::Type type);
void randomize(quant::Type type, Random& random, double mean, double deviation,
               std::span<std::byte> out);

struct SlabOptions {
  SlabShape shape;
  format::Mix mix;
  uint64_t seed = 1;
  unsigned n_threads = 0;
  const std::atomic<bool>* stop = nullptr;
  std::function<void(const format::ConvertProgress&)> on_progress;
};

// Writes the file and returns its size. The same seed gives the same file whatever the threads.
Result<uint64_t> write_slab(const std::filesystem::path& path, const SlabOptions& options);

}  // namespace stride::cli
