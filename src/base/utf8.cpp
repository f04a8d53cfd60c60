// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <algorithm>

namespace stride {
namespace {

// How a leading byte continues: only the second byte has limits that depend on the first.
struct Lead {
  uint8_t size;       // bytes of the whole sequence; 0: not a leading byte
  uint8_t low, high;  // limits of the second byte
  uint8_t payload;    // bits of the code point in the leading byte
};

Lead lead_of(uint8_t byte) {
  if (byte < 0x80) return {1, 0, 0, byte};
  if (byte < 0xc2) return {0, 0, 0, 0};
  if (byte < 0xe0) return {2, 0x80, 0xbf, static_cast<uint8_t>(byte & 0x1f)};
  const auto low3 = static_cast<uint8_t>(byte & 0x0f);
  if (byte == 0xe0) return {3, 0xa0, 0xbf, low3};  // below U+0800 would be overlong
  if (byte == 0xed) return {3, 0x80, 0x9f, low3};  // above are the surrogates
  if (byte < 0xf0) return {3, 0x80, 0xbf, low3};
  const auto low4 = static_cast<uint8_t>(byte & 0x07);
  if (byte == 0xf0) return {4, 0x90, 0xbf, low4};
  if (byte < 0xf4) return {4, 0x80, 0xbf, low4};
  if (byte == 0xf4) return {4, 0x80, 0x8f, low4};  // U+10FFFF is the last
  return {0, 0, 0, 0};
}

}  // namespace

Utf8Character decode_utf8(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[at + i]); };
  const Lead lead = lead_of(byte(0));
  if (lead.size == 1) return {lead.payload, 1, true, false};
  if (lead.size == 0) return {};
  const size_t n_available = std::min<size_t>(lead.size, text.size() - at);
  char32_t code = lead.payload;
  for (uint8_t i = 1; i < n_available; ++i) {
    const uint8_t low = i == 1 ? lead.low : uint8_t{0x80};
    const uint8_t high = i == 1 ? lead.high : uint8_t{0xbf};
    if (byte(i) < low || byte(i) > high) return {kReplacementCharacter, i, false, false};
    code = code << 6 | (byte(i) & 0x3fu);
  }
  if (n_available < lead.size) {
    return {kReplacementCharacter, static_cast<uint8_t>(n_available), false, true};
  }
  return {code, lead.size, true, false};
}

void append_utf8(std::string& out, char32_t code) {
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) code = kReplacementCharacter;
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | (code >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0 | (code >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

bool is_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const Utf8Character c = decode_utf8(text, at);
    if (!c.valid) return false;
    at += c.size;
  }
  return true;
}

std::string to_valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const Utf8Character c = decode_utf8(text, at);
    out += c.valid ? text.substr(at, c.size) : kReplacementUtf8;
    at += c.size;
  }
  return out;
}

size_t incomplete_utf8_tail(std::string_view text) {
  const size_t n_look = std::min<size_t>(3, text.size());
  for (size_t n = 1; n <= n_look; ++n) {
    const size_t at = text.size() - n;
    const auto byte = static_cast<uint8_t>(text[at]);
    if ((byte & 0xc0) == 0x80) continue;
    const Utf8Character c = decode_utf8(text, at);
    return c.truncated && c.size == n ? n : 0;
  }
  return 0;
}

}  // namespace stride
