// SPDX-License-Identifier: Apache-2.0
#include "model/fast_sequence.h"

#include <algorithm>

#include "base/check.h"

namespace stride::model {
namespace {

// The windows of every track at the time of the mark; of the trunk's only where it was made later.
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
  pages->truncate(n);
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

void KvTrack::abandon(uint32_t n) {
  if (n_past + n > n_ring) oldest = std::max(oldest, n_past + n - n_ring);
}

namespace {

// The full layers among the layers [begin, end) of a model, in pages.
std::unique_ptr<cache::PageTable> make_pages(const Config& config, KvType type, uint32_t begin,
                                             uint32_t end) {
  std::vector<cache::KvShape> shapes;
  for (uint32_t i = begin; i < end; ++i) {
    if (config.layers[i].attention == Attention::full) shapes.push_back(kv_shape(config, i, type));
  }
  return std::make_unique<cache::PageTable>(cache::PageShape(std::move(shapes)));
}

Result<KvTrack> make_track(const Config& config, KvType type, uint32_t capacity, uint32_t max_rows,
                           uint32_t begin, uint32_t end) {
  KvTrack track;
  track.pages = make_pages(config, type, begin, end);
  track.n_ring = ring_rows(config, capacity, max_rows);
  track.window = config.window;
  uint32_t slot = 0;
  for (uint32_t i = begin; i < end; ++i) {
    track.layers.push_back(
        config.layers[i].attention == Attention::full
            ? cache::KvLayer::in_pages(*track.pages, slot++)
            : STRIDE_TRY(cache::KvLayer::create(kv_shape(config, i, type),
                                                kv_rows(config, i, capacity, max_rows))));
  }
  return track;
}

}  // namespace

Result<std::unique_ptr<Sequence>> FastSequence::create(const Config& config, KvType type,
                                                       uint32_t capacity, uint32_t max_rows) {
  auto sequence = std::make_unique<FastSequence>();
  sequence->capacity_ = capacity;
  const auto add = [&](uint32_t begin, uint32_t end) -> Result<> {
    sequence->tracks.push_back(
        STRIDE_TRY(make_track(config, type, capacity, max_rows, begin, end)));
    return {};
  };
  STRIDE_TRY(add(0, config.n_layer));
  for (uint32_t i = 0; i < config.n_mtp; ++i)
    STRIDE_TRY(add(config.n_layer + i, config.n_layer + i + 1));
  return sequence;
}

uint64_t FastSequence::allocated_bytes() const {
  uint64_t sum = 0;
  for (const KvTrack& track : tracks) {
    sum += track.pages->bytes();
    for (const cache::KvLayer& layer : track.layers) sum += layer.allocated_bytes();
  }
  return sum;
}

uint32_t KvTrack::window_begin(uint32_t n) const {
  const uint32_t reach = window - 1;
  return std::max(oldest, n > reach ? n - reach : 0);
}

uint64_t KvTrack::mark_bytes(uint32_t n) const {
  uint64_t sum = 0;
  for (const cache::KvLayer& layer : layers)
    if (!layer.paged()) sum += cache::KvLayer::bytes(layer.shape(), n - window_begin(n));
  return sum;
}

namespace {

// What the track needs of its first n rows to go on behind them.
Windows::Track save(const KvTrack& track, uint32_t n) {
  Windows::Track saved{track.window_begin(n), n, {}};
  saved.rows.reserve(track.mark_bytes(n));
  for (const cache::KvLayer& layer : track.layers)
    if (!layer.paged()) layer.save(saved.begin, n, saved.rows);
  return saved;
}

}  // namespace

std::unique_ptr<RewindPoint> FastSequence::mark() const {
  auto point = std::make_unique<Windows>();
  for (const KvTrack& track : tracks) point->tracks.push_back(save(track, track.n_past));
  return point;
}

std::unique_ptr<RewindPoint> FastSequence::mark_at(uint32_t n) const {
  if (n > size() || n < earliest()) return nullptr;
  auto point = std::make_unique<Windows>();
  point->tracks.push_back(save(tracks[0], n));
  return point;
}

uint64_t FastSequence::mark_bytes() const {
  uint64_t sum = 0;
  for (const KvTrack& track : tracks) sum += track.mark_bytes(track.n_past);
  return sum;
}

namespace {

// The track's windows as they were when it held `saved.end` rows.
void restore(KvTrack& track, const Windows::Track& saved) {
  std::span<const std::byte> rows = saved.rows;
  for (cache::KvLayer& layer : track.layers)
    if (!layer.paged()) rows = rows.subspan(layer.load(saved.begin, saved.end, rows));
  track.n_past = saved.end;
  track.n_draft = 0;
  track.oldest = saved.begin;
}

}  // namespace

Result<> FastSequence::rewind(const RewindPoint& base) {
  const auto* point = dynamic_cast<const Windows*>(&base);
  if (!point || point->tracks.size() != tracks.size())
    return fail(Errc::invalid_argument, "the rewind point belongs to another kind of sequence");
  for (size_t t = 0; t < tracks.size(); ++t) {
    // Full layers keep their rows in place, so they cannot be rewound to rows that are gone.
    const bool has_full = tracks[t].pages->shape().n_layer() > 0;
    if (has_full && point->tracks[t].end > tracks[t].n_past) {
      return fail(Errc::invalid_argument, "cannot rewind a sequence of {} tokens to {}",
                  tracks[t].n_past, point->tracks[t].end);
    }
  }
  for (size_t t = 0; t < tracks.size(); ++t) {
    if (tracks[t].truncate(point->tracks[t].end)) continue;
    restore(tracks[t], point->tracks[t]);
    tracks[t].pages->truncate(point->tracks[t].end);
  }
  return {};
}

Result<> FastSequence::adopt(std::span<const cache::SharedPage> pages, const RewindPoint& base) {
  const auto* point = dynamic_cast<const Windows*>(&base);
  if (!point || point->size() > capacity_ ||
      pages.size() * uint64_t{cache::kPageTokens} < point->size()) {
    return fail(Errc::invalid_argument,
                "{} pages and a point at {} tokens do not make a beginning of this sequence",
                pages.size(), base.size());
  }
  for (KvTrack& track : tracks) STRIDE_TRY(track.truncate(0));
  tracks[0].pages->assign(pages);
  restore(tracks[0], point->tracks[0]);
  tracks[0].pages->truncate(point->size());
  return {};
}

}  // namespace stride::model
