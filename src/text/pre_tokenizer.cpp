// SPDX-License-Identifier: Apache-2.0
#include "text/pre_tokenizer.h"

#include "base/utf8.h"

namespace stride::text {
namespace {

using enum CharacterClass;

// What the first two passes tell apart. A piece of theirs is a run of one kind; no character is of
// two kinds, because the ranges of the second pass hold no \p{N}.
enum class Script : uint8_t { plain, number, cjk };

constexpr size_t kMaxDigits = 3;

bool is_ascii_letter(char32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_ascii_punctuation(char32_t c) {
  return c > ' ' && c < 0x7f && !is_ascii_letter(c) && !(c >= '0' && c <= '9');
}
bool is_cjk(char32_t c) {
  return (c >= 0x4e00 && c <= 0x9fa5) || (c >= 0x3040 && c <= 0x30ff);
}
bool is_letter_or_mark(CharacterClass kind) {
  return kind == letter || kind == mark;
}
bool is_punctuation(CharacterClass kind) {
  return kind == punctuation || kind == symbol;
}
bool is_space(CharacterClass kind) {
  return kind == space || kind == line_end;
}

Script script_of(char32_t code, CharacterClass kind) {
  if (kind == number) return Script::number;
  return is_cjk(code) ? Script::cjk : Script::plain;
}

}  // namespace

PreTokenizer::Character PreTokenizer::read(size_t at) {
  ++n_read_;
  const Utf8Character c = decode_utf8(text_, at);
  return {c.code, c.valid ? class_of(c.code) : other, at + c.size};
}

// Passes 1 and 2: the run of one kind that begins at at_.
void PreTokenizer::find_segment() {
  const Character first = read(at_);
  const Script script = script_of(first.code, first.kind);
  segment_end_ = first.after;
  for (size_t n = 1; segment_end_ < text_.size(); ++n) {
    if (script == Script::number && n == kMaxDigits) return;
    const Character c = read(segment_end_);
    if (script_of(c.code, c.kind) != script) return;
    segment_end_ = c.after;
  }
}

std::optional<std::string_view> PreTokenizer::next() {
  if (at_ == text_.size()) return std::nullopt;
  if (at_ == segment_end_) find_segment();
  const size_t begin = at_;
  if (match_end_ <= at_) match_end_ = match(at_);
  if (match_end_ > at_) {
    at_ = match_end_;
  } else {
    // Nothing matches here: up to the next match, which is kept for the next call.
    do {
      at_ = read(at_).after;
      match_end_ = at_ < segment_end_ ? match(at_) : at_;
    } while (at_ < segment_end_ && match_end_ == at_);
  }
  return text_.substr(begin, at_ - begin);
}

// Pass 3: the end of the match that begins at `at`, or `at` if there is none.
size_t PreTokenizer::match(size_t at) {
  const Character c = read(at);
  const bool has_second = c.after < segment_end_;
  const Character second = has_second ? read(c.after) : Character{0, other, c.after};
  if (is_ascii_punctuation(c.code) && is_ascii_letter(second.code)) {
    size_t end = second.after;
    while (end < segment_end_ && is_ascii_letter(static_cast<unsigned char>(text_[end]))) {
      ++end;
      ++n_read_;
    }
    return end;
  }
  if (is_letter_or_mark(c.kind)) return skip_letters_and_marks(c.after);
  if (!is_punctuation(c.kind) && c.kind != line_end && is_letter_or_mark(second.kind)) {
    return skip_letters_and_marks(second.after);
  }
  if (is_punctuation(c.kind)) return skip_punctuation(c.after);
  if (c.code == ' ' && is_punctuation(second.kind)) return skip_punctuation(second.after);
  return is_space(c.kind) ? match_spaces(at) : at;
}

// \s*[\r\n]+ takes all up to the last line end of the run; else \s+(?!\S) leaves the last space to
// the word that follows; else \s+ takes what there is.
size_t PreTokenizer::match_spaces(size_t at) {
  size_t end = at;
  size_t last = at;  // beginning of the last character of the run
  size_t after_line_end = at;
  while (end < segment_end_) {
    const Character c = read(end);
    if (!is_space(c.kind)) break;
    last = end;
    end = c.after;
    if (c.kind == line_end) after_line_end = end;
  }
  if (after_line_end > at) return after_line_end;
  if (end == segment_end_ || last == at) return end;
  return last;
}

size_t PreTokenizer::skip_letters_and_marks(size_t at) {
  while (at < segment_end_) {
    const Character c = read(at);
    if (!is_letter_or_mark(c.kind)) break;
    at = c.after;
  }
  return at;
}

// [\p{P}\p{S}]*[\r\n]*
size_t PreTokenizer::skip_punctuation(size_t at) {
  while (at < segment_end_) {
    const Character c = read(at);
    if (!is_punctuation(c.kind)) break;
    at = c.after;
  }
  while (at < segment_end_ && (text_[at] == '\r' || text_[at] == '\n')) {
    ++at;
    ++n_read_;
  }
  return at;
}

}  // namespace stride::text
