// SPDX-License-Identifier: Apache-2.0
// Compiled grammars by their source, so that a client that sends the same schema with every request
// pays for it once and finds its masks ready. Bounded in bytes: what was used longest ago goes
// first. Any number of threads may use one.
#pragma once

#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include "grammar/grammar.h"

namespace stride::grammar {

class GrammarCache {
 public:
  explicit GrammarCache(size_t max_bytes = size_t{64} << 20) : max_bytes_(max_bytes) {}

  // `key` is all that decides about the grammar. `make` runs on the caller's thread, without a
  // lock; where two threads make the same one, the first is kept. Errors are not kept.
  Result<GrammarPtr> get(const std::string& key, const std::function<Result<GrammarPtr>()>& make);

  size_t n_byte() const;

 private:
  struct Entry {
    std::string key;
    GrammarPtr grammar;
    size_t n_byte() const { return grammar->n_byte() + key.size(); }
  };

  GrammarPtr find(const std::string& key);
  GrammarPtr keep(const std::string& key, GrammarPtr grammar);

  const size_t max_bytes_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // most recently used first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_key_;
  size_t n_byte_ = 0;
};

}  // namespace stride::grammar
