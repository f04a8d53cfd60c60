// SPDX-License-Identifier: Apache-2.0
// Thompson's construction and the subset construction. An assertion is an empty move that may be
// taken only where it holds: at the start in the first closure, at the end when a state is asked
// whether it accepts.
#include "grammar/expression.h"

#include <algorithm>

#include "base/utf8.h"

namespace stride::grammar {
namespace {

struct NfaNode {
  enum class Kind : uint8_t { bytes, split, start, end, match };
  Kind kind = Kind::match;
  uint8_t lo = 0, hi = 0;
  std::vector<uint32_t> next{};
};

struct Fragment {
  uint32_t first;
  uint32_t last;  // a split without targets yet
};

class NfaBuilder {
 public:
  Result<uint32_t> build(const Expression& expression) {
    const Fragment all = STRIDE_TRY(emit(expression));
    join(all.last, add({NfaNode::Kind::match}));
    return all.first;
  }
  std::vector<NfaNode> nodes;

 private:
  uint32_t add(NfaNode node) {
    nodes.push_back(std::move(node));
    return static_cast<uint32_t>(nodes.size() - 1);
  }
  uint32_t add_split() { return add({NfaNode::Kind::split}); }
  void join(uint32_t from, uint32_t to) { nodes[from].next.push_back(to); }

  Result<Fragment> emit(const Expression& e) {
    if (nodes.size() > kMaxNfaNodes) {
      return fail(Errc::exhausted, "the expression is too large once its repetitions are unrolled");
    }
    switch (e.kind) {
      case Expression::Kind::characters:
        return emit_characters(e.ranges);
      case Expression::Kind::choice:
        return emit_choice(e.parts);
      case Expression::Kind::repeat:
        return emit_repeat(e);
      case Expression::Kind::start:
      case Expression::Kind::end: {
        const bool at_start = e.kind == Expression::Kind::start;
        const Fragment out{add({at_start ? NfaNode::Kind::start : NfaNode::Kind::end}),
                           add_split()};
        join(out.first, out.last);
        return out;
      }
      case Expression::Kind::sequence:
      case Expression::Kind::rule:
        break;
    }
    Fragment out{add_split(), 0};
    out.last = out.first;
    for (const Expression& part : e.parts) {
      const Fragment next = STRIDE_TRY(emit(part));
      join(out.last, next.first);
      out.last = next.last;
    }
    return out;
  }

  Result<Fragment> emit_choice(const std::vector<Expression>& parts) {
    const Fragment out{add_split(), add_split()};
    for (const Expression& part : parts) {
      const Fragment one = STRIDE_TRY(emit(part));
      join(out.first, one.first);
      join(one.last, out.last);
    }
    return out;
  }

  Result<Fragment> emit_repeat(const Expression& e) {
    Fragment out{add_split(), 0};
    out.last = out.first;
    const Expression& part = e.parts[0];
    for (size_t i = 0; i < e.least; ++i) {
      const Fragment next = STRIDE_TRY(emit(part));
      join(out.last, next.first);
      out.last = next.last;
    }
    const uint32_t end = add_split();
    join(out.last, end);
    if (!e.most) {
      const uint32_t loop = add_split();
      join(out.last, loop);
      const Fragment again = STRIDE_TRY(emit(part));
      join(loop, again.first);
      join(again.last, loop);
      join(loop, end);
    }
    for (size_t i = e.least; i < e.most.value_or(0); ++i) {
      const Fragment next = STRIDE_TRY(emit(part));
      join(out.last, next.first);
      join(next.last, end);
      out.last = next.last;
    }
    out.last = end;
    return out;
  }

  Result<Fragment> emit_characters(const std::vector<CodeRange>& ranges) {
    const Fragment out{add_split(), add_split()};
    for (const CodeRange& range : ranges) emit_range(range.first, range.second, out);
    return out;
  }

  // Cuts [lo, hi] until the encodings of a piece are a product of byte ranges.
  void emit_range(char32_t lo, char32_t hi, Fragment out) {
    constexpr char32_t kLast[] = {0x7f, 0x7ff, 0xffff};
    if (lo > hi) return;
    for (const char32_t last : kLast) {
      if (lo <= last && hi > last) {
        emit_range(lo, last, out);
        return emit_range(last + 1, hi, out);
      }
    }
    if (lo <= 0xdfff && hi >= 0xd800) {
      if (lo < 0xd800) emit_range(lo, 0xd7ff, out);
      if (hi > 0xdfff) emit_range(0xe000, hi, out);
      return;
    }
    for (uint32_t bits = 6; bits < 24 && hi > 0x7f; bits += 6) {
      const char32_t mask = (char32_t{1} << bits) - 1;
      if ((lo & ~mask) == (hi & ~mask)) continue;
      if ((lo & mask) != 0) {
        emit_range(lo, lo | mask, out);
        return emit_range((lo | mask) + 1, hi, out);
      }
      if ((hi & mask) != mask) {
        emit_range(lo, (hi & ~mask) - 1, out);
        return emit_range(hi & ~mask, hi, out);
      }
    }
    std::string first, last;
    append_utf8(first, lo);
    append_utf8(last, hi);
    uint32_t next = out.last;
    for (size_t i = first.size(); i-- > 0;) {
      next = add({NfaNode::Kind::bytes,
                  static_cast<uint8_t>(first[i]),
                  static_cast<uint8_t>(last[i]),
                  {next}});
    }
    join(out.first, next);
  }
};

// The nodes that consume or match and are reached without a byte, in ascending order.
using NodeSet = std::vector<uint32_t>;

class Closure {
 public:
  explicit Closure(const std::vector<NfaNode>& nodes) : nodes_(nodes), seen_(nodes.size(), 0) {}

