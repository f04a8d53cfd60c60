// SPDX-License-Identifier: Apache-2.0
#include "grammar/regex.h"

#include <array>

#include "base/utf8.h"

namespace stride::grammar {
namespace {

const std::vector<CodeRange> kDigits{{'0', '9'}};
const std::vector<CodeRange> kWord{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
const std::vector<CodeRange> kSpace{
    {0x09, 0x0d},     {0x20, 0x20},     {0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200a},
    {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}, {0xfeff, 0xfeff}};
const std::vector<CodeRange> kLineEnds{{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};

class RegexParser {
 public:
  explicit RegexParser(std::u32string text) : text_(std::move(text)) {}

  Result<Expression> parse() {
    Expression out = STRIDE_TRY(parse_choice(0));
    if (at_ < text_.size()) return malformed("a ')' without its '('");
    return out;
  }

 private:
  bool at_end() const { return at_ == text_.size(); }
  char32_t peek() const { return at_end() ? U'\0' : text_[at_]; }
  bool take(char32_t c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take(std::u32string_view word) {
    if (!std::u32string_view(text_).substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  std::unexpected<Error> malformed(std::string_view what) const {
    return fail(Errc::invalid_argument, "regular expression, character {}: {}", at_, what);
  }
  std::unexpected<Error> unsupported(std::string_view what) const {
    return fail(Errc::unsupported, "regular expression, character {}: {} cannot be enforced", at_,
                what);
  }

  Result<Expression> parse_choice(size_t depth) {
    if (depth > kMaxNesting) {
      return fail(Errc::exhausted, "regular expression: groups nested deeper than {}", kMaxNesting);
    }
    std::vector<Expression> branches;
    do {
      branches.push_back(STRIDE_TRY(parse_sequence(depth)));
    } while (take(U'|'));
    if (branches.size() == 1) return std::move(branches[0]);
    return choice(std::move(branches));
  }

  Result<Expression> parse_sequence(size_t depth) {
    std::vector<Expression> parts;
    while (!at_end() && peek() != U'|' && peek() != U')') {
      Expression atom = STRIDE_TRY(parse_atom(depth));
      parts.push_back(STRIDE_TRY(parse_repeat(std::move(atom))));
    }
    return sequence(std::move(parts));
  }

  Result<Expression> parse_atom(size_t depth) {
    const char32_t c = text_[at_++];
    switch (c) {
      case U'^':
        return Expression{.kind = Expression::Kind::start};
      case U'$':
        return Expression{.kind = Expression::Kind::end};
      case U'.':
        return characters(complement(kLineEnds));
      case U'(':
        return parse_group(depth);
      case U'[':
        return parse_class();
      case U'\\':
        return parse_escape();
      case U'*':
      case U'+':
      case U'?':
        return malformed("nothing to repeat");
      default:
        return characters({{c, c}});
    }
  }

  Result<Expression> parse_group(size_t depth) {
    if (take(U"?=") || take(U"?!") || take(U"?<=") || take(U"?<!")) {
      return unsupported("lookaround");
    }
    if (take(U"?<")) {
      while (!at_end() && peek() != U'>') ++at_;
      if (!take(U'>')) return malformed("the name of a group has no end");
    } else if (!take(U"?:") && peek() == U'?') {
      return malformed("an unknown kind of group");
    }
    Expression out = STRIDE_TRY(parse_choice(depth + 1));
    if (!take(U')')) return malformed("a '(' without its ')'");
    return out;
  }

  std::optional<size_t> parse_count() {
    std::optional<size_t> out;
    while (peek() >= U'0' && peek() <= U'9') {
      out = std::min(out.value_or(0) * 10 + (text_[at_++] - U'0'), kMaxRepeat + 1);
    }
    return out;
  }

  Result<Expression> parse_repeat(Expression atom) {
    const bool is_assertion =
        atom.kind == Expression::Kind::start || atom.kind == Expression::Kind::end;
    size_t least = 0;
    std::optional<size_t> most;
    const size_t begin = at_;
    if (take(U'+')) {
      least = 1;
    } else if (take(U'?')) {
      most = 1;
    } else if (take(U'{')) {
      const auto from = parse_count();
      least = from.value_or(0);
      most = from;
      if (from && take(U',')) most = parse_count();
      if (!from || !take(U'}')) {
        // Without the flag u a brace that begins no repetition is itself.
        at_ = begin;
        return atom;
      }
    } else if (!take(U'*')) {
      return atom;
    }
    if (is_assertion) return malformed("an assertion cannot be repeated");
    if (most && *most < least) return malformed("a repetition ends before it begins");
    if (std::max(least, most.value_or(0)) > kMaxRepeat) {
      return fail(Errc::exhausted, "regular expression, character {}: more than {} repetitions",
                  at_, kMaxRepeat);
    }
    take(U'?');  // lazy: the same texts
    return repeat(std::move(atom), least, most);
  }

  Result<char32_t> parse_hex(size_t n_digit) {
    char32_t value = 0;
    for (size_t i = 0; i < n_digit; ++i) {
      const char32_t c = peek();
      char32_t digit = 0;
      if (c >= U'0' && c <= U'9') {
        digit = c - U'0';
      } else if ((c | 0x20) >= U'a' && (c | 0x20) <= U'f') {
        digit = (c | 0x20) - U'a' + 10;
      } else {
        return malformed("expected a hexadecimal digit");
      }
      value = value * 16 + digit;
      ++at_;
    }
    return value;
  }

  Result<char32_t> parse_code_point() {
    if (take(U'{')) {
      char32_t value = 0;
      do {
        value = value * 16 + STRIDE_TRY(parse_hex(1));
        if (value > kMaxCodePoint) return malformed("not a code point");
      } while (!at_end() && peek() != U'}');
      if (!take(U'}')) return malformed("\\u{ without its }");
      return value;
    }
    const char32_t high = STRIDE_TRY(parse_hex(4));
    const size_t behind = at_;
    if (high >= 0xd800 && high < 0xdc00 && take(U"\\u")) {
      const auto low = parse_hex(4);
      if (low && *low >= 0xdc00 && *low < 0xe000) {
        return 0x10000 + ((high - 0xd800) << 10) + (*low - 0xdc00);
      }
      at_ = behind;
    }
    return high;
  }

  // What follows a backslash, as a set of characters.
  Result<std::vector<CodeRange>> parse_escape_set(bool in_class) {
    if (at_end()) return malformed("ends with a backslash");
    const char32_t c = text_[at_++];
    const auto one = [](char32_t code) { return std::vector<CodeRange>{{code, code}}; };
    switch (c) {
      case U'd':
        return kDigits;
      case U'D':
        return complement(kDigits);
      case U'w':
        return kWord;
      case U'W':
        return complement(kWord);
      case U's':
        return kSpace;
      case U'S':
        return complement(kSpace);
      case U't':
        return one(U'\t');
      case U'n':
        return one(U'\n');
      case U'v':
        return one(U'\v');
      case U'f':
        return one(U'\f');
      case U'r':
        return one(U'\r');
      case U'c': {
        const char32_t letter = peek() | 0x20;
        if (letter < U'a' || letter > U'z') return malformed("\\c needs a letter");
        ++at_;
        return one(letter - U'a' + 1);
      }
      case U'x':
        return one(STRIDE_TRY(parse_hex(2)));
      case U'u':
        return one(STRIDE_TRY(parse_code_point()));
      case U'p':
      case U'P':
        return unsupported("\\p");
      case U'b':
        if (in_class) return one(U'\b');
        return unsupported("a word boundary");
      case U'B':
        return unsupported("a word boundary");
      case U'k':
        return unsupported("a back reference");
      default:
        break;
    }
    if (c == U'0' && !(peek() >= U'0' && peek() <= U'9')) return one(0);
    if (c >= U'0' && c <= U'9') return unsupported("a back reference");
    const bool is_letter = (c | 0x20) >= U'a' && (c | 0x20) <= U'z';
    if (is_letter) return malformed("an unknown escape");
    return one(c);
  }

  Result<Expression> parse_escape() { return characters(STRIDE_TRY(parse_escape_set(false))); }

  Result<std::vector<CodeRange>> parse_class_atom() {
    const char32_t c = text_[at_++];
    if (c == U'\\') return parse_escape_set(true);
    return std::vector<CodeRange>{{c, c}};
  }

  Result<Expression> parse_class() {
    const bool negated = take(U'^');
    std::vector<CodeRange> ranges;
    while (!at_end() && peek() != U']') {
      std::vector<CodeRange> first = STRIDE_TRY(parse_class_atom());
      const bool is_range = peek() == U'-' && at_ + 1 < text_.size() && text_[at_ + 1] != U']';
      if (is_range) {
        ++at_;
        const std::vector<CodeRange> last = STRIDE_TRY(parse_class_atom());
        const bool single = first.size() == 1 && last.size() == 1 &&
                            first[0].first == first[0].second && last[0].first == last[0].second;
        if (!single || first[0].first > last[0].first) return malformed("not a range");
        first = {{first[0].first, last[0].first}};
      }
      ranges.insert(ranges.end(), first.begin(), first.end());
    }
    if (!take(U']')) return malformed("a '[' without its ']'");
    return characters(negated ? complement(std::move(ranges)) : std::move(ranges));
  }

  std::u32string text_;
  size_t at_ = 0;
};

}  // namespace

Result<Expression> parse_regex(std::string_view pattern, Anchoring anchoring) {
  if (pattern.size() > kMaxSourceBytes) {
    return fail(Errc::exhausted, "regular expression: longer than {} bytes", kMaxSourceBytes);
  }
  if (!is_utf8(pattern)) return fail(Errc::invalid_argument, "regular expression: not UTF-8");
  std::u32string text;
  for (size_t at = 0; at < pattern.size();) {
    const Utf8Character c = decode_utf8(pattern, at);
    text.push_back(c.code);
    at += c.size;
  }
  Expression body = STRIDE_TRY(RegexParser(std::move(text)).parse());
  if (anchoring == Anchoring::whole) return body;
  std::vector<Expression> parts;
  parts.push_back(anything());
  parts.push_back(std::move(body));
  parts.push_back(anything());
  return sequence(std::move(parts));
}

Result<Dfa> regex_dfa(std::string_view pattern, Anchoring anchoring) {
  const Expression expression = STRIDE_TRY(parse_regex(pattern, anchoring));
  return STRIDE_TRY_AT("regular expression", compile_dfa(expression));
}

}  // namespace stride::grammar
