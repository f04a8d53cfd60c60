// SPDX-License-Identifier: Apache-2.0
// Speed of attention on one thread and key-value heads of 128 dimensions.
//
//   decode/ISA/FORMAT/GROUP/POSITIONS   one row: the heads of a group over keys and values that no
//                                       cache holds; B/s of them, beside read_memory
//   prefill/ISA/FORMAT/GROUP/ROWS       a causal prompt; FLOP/s of the two products over the
//                                       positions that are seen, beside multiply_add
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/random.h"
#include "kernels/kernels.h"
#include "kernels/peaks.h"

namespace stride::kernels {
namespace {

using benchmark::Counter;

constexpr size_t kHeadDim = 128;
constexpr size_t kQueryRows = 8;  // rows of a prompt that go through the positions together
constexpr size_t kUncachedBytes = size_t{192} << 20;

void count(benchmark::State& state, const char* what, double n) {
  state.counters[what] = Counter(n, Counter::kIsIterationInvariantRate, Counter::kIs1000);
}

// Keys and values of `n_head` heads.
struct Cache {
  Cache(const Kernels& k, KvFormat kv_format, size_t head_positions, size_t heads)
      : format(kv_format),
        n(head_positions),
        n_head(heads),
        row_bytes(kHeadDim * (format == KvFormat::f16 ? 2 : 1)),
        rows(*AlignedBuffer<std::byte>::allocate(2 * n_head * n * row_bytes)),
        scales(*AlignedBuffer<float>::allocate(2 * n_head * n)) {
    Random random(3);
    std::array<float, 4096 + kHeadDim> x;
    for (float& v : x) v = static_cast<float>(random.normal());
    for (size_t i = 0; i < 2 * n_head * n; ++i) {
      const float* from = &x[random.below(4096)];
      std::byte* row = rows.data() + i * row_bytes;
      if (format == KvFormat::f16) {
        k.store_f16(reinterpret_cast<uint16_t*>(row), from, kHeadDim);
      } else {
        k.store_int8(reinterpret_cast<int8_t*>(row), &scales[i], from, kHeadDim);
      }
    }
  }

  size_t head_bytes() const { return 2 * n * (row_bytes + (format == KvFormat::int8 ? 4 : 0)); }

  KvView view(size_t head) const {
    const size_t k = 2 * head * n, v = k + n;
    KvView kv{format, row_bytes, 1, {}};
    kv.spans[0] = {rows.data() + k * row_bytes,
                   rows.data() + v * row_bytes,
                   scales.data() + k,
                   scales.data() + v,
                   0,
                   n};
    return kv;
  }

  KvFormat format;
  size_t n, n_head, row_bytes;
  AlignedBuffer<std::byte> rows;
  AlignedBuffer<float> scales;
};

// Consecutive rows of the queries of one group, their states and their output.
struct Rows {
  explicit Rows(size_t group_size, size_t n_row)
      : group(group_size),
        begin(n_row * group, 0),
        end(n_row * group),
        q(n_row * group * kHeadDim) {
    Random random(4);
    for (float& v : q) v = static_cast<float>(random.normal());
    for (auto* memory : {&total_memory, &part_memory}) memory->resize(end.size() * (kHeadDim + 2));
    for (size_t i = 0; i < end.size(); ++i) {
      float* t = &total_memory[i * (kHeadDim + 2)];
      float* p = &part_memory[i * (kHeadDim + 2)];
      total.push_back({t, t + kHeadDim});
      part.push_back({p, p + kHeadDim});
    }
  }

