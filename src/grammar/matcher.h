// SPDX-License-Identifier: Apache-2.0
// Follows one answer through a grammar: which tokens may come next, and what must.
//
//   Matcher matcher(grammar, cache);
//   matcher.fill_mask(bits);          // 1: allowed, end tokens included
//   matcher.accept(token);            // of the content, from the one behind </think>
//   matcher.rollback(2);              // drafts that were not taken
//
// One optional newline is allowed in front of the content. Copies are cheap and independent. The
// cache must be used on one thread at a time; grammars may be shared by threads.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/grammar.h"
#include "grammar/mask_cache.h"

namespace stride::grammar {

class Matcher {
 public:
  // Tokens that rollback() can take back.
  static constexpr size_t kMaxRollback = 64;

  Matcher(GrammarPtr grammar, std::shared_ptr<MaskCache> cache);

  // Sets the bits of all tokens: bit i % 32 of word i / 32. Needs n_word() words. Some token is
  // always allowed before finished(), except where a grammar is so ambiguous that it meets the
  // limits (see limits.h); the answer should be ended there.
  void fill_mask(std::span<uint32_t> bits);
  size_t n_word() const { return cache_->trie().n_word(); }

  // Whether the token may come next; cheaper than a mask for a single token.
  bool allows(Token token);
  // Takes the token; false, and nothing changes, where it is not allowed.
  bool accept(Token token);
  // Takes text that is no token of its own.
  bool accept_text(std::string_view text);
  // Takes back the last `n` tokens, at most as many as were accepted since and kMaxRollback.
  // Returns how many it took back.
  size_t rollback(size_t n);

  // Tokens that must come next, as the tokenizer writes the text that is certain. The last of the
  // text is left out where what follows it could change its tokens. Nothing is accepted.
  std::vector<Token> forced_run();

  // Any text may follow: the place is one of content, not of structure such as tags, keys of a
  // schema and punctuation, which can be taken greedily.
  bool in_free_text() const { return state_.machine->safe_room(state_.config).value_or(0) > 0; }
  // The text may end here: end tokens are allowed.
  bool complete() const { return !state_.finished && state_.machine->accepts(state_.config); }
  // An end token was accepted.
  bool finished() const { return state_.finished; }
  // Only the end may follow.
  bool must_end() const { return !state_.finished && !state_.machine->can_move(state_.config); }

 private:
  struct State {
    std::shared_ptr<Machine> machine;
    ConfigId config = Machine::kDead;
    size_t key_begin = 0;  // in text_, of the undeclared key that is being written
    size_t n_text = 0;
    bool finished = false;
  };

  bool step_byte(State& state, uint8_t byte);
  bool step_token(State& state, Token token);
  void remember();
  void keep_current();
  size_t stable_tokens(std::string_view text, const std::vector<Token>& tokens, const State& next);

  std::shared_ptr<MaskCache> cache_;
  GrammarPtr grammar_;
  State state_;
  std::string text_;  // since the last undeclared key began
  std::deque<State> history_;
};

}  // namespace stride::grammar
