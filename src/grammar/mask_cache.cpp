// SPDX-License-Identifier: Apache-2.0
#include "grammar/mask_cache.h"

#include <algorithm>

namespace stride::grammar {
namespace {

size_t mask_bytes(const Mask& mask) {
  constexpr size_t kOverhead = 128;
  return mask.bits.size() * sizeof(uint32_t) + mask.unsure.size() * sizeof(Token) + kOverhead;
}

void allow(Mask& mask, Token token) {
  const auto i = static_cast<size_t>(token);
  mask.bits[i / 32] |= uint32_t{1} << (i % 32);
}

// Visits the tokens whose bytes the machine takes. An undeclared key that begins and ends within a
// token may repeat one given before, which a representative does not know.
void walk(Machine& machine, ConfigId config, const TokenTrie::Nodes& nodes, Mask& mask) {
  struct Level {
    ConfigId config;
    uint32_t n_close;
  };
  const uint32_t n_sure = machine.in_dynamic_key(config) ? 1 : 0;
  std::vector<Level> levels{{config, 0}};
  const auto n = static_cast<uint32_t>(nodes.byte.size());
  for (uint32_t i = 0; i < n;) {
    const size_t depth = nodes.depth[i];
    levels.resize(depth);
    const Level above = levels.back();
    const Machine::Move move = machine.move(above.config, nodes.byte[i]);
    if (move.to == Machine::kDead) {
      i = nodes.behind[i];
      continue;
    }
    levels.push_back({move.to, above.n_close + (move.closes_key ? 1 : 0)});
    for (uint32_t t = nodes.first_token[i]; t < nodes.first_token[i + 1]; ++t) {
      if (levels.back().n_close > n_sure) {
        mask.unsure.push_back(nodes.tokens[t]);
      } else {
        allow(mask, nodes.tokens[t]);
      }
    }
    ++i;
  }
}

}  // namespace

MaskCache::MaskCache(std::shared_ptr<const TokenTrie> trie, const Options& options)
    : trie_(std::move(trie)), options_(options) {}

MaskCache::~MaskCache() = default;

bool MaskCache::is_full(const Machine& machine) const {
  return machine.n_byte() > options_.machine_bytes / 4;
}

std::shared_ptr<Machine> MaskCache::machine(const GrammarPtr& grammar) {
  const auto same = [&](const Machines& entry) { return entry.grammar == grammar; };
  auto found = std::ranges::find_if(machines_, same);
  if (found != machines_.end() && is_full(*found->machine)) {
    forget_masks(*found->machine);
    machines_.erase(found);
    found = machines_.end();
  }
  if (found != machines_.end()) {
    machines_.splice(machines_.begin(), machines_, found);
  } else {
    machines_.push_front(
        {grammar, std::make_shared<Machine>(grammar, trie_->has_marker(), ++n_machine_)});
  }
  size_t n_byte = 0;
  for (auto entry = machines_.begin(); entry != machines_.end();) {
    n_byte += entry->machine->n_byte() + entry->grammar->n_byte();
    const bool keep = entry == machines_.begin() || n_byte <= options_.machine_bytes;
    if (!keep) forget_masks(*entry->machine);
    entry = keep ? std::next(entry) : machines_.erase(entry);
  }
  return machines_.front().machine;
}

void MaskCache::forget_masks(const Machine& machine) {
  for (auto entry = masks_.begin(); entry != masks_.end();) {
    if (entry->first.serial != machine.serial()) {
      ++entry;
      continue;
    }
    n_mask_byte_ -= mask_bytes(entry->second);
    by_key_.erase(entry->first);
    entry = masks_.erase(entry);
  }
}

const Mask* MaskCache::find_mask(Machine& machine, ConfigId config) {
  const Key key{machine.serial(), machine.representative(config, trie_->max_bytes())};
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  masks_.splice(masks_.begin(), masks_, found->second);
  return &masks_.front().second;
}

const Mask& MaskCache::mask(Machine& machine, ConfigId config) {
  if (const Mask* known = find_mask(machine, config)) return *known;
  const Key key{machine.serial(), machine.representative(config, trie_->max_bytes())};
  masks_.emplace_front(key, compute(machine, key.config));
  ++n_computed_;
  by_key_[key] = masks_.begin();
  n_mask_byte_ += mask_bytes(masks_.front().second);
  while (n_mask_byte_ > options_.mask_bytes && masks_.size() > 1) {
    n_mask_byte_ -= mask_bytes(masks_.back().second);
    by_key_.erase(masks_.back().first);
    masks_.pop_back();
  }
  return masks_.front().second;
}

Mask MaskCache::compute(Machine& machine, ConfigId config) const {
  Mask out;
  if (const auto room = machine.safe_room(config)) {
    out.bits.assign(trie_->safe_mask().begin(), trie_->safe_mask().end());
    for (const TokenTrie::SafeToken& safe : trie_->safe_tokens()) {
      if (safe.n_character <= *room) break;
      const auto i = static_cast<size_t>(safe.token);
      out.bits[i / 32] &= ~(uint32_t{1} << (i % 32));
    }
    walk(machine, config, trie_->unsafe(), out);
  } else {
    out.bits.resize(trie_->n_word());
    walk(machine, config, trie_->all(), out);
  }
  for (const Marker marker : {Marker::call_begin, Marker::call_end}) {
    const auto token = trie_->marker(marker);
    const Symbol symbol = 256 + static_cast<Symbol>(marker);
    if (token && machine.move(config, symbol).to != Machine::kDead) allow(out, *token);
  }
  if (machine.accepts(config)) {
    for (const Token end : trie_->tokenizer().end_tokens()) allow(out, end);
  }
  return out;
}

}  // namespace stride::grammar