  // The first n rows, row r seeing the positions before first + r.
  void run(const Kernels& k, const KvView& kv, size_t first, size_t n) {
    for (size_t i = 0; i < n * group; ++i) {
      end[i] = static_cast<uint32_t>(first + i / group);
      std::fill_n(total[i].acc, kHeadDim, 0.0F);
      total[i].max_sum[0] = -std::numeric_limits<float>::infinity();
      total[i].max_sum[1] = 0;
    }
    const AttentionQueries queries = {q.data(),  kHeadDim, begin.data(), end.data(),
                                      n * group, kHeadDim, 0.0884F};
    for (size_t c = 0; c < end[n * group - 1]; c += kAttentionChunk) {
      k.attend(queries, kv, c, c + kAttentionChunk, part.data());
      for (size_t i = 0; i < n * group; ++i) k.attention_merge(total[i], part[i], kHeadDim);
    }
    for (size_t i = 0; i < n * group; ++i) {
      k.attention_finish(&q[i * kHeadDim], total[i], kHeadDim);
    }
    benchmark::ClobberMemory();
  }

  size_t group;
  std::vector<uint32_t> begin, end;
  std::vector<float> q, total_memory, part_memory;
  std::vector<AttentionState> total, part;
};

void decode(benchmark::State& state, const Kernels& k, KvFormat format) {
  const auto group = static_cast<size_t>(state.range(0)), n = static_cast<size_t>(state.range(1));
  const size_t n_head = kUncachedBytes / (4 * n * kHeadDim) + 1;
  const Cache cache(k, format, n, n_head);
  Rows row(group, 1);
  size_t head = 0;
  for (auto step : state) row.run(k, cache.view(head++ % n_head), n, 1);
  count(state, "B/s", static_cast<double>(cache.head_bytes()));
  count(state, "FLOP/s", 4.0 * static_cast<double>(group * n * kHeadDim));
}

void prefill(benchmark::State& state, const Kernels& k, KvFormat format) {
  const auto group = static_cast<size_t>(state.range(0)), n = static_cast<size_t>(state.range(1));
  const Cache cache(k, format, n, 1);
  Rows rows(group, kQueryRows);
  for (auto step : state) {
    for (size_t r = 0; r < n; r += kQueryRows) rows.run(k, cache.view(0), r + 1, kQueryRows);
  }
  count(state, "FLOP/s", 2.0 * static_cast<double>(group * n * (n + 1) * kHeadDim));
}

void read_memory(benchmark::State& state) {
  const auto bytes = *AlignedBuffer<std::byte>::allocate(kUncachedBytes / 512 * 512);
  std::fill_n(bytes.data(), bytes.size(), std::byte{1});
  for (auto step : state)
    benchmark::DoNotOptimize(best_peaks().read(bytes.data(), bytes.size(), 4096));
  count(state, "B/s", static_cast<double>(bytes.size()));
}

void multiply_add(benchmark::State& state) {
  uint64_t n = 0;
  for (auto step : state) n = best_peaks().fma(1000);
  count(state, "FLOP/s", static_cast<double>(n));
}

void add_isa(const Kernels* k) {
  for (const KvFormat format : {KvFormat::f16, KvFormat::int8}) {
    const std::string name = std::string(k->name) + (format == KvFormat::f16 ? "/f16" : "/int8");
    auto* one_row = benchmark::RegisterBenchmark(
        ("decode/" + name).c_str(), [=](benchmark::State& s) { decode(s, *k, format); });
    auto* prompt = benchmark::RegisterBenchmark(
        ("prefill/" + name).c_str(), [=](benchmark::State& s) { prefill(s, *k, format); });
    for (const int group : {8, 12}) {
      for (const int n : {512, 4096, 16384, 32768}) one_row->Args({group, n});
      for (const int n : {512, 2048, 8192}) prompt->Args({group, n});
    }
    one_row->Unit(benchmark::kMicrosecond);
    prompt->Unit(benchmark::kMillisecond);
  }
}

}  // namespace
}  // namespace stride::kernels

int main(int argc, char** argv) {
  using namespace stride::kernels;
  benchmark::RegisterBenchmark("read_memory", read_memory)->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("multiply_add", multiply_add);
  for (const Kernels* k : available_kernels()) {
    if (k->name != "scalar") add_isa(k);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
}
