// SPDX-License-Identifier: Apache-2.0
// Speed of attention on one thread and one key-value head of 128 dimensions. Arguments: queries,
// positions that each sees. GB/s of keys and values, GOP/s of the two products.
#include <benchmark/benchmark.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/random.h"
#include "kernels/kernels.h"

namespace stride::kernels {
namespace {

constexpr size_t kHeadDim = 128;

struct Cache {
  Cache(const Kernels& k, KvFormat format, size_t n)
      : row_bytes(kHeadDim * (format == KvFormat::f16 ? 2 : 1)),
        rows(*AlignedBuffer<std::byte>::allocate(2 * n * row_bytes)),
        scales(*AlignedBuffer<float>::allocate(2 * n)) {
    Random random(3);
    float x[kHeadDim];
    for (size_t i = 0; i < 2 * n; ++i) {
      for (float& v : x) v = static_cast<float>(random.normal());
      std::byte* row = rows.data() + i * row_bytes;
      if (format == KvFormat::f16) {
        k.store_f16(reinterpret_cast<uint16_t*>(row), x, kHeadDim);
      } else {
        k.store_int8(reinterpret_cast<int8_t*>(row), &scales[i], x, kHeadDim);
      }
    }
    view = {format, row_bytes, 1, {}};
    view.spans[0] = {
        rows.data(), rows.data() + n * row_bytes, scales.data(), scales.data() + n, 0, n};
  }

  size_t row_bytes;
  AlignedBuffer<std::byte> rows;
  AlignedBuffer<float> scales;
  KvView view;
};

void run(benchmark::State& state, const Kernels& k, KvFormat format) {
  const auto n_query = static_cast<size_t>(state.range(0));
  const auto n = static_cast<size_t>(state.range(1));
  const Cache cache(k, format, n);
  Random random(4);
  std::vector<float> q(n_query * kHeadDim);
  for (float& v : q) v = static_cast<float>(random.normal());
  const std::vector<uint32_t> begin(n_query, 0);
  const std::vector<uint32_t> end(n_query, static_cast<uint32_t>(n));
  std::vector<float> acc(n_query * kHeadDim);
  std::vector<float> max_sum(n_query * 2);
  std::vector<AttentionState> states;
  for (size_t i = 0; i < n_query; ++i) states.push_back({&acc[i * kHeadDim], &max_sum[2 * i]});
  const AttentionQueries queries = {q.data(), kHeadDim, begin.data(), end.data(),
                                    n_query,  kHeadDim, 0.0884F};
  for (auto step : state) {
    for (size_t c = 0; c < n; c += kAttentionChunk) {
      k.attend(queries, cache.view, c, c + kAttentionChunk, states.data());
    }
    benchmark::ClobberMemory();
  }
  using benchmark::Counter;
  state.counters["B/s"] = Counter(static_cast<double>(cache.rows.size()),
                                  Counter::kIsIterationInvariantRate, Counter::kIs1000);
  state.counters["OP/s"] = Counter(4.0 * static_cast<double>(n_query * n * kHeadDim),
                                   Counter::kIsIterationInvariantRate, Counter::kIs1000);
}

void add_all() {
  for (const Kernels* k : available_kernels()) {
    if (k->name == "scalar") continue;
    for (const KvFormat format : {KvFormat::f16, KvFormat::int8}) {
      const std::string name =
          "attend/" + std::string(k->name) + (format == KvFormat::f16 ? "/f16" : "/int8");
      benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& s) { run(s, *k, format); })
          ->Args({8, 16384})
          ->Args({12, 512})
          ->Args({32, 4096})
          ->Args({512, 2048})
          ->Unit(benchmark::kMicrosecond);
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
