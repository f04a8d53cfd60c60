// SPDX-License-Identifier: Apache-2.0
// Byte-level BPE with the deepseek-v3 pre-tokenizer: text to token ids and back, byte for byte.
//
//   const auto tokenizer = STRIDE_TRY(Tokenizer::create(std::move(vocabulary)));
//   std::vector<Token> ids = tokenizer.encode("Hello", Special::forbid);
//   std::string text = tokenizer.decode(ids);  // "Hello"
//
// Special tokens are split out first, and only from text that the caller allows to hold them: what
// a user typed is encoded with Special::forbid and can then never become a control token.
// A Tokenizer does not change after create(), so any number of threads may use one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "text/merge_table.h"

namespace stride::text {

using Token = int32_t;

class Merger;

enum class TokenKind : uint8_t {
  normal,        // made by merges; written in the byte alphabet (see byte_alphabet.h)
  control,       // structure, such as <|im_end|>; its text is literal
  byte,          // "<0x0A>": one byte, never produced by encode()
  unused,        // padding of the table; never produced by encode()
  user_defined,  // literal text kept whole, such as <think>
};

// A vocabulary as GGUF stores it. Nothing is trusted until Tokenizer::create() has accepted it.
struct Vocabulary {
  std::vector<std::string> tokens;     // [n_token], normal ones in the byte alphabet
  std::vector<TokenKind> kinds;        // [n_token]
  std::vector<std::string> merges;     // "left right" in the byte alphabet, best first
  std::string pre;                     // name of the pre-tokenizer: "deepseek-v3"
  Token bos = -1, eos = -1, pad = -1;  // -1: none
  bool add_bos = true;                 // whether a raw prompt should begin with bos
};

// May strings such as "<|im_end|>" in a text become the special token of that name?
enum class Special : uint8_t { forbid, allow };

// A part of a prompt. Plain text runs on across the parts, so cutting a text into parts of one kind
// does not change its tokens; a special token lies inside one part that allows it.
struct Segment {
  std::string_view text;
  Special special = Special::forbid;
};

class Tokenizer {
 public:
  // Fails with format if the vocabulary contradicts itself (a merge of a token that does not exist,
  // a missing byte, an id out of range ...) and with unsupported for another pre-tokenizer.
  static Result<Tokenizer> create(Vocabulary vocabulary);

  // Appends the ids of the text to `out`. Any bytes are allowed, valid UTF-8 or not, and decode()
  // gives exactly them back. Never adds bos by itself. Time O(n log n) for the longest piece.
  void encode(std::string_view text, Special special, std::vector<Token>& out) const;
  void encode(std::span<const Segment> segments, std::vector<Token>& out) const;
  std::vector<Token> encode(std::string_view text, Special special) const;
  std::vector<Token> encode(std::span<const Segment> segments) const;

  // The exact bytes of the tokens, joined; special tokens give their text. Ids out of range give
  // nothing. For text that is shown while it grows use StreamDecoder.
  std::string decode(std::span<const Token> tokens) const;

  // The bytes of one token: possibly a part of a character. Empty if the id is out of range.
  std::string_view piece(Token token) const;

  // The control or user-defined token with exactly this text.
  std::optional<Token> find_special(std::string_view text) const;
  // Whether only Special::allow can produce the token: control and user-defined ones.
  bool is_special(Token token) const;
  bool is_control(Token token) const;
  TokenKind kind(Token token) const;  // unused if the id is out of range

  size_t size() const { return kinds_.size(); }
  Token bos() const { return bos_; }  // -1: none; likewise eos and pad
  Token eos() const { return eos_; }
  Token pad() const { return pad_; }
  bool add_bos() const { return add_bos_; }

  // Every token that ends a turn: those of <end of sentence>, <pad> and <|im_end|> that exist, and
  // eos. Ascending, without repetition. A model file names only one of them.
  std::span<const Token> end_tokens() const { return end_tokens_; }
  bool is_end(Token token) const;

 private:
  friend class TokenizerBuilder;

  struct Match {
    Token token = -1;
    size_t size = 0;  // bytes; 0: none
  };

  Tokenizer() = default;
  Match match_special(std::string_view text) const;
  void encode_plain(std::string_view text, Merger& merger, std::vector<Token>& out) const;

  std::string bytes_;                     // the pieces of all tokens, joined
  std::vector<size_t> offsets_;           // [n_token + 1] into bytes_
  std::vector<TokenKind> kinds_;          // [n_token]
  std::array<Token, 256> byte_tokens_{};  // the token of each single byte
  MergeTable merges_;
  std::vector<std::pair<std::string, Token>> specials_;  // sorted by text
  std::array<bool, 256> begins_special_{};               // first bytes of the special tokens
  std::vector<Token> end_tokens_;
  Token bos_ = -1, eos_ = -1, pad_ = -1;
  bool add_bos_ = true;
};

// Turns tokens into text piece by piece. What it gives out is always whole characters of valid
// UTF-8: an unfinished character is held back until its other bytes arrive, and bytes that can no
// longer become a character are replaced by U+FFFD, one for each maximal invalid part. Use
// Tokenizer::decode() where the exact bytes matter. The tokenizer must outlive the decoder.
class StreamDecoder {
 public:
  explicit StreamDecoder(const Tokenizer& tokenizer) : tokenizer_(&tokenizer) {}

  std::string push(Token token);
  std::string push_bytes(std::string_view bytes);
  // What is still held back; an unfinished character becomes U+FFFD. Ready for another text then.
  std::string finish();

 private:
  const Tokenizer* tokenizer_;
  std::string held_;  // at most 3 bytes: the beginning of a character
};

}  // namespace stride::text
