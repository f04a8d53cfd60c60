// SPDX-License-Identifier: Apache-2.0
#include "run_setting.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/random.h"

namespace stride {
namespace {

// Tokens that the model chose and that stand in the text: at most so much of the script.
size_t said(const engine::Generated& generated) {
  return static_cast<size_t>(std::ranges::count_if(
      generated.tokens, [](const engine::GeneratedToken& t) { return !t.forced; }));
}

}  // namespace

Setting setting_of(uint64_t seed) {
  Random random(seed ^ 0x5e771e);
  const auto one_in = [&](uint64_t n) { return random.below(n) == 0; };
  Setting out;
  out.tools = !one_in(4);
  out.grammar = out.tools && one_in(5);
  out.thinking = !one_in(6);
  out.close_before_call = !one_in(4);
  if (one_in(6)) out.max_tokens = 1 + static_cast<uint32_t>(random.below(300));
  if (one_in(8)) out.thinking_budget = 1 + static_cast<uint32_t>(random.below(40));
  if (out.grammar) out.max_tokens = 400;
  out.stop = one_in(5);
  return out;
}

std::string describe(const AdversarialOutput& output, const Setting& s) {
  std::string out = fmt::format(
      "with tools {}, a grammar {}, thinking {}, close_before_call {}, max_tokens {}, budget {}, "
      "stop {}:\n",
      s.tools, s.grammar, s.thinking, s.close_before_call, s.max_tokens.value_or(0),
      s.thinking_budget.value_or(9999), s.stop);
  for (const char byte : output.script) {
    const std::string_view control = control_text(byte);
    if (control.empty()) {
      out += byte;
    } else {
      out += control;
    }
  }
  return out;
}

std::string loss(const AdversarialOutput& output, const Setting& setting,
                 const engine::Generated& g) {
  using engine::FinishCause;
  const chat::ParsedOutput& o = g.output;
  const bool visible =
      !o.calls.empty() || o.content.value_or("").find_first_not_of(" \t\r\n") != std::string::npos;
  const bool closed = std::ranges::any_of(g.interventions, [](const decode::Intervention& i) {
    return i.guard != decode::Guard::repetition && i.guard != decode::Guard::loop;
  });
  const bool room = g.finish_cause == FinishCause::end_of_turn || g.usage.answer_tokens > 20;
  if (!visible && closed && room) return "the answer is owed";
  // What a grammar overrules or a stop string cuts off was not said.
  if (setting.grammar || g.finish_cause != FinishCause::end_of_turn) return {};
  // Joined without a gap: a guard may have closed the reasoning within a word.
  std::string all = o.reasoning.value_or("") + o.content.value_or("");
  for (const chat::ParsedCall& call : o.calls) all += " " + call.arguments;
  const size_t n_said = said(g);
  for (const KeptWord& word : output.kept)
    if (word.end <= n_said && all.find(word.text) == std::string::npos)
      return word.text + " was lost";
  if (visible || output.kept.empty()) return {};
  const KeptWord& last = output.kept.back();
  const bool answered = o.reasoning.value_or("").find(last.text) == std::string::npos;
  return answered && last.end <= n_said ? "nothing can be seen" : "";
}

bool run_everything() {
  return std::getenv("STRIDE_TEST_ALL") != nullptr;
}

}  // namespace stride
