// SPDX-License-Identifier: Apache-2.0
// Each distinct piece is kept once with its count. A table holds, for every pair, how often it
// occurs and in which pieces, so that a merge only visits those. The queue of candidates is lazy:
// an entry whose count is outdated is put back with the right one when it comes up.
#include "text/bpe_trainer.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <queue>
#include <unordered_map>
#include <utility>

#include "base/utf8.h"
#include "text/byte_alphabet.h"
#include "text/pre_tokenizer.h"
#include "text/special_names.h"
#include "text/unicode_class.h"

namespace stride::text {
namespace {

constexpr size_t kBytes = 256;

struct Piece {
  std::vector<Token> symbols;
  int64_t count = 0;
};

struct Pair {
  int64_t count = 0;
  std::vector<uint32_t> pieces;  // where it occurs or once occurred; may repeat
};

struct Candidate {
  int64_t count;
  Token left, right;

  bool operator<(const Candidate& other) const {
    if (count != other.count) return count < other.count;
    if (left != other.left) return left > other.left;
    return right > other.right;
  }
};

uint64_t key_of(Token left, Token right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

bool is_number(std::string_view piece) {
  const Utf8Character c = decode_utf8(piece, 0);
  return c.valid && class_of(c.code) == CharacterClass::number;
}

class Trainer {
 public:
  explicit Trainer(const BpeTrainOptions& options) : options_(options) {
    for (const SpecialToken& special : options.specials) add_token(special.text, special.kind);
    first_byte_ = static_cast<Token>(vocabulary_.tokens.size());
    for (size_t byte = 0; byte < kBytes; ++byte) {
      add_token(to_byte_alphabet(std::string(1, static_cast<char>(byte))), TokenKind::normal);
    }
  }

  // Counts the pieces between the special strings of a text.
  void add_text(std::string_view text) {
    size_t begin = 0;
    for (size_t at = 0; at < text.size();) {
      const size_t n = special_length(text.substr(at));
      if (n == 0) {
        ++at;
        continue;
      }
      add_plain(text.substr(begin, at - begin));
      at += n;
      begin = at;
    }
    add_plain(text.substr(begin));
  }

  Vocabulary train() {
    for (const auto& [bytes, count] : counts_) add_piece(bytes, count);
    for (const auto& [key, pair] : pairs_) queue(key);
    while (vocabulary_.merges.size() < options_.n_merges &&
           vocabulary_.tokens.size() < options_.n_tokens) {
      const auto best = next();
      if (!best) break;
      merge(*best);
    }
    vocabulary_.pre = kDeepseekV3;
    set_roles_by_name(vocabulary_);
    return std::move(vocabulary_);
  }

 private:
  Token add_token(std::string text, TokenKind kind) {
    const auto token = static_cast<Token>(vocabulary_.tokens.size());
    if (kind == TokenKind::normal) ids_.emplace(text, token);
    vocabulary_.tokens.push_back(std::move(text));
    vocabulary_.kinds.push_back(kind);
    return token;
  }

  size_t special_length(std::string_view text) const {
    size_t longest = 0;
    for (const SpecialToken& special : options_.specials) {
      if (text.starts_with(special.text)) longest = std::max(longest, special.text.size());
    }
    return longest;
  }

  void add_plain(std::string_view text) {
    PreTokenizer pieces(text);
    while (const auto piece = pieces.next()) {
      if (piece->size() > 1 && !is_number(*piece)) ++counts_[std::string(*piece)];
    }
  }

  void add_piece(std::string_view bytes, int64_t count) {
    Piece piece{{}, count};
    for (const char byte : bytes) piece.symbols.push_back(first_byte_ + static_cast<uint8_t>(byte));
    pieces_.push_back(std::move(piece));
    count_pairs(static_cast<uint32_t>(pieces_.size() - 1), +1);
  }

  // Adds a piece's pairs to the table, or takes them out with sign = -1.
  void count_pairs(uint32_t i, int64_t sign) {
    const Piece& piece = pieces_[i];
    for (size_t k = 0; k + 1 < piece.symbols.size(); ++k) {
      Pair& pair = pairs_[key_of(piece.symbols[k], piece.symbols[k + 1])];
      pair.count += sign * piece.count;
      if (sign > 0 && (pair.pieces.empty() || pair.pieces.back() != i)) pair.pieces.push_back(i);
    }
  }

  void queue(uint64_t key) {
    const int64_t count = pairs_[key].count;
    if (count < static_cast<int64_t>(options_.min_count) || count <= 0) return;
    queue_.push({count, static_cast<Token>(key >> 32), static_cast<Token>(key & 0xffffffff)});
  }

  // The most frequent pair as of now. Pairs that spell an existing token are passed over, so that
  // every merge makes a new one.
  std::optional<Candidate> next() {
    while (!queue_.empty()) {
      const Candidate best = queue_.top();
      queue_.pop();
      const uint64_t key = key_of(best.left, best.right);
      if (pairs_[key].count != best.count) {
        queue(key);
      } else if (!ids_.contains(spell(best, ""))) {
        return best;
      }
    }
    return std::nullopt;
  }

  std::string spell(const Candidate& pair, std::string_view between) const {
    std::string text = vocabulary_.tokens[static_cast<size_t>(pair.left)];
    return text.append(between).append(vocabulary_.tokens[static_cast<size_t>(pair.right)]);
  }

  void merge(const Candidate& best) {
    vocabulary_.merges.push_back(spell(best, " "));
    apply(best, add_token(spell(best, ""), TokenKind::normal));
  }

  void apply(const Candidate& best, Token result) {
    std::vector<uint32_t> where = std::move(pairs_[key_of(best.left, best.right)].pieces);
    std::sort(where.begin(), where.end());
    where.erase(std::unique(where.begin(), where.end()), where.end());
    for (const uint32_t i : where) {
      count_pairs(i, -1);
      replace(pieces_[i].symbols, best, result);
      count_pairs(i, +1);
      const auto& symbols = pieces_[i].symbols;
      for (size_t k = 0; k + 1 < symbols.size(); ++k) {
        if (symbols[k] == result || symbols[k + 1] == result) {
          queue(key_of(symbols[k], symbols[k + 1]));
        }
      }
    }
    pairs_.erase(key_of(best.left, best.right));
  }

  static void replace(std::vector<Token>& symbols, const Candidate& pair, Token result) {
    size_t n = 0;
    for (size_t k = 0; k < symbols.size(); ++k) {
      const bool match =
          k + 1 < symbols.size() && symbols[k] == pair.left && symbols[k + 1] == pair.right;
      symbols[n++] = match ? result : symbols[k];
      if (match) ++k;
    }
    symbols.resize(n);
  }

  const BpeTrainOptions& options_;
  Vocabulary vocabulary_;
  Token first_byte_ = 0;
  std::unordered_map<std::string, Token> ids_;  // of the normal tokens, in the byte alphabet
  std::map<std::string, int64_t> counts_;       // sorted, so that the pieces' order is fixed
  std::vector<Piece> pieces_;
  std::unordered_map<uint64_t, Pair> pairs_;
  std::priority_queue<Candidate> queue_;
};

Result<> check(const BpeTrainOptions& options) {
  const size_t n_fixed = options.specials.size() + kBytes;
  if (options.n_tokens < n_fixed) {
    return fail(Errc::invalid_argument,
                "a vocabulary of {} tokens has no room for 256 bytes and {} special tokens",
                options.n_tokens, options.specials.size());
  }
  for (const SpecialToken& special : options.specials) {
    if (special.text.empty() ||
        (special.kind != TokenKind::control && special.kind != TokenKind::user_defined)) {
      return fail(Errc::invalid_argument, "special token '{}' is empty or of another kind",
                  special.text);
    }
  }
  return {};
}

}  // namespace

Result<Vocabulary> train_bpe(std::span<const std::string_view> texts,
                             const BpeTrainOptions& options) {
  STRIDE_TRY(check(options));
  Trainer trainer(options);
  for (const std::string_view text : texts) trainer.add_text(text);
  return trainer.train();
}

}  // namespace stride::text
