// SPDX-License-Identifier: Apache-2.0
#include "text/tokenizer.h"

#include <algorithm>

#include "base/utf8.h"
#include "text/merger.h"
#include "text/pre_tokenizer.h"

namespace stride::text {

void Tokenizer::encode(std::string_view text, Special special, std::vector<Token>& out) const {
  const Segment segment{text, special};
  encode(std::span(&segment, 1), out);
}

std::vector<Token> Tokenizer::encode(std::string_view text, Special special) const {
  std::vector<Token> out;
  encode(text, special, out);
  return out;
}

std::vector<Token> Tokenizer::encode(std::span<const Segment> segments) const {
  std::vector<Token> out;
  encode(segments, out);
  return out;
}

// Plain text is gathered over the borders of segments until a special token ends it, because the
// pre-tokenizer must see it whole.
void Tokenizer::encode(std::span<const Segment> segments, std::vector<Token>& out) const {
  Merger merger(merges_);
  std::string plain;
  for (const Segment& segment : segments) {
    if (segment.special == Special::forbid) {
      plain += segment.text;
      continue;
    }
    size_t plain_begin = 0;
    for (size_t at = 0; at < segment.text.size();) {
      const Match match = match_special(segment.text.substr(at));
      if (match.size == 0) {
        ++at;
        continue;
      }
      plain += segment.text.substr(plain_begin, at - plain_begin);
      encode_plain(plain, merger, out);
      plain.clear();
      out.push_back(match.token);
      at += match.size;
      plain_begin = at;
    }
    plain += segment.text.substr(plain_begin);
  }
  encode_plain(plain, merger, out);
}

void Tokenizer::encode_plain(std::string_view text, Merger& merger, std::vector<Token>& out) const {
  PreTokenizer pieces(text);
  std::vector<Token> symbols;
  while (const auto piece = pieces.next()) {
    symbols.clear();
    for (const char byte : *piece) symbols.push_back(byte_tokens_[static_cast<uint8_t>(byte)]);
    merger.merge(symbols, out);
  }
}

// The longest special token that the text begins with: the sorted texts are narrowed to those that
// share the bytes so far. A text that shares all its bytes comes first among them.
Tokenizer::Match Tokenizer::match_special(std::string_view text) const {
  if (text.empty() || !begins_special_[static_cast<uint8_t>(text.front())]) return {};
  Match best;
  auto low = specials_.begin();
  auto high = specials_.end();
  for (size_t depth = 0; depth < text.size() && low != high; ++depth) {
    const auto wanted = static_cast<uint8_t>(text[depth]);
    const auto byte_of = [depth](const auto& special) {
      return static_cast<uint8_t>(special.first[depth]);
    };
    if (low->first.size() == depth) ++low;  // it ended one byte ago
    low = std::partition_point(low, high, [&](const auto& s) { return byte_of(s) < wanted; });
    high = std::partition_point(low, high, [&](const auto& s) { return byte_of(s) == wanted; });
    if (low != high && low->first.size() == depth + 1) best = {low->second, depth + 1};
  }
  return best;
}

std::string Tokenizer::decode(std::span<const Token> tokens) const {
  std::string text;
  for (const Token token : tokens) text += piece(token);
  return text;
}

std::string_view Tokenizer::piece(Token token) const {
  if (token < 0 || static_cast<size_t>(token) >= size()) return {};
  const size_t begin = offsets_[static_cast<size_t>(token)];
  const size_t end = offsets_[static_cast<size_t>(token) + 1];
  return std::string_view(bytes_).substr(begin, end - begin);
}

std::optional<Token> Tokenizer::find_special(std::string_view text) const {
  const auto found = std::lower_bound(
      specials_.begin(), specials_.end(), text,
      [](const auto& special, std::string_view wanted) { return special.first < wanted; });
  if (found == specials_.end() || found->first != text) return std::nullopt;
  return found->second;
}

TokenKind Tokenizer::kind(Token token) const {
  if (token < 0 || static_cast<size_t>(token) >= size()) return TokenKind::unused;
  return kinds_[static_cast<size_t>(token)];
}

bool Tokenizer::is_control(Token token) const {
  return kind(token) == TokenKind::control;
}

bool Tokenizer::is_special(Token token) const {
  return is_control(token) || kind(token) == TokenKind::user_defined;
}

bool Tokenizer::is_end(Token token) const {
  return std::binary_search(end_tokens_.begin(), end_tokens_.end(), token);
}

std::string StreamDecoder::push(Token token) {
  return push_bytes(tokenizer_->piece(token));
}

std::string StreamDecoder::push_bytes(std::string_view bytes) {
  held_ += bytes;
  const size_t n_tail = incomplete_utf8_tail(held_);
  const std::string_view whole = std::string_view(held_).substr(0, held_.size() - n_tail);
  std::string out = to_valid_utf8(whole);
  held_.erase(0, whole.size());
  return out;
}

std::string StreamDecoder::finish() {
  std::string out = to_valid_utf8(held_);
  held_.clear();
  return out;
}

}  // namespace stride::text
