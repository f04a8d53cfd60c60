// SPDX-License-Identifier: Apache-2.0
// What the model has read, kept for prompts that begin the same way: a tree over token ids whose
// nodes are blocks of a page each. Full layers need the pages; sliding layers forget, so a prompt
// can only be taken up where a rewind point was kept.
//
//   if (const auto hit = cache.find(prompt, limit, salt)) session.adopt(hit.ids, ...);
//   ...
//   cache.insert(session.tokens(), pages, marks, salt);
//
// Pages are shared with the sequences that read or continue them, so what both hold counts once.
// What is worth least is let go first: what costs little to compute again, for its size, and has
// not been asked for in a long time; a block only after those that continue it, and never one that
// a sequence holds, as that would free nothing. One thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cache/kv_pages.h"
#include "model/model.h"

namespace stride::engine {

using model::Token;

// A place in a text that a sequence can be taken back to.
struct Mark {
  uint32_t position = 0;  // tokens before it
  std::shared_ptr<const model::RewindPoint> point{};
};

// What a prompt has in common with the cache.
struct CacheHit {
  uint32_t n_matched = 0;  // tokens that agree with something held
  uint32_t n_usable = 0;   // of them, up to the last place that can be taken up
  bool parts = false;      // something held agrees so far and then goes on otherwise
  std::vector<cache::SharedPage> pages{};
  std::shared_ptr<const model::RewindPoint> point{};  // null where n_usable is 0
};

class PrefixCache {
 public:
  explicit PrefixCache(uint64_t page_bytes) : page_bytes_(page_bytes) {}

  // The longest beginning of ids[0, limit) that can be taken up. Counts as a use.
  CacheHit find(std::span<const Token> ids, uint32_t limit, std::string_view salt);
  // Adds a text whose tokens the pages hold, and the marks in it (ascending). What is there already
  // stays as it is.
  void insert(std::span<const Token> ids, std::span<const cache::SharedPage> pages,
              std::span<const Mark> marks, std::string_view salt);

  // Lets go of what is worth least until `bytes` have been freed; returns what was freed.
  uint64_t free(uint64_t bytes);
  // Of pages and points, whoever else holds them.
  uint64_t bytes() const { return bytes_; }
  // Of those pages that no sequence holds, and of all points: what free() could free at most.
  uint64_t idle_bytes() const;
  size_t n_block() const;

 private:
  struct Block {
    Block* parent = nullptr;
    std::vector<std::unique_ptr<Block>> children{};
    std::vector<Token> ids{};  // a page full, or fewer where nothing follows
    cache::SharedPage page{};
    std::vector<Mark> marks{};  // ascending
    uint64_t last_use = 0;
    uint32_t n_use = 0;
    uint32_t first = 0;  // position of ids[0]
  };
  // The least valuable thing there is: a mark of a block, or (no mark) the block.
  struct Victim {
    Block* block = nullptr;
    const Mark* mark = nullptr;
    double value = 0;
  };

  Block* place(Block& parent, std::span<const Token> ids, const cache::SharedPage& page);
  void add_marks(Block& block, std::span<const Mark> marks);
  void consider(Block& block, uint32_t before, Victim& worst) const;
  double worth(const Block& block, uint32_t n_token, uint64_t bytes) const;
  uint64_t remove(const Victim& victim);
  template <class Visit>
  void visit(Block& block, uint32_t before, Visit&& visit) const;

  uint64_t page_bytes_;
  uint64_t bytes_ = 0;
  uint64_t clock_ = 0;                                                // uses so far
  std::map<std::string, std::unique_ptr<Block>, std::less<>> roots_;  // by salt
};

}  // namespace stride::engine
