// SPDX-License-Identifier: Apache-2.0
// Answers that follow a protocol of lines: "ANSWER: 42", "K1: UNKNOWN".
#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "gauntlet/pattern.h"
#include "gauntlet/prose.h"

namespace stride::gauntlet {
namespace {

constexpr std::string_view kDecoration = " \t>*_`#-+\"'([|~$";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Levelled and without the emphasis of HTML and LaTeX, which says nothing about a line.
std::string plain_text(std::string_view source) {
  static constexpr std::array<std::string_view, 21> kTags = {
      "<b>",     "</b>",     "<strong>",  "</strong>", "<i>",    "</i>",      "<em>",
      "</em>",   "<p>",      "</p>",      "<code>",    "<br>",   "<br/>",     "</code>",
      "\\text{", "\\boxed{", "\\textbf{", "\\mathbf{", "<br />", "\\mathrm{", "\\displaystyle"};
  const std::string text = normalize(source);
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const std::string_view rest = std::string_view(text).substr(at);
    const auto tag =
        rest[0] == '<' || rest[0] == '\\'
            ? std::ranges::find_if(kTags, [&](std::string_view t) { return rest.starts_with(t); })
            : kTags.end();
    if (tag == kTags.end()) out += text[at];
    at += tag == kTags.end() ? 1 : tag->size();
  }
  return out;
}

std::string_view undecorated(std::string_view line) {
  for (;;) {
    const size_t begin = line.find_first_not_of(kDecoration);
    if (begin == std::string_view::npos) return {};
    // The sign of a number is none.
    if (begin > 0 && line[begin - 1] == '-' && is_digit(line[begin])) {
      return line.substr(begin - 1);
    }
    line.remove_prefix(begin);
    if (line.starts_with("\xe2\x80\xa2")) {
      line.remove_prefix(3);
    } else if (line.starts_with("\\[") || line.starts_with("\\(")) {
      line.remove_prefix(2);
    } else {
      return line;
    }
  }
}

// Also without the number of a list item.
std::string_view unlisted(std::string_view line) {
  line = undecorated(line);
  const size_t end = std::min(line.find_first_not_of("0123456789"), line.size());
  const bool item = end > 0 && end <= 2 && end + 1 < line.size() &&
                    (line[end] == '.' || line[end] == ')') && line[end + 1] == ' ';
  return item ? undecorated(line.substr(end + 1)) : line;
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
  at = folded.find_first_not_of(" \t*_`\"')]}$", at + keyword.size());
  if (at == std::string_view::npos || (folded[at] != ':' && folded[at] != '=')) {
    return std::string_view::npos;
  }
  return at + 1;
}

struct Line {
  std::string_view text;
  size_t begin = 0;
};

// How a line begins that offers one more value.
constexpr std::string_view kJoins = "or|alternatively|otherwise|else";

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
  line = unlisted(line);
  const std::string folded = fold(line);
  const std::string_view start = folded;
  const std::string key = fold(keyword);
  size_t at = after_label(start, 0, key);
  if (at == std::string_view::npos && start.starts_with("final ")) at = after_label(start, 6, key);
  if (at == std::string_view::npos) return std::nullopt;
  // Folding keeps the length of ASCII, which is all there is up to the colon.
  return std::string(bare_value(line.substr(at)));
}

bool begins_with(std::string_view line, std::string_view words) {
  const Tokens all = tokens(line);
  return !all.empty() && find_pattern(all, words) == 1;
}

// A second value is offered: another line with the keyword directly above, or one that "or" joins.
bool is_hedged(std::span<const Line> above, std::string_view keyword, std::string_view value) {
  bool adjacent = true;
  bool joined = false;
  for (size_t i = above.size(); i-- > 0;) {
    if (trim(above[i].text).empty()) continue;
    const auto other = value_of(above[i].text, keyword);
    if (other) return (adjacent || joined) && fold(*other) != fold(value);
    adjacent = false;
    joined = joined || begins_with(above[i].text, kJoins);
  }
  return false;
}

// What stands below takes the value back or offers another one.
bool is_retracted(std::string_view below) {
  return std::ranges::any_of(sentence_tokens(below), [](const Tokens& sentence) {
    return find_pattern(sentence, "wait|actually|correction|oops|scratch|or|alternatively") == 1;
  });
}

// The lines from `at` to the next blank one.
std::string paragraph_at(const std::vector<Line>& lines, size_t at) {
  std::string out;
  for (; at < lines.size() && !trim(lines[at].text).empty(); ++at) {
    out += lines[at].text;
    out += '\n';
  }
  return out;
}

bool is_alnum(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<unsigned char>(c) >= 0x80;
}

struct Mark {
  size_t label = 0;  // which one
  size_t begin = 0, value = 0;
};

// Every label (folded) of the line; none unless the line begins with one.
std::vector<Mark> marks_of(std::string_view line, std::span<const std::string> labels) {
  const size_t skipped = line.size() - unlisted(line).size();
  std::string folded = fold(line);
  if (folded.size() != line.size()) {
    // A letter changed its length; compare case only.
    folded = ascii_lowered(line);
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
  const std::string text = plain_text(source);
  const std::vector<Line> lines = lines_of(text);
  for (size_t i = lines.size(); i-- > 0;) {
    auto value = value_of(lines[i].text, keyword);
    if (!value) continue;
    FinalLine out{.value = *value, .before = text.substr(0, lines[i].begin)};
    // The value may stand on the line after its label, and a list on several.
    size_t next = i + 1;
    while (out.value.empty() && next < lines.size()) {
      out.value = bare_value(undecorated(lines[next].text));
      if (!out.value.empty()) out.list = paragraph_at(lines, next);
      ++next;
    }
    out.hedged = is_hedged(std::span(lines).first(i), keyword, out.value) ||
                 (next < lines.size() && is_retracted(text.substr(lines[next].begin)));
    return out;
  }
  return std::nullopt;
}

std::vector<Labelled> labelled(std::string_view source, std::span<const std::string> names) {
  const std::string text = plain_text(source);
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
      entry.all.push_back(value);
      entry.value = std::move(value);
      entry.found = true;
    }
  }
  return out;
}

}  // namespace stride::gauntlet
