// SPDX-License-Identifier: Apache-2.0
// Speed of the products on one thread, in GB/s of weights and GOP/s (a multiply-add counting as
// two). `stream`: against a matrix that no cache holds, with few columns as in decoding. `tile`:
// against one that lies in the second cache, with many columns as in prompts.
#include <benchmark/benchmark.h>

#include <cmath>
#include <string>

#include "base/aligned_buffer.h"
#include "base/random.h"
#include "kernels/kernels.h"

namespace stride::kernels {
namespace {

using quant::Type;

constexpr size_t kIn = 4096;
constexpr size_t kStreamBytes = size_t{96} << 20;

AlignedBuffer<std::byte> random_bytes(size_t n) {
  auto buffer = AlignedBuffer<std::byte>::allocate(n);
  if (!buffer) return {};
  Random random(1);
  // Small bytes make small finite scales, whatever the type.
  for (std::byte& b : buffer->span()) b = static_cast<std::byte>(random.next() >> 58);
  return std::move(*buffer);
}

struct Setup {
  Setup(const Kernels& k, Type type, quant::Layout layout, size_t bytes, size_t n_col)
      : n_row(bytes / quant::row_bytes(type, kIn) / 16 * 16),
        stride(takes_q8(type) ? q8_row_bytes(kIn) : kIn * sizeof(float)),
        weights(random_bytes(n_row * quant::row_bytes(type, kIn))),
        w{type, weights.data(), quant::row_bytes(type, kIn), kIn, layout} {
    x = *AlignedBuffer<std::byte>::allocate(n_col * stride);
    out = *AlignedBuffer<float>::allocate(n_col * n_row);
    Random random(2);
    auto row = *AlignedBuffer<float>::allocate(kIn);
    for (size_t c = 0; c < n_col; ++c) {
      for (float& v : row.span()) v = static_cast<float>(random.normal());
      std::byte* to = x.data() + c * stride;
      if (takes_q8(type)) {
        k.quantize_row(to, row.data(), kIn);
      } else {
        __builtin_memcpy(to, row.data(), stride);
      }
    }
  }

  size_t n_row;
  size_t stride;
  AlignedBuffer<std::byte> weights;
  Weights w;
  AlignedBuffer<std::byte> x;
  AlignedBuffer<float> out;
};

// Random bytes stand for themselves in either layout.
void run(benchmark::State& state, const Kernels& k, Type type, quant::Layout layout, size_t bytes,
         size_t n_col) {
  Setup s(k, type, layout, bytes, n_col);
  const auto product = takes_q8(type) ? k.matmul_q8 : k.matmul_f32;
  for (auto step : state) {
    product(s.out.data(), s.n_row, s.w, 0, s.n_row, s.x.data(), s.stride, n_col);
    benchmark::DoNotOptimize(s.out.data());
    benchmark::ClobberMemory();
  }
  using benchmark::Counter;
  state.counters["B/s"] = Counter(static_cast<double>(s.weights.size()),
                                  Counter::kIsIterationInvariantRate, Counter::kIs1000);
  state.counters["OP/s"] = Counter(2.0 * static_cast<double>(s.n_row * kIn * n_col),
                                   Counter::kIsIterationInvariantRate, Counter::kIs1000);
}

// What the memory gives one thread: the bar for `stream`.
void read_memory(benchmark::State& state) {
  const auto bytes = random_bytes(kStreamBytes);
  for (auto step : state) {
    uint64_t sum[8] = {};
    const auto* p = reinterpret_cast<const uint64_t*>(bytes.data());
    for (size_t i = 0; i < bytes.size() / 8; i += 8) {
      __builtin_prefetch(p + i + 512);
      for (size_t j = 0; j < 8; ++j) sum[j] += p[i + j];
    }
    benchmark::DoNotOptimize(sum);
  }
  state.counters["B/s"] = benchmark::Counter(static_cast<double>(bytes.size()),
                                             benchmark::Counter::kIsIterationInvariantRate,
                                             benchmark::Counter::kIs1000);
}

constexpr Type kTypes[] = {Type::q8_0,   Type::q4_0,   Type::q4_k,  Type::q5_k, Type::q6_k,
                           Type::iq4_nl, Type::iq4_xs, Type::mxfp4, Type::q2_k, Type::q3_k,
                           Type::iq3_s,  Type::f32,    Type::f16,   Type::bf16};

void add_type(const Kernels& k, Type type, quant::Layout layout, const std::string& name) {
  for (const size_t n_col : {1U, 2U, 3U, 4U, 16U, 64U}) {
    benchmark::RegisterBenchmark(("stream/" + name + std::to_string(n_col)).c_str(),
                                 [&k, type, layout, n_col](benchmark::State& s) {
                                   run(s, k, type, layout, kStreamBytes, n_col);
                                 })
        ->Unit(benchmark::kMillisecond);
  }
  for (const size_t n_col : {1U, 4U, 8U, 14U, 16U, 64U}) {
    benchmark::RegisterBenchmark(("tile/" + name + std::to_string(n_col)).c_str(),
                                 [&k, type, layout, n_col](benchmark::State& s) {
                                   run(s, k, type, layout, size_t{256} << 10, n_col);
                                 })
        ->Unit(benchmark::kMicrosecond);
  }
}

void add_all() {
  benchmark::RegisterBenchmark("read_memory", read_memory)->Unit(benchmark::kMillisecond);
  for (const Kernels* k : available_kernels()) {
    if (k->name == "scalar") continue;
    const std::string isa(k->name);
    for (const Type type : kTypes) {
      const std::string name = isa + "/" + std::string(quant::type_name(type)) + "/";
      add_type(*k, type, quant::Layout::rows, name + "rows/");
      if (quant::can_group(type, 16)) add_type(*k, type, quant::Layout::groups, name + "groups/");
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
