// SPDX-License-Identifier: Apache-2.0
// Answers that follow a protocol of lines: "ANSWER: 42", "K1: UNKNOWN".
#include <algorithm>

#include "gauntlet/prose.h"

namespace stride::gauntlet {
namespace {

constexpr std::string_view kDecoration = " \t>*_`#-+\"'([|~";

std::string_view undecorated(std::string_view line) {
  for (;;) {
    const size_t begin = line.find_first_not_of(kDecoration);
    if (begin == std::string_view::npos) return {};
    line.remove_prefix(begin);
    if (!line.starts_with("\xe2\x80\xa2")) return line;
    line.remove_prefix(3);
  }
}

// The value without the emphasis and code marks around it.
std::string_view bare_value(std::string_view value) {
  for (;;) {
    value = trim(value);
    const std::string_view before = value;
    while (!value.empty() && std::string_view("*`").find(value.front()) != std::string_view::npos) {
      value.remove_prefix(1);
    }
    while (!value.empty() && std::string_view("*`").find(value.back()) != std::string_view::npos) {
      value.remove_suffix(1);
    }
    while (value.size() >= 2 && ((value.front() == '_' && value.back() == '_') ||
                                 (value.front() == '"' && value.back() == '"'))) {
      value = value.substr(1, value.size() - 2);
    }
    if (value == before) return value;
  }
}

// The position behind "KEYWORD:" at `at`, emphasis inside allowed; npos if it does not stand there.
size_t after_label(std::string_view folded, size_t at, std::string_view keyword) {
  if (!folded.substr(at).starts_with(keyword)) return std::string_view::npos;
  at = folded.find_first_not_of(" \t*_`\"')]", at + keyword.size());
  if (at == std::string_view::npos || (folded[at] != ':' && folded[at] != '=')) {
    return std::string_view::npos;
  }
  return at + 1;
}

struct Line {
  std::string_view text;
  size_t begin = 0;
};

std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> out;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    out.push_back({text.substr(at, end - at), at});
    at = end + 1;
  }
  return out;
}

std::optional<std::string> value_of(std::string_view line, std::string_view keyword) {
  const std::string folded = fold(undecorated(line));
  const std::string_view start = folded;
  const std::string key = fold(keyword);
  size_t at = after_label(start, 0, key);
  if (at == std::string_view::npos && start.starts_with("final ")) at = after_label(start, 6, key);
  if (at == std::string_view::npos) return std::nullopt;
  // Folding keeps the length of ASCII, which is all there is up to the colon.
  return std::string(bare_value(undecorated(line).substr(at)));
}

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<unsigned char>(c) >= 0x80;
}

struct Mark {
  size_t label = 0;  // which one
  size_t begin = 0, value = 0;
};

// Every label (folded) of the line; none unless the line begins with one.
std::vector<Mark> marks_of(std::string_view line, std::span<const std::string> labels) {
  const size_t skipped = line.size() - undecorated(line).size();
  std::string folded = fold(line);
  if (folded.size() != line.size()) {
    // A letter changed its length; compare case only.
    folded.assign(line);
    for (char& c : folded) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  std::vector<Mark> out;
  for (size_t at = skipped; at < folded.size(); ++at) {
    if (at > 0 && (is_alnum(folded[at - 1]) || folded[at - 1] == '_')) continue;
    for (size_t i = 0; i < labels.size(); ++i) {
      const size_t value = after_label(folded, at, labels[i]);
      if (value == std::string_view::npos) continue;
      if (out.empty() && at != skipped) return {};
      out.push_back({i, at, value});
      at = value - 1;
      break;
    }
    if (out.empty()) return {};
  }
  return out;
}

std::string_view without_separator(std::string_view value) {
  value = trim(value);
  while (!value.empty() && std::string_view(";,|*`").find(value.back()) != std::string_view::npos) {
    value.remove_suffix(1);
    value = trim(value);
  }
  return value;
}

}  // namespace

std::optional<FinalLine> final_line(std::string_view source, std::string_view keyword) {
  const std::string text = normalize(source);
  const std::vector<Line> lines = lines_of(text);
  for (size_t i = lines.size(); i-- > 0;) {
    auto value = value_of(lines[i].text, keyword);
    if (!value) continue;
    FinalLine out{.value = *value, .before = text.substr(0, lines[i].begin)};
    // The value may stand on the line after its label.
    for (size_t next = i + 1; out.value.empty() && next < lines.size(); ++next) {
      out.value = bare_value(undecorated(lines[next].text));
    }
    for (size_t above = i; above-- > 0;) {
      if (trim(lines[above].text).empty()) continue;
      const auto other = value_of(lines[above].text, keyword);
      out.hedged = other && fold(*other) != fold(out.value);
      break;
    }
    return out;
  }
  return std::nullopt;
}

std::vector<Labelled> labelled(std::string_view source, std::span<const std::string> names) {
  const std::string text = normalize(source);
  std::vector<std::string> labels;
  for (const std::string& label : names) labels.push_back(fold(label));
  std::vector<Labelled> out(labels.size());
  const std::vector<Line> lines = lines_of(text);
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::vector<Mark> marks = marks_of(lines[i].text, labels);
    for (size_t m = 0; m < marks.size(); ++m) {
      const size_t end = m + 1 < marks.size() ? marks[m + 1].begin : lines[i].text.size();
      std::string value(bare_value(
          without_separator(lines[i].text.substr(marks[m].value, end - marks[m].value))));
      if (value.empty() && i + 1 < lines.size() && marks_of(lines[i + 1].text, labels).empty()) {
        value = bare_value(undecorated(lines[i + 1].text));
      }
      Labelled& entry = out[marks[m].label];
      entry.conflict = entry.conflict || (entry.found && fold(entry.value) != fold(value));
      entry.value = std::move(value);
      entry.found = true;
    }
  }
  return out;
}

}  // namespace stride::gauntlet
