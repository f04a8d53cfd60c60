// SPDX-License-Identifier: Apache-2.0
// Tokenizer::create(): checks that a vocabulary agrees with itself and puts it into the form that
// encoding and decoding use. A vocabulary comes from a file, so nothing about it is assumed.
#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "text/byte_alphabet.h"
#include "text/pre_tokenizer.h"
#include "text/special_names.h"
#include "text/tokenizer.h"

namespace stride::text {
namespace {

constexpr size_t kMaxTokens = size_t{1} << 24;
// Bounds the time spent on each byte of a text; the longest of the known vocabularies has 36.
constexpr size_t kMaxSpecialBytes = 256;

// A name for messages: damaged files hold bytes that no terminal should see.
std::string shown(std::string_view text) {
  constexpr size_t kLongest = 60;
  std::string out;
  for (const char c : text.substr(0, kLongest)) {
    const bool plain = static_cast<uint8_t>(c) >= 0x20 && c != 0x7f;
    out += plain ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<uint8_t>(c));
  }
  return text.size() > kLongest ? out + "..." : out;
}

// "<0x0A>" as the byte 0x0a.
std::optional<std::string> parse_byte_token(std::string_view text) {
  const auto digit = [](char c) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    return kDigits.find(c);
  };
  if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>') return std::nullopt;
  const size_t high = digit(text[3]);
  const size_t low = digit(text[4]);
  if (high > 15 || low > 15) return std::nullopt;
  return std::string(1, static_cast<char>(high * 16 + low));
}

}  // namespace

class TokenizerBuilder {
 public:
  explicit TokenizerBuilder(Vocabulary vocabulary) : vocabulary_(std::move(vocabulary)) {}

  Result<Tokenizer> build() {
    STRIDE_TRY(check_shape());
    STRIDE_TRY(add_pieces());
    STRIDE_TRY(sort_specials());
    STRIDE_TRY(find_bytes());
    STRIDE_TRY(add_merges());
    STRIDE_TRY(set_named_tokens());
    return std::move(out_);
  }

 private:
  Result<> check_shape() const {
    if (vocabulary_.pre != kDeepseekV3) {
      return fail(Errc::unsupported,
                  "tokenizer: the pre-tokenizer is '{}'; only {} is known, and another one would "
                  "give wrong tokens",
                  shown(vocabulary_.pre), kDeepseekV3);
    }
    const size_t n_token = vocabulary_.tokens.size();
    if (n_token == 0 || n_token > kMaxTokens) {
      return fail(Errc::format, "tokenizer: {} tokens (1 to {} wanted)", n_token, kMaxTokens);
    }
    if (vocabulary_.kinds.size() != n_token) {
      return fail(Errc::format, "tokenizer: {} tokens but {} token types", n_token,
                  vocabulary_.kinds.size());
    }
    return {};
  }

  // The bytes of every token; normal ones also go into the index that merges are resolved with.
  Result<> add_pieces() {
    const size_t n_token = vocabulary_.tokens.size();
    index_.reserve(n_token);
    out_.kinds_ = vocabulary_.kinds;
    out_.offsets_.reserve(n_token + 1);
    for (size_t i = 0; i < n_token; ++i) {
      out_.offsets_.push_back(out_.bytes_.size());
      out_.bytes_ += STRIDE_TRY(piece_of(i));
    }
    out_.offsets_.push_back(out_.bytes_.size());
    return {};
  }

  Result<std::string> piece_of(size_t i) {
    const std::string& text = vocabulary_.tokens[i];
    const auto token = static_cast<Token>(i);
    switch (vocabulary_.kinds[i]) {
      case TokenKind::unused:
        return text;
      case TokenKind::byte: {
        auto byte = parse_byte_token(text);
        if (byte) return *std::move(byte);
        return fail(Errc::format, "tokenizer: token {} '{}' is no byte such as <0x0A>", i,
                    shown(text));
      }
      case TokenKind::control:
      case TokenKind::user_defined:
        if (text.size() > kMaxSpecialBytes) {
          return fail(Errc::format, "tokenizer: special token {} has {} bytes (at most {})", i,
                      text.size(), kMaxSpecialBytes);
        }
        if (!text.empty()) out_.specials_.emplace_back(text, token);
        return text;
      case TokenKind::normal:
        break;
    }
    auto bytes = from_byte_alphabet(text);
    if (!bytes || bytes->empty()) {
      return fail(Errc::format, "tokenizer: token {} '{}' is not written in the byte alphabet", i,
                  shown(text));
    }
    if (const auto [old, added] = index_.emplace(text, token); !added) {
      return fail(Errc::format, "tokenizer: tokens {} and {} are both '{}'", old->second, i,
                  shown(text));
    }
    return *std::move(bytes);
  }

