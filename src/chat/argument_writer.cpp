// SPDX-License-Identifier: Apache-2.0
#include "chat/argument_writer.h"

#include <algorithm>

#include "json/escape.h"

namespace stride::chat {
namespace {

// {"key": or ,"key":
std::string opening(bool first, std::string_view key) {
  std::string out = first ? "{\"" : ",\"";
  json::append_escaped(out, key);
  out += "\":";
  return out;
}

}  // namespace

void ArgumentWriter::begin_value(const std::string& key, Fragments& out) {
  const auto [place, is_new] = places_.try_emplace(key, held_.size());
  if (streaming_) {
    out.push_back(opening(!opened_, key));
    opened_ = true;
    return;
  }
  current_ = place->second;
  if (is_new) {
    held_.emplace_back(key, "");
    held_bytes_ += key.size();
  } else {
    held_bytes_ -= held_[current_].second.size();
    held_[current_].second.clear();
  }
}

void ArgumentWriter::append(std::string_view text, Fragments& out) {
  if (text.empty()) return;
  if (streaming_) {
    out.emplace_back(text);
    return;
  }
  held_[current_].second += text;
  held_bytes_ += text.size();
  if (held_bytes_ <= stream_after_) return;
  // The value being written must come last, whatever its place was.
  std::rotate(held_.begin() + static_cast<ptrdiff_t>(current_),
              held_.begin() + static_cast<ptrdiff_t>(current_) + 1, held_.end());
  release(out);
  streaming_ = true;
}

void ArgumentWriter::release(Fragments& out) {
  for (const auto& [key, value] : held_) {
    out.push_back(opening(!opened_, key));
    out.back() += value;
    opened_ = true;
  }
  held_.clear();
}

void ArgumentWriter::add(const std::string& key, std::string_view value, Fragments& out) {
  begin_value(key, out);
  append(value, out);
}

void ArgumentWriter::begin_string(const std::string& key, Fragments& out) {
  begin_value(key, out);
  append("\"", out);
}

void ArgumentWriter::append_string(std::string_view text, Fragments& out) {
  std::string escaped;
  json::append_escaped(escaped, text);
  append(escaped, out);
}

void ArgumentWriter::end_string(Fragments& out) {
  append("\"", out);
}

void ArgumentWriter::finish(Fragments& out) {
  release(out);
  out.emplace_back(opened_ ? "}" : "{}");
}

void ArgumentWriter::cut(Fragments& out) {
  release(out);
}

}  // namespace stride::chat
