// SPDX-License-Identifier: Apache-2.0
// GBNF: rules, literals, character classes, groups, repetitions and references. Rules may call each
// other and themselves; only a rule that begins with itself is refused, as nothing would ever be
// read before it is called again.
#include <algorithm>

#include "grammar/content.h"
#include "grammar/gbnf_parser.h"

namespace stride::grammar {
namespace {

// Rules call each other far more often than values nest.
constexpr uint32_t kMaxDepth = 4 * kMaxNesting;

using Rules = std::vector<GbnfRule>;

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
    if (builder_.n_state() > kMaxBuiltStates) {
      return fail(Errc::exhausted, "grammar: needs more than {} states", kMaxBuiltStates);
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
  const Rules rules = STRIDE_TRY(parse_gbnf(source));
  const auto is_root = [](const GbnfRule& rule) { return rule.name == "root"; };
  const auto root = std::ranges::find_if(rules, is_root);
  if (root == rules.end())
    return fail(Errc::invalid_argument, "grammar: there is no rule \"root\"");
  ProgramBuilder builder;
  const Place body =
      STRIDE_TRY(GbnfCompiler(rules, builder).compile(static_cast<uint32_t>(root - rules.begin())));
  return finish_content(std::move(builder), body, kMaxDepth);
}

}  // namespace stride::grammar
