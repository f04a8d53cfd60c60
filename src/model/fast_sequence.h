// SPDX-License-Identifier: Apache-2.0
// The cache of one sequence on the fast path: a KvLayer per layer, in pages where attention is full
// and a ring where it slides.
//
// A ring of window + max_rows rows holds the window behind every row of a step. What rows have been
// overwritten is tracked by `oldest`: going back to n tokens needs the window - 1 positions before
// n. A ring has n_mtp rows more than that, so that drafts overwrite nothing that would be missed
// once they are taken back: how far a sequence can return never depends on them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "cache/kv_layer.h"
#include "cache/kv_pages.h"
#include "model/kv_size.h"
#include "model/model.h"

namespace stride::model {

// The layers that advance together: the trunk's, or those of one MTP head.
struct KvTrack {
  std::unique_ptr<cache::PageTable> pages;  // of the full layers
  std::vector<cache::KvLayer> layers;
  uint32_t n_past = 0;   // positions held
  uint32_t n_draft = 0;  // the last of them, which may yet be taken back
  uint32_t oldest = 0;   // first position that the rows before the drafts left in every ring
  uint32_t n_ring = 0;   // rows of a ring, those for drafts not counted
  uint32_t window = 0;

  // The smallest n beside 0 that truncate(n) accepts.
  uint32_t earliest() const;
  // The first position that row n sees in a sliding layer, and the bytes from there up to row n.
  uint32_t window_begin(uint32_t n) const;
  uint64_t mark_bytes(uint32_t n) const;
  Result<> truncate(uint32_t n);

  // Makes room for n more rows; fails before anything has changed.
  Result<> reserve(uint32_t n) { return pages->reserve(n_past, n_past + n); }
  // Around the writing of rows, which moves n_past: drafts that are still there have become text.
  void begin_call() { end_call(0); }
  void end_call(uint32_t n_draft_in);
  // Rows [n_past, n_past + n) were written in part, and are to be forgotten.
  void abandon(uint32_t n);
};

class FastSequence final : public Sequence {
 public:
  static Result<std::unique_ptr<Sequence>> create(const Config& config, KvType type,
                                                  uint32_t capacity, uint32_t max_rows);
  // What kv_bytes() foretells, once the sequence is full.
  uint64_t allocated_bytes() const;

  uint32_t size() const override { return tracks[0].n_past; }
  uint32_t capacity() const override { return capacity_; }
  uint32_t earliest() const override { return tracks[0].earliest(); }
  Result<> truncate(uint32_t n) override { return tracks[0].truncate(n); }
  std::unique_ptr<RewindPoint> mark() const override;
  std::unique_ptr<RewindPoint> mark_at(uint32_t n) const override;
  uint64_t mark_bytes() const override;
  Result<> rewind(const RewindPoint& point) override;
  std::span<const cache::SharedPage> pages() const override { return tracks[0].pages->pages(); }
  Result<> adopt(std::span<const cache::SharedPage> pages, const RewindPoint& point) override;

  // The trunk, then one for each MTP head.
  std::vector<KvTrack> tracks;

 private:
  uint32_t capacity_ = 0;
};

}  // namespace stride::model
