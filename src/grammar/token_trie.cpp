// SPDX-License-Identifier: Apache-2.0
#include "grammar/token_trie.h"

#include <algorithm>
#include <functional>

#include "grammar/program_builder.h"

namespace stride::grammar {
namespace {

uint32_t count_characters(std::string_view text) {
  return static_cast<uint32_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; }));
}

}  // namespace

TokenTrie::TokenTrie(std::shared_ptr<const text::Tokenizer> tokenizer)
    : tokenizer_(std::move(tokenizer)) {
  const size_t n = tokenizer_->size();
  safe_mask_.resize((n + 31) / 32);
  for (const Marker marker : {Marker::call_begin, Marker::call_end}) {
    markers_[static_cast<size_t>(marker)] = tokenizer_->find_special(marker_text(marker));
  }
  std::vector<Word> words, unsafe;
  for (size_t i = 0; i < n; ++i) {
    const auto token = static_cast<Token>(i);
    if (!is_text(token)) continue;
    const Word word{tokenizer_->piece(token), token};
    words.push_back(word);
    max_bytes_ = std::max(max_bytes_, word.text.size());
    if (is_safe_text(word.text)) {
      safe_mask_[i / 32] |= uint32_t{1} << (i % 32);
      safe_tokens_.push_back({count_characters(word.text), token});
    } else {
      unsafe.push_back(word);
    }
  }
  std::ranges::stable_sort(safe_tokens_, std::greater{}, &SafeToken::n_character);
  std::ranges::sort(words, {}, &Word::text);
  std::ranges::sort(unsafe, {}, &Word::text);
  all_ = build(words);
  unsafe_ = build(unsafe);
}

TokenTrie::Nodes TokenTrie::build(std::span<const Word> words) {
  Nodes out;
  std::vector<uint32_t> open;  // the nodes on the way to the last word
  std::string_view last;
  const auto close_to = [&](size_t depth) {
    while (open.size() > depth) {
      out.behind[open.back()] = static_cast<uint32_t>(out.byte.size());
      open.pop_back();
    }
  };
  for (const Word& word : words) {
    const auto split = std::ranges::mismatch(last, word.text);
    close_to(static_cast<size_t>(split.in1 - last.begin()));
    for (size_t i = open.size(); i < word.text.size(); ++i) {
      open.push_back(static_cast<uint32_t>(out.byte.size()));
      out.byte.push_back(static_cast<uint8_t>(word.text[i]));
      out.depth.push_back(static_cast<uint16_t>(i + 1));
      out.behind.push_back(0);
      out.first_token.push_back(static_cast<uint32_t>(out.tokens.size()));
    }
    out.tokens.push_back(word.token);
    last = word.text;
  }
  close_to(0);
  out.first_token.push_back(static_cast<uint32_t>(out.tokens.size()));
  return out;
}

bool TokenTrie::is_text(Token token) const {
  const text::TokenKind kind = tokenizer_->kind(token);
  const size_t n_byte = tokenizer_->piece(token).size();
  return (kind == text::TokenKind::normal || kind == text::TokenKind::byte) && n_byte > 0 &&
         n_byte <= UINT16_MAX && !tokenizer_->is_end(token);
}

std::optional<Marker> TokenTrie::as_marker(Token token) const {
  for (size_t i = 0; i < kMarkers; ++i) {
    if (markers_[i] == token) return static_cast<Marker>(i);
  }
  return {};
}

std::array<bool, kMarkers> TokenTrie::has_marker() const {
  std::array<bool, kMarkers> out{};
  for (size_t i = 0; i < kMarkers; ++i) out[i] = markers_[i].has_value();
  return out;
}

}  // namespace stride::grammar
