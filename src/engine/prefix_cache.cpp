// SPDX-License-Identifier: Apache-2.0
#include "engine/prefix_cache.h"

#include <algorithm>

#include "engine/common_prefix.h"

namespace stride::engine {

namespace {

constexpr uint32_t kBlock = cache::kPageTokens;

}  // namespace

CacheHit PrefixCache::find(std::span<const Token> ids, uint32_t limit, std::string_view salt) {
  CacheHit hit;
  const auto root = roots_.find(salt);
  if (root == roots_.end()) return hit;
  ids = ids.first(std::min<size_t>(ids.size(), limit));
  ++clock_;
  Block* best = nullptr;  // of the last usable mark
  for (Block* at = root->second.get(); at;) {
    Block* next = nullptr;
    for (const auto& child : at->children) {
      const uint32_t n = common_prefix(child->ids, ids.subspan(child->first));
      if (n == 0) continue;
      if (child->first + n > hit.n_matched) {
        hit.n_matched = child->first + n;
        hit.parts = n < child->ids.size() || !child->children.empty();
      }
      for (const Mark& mark : child->marks) {
        if (mark.position > child->first + n) break;
        if (mark.position <= hit.n_usable) continue;
        hit.n_usable = mark.position;
        hit.point = mark.point;
        best = child.get();
      }
      if (n == kBlock) next = child.get();
    }
    at = next;
  }
  for (Block* block = best; block && block->parent; block = block->parent) {
    hit.pages.push_back(block->page);
    block->last_use = clock_;
    ++block->n_use;
  }
  std::ranges::reverse(hit.pages);
  return hit;
}

// The block for these ids behind the parent: one that begins with them, one that they continue, or
// a new one. No child's ids are the beginning of another's.
PrefixCache::Block* PrefixCache::place(Block& parent, std::span<const Token> ids,
                                       const cache::SharedPage& page) {
  for (const auto& child : parent.children) {
    const uint32_t n = common_prefix(child->ids, ids);
    if (n == ids.size()) return child.get();
    if (n < child->ids.size()) continue;
    child->ids.assign(ids.begin(), ids.end());
    child->page = page;  // holds all that the old one held, bit for bit
    return child.get();
  }
  auto& block = parent.children.emplace_back(std::make_unique<Block>());
  block->parent = &parent;
  block->ids.assign(ids.begin(), ids.end());
  block->page = page;
  block->first = parent.first + static_cast<uint32_t>(parent.ids.size());
  bytes_ += page_bytes_;
  return block.get();
}

void PrefixCache::add_marks(Block& block, std::span<const Mark> marks) {
  for (const Mark& mark : marks) {
    if (mark.position <= block.first || mark.position > block.first + block.ids.size()) continue;
    const auto at = std::ranges::lower_bound(block.marks, mark.position, {}, &Mark::position);
    if (at != block.marks.end() && at->position == mark.position) continue;
    block.marks.insert(at, mark);
    bytes_ += mark.point->bytes();
  }
}

void PrefixCache::insert(std::span<const Token> ids, std::span<const cache::SharedPage> pages,
                         std::span<const Mark> marks, std::string_view salt) {
  auto root = roots_.find(salt);
  if (root == roots_.end())
    root = roots_.emplace(std::string(salt), std::make_unique<Block>()).first;
  ++clock_;
  Block* at = root->second.get();
  const size_t n = std::min<size_t>(ids.size(), pages.size() * kBlock);
  for (size_t first = 0; first < n; first += kBlock) {
    at = place(*at, ids.subspan(first, std::min<size_t>(kBlock, n - first)), pages[first / kBlock]);
    at->last_use = clock_;
    add_marks(*at, marks);
    if (at->ids.size() < kBlock || n - first < kBlock) break;
  }
}

// Tokens saved a byte, each time that the text is asked for again; which is the likelier the more
// often it was and the shorter ago.
double PrefixCache::worth(const Block& block, uint32_t n_token, uint64_t bytes) const {
  const double age = static_cast<double>(clock_ - block.last_use) + 1;
  return (1.0 + block.n_use) * n_token / (age * static_cast<double>(std::max<uint64_t>(bytes, 1)));
}

// `before` is the last mark before the block: without its own marks, a prompt has to be read from
// there.
void PrefixCache::consider(Block& block, uint32_t before, Victim& worst) const {
  const auto offer = [&](const Mark* mark, double value) {
    if (!worst.block || value < worst.value) worst = {&block, mark, value};
  };
  uint32_t last = before;
  for (const Mark& mark : block.marks) {
    offer(&mark, worth(block, mark.position - last, mark.point->bytes()));
    last = mark.position;
  }
  if (!block.children.empty() || block.page.use_count() > 1) return;
  uint64_t bytes = page_bytes_;
  for (const Mark& mark : block.marks) bytes += mark.point->bytes();
  // A tail behind the last mark saves nothing.
  offer(nullptr, worth(block, last - std::min(last, before), bytes));
}

template <class Visit>
void PrefixCache::visit(Block& block, uint32_t before, Visit&& visit) const {
  if (block.parent) visit(block, before);
  if (!block.marks.empty()) before = block.marks.back().position;
  for (const auto& child : block.children) this->visit(*child, before, visit);
}

uint64_t PrefixCache::remove(const Victim& victim) {
  Block& block = *victim.block;
  uint64_t freed = 0;
  if (victim.mark) {
    freed = victim.mark->point->bytes();
    block.marks.erase(block.marks.begin() + (victim.mark - block.marks.data()));
  } else {
    freed = page_bytes_;
    for (const Mark& mark : block.marks) freed += mark.point->bytes();
    std::erase_if(block.parent->children, [&](const auto& child) { return child.get() == &block; });
  }
  bytes_ -= freed;
  return freed;
}

uint64_t PrefixCache::free(uint64_t bytes) {
  uint64_t freed = 0;
  while (freed < bytes) {
    Victim worst;
    for (const auto& [salt, root] : roots_) {
      visit(*root, 0, [&](Block& block, uint32_t before) { consider(block, before, worst); });
    }
    if (!worst.block) break;
    freed += remove(worst);
  }
  std::erase_if(roots_, [](const auto& root) { return root.second->children.empty(); });
  return freed;
}

uint64_t PrefixCache::idle_bytes() const {
  uint64_t sum = 0;
  for (const auto& [salt, root] : roots_) {
    visit(*root, 0, [&](const Block& block, uint32_t) {
      if (block.page.use_count() == 1) sum += page_bytes_;
      for (const Mark& mark : block.marks) sum += mark.point->bytes();
    });
  }
  return sum;
}

size_t PrefixCache::n_block() const {
  size_t n = 0;
  for (const auto& [salt, root] : roots_) visit(*root, 0, [&](const Block&, uint32_t) { ++n; });
  return n;
}

}  // namespace stride::engine
