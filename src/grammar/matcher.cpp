// SPDX-License-Identifier: Apache-2.0
#include "grammar/matcher.h"

#include <algorithm>

#include "base/check.h"

namespace stride::grammar {
namespace {

// Forced text has an end even where a grammar forces a very long one.
constexpr size_t kMaxForcedBytes = 4096;

// Characters that may follow forced text and could be written as one token with its end.
constexpr std::string_view kProbes = "aeinrst_AST019 \n\"'<>{}[](),.:;=-/\\";

}  // namespace

Matcher::Matcher(GrammarPtr grammar, std::shared_ptr<MaskCache> cache)
    : cache_(std::move(cache)), grammar_(std::move(grammar)) {
  state_.machine = cache_->machine(grammar_);
  state_.config = state_.machine->start();
}

// Moves on to the current machine where the own one has grown too large.
void Matcher::keep_current() {
  if (!cache_->is_full(*state_.machine)) return;
  const std::shared_ptr<Machine> machine = cache_->machine(grammar_);
  if (machine == state_.machine) return;
  state_.config = machine->carry_over(*state_.machine, state_.config);
  state_.machine = machine;
}

bool Matcher::step_byte(State& state, uint8_t byte) {
  text_.resize(state.n_text);
  const std::string_view key = std::string_view(text_).substr(state.key_begin);
  state.config = state.machine->move(state.config, byte, key).to;
  if (state.config == Machine::kDead) return false;
  text_ += static_cast<char>(byte);
  ++state.n_text;
  if (state.machine->at_key_start(state.config)) state.key_begin = state.n_text;
  return true;
}

bool Matcher::step_token(State& state, Token token) {
  const TokenTrie& trie = cache_->trie();
  if (state.finished) return false;
  if (trie.tokenizer().is_end(token)) {
    state.finished = state.machine->accepts(state.config);
    return state.finished;
  }
  if (const auto marker = trie.as_marker(token)) {
    const Symbol symbol = 256 + static_cast<Symbol>(*marker);
    state.config = state.machine->move(state.config, symbol).to;
    return state.config != Machine::kDead;
  }
  if (!trie.is_text(token)) return false;
  return std::ranges::all_of(trie.tokenizer().piece(token),
                             [&](char c) { return step_byte(state, static_cast<uint8_t>(c)); });
}

void Matcher::fill_mask(std::span<uint32_t> bits) {
  STRIDE_CHECK(bits.size() == n_word());
  std::ranges::fill(bits, 0);
  const auto set = [&](Token token) {
    const auto i = static_cast<size_t>(token);
    bits[i / 32] |= uint32_t{1} << (i % 32);
  };
  if (state_.finished) return;
  keep_current();
  const Mask& mask = cache_->mask(*state_.machine, state_.config);
  std::ranges::copy(mask.bits, bits.begin());
  for (const Token token : mask.unsure) {
    State state = state_;
    if (step_token(state, token)) set(token);
  }
}

bool Matcher::allows(Token token) {
  State state = state_;
  return step_token(state, token);
}

void Matcher::remember() {
  history_.push_back(state_);
  if (history_.size() > kMaxRollback) history_.pop_front();
}

bool Matcher::accept(Token token) {
  keep_current();
  State state = state_;
  if (!step_token(state, token)) return false;
  remember();
  state_ = std::move(state);
  return true;
}

bool Matcher::accept_text(std::string_view text) {
  if (state_.finished) return false;
  keep_current();
  State state = state_;
  for (const char c : text) {
    if (!step_byte(state, static_cast<uint8_t>(c))) return false;
  }
  remember();
  state_ = std::move(state);
  return true;
}

size_t Matcher::rollback(size_t n) {
  n = std::min(n, history_.size());
  if (n == 0) return 0;
  state_ = history_[history_.size() - n];
  history_.resize(history_.size() - n);
  return n;
}

// Collects the certain text from state_ on; whole where a control token or the end follows it.
std::vector<Token> Matcher::forced_run() {
  std::vector<Token> out;
  if (state_.finished) return out;
  keep_current();
  State state = state_;
  std::string text;
  size_t n_byte = 0;
  const auto& tokenizer = cache_->trie().tokenizer();
  while (n_byte++ < kMaxForcedBytes) {
    const auto symbol = state.machine->only_move(state.config);
    if (!symbol) break;
    if (*symbol < 256) {
      const auto byte = static_cast<uint8_t>(*symbol);
      if (!step_byte(state, byte)) break;
      text += static_cast<char>(byte);
      continue;
    }
    tokenizer.encode(text, text::Special::forbid, out);
    text.clear();
    out.push_back(*cache_->trie().marker(static_cast<Marker>(*symbol - 256)));
    state.config = state.machine->move(state.config, *symbol).to;
  }
  std::vector<Token> last = tokenizer.encode(text, text::Special::forbid);
  const bool ends = state.machine->accepts(state.config) && !state.machine->can_move(state.config);
  if (!ends) last.resize(stable_tokens(text, last, state));
  out.insert(out.end(), last.begin(), last.end());
  return out;
}

// How many of the text's tokens stay the same whatever follows it.
size_t Matcher::stable_tokens(std::string_view text, const std::vector<Token>& tokens,
                              const State& next) {
  size_t n_stable = tokens.empty() ? 0 : tokens.size() - 1;
  for (size_t i = 0; i < kProbes.size() && n_stable > 0; ++i) {
    const auto byte = static_cast<uint8_t>(kProbes[i]);
    if (next.machine->move(next.config, byte).to == Machine::kDead) continue;
    const std::vector<Token> longer =
        cache_->trie().tokenizer().encode(std::string(text) + kProbes[i], text::Special::forbid);
    const auto same = std::ranges::mismatch(tokens, longer);
    n_stable = std::min(n_stable, static_cast<size_t>(same.in1 - tokens.begin()));
  }
  return n_stable;
}

}  // namespace stride::grammar
