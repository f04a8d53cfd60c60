// SPDX-License-Identifier: Apache-2.0
// Words and sentences.
#include "gauntlet/prose.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "base/utf8.h"

namespace stride::gauntlet {
namespace {

constexpr std::string_view kEmDash = "\xe2\x80\x94";

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_ascii_letter(char c) {
  return is_upper(c) || (c >= 'a' && c <= 'z');
}

// Letters of any script; punctuation, symbols and pictures are not.
bool is_letter(char32_t c) {
  if (c < 0x80) return is_ascii_letter(static_cast<char>(c));
  if (c < 0xc0) return c == 0xaa || c == 0xb5 || c == 0xba;
  if (c == 0xd7 || c == 0xf7) return false;
  return !(c >= 0x2000 && c <= 0x206f) && !(c >= 0x20a0 && c <= 0x20cf) &&
         !(c >= 0x2190 && c <= 0x2bff) && !(c >= 0x3000 && c <= 0x303f) &&
         !(c >= 0xe000 && c <= 0xf8ff) && !(c >= 0xfe00 && c <= 0xfe0f) &&
         !(c >= 0x1f000 && c <= 0x1faff) && c != kReplacementCharacter;
}

bool has_letter_or_digit(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const Utf8Character c = decode_utf8(text, at);
    if (is_letter(c.code) || (c.code < 0x80 && is_digit(static_cast<char>(c.code)))) return true;
    at += c.size;
  }
  return false;
}

// The word that ends at the full stop `at`, with inner stops: "e.g", "Dr", "J".
std::string_view word_before(std::string_view text, size_t at) {
  size_t begin = at;
  while (begin > 0 && (is_ascii_letter(text[begin - 1]) || text[begin - 1] == '.')) --begin;
  return text.substr(begin, at - begin);
}

std::string_view word_after(std::string_view text, size_t at) {
  while (at < text.size() && is_space(text[at])) ++at;
  size_t end = at;
  while (end < text.size() && is_ascii_letter(text[end])) ++end;
  return text.substr(at, end - at);
}

bool contains(std::initializer_list<std::string_view> list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

bool begins_sentence(std::string_view word) {
  return contains({"The",  "Then",  "It",    "This",    "That",  "These", "If",   "When", "Once",
                   "Each", "In",    "After", "Finally", "A",     "An",    "At",   "So",   "But",
                   "And",  "We",    "You",   "They",    "There", "As",    "Next", "Swap", "Repeat",
                   "Stop", "Since", "For",   "On",      "No",    "Its",   "With", "While"},
                  word);
}

// "e.g." mid-sentence, "Dr." and "No. 5" do not end a sentence; "etc." does where a capital
// follows.
bool is_protected(std::string_view text, size_t at) {
  const std::string_view before = word_before(text, at);
  const std::string_view after = word_after(text, at + 1);
  const std::string word = fold(before);
  if (contains({"e.g", "i.e", "vs", "cf", "dr", "mr", "mrs", "ms", "st", "fig", "eg", "ie", "prof",
                "approx"},
               word)) {
    return true;
  }
  if (word == "etc" || word == "a.m" || word == "p.m") {
    return after.empty() || !is_upper(after[0]);
  }
  if (word == "no") {  // the number sign, not the answer
    size_t next = at + 1;
    while (next < text.size() && text[next] == ' ') ++next;
    return next < text.size() && is_digit(text[next]);
  }
  if (before.size() == 1 && is_upper(before[0]) && before[0] != 'I') {
    return !after.empty() && is_upper(after[0]) && !begins_sentence(after);
  }
  // Inner initials: "U.S. trade".
  if (before.size() >= 3 && before[1] == '.' && is_upper(before[0])) {
    return !after.empty() && !begins_sentence(after);
  }
  return false;
}

// The position behind the end mark, its repetitions and closing quotes, if a sentence ends at `at`;
// 0 otherwise.
size_t sentence_end(std::string_view text, size_t at) {
  if (text[at] != '.' && text[at] != '!' && text[at] != '?') return 0;
  size_t end = at;
  while (end < text.size() && (text[end] == '.' || text[end] == '!' || text[end] == '?')) ++end;
  const bool single_stop = text[at] == '.' && end == at + 1;
  while (end < text.size() &&
         std::string_view("\"')]}").find(text[end]) != std::string_view::npos) {
    ++end;
  }
  if (end < text.size() && !is_space(text[end]) && !text.substr(end).starts_with(kEmDash)) return 0;
  if (single_stop && is_protected(text, at)) return 0;
  return end;
}

bool is_blank_line(std::string_view text, size_t at) {
  if (text[at] != '\n') return false;
  for (++at; at < text.size() && is_space(text[at]); ++at) {
    if (text[at] == '\n') return true;
  }
  return false;
}

// A displayed formula, "$$..$$" or "\[..\]", and nothing else.
bool is_formula(std::string_view piece) {
  return (piece.size() > 4 && piece.starts_with("$$") && piece.find("$$", 2) == piece.size() - 2) ||
         (piece.starts_with("\\[") && piece.find("\\]") == piece.size() - 2);
}

// The blank lines that set a formula off inside a sentence are no paragraph ends.
std::string with_inline_formulas(std::string_view text) {
  std::string out;
  for (size_t at = 0;;) {
    const size_t begin = std::min(text.find("\n$$", at), text.find("\n\\[", at));
    const size_t end = begin == std::string_view::npos
                           ? begin
                           : text.find(text[begin + 1] == '$' ? "$$" : "\\]", begin + 3);
    if (end == std::string_view::npos) return out.append(text.substr(at));
    out += text.substr(at, begin - at);
    const size_t last = out.find_last_not_of(" \t\n");
    const bool inside = last != std::string::npos &&
                        std::string_view(".!?").find(out[last]) == std::string_view::npos;
    if (inside) out.resize(last + 1);
    out += inside ? ' ' : '\n';
    out += text.substr(begin + 1, end + 1 - begin);
    at = end + 2;
    const size_t next = std::min(text.find_first_not_of(" \t\n", at), text.size());
    if (next < text.size() && text[next] >= 'a' && text[next] <= 'z') {
      out += ' ';
      at = next;
    }
  }
}

// Words as the echo guard sees them: folded, letters and digits only.
std::vector<std::string> bare_words(std::string_view text) {
  std::vector<std::string> out;
  std::string word;
  for (const char c : fold(normalize(text)) + ' ') {
    if (is_ascii_letter(c) || is_digit(c) || static_cast<unsigned char>(c) >= 0x80) {
      word += c;
    } else if (!word.empty()) {
      out.push_back(std::move(word));
      word.clear();
    }
  }
  return out;
}

std::vector<std::string> runs_of_eight(const std::vector<std::string>& list) {
  std::vector<std::string> out;
  for (size_t at = 0; at + 8 <= list.size(); ++at) {
    std::string run;
    for (size_t i = 0; i < 8; ++i) run += list[at + i] + ' ';
    out.push_back(std::move(run));
  }
  return out;
}

}  // namespace

std::vector<std::string> words(std::string_view source) {
  std::string text = strip_markdown(normalize(source));
  for (size_t at = 0; (at = text.find(kEmDash, at)) != std::string::npos;) {
    text.replace(at, kEmDash.size(), " ");
  }
  std::vector<std::string> out;
  for (size_t at = 0; at < text.size();) {
    if (is_space(text[at])) {
      ++at;
      continue;
    }
    size_t end = at;
    while (end < text.size() && !is_space(text[end])) ++end;
    const std::string_view token = std::string_view(text).substr(at, end - at);
    if (has_letter_or_digit(token)) out.emplace_back(token);
    at = end;
  }
  return out;
}

std::vector<std::string> sentences(std::string_view source) {
  const std::string text = with_inline_formulas(strip_markdown(normalize(source)));
  std::vector<std::string> out;
  size_t begin = 0;
  const auto cut = [&](size_t end) {
    const std::string_view piece = trim(std::string_view(text).substr(begin, end - begin));
    if (has_letter_or_digit(piece) && !is_formula(piece)) out.emplace_back(piece);
    begin = end;
  };
  for (size_t at = 0; at < text.size();) {
    if (const size_t end = sentence_end(text, at)) {
      cut(end);
      at = end;
    } else {
      if (is_blank_line(text, at)) cut(at + 1);
      // A run of marks that ends nothing ("...and") is passed as a whole.
      const char mark = text[at];
      do {
        ++at;
      } while ((mark == '.' || mark == '!' || mark == '?') && at < text.size() && text[at] == mark);
    }
  }
  cut(text.size());
  return out;
}

double echo_share(std::string_view answer, std::string_view prompt) {
  const std::vector<std::string> runs = runs_of_eight(bare_words(answer));
  if (runs.empty()) return 0;
  const std::vector<std::string> of_prompt = runs_of_eight(bare_words(prompt));
  const std::unordered_set<std::string> known(of_prompt.begin(), of_prompt.end());
  const auto found =
      std::ranges::count_if(runs, [&](const auto& run) { return known.contains(run); });
  return static_cast<double>(found) / static_cast<double>(runs.size());
}

}  // namespace stride::gauntlet