  NodeSet operator()(const NodeSet& from, bool at_start, bool at_end) {
    ++stamp_;
    NodeSet out;
    std::vector<uint32_t> work(from.begin(), from.end());
    while (!work.empty()) {
      const uint32_t id = work.back();
      work.pop_back();
      if (std::exchange(seen_[id], stamp_) == stamp_) continue;
      ++n_work_;
      const NfaNode& node = nodes_[id];
      const bool consumes = node.kind == NfaNode::Kind::bytes || node.kind == NfaNode::Kind::match;
      // An end assertion stays in the set, as only the end of the text can pass it.
      if (consumes || (node.kind == NfaNode::Kind::end && !at_end)) {
        out.push_back(id);
      } else if (node.kind != NfaNode::Kind::start || at_start) {
        work.insert(work.end(), node.next.begin(), node.next.end());
      }
    }
    std::ranges::sort(out);
    return out;
  }

  bool is_exhausted() const { return n_work_ > kMaxNfaWork; }

 private:
  const std::vector<NfaNode>& nodes_;
  size_t n_work_ = 0;
  std::vector<uint32_t> seen_;
  uint32_t stamp_ = 0;
};

ByteClasses classes_of(const std::vector<NfaNode>& nodes) {
  std::array<bool, 256> cuts{};
  for (const NfaNode& node : nodes) {
    if (node.kind != NfaNode::Kind::bytes) continue;
    cuts[node.lo] = true;
    if (node.hi < 255) cuts[node.hi + 1U] = true;
  }
  return ByteClasses::cut_at(cuts);
}

}  // namespace

std::vector<CodeRange> normalise(std::vector<CodeRange> ranges) {
  std::ranges::sort(ranges);
  std::vector<CodeRange> out;
  for (const CodeRange& range : ranges) {
    if (!out.empty() && range.first <= out.back().second + 1) {
      out.back().second = std::max(out.back().second, range.second);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

std::vector<CodeRange> complement(std::vector<CodeRange> ranges) {
  std::vector<CodeRange> out;
  char32_t next = 0;
  for (const CodeRange& range : normalise(std::move(ranges))) {
    if (range.first > next) out.emplace_back(next, range.first - 1);
    next = range.second + 1;
  }
  if (next <= kMaxCodePoint) out.emplace_back(next, kMaxCodePoint);
  return out;
}

Expression characters(std::vector<CodeRange> ranges) {
  return {.kind = Expression::Kind::characters, .ranges = normalise(std::move(ranges))};
}

Expression sequence(std::vector<Expression> parts) {
  return {.kind = Expression::Kind::sequence, .parts = std::move(parts)};
}

Expression choice(std::vector<Expression> parts) {
  return {.kind = Expression::Kind::choice, .parts = std::move(parts)};
}

Expression repeat(Expression part, size_t least, std::optional<size_t> most) {
  Expression out{.kind = Expression::Kind::repeat, .least = least, .most = most};
  out.parts.push_back(std::move(part));
  return out;
}

Expression literal(std::string_view utf8) {
  Expression out;
  for (size_t at = 0; at < utf8.size();) {
    const Utf8Character c = decode_utf8(utf8, at);
    out.parts.push_back(characters({{c.code, c.code}}));
    at += c.size;
  }
  return out;
}

Expression anything() {
  return repeat(characters({{0, kMaxCodePoint}}), 0, {});
}

bool has_rules(const Expression& expression) {
  return expression.kind == Expression::Kind::rule ||
         std::ranges::any_of(expression.parts, has_rules);
}

Result<Dfa> compile_dfa(const Expression& expression) {
  NfaBuilder builder;
  const uint32_t first = STRIDE_TRY(builder.build(expression));
  const std::vector<NfaNode>& nodes = builder.nodes;
  Closure closure(nodes);
  const auto is_match = [&](uint32_t id) { return nodes[id].kind == NfaNode::Kind::match; };
  // Only the empty text is at its start and at its end.
  const bool takes_empty = std::ranges::any_of(closure({first}, true, true), is_match);
  using Key = std::pair<bool, NodeSet>;
  Result<Dfa> out = explore(
      classes_of(nodes), Key{true, closure({first}, true, false)},
      [&](const Key& at, uint8_t byte) -> std::optional<Key> {
        NodeSet next;
        for (const uint32_t id : at.second) {
          const NfaNode& node = nodes[id];
          if (node.kind == NfaNode::Kind::bytes && node.lo <= byte && byte <= node.hi) {
            next.insert(next.end(), node.next.begin(), node.next.end());
          }
        }
        if (next.empty() || closure.is_exhausted()) return {};
        return Key{false, closure(next, false, false)};
      },
      [&](const Key& at) {
        return at.first ? takes_empty
                        : std::ranges::any_of(closure(at.second, false, true), is_match);
      });
  if (closure.is_exhausted()) {
    return fail(Errc::exhausted, "the expression needs too much work to become an automaton");
  }
  return out;
}

}  // namespace stride::grammar
