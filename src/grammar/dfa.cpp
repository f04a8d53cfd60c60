// SPDX-License-Identifier: Apache-2.0
#include "grammar/dfa.h"

#include <algorithm>
#include <string>

#include "base/utf8.h"

namespace stride::grammar {
namespace {

ByteClasses from_labels(const std::array<uint32_t, 256>& labels) {
  ByteClasses out;
  out.sample.clear();
  std::map<uint32_t, uint8_t> seen;
  for (size_t byte = 0; byte < 256; ++byte) {
    const auto [at, added] = seen.emplace(labels[byte], static_cast<uint8_t>(seen.size()));
    if (added) out.sample.push_back(static_cast<uint8_t>(byte));
    out.of[byte] = at->second;
  }
  return out;
}

// The rows of RFC 3629's table of well-formed sequences: a range for each byte.
struct Utf8Row {
  uint8_t size;
  uint8_t lo[4], hi[4];
};
constexpr Utf8Row kUtf8Rows[] = {
    {2, {0xc2, 0x80}, {0xdf, 0xbf}},
    {3, {0xe0, 0xa0, 0x80}, {0xe0, 0xbf, 0xbf}},
    {3, {0xe1, 0x80, 0x80}, {0xec, 0xbf, 0xbf}},
    {3, {0xed, 0x80, 0x80}, {0xed, 0x9f, 0xbf}},
    {3, {0xee, 0x80, 0x80}, {0xef, 0xbf, 0xbf}},
    {4, {0xf0, 0x90, 0x80, 0x80}, {0xf0, 0xbf, 0xbf, 0xbf}},
    {4, {0xf1, 0x80, 0x80, 0x80}, {0xf3, 0xbf, 0xbf, 0xbf}},
    {4, {0xf4, 0x80, 0x80, 0x80}, {0xf4, 0x8f, 0xbf, 0xbf}},
};

bool is_safe_ascii(size_t byte) {
  return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\' && byte != '<';
}

// Whether all characters of the row lead from `state` to safe states.
bool row_is_safe(const Dfa& dfa, const std::vector<bool>& safe, Dfa::State state,
                 const Utf8Row& row, size_t at) {
  if (at >= row.size || at >= std::size(row.lo)) return safe[state];
  const ByteClasses& classes = dfa.classes();
  std::array<bool, 256> done{};
  for (size_t byte = row.lo[at]; byte <= row.hi[at]; ++byte) {
    const uint8_t cls = classes.of[byte];
    if (std::exchange(done[cls], true)) continue;
    const Dfa::State next = dfa.next(state, static_cast<uint8_t>(byte));
    if (next == Dfa::kDead || !row_is_safe(dfa, safe, next, row, at + 1)) return false;
  }
  return true;
}

bool state_is_safe(const Dfa& dfa, const std::vector<bool>& safe, Dfa::State state) {
  for (size_t byte = 0; byte < 0x80; ++byte) {
    if (is_safe_ascii(byte) && !safe[dfa.next(state, static_cast<uint8_t>(byte))]) return false;
  }
  return std::ranges::all_of(
      kUtf8Rows, [&](const Utf8Row& row) { return row_is_safe(dfa, safe, state, row, 0); });
}

using Pair = std::pair<Dfa::State, Dfa::State>;

template <class Alive, class Accept>
Result<Dfa> product(const Dfa& a, const Dfa& b, Alive alive, Accept accept) {
  return explore(
      ByteClasses::refine(a.classes(), b.classes()), Pair{a.start(), b.start()},
      [&](const Pair& at, uint8_t byte) -> std::optional<Pair> {
        const Pair next{a.next(at.first, byte), b.next(at.second, byte)};
        return alive(next) ? std::optional(next) : std::nullopt;
      },
      accept);
}

// failure[i]: the longest proper prefix of text[0, i) that is its suffix.
std::vector<size_t> failures(std::string_view text) {
  std::vector<size_t> out(text.size() + 1, 0);
  for (size_t i = 1, k = 0; i < text.size(); ++i) {
    while (k > 0 && text[i] != text[k]) k = out[k];
    if (text[i] == text[k]) ++k;
    out[i + 1] = k;
  }
  return out;
}

size_t follow(std::string_view text, const std::vector<size_t>& failure, size_t at, uint8_t byte) {
  while (at > 0 && static_cast<uint8_t>(text[at]) != byte) at = failure[at];
  return static_cast<uint8_t>(text[at]) == byte ? at + 1 : 0;
}

}  // namespace

ByteClasses ByteClasses::alone(std::string_view alphabet) {
  std::array<uint32_t, 256> labels{};
  for (const char c : alphabet) {
    const auto byte = static_cast<uint8_t>(c);
    labels[byte] = byte + 1U;
  }
  return from_labels(labels);
}

ByteClasses ByteClasses::cut_at(const std::array<bool, 256>& cuts) {
  std::array<uint32_t, 256> labels{};
  for (size_t byte = 1; byte < 256; ++byte) labels[byte] = labels[byte - 1] + (cuts[byte] ? 1 : 0);
  return from_labels(labels);
}

ByteClasses ByteClasses::refine(const ByteClasses& a, const ByteClasses& b) {
  std::array<uint32_t, 256> labels{};
  for (size_t byte = 0; byte < 256; ++byte) labels[byte] = a.of[byte] * 256U + b.of[byte];
  return from_labels(labels);
}

Dfa::Dfa(const ByteClasses& classes, std::vector<State> table, std::vector<bool> accepting,
         State start)
    : classes_(classes),
      n_class_(classes.sample.size()),
      table_(std::move(table)),
      accepting_(std::move(accepting)),
      start_(start) {
  prune();
  find_safe();
}

// Leaves only states from which an accepting one is reached, numbered anew.
void Dfa::prune() {
  const size_t n = accepting_.size();
  std::vector<std::vector<State>> sources(n);
  for (size_t i = 0; i < table_.size(); ++i) {
    const auto from = static_cast<State>(i / n_class_);
    if (table_[i] != kDead) sources[table_[i]].push_back(from);
  }
  std::vector<bool> live(n, false);
  std::vector<State> work;
  for (State state = 1; state < n; ++state) {
    if (accepting_[state]) work.push_back(state);
  }
  while (!work.empty()) {
    const State state = work.back();
    work.pop_back();
    if (live[state]) continue;
    live[state] = true;
    for (const State source : sources[state]) work.push_back(source);
  }
  std::vector<State> renamed(n, kDead);
  State n_live = 1;
  for (State state = 1; state < n; ++state) {
    if (live[state]) renamed[state] = n_live++;
  }
  std::vector<State> table(n_live * n_class_, kDead);
  std::vector<bool> accepting(n_live, false);
  moving_.assign(n_live, false);
  for (State state = 1; state < n; ++state) {
    const State to = renamed[state];
    if (to == kDead) continue;
    accepting[to] = accepting_[state];
    for (size_t c = 0; c < n_class_; ++c) {
      const State target = renamed[table_[state * n_class_ + c]];
      table[to * n_class_ + c] = target;
      if (target != kDead) moving_[to] = true;
    }
  }
  start_ = renamed[start_];
  table_ = std::move(table);
  accepting_ = std::move(accepting);
}

void Dfa::find_safe() {
  const size_t n = accepting_.size();
  safe_.assign(n, true);
  safe_[kDead] = false;
  // Being safe only saves time, so a fixed point that is far away is not worth its price.
  bool changed = true;
  for (size_t pass = 0; changed && pass < 8; ++pass) {
    changed = false;
    for (auto state = static_cast<State>(n - 1); state > 0; --state) {
      if (safe_[state] && !state_is_safe(*this, safe_, state)) {
        safe_[state] = false;
        changed = true;
      }
    }
  }
  if (changed) safe_.assign(n, false);
}

bool Dfa::matches(std::string_view text) const {
  State state = start_;
  for (const char c : text) state = next(state, static_cast<uint8_t>(c));
  return accepts(state);
}

std::optional<std::vector<std::string>> Dfa::words(size_t limit) const {
  // Pruned, so every path leads to a word, and one of more than n_state bytes has a loop.
  constexpr size_t kMaxBytes = 256;
  std::vector<std::string> out;
  std::vector<std::pair<State, std::string>> work{{start_, ""}};
  if (empty()) return out;
  while (!work.empty()) {
    auto [state, text] = std::move(work.back());
    work.pop_back();
    if (text.size() > std::min(n_state(), kMaxBytes) || out.size() + work.size() > limit) return {};
    if (accepts(state)) out.push_back(text);
    for (size_t byte = 0; byte < 256; ++byte) {
      const State to = next(state, static_cast<uint8_t>(byte));
      if (to != kDead) work.emplace_back(to, text + static_cast<char>(byte));
    }
  }
  if (out.size() > limit) return {};
  return out;
}

bool is_safe_text(std::string_view text) {
  return is_utf8(text) && std::ranges::all_of(text, [](char c) {
           const auto byte = static_cast<uint8_t>(c);
           return byte >= 0x80 || is_safe_ascii(byte);
         });
}

Result<Dfa> intersect(const Dfa& a, const Dfa& b) {
  return product(
      a, b, [](const Pair& at) { return at.first != Dfa::kDead && at.second != Dfa::kDead; },
      [&](const Pair& at) { return a.accepts(at.first) && b.accepts(at.second); });
}

Result<Dfa> unite(const Dfa& a, const Dfa& b) {
  return product(
      a, b, [](const Pair& at) { return at.first != Dfa::kDead || at.second != Dfa::kDead; },
      [&](const Pair& at) { return a.accepts(at.first) || b.accepts(at.second); });
}

Result<Dfa> subtract(const Dfa& a, const Dfa& b) {
  return product(
      a, b, [](const Pair& at) { return at.first != Dfa::kDead; },
      [&](const Pair& at) { return a.accepts(at.first) && !b.accepts(at.second); });
}

Result<Dfa> words_dfa(const std::vector<std::string>& words) {
  std::vector<std::string> sorted = words;
  std::ranges::sort(sorted);
  std::string alphabet;
  for (const std::string& word : sorted) alphabet += word;
  // A state is the range of words that begin with the text so far, and its length.
  using Range = std::array<size_t, 3>;
  return explore(
      ByteClasses::alone(alphabet), Range{0, sorted.size(), 0},
      [&](const Range& at, uint8_t byte) -> std::optional<Range> {
        Range next{0, 0, at[2] + 1};
        for (size_t i = at[0]; i < at[1]; ++i) {
          const std::string& word = sorted[i];
          if (word.size() <= at[2] || static_cast<uint8_t>(word[at[2]]) != byte) continue;
          if (next[1] == 0) next[0] = i;
          next[1] = i + 1;
        }
        return next[1] == 0 ? std::nullopt : std::optional(next);
      },
      [&](const Range& at) { return at[0] < at[1] && sorted[at[0]].size() == at[2]; });
}

Dfa until_dfa(std::string_view terminator) {
  const auto failure = failures(terminator);
  return *explore(
      ByteClasses::alone(terminator), size_t{0},
      [&](size_t at, uint8_t byte) -> std::optional<size_t> {
        if (at == terminator.size()) return {};
        return follow(terminator, failure, at, byte);
      },
      [&](size_t at) { return at == terminator.size(); });
}

Dfa without_dfa(std::string_view text) {
  const auto failure = failures(text);
  return *explore(
      ByteClasses::alone(text), size_t{0},
      [&](size_t at, uint8_t byte) -> std::optional<size_t> {
        const size_t next = follow(text, failure, at, byte);
        return next == text.size() ? std::nullopt : std::optional(next);
      },
      [](size_t) { return true; });
}

}  // namespace stride::grammar
