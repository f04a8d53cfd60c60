// SPDX-License-Identifier: Apache-2.0
#include "grammar/grammar_cache.h"

namespace stride::grammar {

Result<GrammarPtr> GrammarCache::get(const std::string& key,
                                     const std::function<Result<GrammarPtr>()>& make) {
  if (GrammarPtr known = find(key)) return known;
  return keep(key, STRIDE_TRY(make()));
}

size_t GrammarCache::n_byte() const {
  const std::lock_guard lock(mutex_);
  return n_byte_;
}

GrammarPtr GrammarCache::find(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return entries_.front().grammar;
}

GrammarPtr GrammarCache::keep(const std::string& key, GrammarPtr grammar) {
  const std::lock_guard lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) return found->second->grammar;
  entries_.push_front({key, grammar});
  by_key_[key] = entries_.begin();
  n_byte_ += entries_.front().n_byte();
  while (n_byte_ > max_bytes_ && entries_.size() > 1) {
    n_byte_ -= entries_.back().n_byte();
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
  return grammar;
}

}  // namespace stride::grammar
