// SPDX-License-Identifier: Apache-2.0
#include "model/fast_sequence.h"

#include <algorithm>

#include "base/check.h"

namespace stride::model {
namespace {

// The windows of every track at the time of the mark.
class Windows final : public RewindPoint {
 public:
  struct Track {
    uint32_t begin, end;  // positions saved of each sliding layer
    std::vector<std::byte> rows;
  };

  uint32_t size() const override { return tracks[0].end; }
  uint64_t bytes() const override {
    uint64_t sum = 0;
    for (const Track& track : tracks) sum += track.rows.size();
    return sum;
  }

  std::vector<Track> tracks;
};

}  // namespace

Result<> KvTrack::truncate(uint32_t n) {
  if (n > n_past)
    return fail(Errc::invalid_argument, "cannot cut a sequence of {} tokens at {}", n_past, n);
  if (n > 0 && n < earliest()) {
    return fail(Errc::invalid_argument,
                "cannot go back to {} tokens: the sliding layers hold what {} or more need", n,
                earliest());
  }
  if (n + n_draft < n_past) end_call(0);
  n_past = n;
  n_draft = 0;
  if (n == 0) oldest = 0;
  return {};
}

uint32_t KvTrack::earliest() const {
  const uint32_t end = n_past - n_draft;
  const uint32_t first = std::max(oldest, end > n_ring ? end - n_ring : 0);
  return first == 0 ? 0 : first + window - 1;
}

void KvTrack::end_call(uint32_t n_draft_in) {
  n_draft = n_draft_in;
  const uint32_t end = n_past - n_draft;
  if (end > n_ring) oldest = std::max(oldest, end - n_ring);
}

Result<std::unique_ptr<Sequence>> FastSequence::create(const Config& config, KvType type,
                                                       uint32_t capacity, uint32_t max_rows) {
  auto sequence = std::make_unique<FastSequence>();
  sequence->capacity_ = capacity;
  sequence->tracks.resize(1 + config.n_mtp);
  for (uint32_t i = 0; i < config.layers.size(); ++i) {
    KvTrack& track = sequence->tracks[i < config.n_layer ? 0 : 1 + i - config.n_layer];
    const uint32_t n_rows = kv_rows(config, i, capacity, max_rows);
    track.layers.push_back(STRIDE_TRY(cache::KvLayer::create(kv_shape(config, i, type), n_rows)));
    track.sliding.push_back(config.layers[i].attention == Attention::sliding);
    track.n_ring = ring_rows(config, capacity, max_rows);
    track.window = config.window;
  }
  return sequence;
}

uint64_t FastSequence::allocated_bytes() const {
  uint64_t sum = 0;
  for (const KvTrack& track : tracks)
    for (const cache::KvLayer& layer : track.layers) sum += layer.allocated_bytes();
  return sum;
}

std::unique_ptr<RewindPoint> FastSequence::mark() const {
  auto point = std::make_unique<Windows>();
  for (const KvTrack& track : tracks) {
    const uint32_t reach = track.window - 1;
    const uint32_t begin = std::max(track.oldest, track.n_past > reach ? track.n_past - reach : 0);
    auto& saved = point->tracks.emplace_back(begin, track.n_past, std::vector<std::byte>());
    for (size_t i = 0; i < track.layers.size(); ++i) {
      if (track.sliding[i]) track.layers[i].save(begin, track.n_past, saved.rows);
    }
  }
  return point;
}

Result<> FastSequence::rewind(const RewindPoint& base) {
  const auto* point = dynamic_cast<const Windows*>(&base);
  if (!point || point->tracks.size() != tracks.size()) {
    return fail(Errc::invalid_argument, "the rewind point belongs to another kind of sequence");
  }
  for (size_t t = 0; t < tracks.size(); ++t) {
    // Full layers keep their rows in place, so they cannot be rewound to rows that are gone.
    const bool has_full = std::ranges::find(tracks[t].sliding, false) != tracks[t].sliding.end();
    if (has_full && point->tracks[t].end > tracks[t].n_past) {
      return fail(Errc::invalid_argument, "cannot rewind a sequence of {} tokens to {}",
                  tracks[t].n_past, point->tracks[t].end);
    }
  }
  for (size_t t = 0; t < tracks.size(); ++t) {
    KvTrack& track = tracks[t];
    const Windows::Track& saved = point->tracks[t];
    if (track.truncate(saved.end)) continue;
    std::span<const std::byte> rows = saved.rows;
    for (size_t i = 0; i < track.layers.size(); ++i) {
      if (track.sliding[i]) rows = rows.subspan(track.layers[i].load(saved.begin, saved.end, rows));
    }
    track.n_past = saved.end;
    track.n_draft = 0;
    track.oldest = saved.begin;
  }
  return {};
}

}  // namespace stride::model
