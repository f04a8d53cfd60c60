// SPDX-License-Identifier: Apache-2.0
// Speed of what is done once a row, on one thread and on data in the first caches: GB/s of what is
// read and written, GOP/s of float operations (an exponential counting as one). Widths are those of
// Step-3.5-Flash.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "base/aligned_buffer.h"
#include "base/random.h"
#include "kernels/kernels.h"

namespace stride::kernels {
namespace {

constexpr size_t kEmbedding = 4096, kExpert = 1280, kDense = 11264, kHeads = 64, kHeadDim = 128;

AlignedBuffer<float> random_floats(size_t n, uint64_t seed) {
  auto buffer = *AlignedBuffer<float>::allocate(n);
  Random random(seed);
  for (float& x : buffer.span()) x = static_cast<float>(random.normal());
  return buffer;
}

void count(benchmark::State& state, size_t bytes, size_t ops) {
  using benchmark::Counter;
  state.counters["B/s"] =
      Counter(static_cast<double>(bytes), Counter::kIsIterationInvariantRate, Counter::kIs1000);
  state.counters["OP/s"] =
      Counter(static_cast<double>(ops), Counter::kIsIterationInvariantRate, Counter::kIs1000);
}

void quantize_row(benchmark::State& state, const Kernels& k, size_t n) {
  const auto x = random_floats(n, 1);
  const auto out = *AlignedBuffer<std::byte>::allocate(q8_row_bytes(n));
  for (auto step : state) {
    k.quantize_row(out.data(), x.data(), n);
    benchmark::ClobberMemory();
  }
  count(state, n * sizeof(float) + q8_row_bytes(n), 3 * n);  // maximum, product, rounding
}

void rms_norm(benchmark::State& state, const Kernels& k, size_t n) {
  const auto x = random_floats(n, 1), w = random_floats(n, 2);
  const auto out = *AlignedBuffer<float>::allocate(n);
  for (auto step : state) {
    k.rms_norm(out.data(), x.data(), w.data(), n, 1e-5F);
    benchmark::ClobberMemory();
  }
  count(state, 3 * n * sizeof(float), 4 * n);
}

void rope(benchmark::State& state, const Kernels& k, size_t n_rot) {
  const auto x = random_floats(kHeads * kHeadDim, 1);
  const auto angles = random_floats(n_rot / 2, 2);
  auto cos = *AlignedBuffer<float>::allocate(n_rot / 2),
       sin = *AlignedBuffer<float>::allocate(n_rot / 2);
  for (size_t i = 0; i < n_rot / 2; ++i) {
    cos[i] = std::cos(angles[i]);
    sin[i] = std::sin(angles[i]);
  }
  for (auto step : state) {
    k.rope(x.data(), kHeads, kHeadDim, n_rot, cos.data(), sin.data());
    benchmark::ClobberMemory();
  }
  count(state, (2 * kHeads * n_rot + n_rot) * sizeof(float), kHeads * n_rot * 3);
}

void swiglu(benchmark::State& state, const Kernels& k, size_t n) {
  const auto gate = random_floats(n, 1), up = random_floats(n, 2);
  const auto out = *AlignedBuffer<float>::allocate(n);
  for (auto step : state) {
    k.swiglu(out.data(), gate.data(), up.data(), n, 7);
    benchmark::ClobberMemory();
  }
  count(state, 3 * n * sizeof(float), 8 * n);  // silu 4, three limits, product
}

void add_scaled(benchmark::State& state, const Kernels& k, size_t n) {
  const auto x = random_floats(n, 1), out = random_floats(n, 2);
  for (auto step : state) {
    k.add_scaled(out.data(), x.data(), 1e-9F, n);
    benchmark::ClobberMemory();
  }
  count(state, 3 * n * sizeof(float), 2 * n);
}

void store_f16(benchmark::State& state, const Kernels& k, size_t n) {
  const auto x = random_floats(n, 1);
  const auto out = *AlignedBuffer<uint16_t>::allocate(n);
  for (auto step : state) {
    k.store_f16(out.data(), x.data(), n);
    benchmark::ClobberMemory();
  }
  count(state, n * (sizeof(float) + sizeof(uint16_t)), n);
}

void store_int8(benchmark::State& state, const Kernels& k, size_t n) {
  const auto x = random_floats(n, 1);
  const auto out = *AlignedBuffer<int8_t>::allocate(n);
  float scale = 0;
  for (auto step : state) {
    k.store_int8(out.data(), &scale, x.data(), n);
    benchmark::ClobberMemory();
  }
  count(state, n * (sizeof(float) + 1), 3 * n);
}

void exp_sum(benchmark::State& state, const Kernels& k, size_t n) {
  const auto logits = random_floats(n, 1);
  const auto x = *AlignedBuffer<float>::allocate(n);
  for (auto step : state) {
    std::copy_n(logits.data(), n, x.data());  // it works in place
    benchmark::DoNotOptimize(k.exp_sum(x.data(), n, 5, 1));
  }
  count(state, 4 * n * sizeof(float), 4 * n);
}

using Run = void (*)(benchmark::State&, const Kernels&, size_t);

struct Case {
  const char* name;
  Run run;
  size_t n;
};

constexpr Case kCases[] = {
    {"quantize_row", quantize_row, kEmbedding},
    {"quantize_row", quantize_row, kExpert},
    {"quantize_row", quantize_row, kDense},
    {"rms_norm", rms_norm, kEmbedding},
    {"rms_norm", rms_norm, kHeadDim},
    {"rope", rope, kHeadDim},
    {"rope", rope, kHeadDim / 2},
    {"swiglu", swiglu, kExpert},
    {"swiglu", swiglu, kDense},
    {"add_scaled", add_scaled, kEmbedding},
    {"store_f16", store_f16, kHeadDim},
    {"store_int8", store_int8, kHeadDim},
    {"exp_sum", exp_sum, 128896},
};

void add_all() {
  for (const Kernels* k : available_kernels()) {
    if (k->name == "scalar") continue;
    for (const Case& c : kCases) {
      const std::string name =
          std::string(c.name) + "/" + std::string(k->name) + "/" + std::to_string(c.n);
      benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& s) { c.run(s, *k, c.n); });
    }
  }
}

}  // namespace
}  // namespace stride::kernels

int main(int argc, char** argv) {
  stride::kernels::add_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
}
