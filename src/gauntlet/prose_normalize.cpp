// SPDX-License-Identifier: Apache-2.0
// Spelling levelled: normalize() and fold().
#include <array>

#include "base/utf8.h"
#include "gauntlet/prose.h"

namespace stride::gauntlet {
namespace {

bool is_invisible(char32_t c) {
  return c == 0x00ad || (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2060 && c <= 0x2064) || c == 0xfeff || (c >= 0xfe00 && c <= 0xfe0f);
}

bool is_space(char32_t c) {
  return c == 0x00a0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

// What a character is written as in ASCII; empty where it stays.
std::string_view ascii_form(char32_t c) {
  if (is_space(c)) return " ";
  switch (c) {
    case 0x2018:
    case 0x2019:
    case 0x201a:
    case 0x201b:
    case 0x02bc:
    case 0x2032:
    case 0x00b4:
      return "'";
    case 0x201c:
    case 0x201d:
    case 0x201e:
    case 0x201f:
    case 0x2033:
    case 0x00ab:
    case 0x00bb:
      return "\"";
    case 0x2010:
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2212:
    case 0xfe63:
      return "-";
    case 0x2026:
      return "...";
    case 0x2028:
    case 0x0085:
      return "\n";
    case 0x2029:
      return "\n\n";
    case 0x2044:
    case 0x2215:
      return "/";
    case 0x00bd:
      return " 1/2";
    case 0x2153:
      return " 1/3";
    case 0x2154:
      return " 2/3";
    case 0x00bc:
      return " 1/4";
    case 0x00be:
      return " 3/4";
    case 0x215b:
      return " 1/8";
    case 0x215c:
      return " 3/8";
    case 0x215d:
      return " 5/8";
    case 0x215e:
      return " 7/8";
    default:
      return {};
  }
}

// The base letters of Latin-1 and Latin Extended-A, from U+00C0; a space: not a letter with one.
constexpr std::string_view kLatin =
    "aaaaaa\1ceeeeiiii"  // c0: the \1 is AE
    "dnooooo ouuuuy\2\3"
    "aaaaaa\1ceeeeiiii"
    "dnooooo ouuuuy\2y"
    "aaaaaaccccccccdd"  // 100
    "ddeeeeeeeeeegggg"
    "gggghhhhiiiiiiii"
    "iiiijjkkklllllll"
    "lllnnnnnnnnnoooo"
    "oooorrrrrrssssss"  // 150, with the ligature at 152 as o
    "ssttttttuuuuuuuu"
    "uuuuwwyyyzzzzzzs";

std::string_view base_letters(char32_t c) {
  if (c < 0xc0 || c >= 0xc0 + kLatin.size()) return {};
  const char& base = kLatin[c - 0xc0];
  switch (base) {
    case '\1':
      return "ae";
    case '\2':
      return "th";
    case '\3':
      return "ss";
    case ' ':
      return {};
    default:
      return {&base, 1};
  }
}

}  // namespace

std::string normalize(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const Utf8Character c = decode_utf8(text, at);
    const size_t next = at + c.size;
    if (c.code == '\r') {
      if (next >= text.size() || text[next] != '\n') out += '\n';
    } else if (c.code == 0) {
      out += ' ';
    } else if (c.code >= 0xff01 && c.code <= 0xff5e) {
      out += static_cast<char>(c.code - 0xff01 + '!');
    } else if (!is_invisible(c.code)) {
      std::string_view form = c.code < 0x80 ? std::string_view() : ascii_form(c.code);
      // A fraction stands apart from a digit before it (3 1/2), not from anything else.
      if (form.size() > 2 && form.starts_with(' ') &&
          (out.empty() || out.back() < '0' || out.back() > '9')) {
        form.remove_prefix(1);
      }
      if (form.empty()) {
        append_utf8(out, c.code);
      } else {
        out += form;
      }
    }
    at = next;
  }
  return out;
}

std::string fold(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const Utf8Character c = decode_utf8(text, at);
    if (c.code >= 'A' && c.code <= 'Z') {
      out += static_cast<char>(c.code - 'A' + 'a');
    } else if (c.code < 0x80) {
      out += static_cast<char>(c.code);
    } else if (c.code >= 0x300 && c.code <= 0x36f) {
      // A combining accent belongs to the letter before it.
    } else if (const std::string_view base = base_letters(c.code); !base.empty()) {
      out += base;
    } else {
      append_utf8(out, c.code);
    }
    at += c.size;
  }
  return out;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

}  // namespace stride::gauntlet
