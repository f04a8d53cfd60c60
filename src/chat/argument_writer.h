// SPDX-License-Identifier: Apache-2.0
// One call's arguments as fragments of a JSON object. Small objects are kept until their end, so
// that a repeated key can replace its earlier value; beyond `stream_after` bytes everything is
// passed on as it comes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace stride::chat {

class ArgumentWriter {
 public:
  using Fragments = std::vector<std::string>;

  explicit ArgumentWriter(size_t stream_after) : stream_after_(stream_after) {}

  bool has(const std::string& key) const { return places_.contains(key); }

  // A whole value, JSON text.
  void add(const std::string& key, std::string_view value, Fragments& out);

  // A string in pieces of well-formed UTF-8, not cut inside a character.
  void begin_string(const std::string& key, Fragments& out);
  void append_string(std::string_view text, Fragments& out);
  void end_string(Fragments& out);

  void finish(Fragments& out);  // with the closing brace
  void cut(Fragments& out);     // as it stands

 private:
  void begin_value(const std::string& key, Fragments& out);
  void append(std::string_view text, Fragments& out);
  void release(Fragments& out);

  size_t stream_after_;
  bool streaming_ = false;
  bool opened_ = false;  // the brace was sent
  size_t held_bytes_ = 0;
  std::vector<std::pair<std::string, std::string>> held_;  // key, JSON text
  size_t current_ = 0;                                     // of held_, the value being written
  std::unordered_map<std::string, size_t> places_;         // of every key so far, in held_
};

}  // namespace stride::chat
