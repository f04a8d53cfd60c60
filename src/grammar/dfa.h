// SPDX-License-Identifier: Apache-2.0
// Deterministic automata over bytes: strings, numbers and regular expressions become one of these,
// and "and", "or", "but not" of them are products.
//
// Every Dfa is pruned: a state other than kDead reaches an accepting one, so a byte that leads to
// kDead is exactly a byte that no accepted text has there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "grammar/limits.h"

namespace stride::grammar {

// Bytes that an automaton never tells apart share a class.
struct ByteClasses {
  std::array<uint8_t, 256> of{};
  std::vector<uint8_t> sample{0};  // one byte of each class

  // Each byte of `alphabet` alone, all others together.
  static ByteClasses alone(std::string_view alphabet);
  // A cut at each byte value that is set: [cut, next cut) is a class.
  static ByteClasses cut_at(const std::array<bool, 256>& cuts);
  // The coarsest that tells apart what either does.
  static ByteClasses refine(const ByteClasses& a, const ByteClasses& b);
};

class Dfa {
 public:
  using State = uint32_t;
  static constexpr State kDead = 0;

  // The automaton of no text.
  Dfa() : table_(1, kDead), accepting_(1, false), moving_(1, false), safe_(1, false) {}
  // `table` holds n_state rows of a target for each class; row 0 must be dead.
  Dfa(const ByteClasses& classes, std::vector<State> table, std::vector<bool> accepting,
      State start);

  State start() const { return start_; }
  State next(State state, uint8_t byte) const {
    return table_[state * n_class_ + classes_.of[byte]];
  }
  bool accepts(State state) const { return accepting_[state]; }
  // Whether any byte may follow.
  bool moves(State state) const { return moving_[state]; }
  // Whether any text of safe characters (see is_safe_text) may follow and leads to such a state
  // again.
  bool is_safe(State state) const { return safe_[state]; }
  bool empty() const { return start_ == kDead; }
  bool matches(std::string_view text) const;
  size_t n_state() const { return accepting_.size(); }
  const ByteClasses& classes() const { return classes_; }
  // The accepted texts if there are at most `limit` of them.
  std::optional<std::vector<std::string>> words(size_t limit) const;

 private:
  void prune();
  void find_safe();

  ByteClasses classes_;
  size_t n_class_ = 1;
  std::vector<State> table_;
  std::vector<bool> accepting_, moving_, safe_;
  State start_ = kDead;
};

// Characters that mean nothing to JSON strings, nor to the tags of calls: well-formed UTF-8 without
// control characters, '"', '\\' and '<'. Most tokens of a vocabulary hold nothing else, and are
// allowed or not all together.
bool is_safe_text(std::string_view text);

// Builds the automaton whose states are the values that `step` leads to from `start`. Errors:
// exhausted beyond kMaxDfaStates.
//   step(key, byte) -> std::optional<Key>   accept(key) -> bool
template <class Key, class Step, class Accept>
Result<Dfa> explore(const ByteClasses& classes, Key start, Step step, Accept accept) {
  std::map<Key, Dfa::State> ids;
  std::vector<const Key*> keys{nullptr};
  std::vector<Dfa::State> table(classes.sample.size(), Dfa::kDead);
  std::vector<bool> accepting{false};
  const auto id_of = [&](Key key) {
    const auto [at, added] = ids.emplace(std::move(key), static_cast<Dfa::State>(keys.size()));
    if (added) {
      keys.push_back(&at->first);
      accepting.push_back(accept(at->first));
    }
    return at->second;
  };
  id_of(std::move(start));
  for (size_t state = 1; state < keys.size(); ++state) {
    if (keys.size() > kMaxDfaStates) {
      return fail(Errc::exhausted, "needs an automaton of more than {} states", kMaxDfaStates);
    }
    for (const uint8_t byte : classes.sample) {
      std::optional<Key> key = step(*keys[state], byte);
      table.push_back(key ? id_of(*std::move(key)) : Dfa::kDead);
    }
  }
  return Dfa(classes, std::move(table), std::move(accepting), 1);
}

Result<Dfa> intersect(const Dfa& a, const Dfa& b);
Result<Dfa> unite(const Dfa& a, const Dfa& b);
// The texts of `a` that are not in `b`.
Result<Dfa> subtract(const Dfa& a, const Dfa& b);
// Exactly these texts.
Result<Dfa> words_dfa(const std::vector<std::string>& words);
// Texts that end with `terminator`, which occurs in them only there.
Dfa until_dfa(std::string_view terminator);
// Texts in which `text` does not occur.
Dfa without_dfa(std::string_view text);

}  // namespace stride::grammar
