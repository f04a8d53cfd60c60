// SPDX-License-Identifier: Apache-2.0
// The texts of all ordinary tokens as a tree of bytes, so that a byte a grammar refuses excludes
// every token that goes on with it. Built once for a tokenizer and shared by all requests.
//
// Control tokens are not in it, apart from those of the call form (see Marker) and the end tokens,
// which are kept beside it; a constraint never allows any other.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/program.h"
#include "text/tokenizer.h"

namespace stride::grammar {

using text::Token;

class TokenTrie {
 public:
  // The tokenizer is kept, as forced text is encoded with it.
  explicit TokenTrie(std::shared_ptr<const text::Tokenizer> tokenizer);

  // Nodes in the order of a walk in depth: the children of a node follow it directly.
  struct Nodes {
    std::vector<uint8_t> byte{};
    std::vector<uint16_t> depth{};        // bytes up to and including this one
    std::vector<uint32_t> behind{};       // the first node that is not below this one
    std::vector<uint32_t> first_token{};  // [n_node + 1] into `tokens`
    std::vector<Token> tokens{};
  };
  const Nodes& all() const { return all_; }
  // Without the tokens of safe text (see is_safe_text), and a mask of those.
  const Nodes& unsafe() const { return unsafe_; }
  std::span<const uint32_t> safe_mask() const { return safe_mask_; }
  // The tokens of safe text with their characters, the longest first.
  struct SafeToken {
    uint32_t n_character;
    Token token;
  };
  std::span<const SafeToken> safe_tokens() const { return safe_tokens_; }

  size_t n_token() const { return tokenizer_->size(); }
  size_t n_word() const { return safe_mask_.size(); }
  size_t max_bytes() const { return max_bytes_; }
  // Whether the token is ordinary text; its bytes are the tokenizer's piece.
  bool is_text(Token token) const;
  std::optional<Token> marker(Marker marker) const { return markers_[static_cast<size_t>(marker)]; }
  std::optional<Marker> as_marker(Token token) const;
  std::array<bool, kMarkers> has_marker() const;
  const text::Tokenizer& tokenizer() const { return *tokenizer_; }

 private:
  struct Word {
    std::string_view text;
    Token token;
  };
  static Nodes build(std::span<const Word> words);

  std::shared_ptr<const text::Tokenizer> tokenizer_;
  Nodes all_, unsafe_;
  std::vector<uint32_t> safe_mask_;
  std::vector<SafeToken> safe_tokens_;
  std::array<std::optional<Token>, kMarkers> markers_;
  size_t max_bytes_ = 0;
};

}  // namespace stride::grammar
