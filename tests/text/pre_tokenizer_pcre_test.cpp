// SPDX-License-Identifier: Apache-2.0
// The hand-written pre-tokenizer against its definition: the three regular expressions, run by
// PCRE2 pass after pass, on random text. \s is spelt out because PCRE2 counts U+180E among it.
// Code points that the two Unicode versions class differently are not drawn.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <pcre2.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/utf8.h"
#include "text/pre_tokenizer.h"
#include "text/unicode_class.h"

namespace stride::text {
namespace {

using Pieces = std::vector<std::string_view>;

#define SPACES                                                                                  \
  R"(\x{09}-\x{0d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f})" \
  R"(\x{3000})"

class Regex {
 public:
  explicit Regex(std::string_view pattern) {
    int error = 0;
    size_t at = 0;
    code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                              PCRE2_UTF | PCRE2_UCP, &error, &at, nullptr));
    if (!code_) {
      ADD_FAILURE() << "pattern error " << error << " at " << at;
      return;
    }
    pcre2_jit_compile(code_.get(), PCRE2_JIT_COMPLETE);
    match_.reset(pcre2_match_data_create_from_pattern(code_.get(), nullptr));
  }

  // The next match at or after `at`, as [begin, end); begin is npos if there is none.
  std::pair<size_t, size_t> find(std::string_view text, size_t at) const {
    const int n = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                              at, PCRE2_NO_UTF_CHECK, match_.get(), nullptr);
    if (n < 1) return {std::string_view::npos, 0};
    const size_t* ends = pcre2_get_ovector_pointer(match_.get());
    return {ends[0], ends[1]};
  }

  // Each piece is searched as a text of its own, so that lookahead sees its end.
  void split(std::string_view piece, Pieces& out) const {
    size_t at = 0;
    while (at < piece.size()) {
      const auto [begin, end] = find(piece, at);
      if (begin == std::string_view::npos) break;
      if (begin > at) out.push_back(piece.substr(at, begin - at));
      out.push_back(piece.substr(begin, end - begin));
      at = end;
    }
    if (at < piece.size()) out.push_back(piece.substr(at));
  }

 private:
  struct Free {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
    void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  };
  std::unique_ptr<pcre2_code, Free> code_;
  std::unique_ptr<pcre2_match_data, Free> match_;
};

Pieces split_by_definition(std::string_view text) {
  static const Regex passes[] = {
      Regex(R"(\p{N}{1,3})"), Regex(R"([\x{4e00}-\x{9fa5}\x{3040}-\x{309f}\x{30a0}-\x{30ff}]+)"),
      Regex(R"([!-/:-@\[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+)"
            R"(| ?[\p{P}\p{S}]+[\r\n]*|[)" SPACES R"(]*[\r\n]+|[)" SPACES R"(]+(?![^)" SPACES
            R"(])|[)" SPACES R"(]+)")};
  Pieces pieces;
  if (!text.empty()) pieces.push_back(text);
  for (const Regex& pass : passes) {
    Pieces next;
    for (const std::string_view piece : pieces) pass.split(piece, next);
    pieces = std::move(next);
  }
  return pieces;
}

Pieces split(std::string_view text) {
  Pieces pieces;
  PreTokenizer scanner(text);
  while (const auto piece = scanner.next()) pieces.push_back(*piece);
  return pieces;
}

CharacterClass pcre_class(std::string_view character) {
  static const Regex classes[] = {Regex(R"(\p{L})"), Regex(R"(\p{M})"), Regex(R"(\p{N})"),
                                  Regex(R"(\p{P})"), Regex(R"(\p{S})"), Regex("[" SPACES "]")};
  if (character == "\r" || character == "\n") return CharacterClass::line_end;
  for (size_t i = 0; i < std::size(classes); ++i) {
    if (classes[i].find(character, 0).first == 0) return static_cast<CharacterClass>(i + 1);
  }
  return CharacterClass::other;
}

// The code points on which both sides agree, by class. The others may only be those that the older
// of the two Unicode versions does not know, and a handful that were classed anew.
const std::vector<std::vector<char32_t>>& points_by_class() {
  static const auto all = [] {
    std::vector<std::vector<char32_t>> points(8);
    size_t n_reclassed = 0;
    for (char32_t code = 0; code <= 0x10ffff; ++code) {
      if (code >= 0xd800 && code < 0xe000) continue;
      std::string text;
      append_utf8(text, code);
      const CharacterClass ours = class_of(code);
      const CharacterClass theirs = pcre_class(text);
      if (ours == theirs) {
        points[static_cast<size_t>(ours)].push_back(code);
      } else if (ours != CharacterClass::other && theirs != CharacterClass::other) {
        ++n_reclassed;
      }
    }
    EXPECT_LT(n_reclassed, 20u);
    return points;
  }();
  return all;
}

std::string code_points(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const Utf8Character c = decode_utf8(text, at);
    out += fmt::format("U+{:04x} ", static_cast<uint32_t>(c.code));
    at += c.size;
  }
  return out;
}

void compare(const std::string& text) {
  ASSERT_EQ(split(text), split_by_definition(text)) << code_points(text);
}

TEST(PreTokenizerDefinition, AllShortTextsOfTypicalCharacters) {
  const std::vector<std::string> typical = {"a",  ".",      "1", " ",      "\n", "\r",
                                            "\t", "\u4e2d", "é", "\u0301", "、", "\x01"};
  const size_t n = typical.size();
  for (size_t code = 0; code < n * n * n * n * n; ++code) {
    std::string text;
    for (size_t i = 0, rest = code; i < 5; ++i, rest /= n) text += typical[rest % n];
    compare(text);
    if (HasFatalFailure()) return;
  }
}

TEST(PreTokenizerDefinition, RandomTextOfEveryClass) {
  const auto& points = points_by_class();
  for (size_t i = 0; i < points.size(); ++i) ASSERT_FALSE(points[i].empty()) << i;
  const std::vector<char32_t> favourites = {' ',    ' ',    '\n',   '\r',   'a',    'Z',    '.',
                                            '\'',   '0',    0x4e00, 0x9fa5, 0x9fa6, 0x303f, 0x3040,
                                            0x309f, 0x30a0, 0x30fb, 0x30ff, 0x3100, '`',    '{',
                                            '/',    ':',    '@',    '['};
  Random random(11);
  for (int round = 0; round < 50'000; ++round) {
    std::string text;
    // Few classes in a text make long runs of each.
    const size_t n_class = 1 + random.below(4);
    size_t classes[4];
    for (size_t& c : classes) c = random.below(points.size());
    for (size_t n = 1 + random.below(40); n > 0; --n) {
      const auto& list = random.below(3) == 0 ? favourites : points[classes[random.below(n_class)]];
      append_utf8(text, list[random.below(list.size())]);
    }
    compare(text);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace stride::text
