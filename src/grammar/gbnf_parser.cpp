// SPDX-License-Identifier: Apache-2.0
#include "grammar/gbnf_parser.h"

#include <algorithm>
#include <map>

#include "base/utf8.h"

namespace stride::grammar {
namespace {

constexpr size_t kMaxGbnfRules = 4096;

class GbnfParser {
 public:
  explicit GbnfParser(std::string_view text) : text_(text) {}

  Result<std::vector<GbnfRule>> parse() {
    skip_space(true);
    while (at_ < text_.size()) {
      if (rules_.size() > kMaxGbnfRules) {
        return fail(Errc::exhausted, "grammar: more than {} rules", kMaxGbnfRules);
      }
      const std::string name = read_name();
      if (name.empty()) return malformed("expected the name of a rule");
      skip_space(false);
      if (!take("::=")) return malformed("expected ::=");
      skip_space(true);
      const uint32_t id = rule_of(name);
      if (rules_[id].body) return malformed("the rule \"" + name + "\" is there twice");
      rules_[id].body = STRIDE_TRY(parse_choice(0));
      skip_space(true);
    }
    for (const GbnfRule& rule : rules_) {
      if (!rule.body) {
        return fail(Errc::invalid_argument, "grammar: the rule \"{}\" is not defined", rule.name);
      }
    }
    return std::move(rules_);
  }

 private:
  std::unexpected<Error> malformed(const std::string& what) const {
    const auto line = std::ranges::count(text_.substr(0, at_), '\n') + 1;
    return fail(Errc::invalid_argument, "grammar, line {}: {}", line, what);
  }

  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  // Space, comments and, where a rule may go on, line ends.
  void skip_space(bool lines) {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == ' ' || c == '\t' || (lines && (c == '\n' || c == '\r'))) {
        ++at_;
      } else {
        return;
      }
    }
  }

  // A rule goes on in the next line inside of a group and behind '|'; else a line end ends it,
  // unless the next line goes on with '|'.
  void skip_between(size_t depth) {
    skip_space(depth > 0);
    if (depth > 0) return;
    const size_t here = at_;
    skip_space(true);
    if (peek() != '|') at_ = here;
  }

