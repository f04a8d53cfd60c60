// SPDX-License-Identifier: Apache-2.0
// The machines of the grammars in use and the masks of their configurations, kept within a budget
// of bytes: what was used longest ago goes first. One thread at a time: that of the engine.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "grammar/machine.h"
#include "grammar/token_trie.h"

namespace stride::grammar {

struct Mask {
  std::vector<uint32_t> bits{};  // [TokenTrie::n_word()]
  // Not decided by the configuration alone: they hold an undeclared key as a whole.
  std::vector<Token> unsure{};
};

struct MaskCacheOptions {
  size_t mask_bytes = size_t{64} << 20;
  size_t machine_bytes = size_t{64} << 20;  // of one machine at most a quarter
};

class MaskCache {
 public:
  using Options = MaskCacheOptions;

  explicit MaskCache(std::shared_ptr<const TokenTrie> trie, const Options& options = {});
  ~MaskCache();

  const TokenTrie& trie() const { return *trie_; }

  // The machine for new texts of this grammar.
  std::shared_ptr<Machine> machine(const GrammarPtr& grammar);
  // Whether the machine grew so far that its users should carry over to machine().
  bool is_full(const Machine& machine) const;

  const Mask& mask(Machine& machine, ConfigId config);
  // Whether the mask is there already.
  const Mask* find_mask(Machine& machine, ConfigId config);

  size_t n_mask_byte() const { return n_mask_byte_; }
  size_t n_computed() const { return n_computed_; }

 private:
  struct Key {
    uint64_t serial;
    ConfigId config;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const {
      return (key.serial << 32 ^ key.config) * size_t{0x9e3779b97f4a7c15};
    }
  };
  struct Machines {
    GrammarPtr grammar;
    std::shared_ptr<Machine> machine;
  };

  Mask compute(Machine& machine, ConfigId config) const;
  void forget_masks(const Machine& machine);

  std::shared_ptr<const TokenTrie> trie_;
  Options options_;
  std::list<Machines> machines_;           // most recently used first
  std::list<std::pair<Key, Mask>> masks_;  // likewise
  std::unordered_map<Key, std::list<std::pair<Key, Mask>>::iterator, KeyHash> by_key_;
  uint64_t n_machine_ = 0;
  size_t n_mask_byte_ = 0;
  size_t n_computed_ = 0;
};

}  // namespace stride::grammar
