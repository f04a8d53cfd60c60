// SPDX-License-Identifier: Apache-2.0
// GBNF: rules, literals, character classes, groups, repetitions and references. Rules may call each
// other and themselves; only a rule that begins with itself is refused, as nothing would ever be
// read before it is called again.
#include <algorithm>
#include <map>

#include "base/utf8.h"
#include "grammar/content.h"
#include "grammar/expression.h"

namespace stride::grammar {
namespace {

// Rules call each other far more often than values nest.
constexpr uint32_t kMaxDepth = 4 * kMaxNesting;

class GbnfParser {
 public:
  explicit GbnfParser(std::string_view text) : text_(text) {}

  struct Rule {
    std::string name;
    std::optional<Expression> body{};
  };

  Result<std::vector<Rule>> parse() {
    skip_space(true);
    while (at_ < text_.size()) {
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
    for (const Rule& rule : rules_) {
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
  std::vector<Rule> rules_;
  std::map<std::string, uint32_t> ids_;
};

using Rules = std::vector<GbnfParser::Rule>;

class GbnfCompiler {
 public:
  GbnfCompiler(const Rules& rules, ProgramBuilder& builder)
      : rules_(rules), builder_(builder), heights_(rules.size()), nullable_(rules.size(), false) {}

  Result<Place> compile(uint32_t root) {
    find_heights();
    if (!heights_[root])
      return fail(Errc::invalid_argument, "grammar: the rule \"root\" never ends");
    if (auto ok = refuse_left_recursion(); !ok) return std::unexpected(ok.error());
    for (size_t i = 0; i < rules_.size(); ++i) {
      builder_.rule(builder_.add_rule()).height = heights_[i].value_or(kMaxDepth);
    }
    for (uint32_t i = 0; i < rules_.size(); ++i) {
      if (!heights_[i]) continue;
      builder_.rule(i).start = STRIDE_TRY(emit(*rules_[i].body, builder_.give_back()));
    }
    return builder_.emit(Op::call, builder_.give_back(), root);
  }

 private:
  using Kind = Expression::Kind;

  // How many calls the shallowest text of the expression nests; nothing where there is no text.
  std::optional<uint32_t> height_of(const Expression& e) const {
    switch (e.kind) {
      case Kind::rule: {
        const auto inner = heights_[e.rule];
        return inner ? std::optional(*inner + 1) : std::nullopt;
      }
      case Kind::characters:
        return e.ranges.empty() ? std::nullopt : std::optional(0U);
      case Kind::repeat:
        return e.least == 0 ? 0 : height_of(e.parts[0]);
      case Kind::choice: {
        std::optional<uint32_t> best;
        for (const Expression& part : e.parts) {
          const auto one = height_of(part);
          if (one) best = std::min(best.value_or(*one), *one);
        }
        return best;
      }
      default: {
        uint32_t most = 0;
        for (const Expression& part : e.parts) {
          const auto one = height_of(part);
          if (!one) return {};
          most = std::max(most, *one);
        }
        return most;
      }
    }
  }

  bool can_be_empty(const Expression& e) const {
    const auto inner = [&](const Expression& part) { return can_be_empty(part); };
    switch (e.kind) {
      case Kind::rule:
        return nullable_[e.rule];
      case Kind::characters:
        return false;
      case Kind::repeat:
        return e.least == 0 || inner(e.parts[0]);
      case Kind::choice:
        return std::ranges::any_of(e.parts, inner);
      default:
        return std::ranges::all_of(e.parts, inner);
    }
  }

  void find_heights() {
    for (bool changed = true; changed;) {
      changed = false;
      for (size_t i = 0; i < rules_.size(); ++i) {
        const auto height = height_of(*rules_[i].body);
        if (height && *height < kMaxDepth && (!heights_[i] || *height < *heights_[i])) {
          heights_[i] = height;
          changed = true;
        }
        if (!nullable_[i] && can_be_empty(*rules_[i].body)) {
          nullable_[i] = true;
          changed = true;
        }
      }
    }
  }

  // The rules that an expression may call before it reads anything.
  void add_first(const Expression& e, std::vector<uint32_t>& out) const {
    if (e.kind == Kind::rule) out.push_back(e.rule);
    for (const Expression& part : e.parts) {
      add_first(part, out);
      if (e.kind == Kind::sequence && !can_be_empty(part)) return;
    }
  }

  Result<void> refuse_left_recursion() const {
    const size_t n = rules_.size();
    std::vector<std::vector<uint32_t>> first(n);
    for (size_t i = 0; i < n; ++i) add_first(*rules_[i].body, first[i]);
    for (uint32_t i = 0; i < n; ++i) {
      std::vector<bool> seen(n, false);
      std::vector<uint32_t> work = first[i];
      while (!work.empty()) {
        const uint32_t at = work.back();
        work.pop_back();
        if (at == i) {
          return fail(Errc::unsupported, "grammar: the rule \"{}\" begins with itself",
                      rules_[i].name);
        }
        if (seen[at]) continue;
        seen[at] = true;
        work.insert(work.end(), first[at].begin(), first[at].end());
      }
    }
    return {};
  }

  Result<Place> emit(const Expression& e, Place next) {
    if (builder_.n_state() > kMaxStates) {
      return fail(Errc::exhausted, "grammar: needs more than {} states", kMaxStates);
    }
    if (!has_rules(e)) {
      return builder_.dfa(builder_.add_dfa(STRIDE_TRY_AT("grammar", compile_dfa(e))), next);
    }
    switch (e.kind) {
      case Kind::rule:
        return heights_[e.rule] ? builder_.emit(Op::call, next, e.rule) : builder_.split({});
      case Kind::choice: {
        std::vector<Place> ways;
        for (const Expression& part : e.parts) ways.push_back(STRIDE_TRY(emit(part, next)));
        return builder_.split(ways);
      }
      case Kind::repeat:
        return emit_repeat(e, next);
      default:
        return emit_sequence(e.parts, next);
    }
  }

  // Neighbours without rules become one automaton.
  Result<Place> emit_sequence(const std::vector<Expression>& parts, Place next) {
    for (size_t end = parts.size(); end > 0;) {
      size_t begin = end - 1;
      if (!has_rules(parts[begin])) {
        while (begin > 0 && !has_rules(parts[begin - 1])) --begin;
        next = STRIDE_TRY(emit(sequence({parts.begin() + static_cast<std::ptrdiff_t>(begin),
                                         parts.begin() + static_cast<std::ptrdiff_t>(end)}),
                               next));
      } else {
        next = STRIDE_TRY(emit(parts[begin], next));
      }
      end = begin;
    }
    return next;
  }

  Result<Place> emit_repeat(const Expression& e, Place next) {
    Place out = next;
    if (!e.most) {
      const Place loop = builder_.reserve();
      const Place body = STRIDE_TRY(emit(e.parts[0], loop));
      builder_.define(loop, std::array{body, next});
      out = loop;
    }
    for (size_t i = e.least; i < e.most.value_or(0); ++i) {
      out = builder_.split(std::array{STRIDE_TRY(emit(e.parts[0], out)), next});
    }
    for (size_t i = 0; i < e.least; ++i) out = STRIDE_TRY(emit(e.parts[0], out));
    return out;
  }

  const Rules& rules_;
  ProgramBuilder& builder_;
  std::vector<std::optional<uint32_t>> heights_;
  std::vector<bool> nullable_;
};

}  // namespace

Result<GrammarPtr> compile_gbnf(std::string_view source) {
  if (source.size() > kMaxSourceBytes) {
    return fail(Errc::exhausted, "grammar: longer than {} bytes", kMaxSourceBytes);
  }
  if (!is_utf8(source)) return fail(Errc::invalid_argument, "grammar: not UTF-8");
  const Rules rules = STRIDE_TRY(GbnfParser(source).parse());
  const auto is_root = [](const GbnfParser::Rule& rule) { return rule.name == "root"; };
  const auto root = std::ranges::find_if(rules, is_root);
  if (root == rules.end())
    return fail(Errc::invalid_argument, "grammar: there is no rule \"root\"");
  ProgramBuilder builder;
  const Place body =
      STRIDE_TRY(GbnfCompiler(rules, builder).compile(static_cast<uint32_t>(root - rules.begin())));
  return finish_content(std::move(builder), body, kMaxDepth);
}

}  // namespace stride::grammar