  Result<> sort_specials() {
    auto& specials = out_.specials_;
    std::sort(specials.begin(), specials.end());
    const auto twice =
        std::adjacent_find(specials.begin(), specials.end(),
                           [](const auto& a, const auto& b) { return a.first == b.first; });
    if (twice != specials.end()) {
      return fail(Errc::format, "tokenizer: special tokens {} and {} are both '{}'", twice->second,
                  std::next(twice)->second, shown(twice->first));
    }
    for (const auto& [text, token] : specials) {
      out_.begins_special_[static_cast<uint8_t>(text.front())] = true;
    }
    return {};
  }

  Result<> find_bytes() {
    for (size_t byte = 0; byte < 256; ++byte) {
      const std::string letter = to_byte_alphabet(std::string(1, static_cast<char>(byte)));
      const auto found = index_.find(letter);
      if (found == index_.end()) {
        return fail(Errc::format, "tokenizer: byte {:#04x} has no token ('{}')", byte, letter);
      }
      out_.byte_tokens_[byte] = found->second;
    }
    return {};
  }

  // Normal tokens only: a merge that made a control token would let a user write one.
  Result<Token> resolve(size_t rank, std::string_view text) const {
    const auto found = index_.find(text);
    if (found != index_.end()) return found->second;
    return fail(Errc::format, "tokenizer: merge {} '{}' needs '{}', which is no normal token", rank,
                shown(vocabulary_.merges[rank]), shown(text));
  }

  Result<> add_merges() {
    if (vocabulary_.merges.size() > kMaxTokens) {
      return fail(Errc::format, "tokenizer: {} merges (at most {})", vocabulary_.merges.size(),
                  kMaxTokens);
    }
    std::vector<MergeRule> rules;
    rules.reserve(vocabulary_.merges.size());
    for (size_t rank = 0; rank < vocabulary_.merges.size(); ++rank) {
      const std::string_view merge = vocabulary_.merges[rank];
      const size_t space = merge.find(' ');
      if (space == std::string_view::npos || merge.find(' ', space + 1) != std::string_view::npos) {
        return fail(Errc::format, "tokenizer: merge {} '{}' is not two tokens with one space", rank,
                    shown(merge));
      }
      const std::string_view left = merge.substr(0, space);
      const std::string_view right = merge.substr(space + 1);
      joined_.assign(left).append(right);
      rules.push_back({STRIDE_TRY(resolve(rank, left)), STRIDE_TRY(resolve(rank, right)),
                       STRIDE_TRY(resolve(rank, joined_))});
    }
    out_.merges_ = MergeTable(out_.size(), rules);
    if (const auto twice = out_.merges_.duplicate()) {
      return fail(Errc::format, "tokenizer: merge {} '{}' is there twice", *twice,
                  shown(vocabulary_.merges[*twice]));
    }
    return {};
  }

  Result<Token> check_id(std::string_view name, Token token) const {
    if (token >= -1 && (token == -1 || static_cast<size_t>(token) < out_.size())) return token;
    return fail(Errc::format, "tokenizer: {} is token {}, but there are only {}", name, token,
                out_.size());
  }

  Result<> set_named_tokens() {
    out_.bos_ = STRIDE_TRY(check_id("bos", vocabulary_.bos));
    out_.eos_ = STRIDE_TRY(check_id("eos", vocabulary_.eos));
    out_.pad_ = STRIDE_TRY(check_id("pad", vocabulary_.pad));
    out_.add_bos_ = vocabulary_.add_bos && out_.bos_ >= 0;
    auto& ends = out_.end_tokens_;
    for (const std::string_view text : kEndNames) {
      if (const auto token = out_.find_special(text)) ends.push_back(*token);
    }
    if (out_.eos_ >= 0) ends.push_back(out_.eos_);
    std::sort(ends.begin(), ends.end());
    ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
    return {};
  }

  Vocabulary vocabulary_;
  std::unordered_map<std::string_view, Token> index_;  // normal tokens; views of vocabulary_
  std::string joined_;
  Tokenizer out_;
};

Result<Tokenizer> Tokenizer::create(Vocabulary vocabulary) {
  return TokenizerBuilder(std::move(vocabulary)).build();
}

}  // namespace stride::text
