// SPDX-License-Identifier: Apache-2.0
#include "bench/limits.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <numeric>

#include "base/random.h"
#include "kernels/peaks.h"

namespace stride::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kChunkBytes = size_t{1280} * 2304;  // [1280, 4096] of Q4_K: 2.8 MiB
constexpr size_t kPrefetch = 4096;                   // bytes, as the kernels do
constexpr uint64_t kLeastRegion = uint64_t{512} << 20;
constexpr uint64_t kCacheTimes = 8;
constexpr uint64_t kRounds = uint64_t{1} << 20;  // some milliseconds
constexpr std::chrono::milliseconds kReadTime(60), kOpsTime(60);

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

}  // namespace

uint64_t choose_region_bytes(uint64_t last_cache_bytes, const std::optional<MemoryInfo>& memory) {
  uint64_t bytes = std::max(kLeastRegion, kCacheTimes * last_cache_bytes);
  if (memory) bytes = std::min(bytes, memory->available / 4);
  return bytes;
}

Result<LimitProbe> LimitProbe::create(unsigned n_threads, uint64_t region_bytes) {
  LimitProbe probe;
  probe.team_ = std::make_unique<ThreadTeam>(n_threads);
  const uint64_t bytes = std::max<uint64_t>(1, region_bytes / kChunkBytes) * kChunkBytes;
  probe.region_ = STRIDE_TRY(AlignedBuffer<std::byte>::allocate(bytes));
  probe.order_.resize(bytes / kChunkBytes);
  std::iota(probe.order_.begin(), probe.order_.end(), 0U);
  Random random(1);
  for (size_t i = probe.order_.size(); i > 1; --i)
    std::swap(probe.order_[i - 1], probe.order_[random.below(i)]);
  // Untouched memory is one page of zeros that every cache holds.
  probe.team_->run([&](unsigned thread) {
    const Range range = split(bytes, probe.team_->size(), thread, 4096);
    std::memset(probe.region_.data() + range.begin, 1, range.end - range.begin);
  });
  return probe;
}

double LimitProbe::read_bytes(size_t prefetch) {
  const auto read = kernels::best_peaks().read;
  std::atomic<uint64_t> sum = 0;
  uint64_t n_byte = 0;
  const auto begin = Clock::now();
  do {
    WorkQueue chunks;
    team_->run([&](unsigned) {
      for (size_t i = chunks.next(); i < order_.size(); i = chunks.next())
        sum.fetch_add(read(region_.data() + order_[i] * kChunkBytes, kChunkBytes, prefetch),
                      std::memory_order_relaxed);
    });
    n_byte += region_.size();
  } while (Clock::now() - begin < kReadTime);
  return static_cast<double>(n_byte) / seconds_since(begin);
}

double LimitProbe::ops(uint64_t (*loop)(uint64_t n_round)) {
  const auto burst = [&] {
    std::atomic<uint64_t> n_op = 0;
    team_->run([&](unsigned) { n_op.fetch_add(loop(kRounds), std::memory_order_relaxed); });
    return n_op.load();
  };
  burst();  // brings threads and clock up
  uint64_t n_op = 0;
  const auto begin = Clock::now();
  do n_op += burst();
  while (Clock::now() - begin < kOpsTime);
  return static_cast<double>(n_op) / seconds_since(begin);
}

Limits LimitProbe::measure() {
  const kernels::Peaks& peaks = kernels::best_peaks();
  return {std::max(read_bytes(0), read_bytes(kPrefetch)), ops(peaks.int8), ops(peaks.fma)};
}

}  // namespace stride::bench
