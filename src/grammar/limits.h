// SPDX-License-Identifier: Apache-2.0
// What a client may ask the compilers to build. Every limit that is met is an error of one sentence
// with the place, never a slow or large answer: the sources come from outside.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stride::grammar {

inline constexpr size_t kMaxSourceBytes = size_t{256} << 10;  // of a schema, regex or GBNF text
inline constexpr size_t kMaxNesting = 64;  // of schemas, of groups, and of JSON that is written
inline constexpr size_t kMaxStates = 1'000'000;     // instructions and automaton states together
inline constexpr size_t kMaxBuiltStates = 250'000;  // of all automata, also those used for others
inline constexpr size_t kMaxDfaStates = 40'000;     // of one automaton
inline constexpr size_t kMaxNfaNodes = 60'000;    // of one regular expression, repetitions unrolled
inline constexpr size_t kMaxNfaWork = 4'000'000;  // nodes visited while one becomes an automaton
inline constexpr size_t kMaxRepeat = 10'000;      // of one counted repetition
inline constexpr size_t kMaxAlternatives = 256;   // of one schema, anyOf and the like multiplied
inline constexpr size_t kMaxProperties = 64;      // declared in one object: a bit for each
inline constexpr size_t kMaxNodes = 20'000;       // of one schema: places of a value, rules of GBNF
inline constexpr size_t kMaxStacks = 256;         // that one ambiguous prefix may leave open
inline constexpr size_t kMaxSettled = 4096;       // frames that one byte may lead through
inline constexpr size_t kMaxMachineBytes = size_t{96} << 20;

}  // namespace stride::grammar
