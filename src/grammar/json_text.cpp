// SPDX-License-Identifier: Apache-2.0
#include "grammar/json_text.h"

#include <fmt/format.h>

#include "grammar/expression.h"
#include "grammar/number.h"
#include "grammar/regex.h"
#include "json/json.h"

namespace stride::grammar {
namespace {

// Raw characters, short escapes, code units that are no surrogates, pairs of surrogates.
constexpr std::string_view kCharacter =
    R"([^"\\\x00-\x1f]|\\(["\\/bfnrt]|u([0-9abcefABCEF][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2}|)"
    R"([dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})))";

constexpr std::string_view kShortEscapes = "\"\\\b\f\n\r\t";
constexpr std::string_view kShortNames = "\"\\bfnrt";

// How far into an escape the text is.
enum Phase : uint8_t { kRaw, kBackslash, kU, kU0, kU00, kU000, kU001 };

std::optional<uint8_t> hex_digit(uint8_t byte) {
  if (byte >= '0' && byte <= '9') return static_cast<uint8_t>(byte - '0');
  if (byte >= 'a' && byte <= 'f') return static_cast<uint8_t>(byte - 'a' + 10);
  return {};
}

using Spelled = std::pair<Dfa::State, Phase>;

std::optional<Spelled> step_spelled(const Dfa& plain, const Spelled& at, uint8_t byte) {
  const auto [state, phase] = at;
  const auto move = [&](uint8_t meant) -> std::optional<Spelled> {
    const Dfa::State next = plain.next(state, meant);
    return next == Dfa::kDead ? std::nullopt : std::optional(Spelled{next, kRaw});
  };
  switch (phase) {
    case kRaw:
      if (byte == '\\') return Spelled{state, kBackslash};
      return byte == '"' || byte < 0x20 ? std::nullopt : move(byte);
    case kBackslash: {
      if (byte == 'u') return Spelled{state, kU};
      const size_t at_name = kShortNames.find(static_cast<char>(byte));
      if (at_name == std::string_view::npos) return {};
      return move(static_cast<uint8_t>(kShortEscapes[at_name]));
    }
    case kU:
    case kU0:
      return byte == '0' ? std::optional(Spelled{state, phase == kU ? kU0 : kU00}) : std::nullopt;
    case kU00:
      if (byte != '0' && byte != '1') return {};
      return Spelled{state, byte == '0' ? kU000 : kU001};
    case kU000:
    case kU001:
      break;
  }
  const auto digit = hex_digit(byte);
  if (!digit) return {};
  const auto meant = static_cast<uint8_t>(*digit + (phase == kU001 ? 16 : 0));
  if (kShortEscapes.contains(static_cast<char>(meant))) return {};
  return move(meant);
}

}  // namespace

Dfa any_string_dfa() {
  return *regex_dfa(fmt::format("\"({})*\"", kCharacter), Anchoring::whole);
}

Dfa string_character_dfa() {
  return *regex_dfa(kCharacter, Anchoring::whole);
}

Result<Dfa> spell_canonically(const Dfa& plain) {
  const ByteClasses classes =
      ByteClasses::refine(plain.classes(), ByteClasses::alone("\"\\bfnrtu0123456789acde"));
  std::array<bool, 256> cuts{};
  cuts[0x20] = true;
  return explore(
      ByteClasses::refine(classes, ByteClasses::cut_at(cuts)), Spelled{plain.start(), kRaw},
      [&](const Spelled& at, uint8_t byte) { return step_spelled(plain, at, byte); },
      [&](const Spelled& at) { return at.second == kRaw && plain.accepts(at.first); });
}

std::string quote_canonically(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const size_t escape = kShortEscapes.find(c);
    if (escape != std::string_view::npos) {
      out += '\\';
      out += kShortNames[escape];
    } else if (static_cast<uint8_t>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<uint8_t>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

Result<std::string> spell_scalar(const Json& value) {
  if (json::is_number(value)) return to_text(STRIDE_TRY(parse_decimal(json::dump(value))));
  if (value.is_string()) return quote_canonically(value.get_ref<const std::string&>());
  return json::dump(value);
}

Result<Dfa> quoted(const Dfa& body) {
  // 0 before the first quote, 1 in the body, 2 behind the last quote.
  using Key = std::pair<Dfa::State, int>;
  return explore(
      ByteClasses::refine(body.classes(), ByteClasses::alone("\"")), Key{body.start(), 0},
      [&](const Key& at, uint8_t byte) -> std::optional<Key> {
        if (at.second == 0) return byte == '"' ? std::optional(Key{at.first, 1}) : std::nullopt;
        if (at.second == 2) return {};
        // A quote that belongs to the body stands behind a backslash.
        const Dfa::State next = body.next(at.first, byte);
        if (next != Dfa::kDead) return Key{next, 1};
        const bool ends = byte == '"' && body.accepts(at.first);
        return ends ? std::optional(Key{Dfa::kDead, 2}) : std::nullopt;
      },
      [](const Key& at) { return at.second == 2; });
}

Dfa any_text_dfa() {
  return *compile_dfa(anything());
}

Result<Dfa> length_dfa(size_t least, std::optional<size_t> most) {
  const Dfa character = *compile_dfa(characters({{0, kMaxCodePoint}}));
  const size_t cap = most.value_or(least);
  using Key = std::pair<size_t, Dfa::State>;  // characters that ended, progress in the next one
  return explore(
      character.classes(), Key{0, character.start()},
      [&](const Key& at, uint8_t byte) -> std::optional<Key> {
        if (most && at.first == *most) return {};
        const Dfa::State next = character.next(at.second, byte);
        if (next == Dfa::kDead) return {};
        if (!character.accepts(next)) return Key{at.first, next};
        return Key{std::min(at.first + 1, cap), character.start()};
      },
      [&](const Key& at) { return at.second == character.start() && at.first >= least; });
}

}  // namespace stride::grammar
