// SPDX-License-Identifier: Apache-2.0
// Any bytes as a schema, a regular expression, a GBNF grammar or tools: no crash, and errors have a
// message. What compiles is walked: every byte that a configuration allows leads on, until the text
// may end or the walk is long.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/random.h"
#include "grammar/grammar.h"
#include "grammar/machine.h"

namespace {

using namespace stride::grammar;

void require(bool condition) {
  if (!condition) std::abort();
}

// The first byte chooses.
stride::Result<GrammarPtr> compile(uint8_t kind, std::string_view text) {
  switch (kind % 6) {
    case 0:
      return compile_json_schema(text);
    case 1:
      return compile_json_schema(text, Enforcement::best_effort);
    case 2:
      return compile_regex(text);
    case 3:
      return compile_gbnf(text);
    case 4:
      return compile_calls({std::string(text)}, {.choice = CallRules::Choice::required});
    default:
      return compile_calls({std::string(text)}, {.enforcement = Enforcement::exact});
  }
}

void walk(Machine& machine, uint64_t seed) {
  stride::Random random(seed);
  std::string text;
  size_t key_begin = 0;
  ConfigId at = machine.start();
  for (int n_step = 0; n_step < 200 && machine.can_move(at); ++n_step) {
    const auto first = static_cast<stride::grammar::Symbol>(random.below(kSymbols));
    for (Symbol i = 0; i < kSymbols; ++i) {
      const Symbol symbol = (first + i) % kSymbols;
      const auto next = machine.move(at, symbol, std::string_view(text).substr(key_begin)).to;
      if (next == Machine::kDead) continue;
      at = next;
      if (symbol < 256) text += static_cast<char>(symbol);
      break;
    }
    if (machine.at_key_start(at)) key_begin = text.size();
    machine.representative(at, 128);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto grammar = compile(data[0], text);
  if (!grammar) {
    require(!grammar.error().message.empty());
    return 0;
  }
  Machine machine(*grammar, {true, true});
  for (uint64_t seed = 0; seed < 2; ++seed) walk(machine, seed);
  Machine other(*grammar, {true, true});
  require(other.carry_over(machine, machine.start()) == other.start());
  return 0;
}