  std::string read_name() {
    const size_t begin = at_;
    const auto is_name = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '-' || c == '_';
    };
    while (at_ < text_.size() && is_name(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  uint32_t rule_of(const std::string& name) {
    const auto [at, added] = ids_.emplace(name, static_cast<uint32_t>(rules_.size()));
    if (added) rules_.push_back({name});
    return at->second;
  }

  Result<Expression> parse_choice(size_t depth) {
    if (depth > kMaxNesting) {
      return fail(Errc::exhausted, "grammar: groups nested deeper than {}", kMaxNesting);
    }
    std::vector<Expression> branches;
    do {
      skip_space(true);
      branches.push_back(STRIDE_TRY(parse_sequence(depth)));
    } while (take("|"));
    if (branches.size() == 1) return std::move(branches[0]);
    return choice(std::move(branches));
  }

  Result<Expression> parse_sequence(size_t depth) {
    std::vector<Expression> parts;
    skip_between(depth);
    while (at_ < text_.size() && peek() != '|' && peek() != ')' && peek() != '\n' &&
           peek() != '\r') {
      Expression item = STRIDE_TRY(parse_item(depth));
      parts.push_back(STRIDE_TRY(parse_repeat(std::move(item))));
      skip_between(depth);
    }
    return sequence(std::move(parts));
  }

  Result<Expression> parse_item(size_t depth) {
    if (take("\"")) return parse_literal();
    if (take("[")) return parse_class();
    if (take(".")) return characters({{0, kMaxCodePoint}});
    if (take("(")) {
      Expression out = STRIDE_TRY(parse_choice(depth + 1));
      if (!take(")")) return malformed("expected )");
      return out;
    }
    const std::string name = read_name();
    if (name.empty()) return malformed("expected a literal, a class, a group or a rule");
    return Expression{.kind = Expression::Kind::rule, .rule = rule_of(name)};
  }

  std::optional<size_t> read_count() {
    std::optional<size_t> out;
    while (peek() >= '0' && peek() <= '9') {
      out =
          std::min(out.value_or(0) * 10 + static_cast<size_t>(text_[at_++] - '0'), kMaxRepeat + 1);
    }
    return out;
  }

  Result<Expression> parse_repeat(Expression item) {
    size_t least = 0;
    std::optional<size_t> most;
    if (take("+")) {
      least = 1;
    } else if (take("?")) {
      most = 1;
    } else if (take("{")) {
      const auto from = read_count();
      least = from.value_or(0);
      most = from;
      if (take(",")) most = read_count();
      if (!take("}") || (most && *most < least)) return malformed("expected {n}, {n,} or {n,m}");
      if (std::max(least, most.value_or(0)) > kMaxRepeat) {
        return fail(Errc::exhausted, "grammar: more than {} repetitions", kMaxRepeat);
      }
    } else if (!take("*")) {
      return item;
    }
    return repeat(std::move(item), least, most);
  }

  Result<char32_t> read_hex(size_t n_digit) {
    char32_t value = 0;
    for (size_t i = 0; i < n_digit; ++i) {
      const char c = peek();
      const char lower = static_cast<char>(c | 0x20);
      if (c >= '0' && c <= '9') {
        value = value * 16 + static_cast<char32_t>(c - '0');
      } else if (lower >= 'a' && lower <= 'f') {
        value = value * 16 + static_cast<char32_t>(lower - 'a' + 10);
      } else {
        return malformed("expected a hexadecimal digit");
      }
      ++at_;
    }
    if (value > kMaxCodePoint) return malformed("not a code point");
    return value;
  }

  Result<char32_t> read_character() {
    if (at_ >= text_.size()) return malformed("a literal or class has no end");
    if (!take("\\")) {
      const Utf8Character c = decode_utf8(text_, at_);
      at_ += c.size;
      return c.code;
    }
    const char c = peek();
    ++at_;
    switch (c) {
      case 'n':
        return U'\n';
      case 'r':
        return U'\r';
      case 't':
        return U'\t';
      case 'x':
        return read_hex(2);
      case 'u':
        return read_hex(4);
      case 'U':
        return read_hex(8);
      case '\\':
      case '"':
      case '[':
      case ']':
      case '-':
      case '^':
        return static_cast<char32_t>(c);
      default:
        return malformed("an unknown escape");
    }
  }

  Result<Expression> parse_literal() {
    Expression out;
    while (!take("\"")) {
      const char32_t c = STRIDE_TRY(read_character());
      out.parts.push_back(characters({{c, c}}));
    }
    return out;
  }

  Result<Expression> parse_class() {
    const bool negated = take("^");
    std::vector<CodeRange> ranges;
    while (!take("]")) {
      const char32_t first = STRIDE_TRY(read_character());
      char32_t last = first;
      const bool is_range = peek() == '-' && at_ + 1 < text_.size() && text_[at_ + 1] != ']';
      if (is_range) {
        ++at_;
        last = STRIDE_TRY(read_character());
      }
      if (last < first) return malformed("not a range");
      ranges.emplace_back(first, last);
    }
    return characters(negated ? complement(std::move(ranges)) : std::move(ranges));
  }

  std::string_view text_;
  size_t at_ = 0;
  std::vector<GbnfRule> rules_;
  std::map<std::string, uint32_t> ids_;
};

}  // namespace

Result<std::vector<GbnfRule>> parse_gbnf(std::string_view source) {
  if (source.size() > kMaxSourceBytes) {
    return fail(Errc::exhausted, "grammar: longer than {} bytes", kMaxSourceBytes);
  }
  if (!is_utf8(source)) return fail(Errc::invalid_argument, "grammar: not UTF-8");
  return GbnfParser(source).parse();
}

}  // namespace stride::grammar
