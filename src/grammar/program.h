// SPDX-License-Identifier: Apache-2.0
// What a grammar is compiled to: instructions of a machine that reads bytes and keeps a stack of
// frames. Several stacks may be alive at once where the text so far can be read in several ways.
//
// A frame holds a program counter, the progress inside the current instruction, a counter with its
// limits, a set of bits (which properties were seen) and a set of keys (an object's undeclared
// ones). So an object with n optional properties in any order costs n instructions, not 2^n states.
//
// Immutable once built; many threads may read one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "grammar/dfa.h"

namespace stride::grammar {

// Control tokens that belong to the form of a call. In the machine each is a symbol of its own, so
// that no string can hold one.
enum class Marker : uint8_t { call_begin, call_end };
inline constexpr size_t kMarkers = 2;

enum class Op : uint8_t {
  // They wait for a byte.
  literal,      // a: offset, b: size, in Program::bytes
  dfa,          // a: index; ends where the automaton accepts
  space,        // optional white space of JSON, bounded
  key,          // a: object; a declared key up to its terminator
  dynamic_key,  // a: object, b: index into Object::dynamic; an undeclared key up to its quote
  characters,   // a: dfa of one character; as many as the frame's limits allow
  raw_text,     // text up to Program::kParameterEnd, characters as the frame's limits allow
  marker,       // a: Marker, b: the program counter of its spelling, for vocabularies without it
  // They take effect at once.
  split,         // a: offset, b: count, in Program::targets: goes on at each
  call,          // a: rule; goes on at `next` when it returns
  give_back,     // returns to the caller
  limit,         // a: limit; sets the frame's limits and counts from 0
  count_up,      // only below the limit
  count_least,   // passes if the least count is reached
  open_object,   // a: object; no property seen yet
  more_keys,     // a: object; passes if a further key is possible
  close_object,  // a: object; passes if the object may end
  once,          // a: bit; passes once
  found,         // a: the count that is enough; counts in the bits
  found_least,   // a: passes if so many were found
  can_call,      // a: rule; passes if calling it keeps within the nesting
};

struct Instruction {
  Op op = Op::give_back;
  uint32_t next = 0;
  uint32_t a = 0, b = 0;
};

struct Rule {
  uint32_t start = 0;
  uint32_t height = 0;  // frames that its shortest text nests
};

struct Limit {
  uint32_t least = 0;
  std::optional<uint32_t> most{};
  // Counting further changes nothing.
  uint32_t cap() const { return most.value_or(least); }
};

// A node of a tree of keys. Node 0 stands for every text that is in no tree.
struct KeyNode {
  static constexpr int32_t kNone = -1, kTaken = -2;
  std::vector<std::pair<uint8_t, uint32_t>> children{};  // sorted
  int32_t entry = kNone;   // index into Object::entries, or kTaken: a key that was given
  uint64_t bits = 0;       // of the entries below
  bool unlimited = false;  // an entry without a bit is below

  uint32_t child(uint8_t byte) const {
    for (const auto& [label, target] : children) {
      if (label == byte) return target;
    }
    return 0;
  }
};

struct Object {
  struct Entry {
    uint32_t target = 0;
    std::optional<uint32_t> bit{};
    uint32_t height = 0;  // of the value's rule, and one for calling it
  };
  struct Dynamic {
    uint32_t dfa = 0;
    uint32_t target = 0;
    uint32_t height = 0;
  };

  uint32_t root = 0;  // of its keys in Program::key_nodes
  uint8_t terminator = '"';
  std::vector<Entry> entries{};
  std::vector<Dynamic> dynamic{};
  uint64_t declared = 0, required = 0;  // bits
  uint32_t max_height = 0;              // of all entries
  uint32_t limit = 0;
};

struct Program {
  static constexpr std::string_view kParameterEnd = "\n</parameter>\n";

  std::vector<Instruction> code{};
  std::vector<uint32_t> targets{};
  std::string bytes{};
  std::vector<Dfa> dfas{};
  std::vector<Rule> rules{};
  std::vector<Limit> limits{};
  std::vector<KeyNode> key_nodes{};
  std::vector<Object> objects{};
  uint32_t start = 0;
  uint32_t max_depth = 0;

  size_t n_byte() const;
};

}  // namespace stride::grammar
