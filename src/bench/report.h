// SPDX-License-Identifier: Apache-2.0
// The outcome of a benchmark against the limits of the machine, as a table for people, as JSON with
// every repetition, as CSV with a line a measurement, and as a drawing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "bench/machine.h"
#include "bench/runner.h"
#include "bench/statistics.h"

namespace stride::bench {

struct Report {
  std::string version;
  Machine machine;
  std::string kernels;           // the table in use: "avx512vnni"
  std::string int8_instruction;  // of the limits
  std::string float_instruction;
  unsigned n_threads = 1;
  std::string model_file;
  std::string model_name;
  uint32_t n_layer = 0;
  std::map<std::string, uint64_t> type_bytes;  // bytes of the file's tensors by type
  std::string kv_type;                         // "f16"
  uint32_t max_rows = 0;                       // of a step
  uint64_t region_bytes = 0;                   // of the reading probe
  Plan plan;
  Outcome outcome;
};

// What bounds a measurement: the slower of reading its bytes and doing its operations.
enum class Bound : uint8_t { memory, arithmetic };

struct Figures {
  Spread tokens_per_second;
  std::optional<Spread> first_token_seconds;
  std::optional<uint64_t> peak_memory;  // of all repetitions
  // Means over all repetitions.
  double weight_bytes_per_token = 0, kv_bytes_per_token = 0;
  double int8_ops_per_token = 0, float_ops_per_token = 0;
  // By the median time.
  double bytes_per_second = 0, ops_per_second = 0;
  Limits limits;  // medians of those around the repetitions
  // Time that the work takes at the limits around it over the time it took: by bytes, by operations
  // (int8 at the int8 limit plus floats at the float limit), and the larger of them.
  double memory_share = 0, arithmetic_share = 0;
  Bound bound = Bound::memory;
  Spread limit_share;
};

// Medians over the probes, each limit by itself.
Limits median_limits(const std::vector<Limits>& probes);

Figures figures_of(const Measurement& measurement);

std::string table(const Report& report);
std::string to_json(const Report& report);
std::string to_csv(const Report& report);
std::string to_svg(const Report& report);

}  // namespace stride::bench
