// SPDX-License-Identifier: Apache-2.0
// What Markdown adds to a text: fences, markers and emphasis, and the code inside the fences.
#include <algorithm>

#include "gauntlet/prose.h"

namespace stride::gauntlet {
namespace {

std::string_view next_line(std::string_view& rest) {
  const size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

struct Fence {
  char mark = 0;
  size_t length = 0;
  std::string_view info{};
};

// A line of three or more backticks or tildes; list items may indent or quote it.
std::optional<Fence> fence_of(std::string_view line) {
  const size_t begin = line.find_first_not_of(" \t>");
  if (begin == std::string_view::npos) return std::nullopt;
  line.remove_prefix(begin);
  const char mark = line[0];
  if (mark != '`' && mark != '~') return std::nullopt;
  const size_t length = std::min(line.find_first_not_of(mark), line.size());
  if (length < 3) return std::nullopt;
  const std::string_view info = trim(line.substr(length));
  // Backticks after the fence make it inline code, not a block.
  if (mark == '`' && info.find('`') != std::string_view::npos) return std::nullopt;
  return Fence{mark, length, info};
}

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<unsigned char>(c) >= 0x80;
}

// "# ", "- ", "* ", "3. ", "> " at the beginning of a line, also several of them.
std::string_view without_marker(std::string_view line) {
  for (;;) {
    const size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    const std::string_view text = line.substr(begin);
    size_t marker = 0;
    if (text[0] == '#') {
      marker = std::min(text.find_first_not_of('#'), text.size());
      if (marker > 6) return line;
    } else if (text[0] == '>' || text[0] == '-' || text[0] == '+' || text[0] == '*') {
      marker = 1;
    } else if (text.starts_with("\xe2\x80\xa2")) {  // a bullet
      marker = 3;
    } else {
      while (marker < text.size() && marker < 3 && text[marker] >= '0' && text[marker] <= '9') {
        ++marker;
      }
      if (marker == 0 || marker >= text.size() || (text[marker] != '.' && text[marker] != ')')) {
        return line;
      }
      ++marker;
    }
    if (text[0] != '>' && marker < text.size() && text[marker] != ' ' && text[marker] != '\t') {
      return line;
    }
    line = text.substr(marker);
    if (line.empty()) return line;
  }
}

bool is_list_item(std::string_view line) {
  const std::string_view text = trim(line);
  return !text.empty() && text[0] != '#' && text[0] != '>' &&
         without_marker(text).size() < text.size();
}

// True where the mark at `at` is emphasis and not a product or a part of a name.
bool is_emphasis(std::string_view line, size_t at) {
  const char mark = line[at];
  if (mark == '`') return true;
  const char before = at > 0 ? line[at - 1] : ' ';
  const char after = at + 1 < line.size() ? line[at + 1] : ' ';
  if (mark == '*') {
    if (before == '*' || after == '*') return true;
    const bool open = before == ' ' && after == ' ';
    const bool product = before >= '0' && before <= '9' && after >= '0' && after <= '9';
    return !open && !product;
  }
  if (mark == '_') return !(is_alnum(before) && is_alnum(after));
  return mark == '~' && (before == '~' || after == '~');
}

bool is_rule(std::string_view line) {
  const std::string_view text = trim(line);
  return text.size() >= 3 && (text.find_first_not_of("- ") == std::string_view::npos ||
                              text.find_first_not_of("* ") == std::string_view::npos ||
                              text.find_first_not_of("_ ") == std::string_view::npos ||
                              text.find_first_not_of("= ") == std::string_view::npos);
}

bool is_python(std::string_view info) {
  const std::string word = fold(info.substr(0, std::min(info.find_first_of(" \t{"), info.size())));
  return word.empty() || word == "python" || word == "py" || word == "python3" ||
         word == "python3.11" || word == "pycon";
}

// The body without the indentation that all its lines share: a block inside a list item.
std::string dedent(std::string_view body) {
  size_t common = std::string_view::npos;
  for (std::string_view rest = body; !rest.empty();) {
    const std::string_view line = next_line(rest);
    const size_t indent = line.find_first_not_of(' ');
    if (indent != std::string_view::npos) common = std::min(common, indent);
  }
  if (common == 0 || common == std::string_view::npos) return std::string(body);
  std::string out;
  for (std::string_view rest = body; !rest.empty();) {
    std::string_view line = next_line(rest);
    line.remove_prefix(std::min(common, line.size()));
    out += line;
    out += '\n';
  }
  return out;
}

}  // namespace

std::vector<FencedBlock> fenced_blocks(std::string_view text) {
  std::vector<FencedBlock> out;
  std::optional<Fence> open;
  FencedBlock block;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t begin = text.size() - rest.size();
    const std::string_view line = next_line(rest);
    const auto fence = fence_of(line);
    if (!open) {
      if (!fence) continue;
      open = fence;
      block = {.info = std::string(fence->info), .body = {}, .begin = begin};
    } else if (fence && fence->mark == open->mark && fence->length >= open->length &&
               fence->info.empty()) {
      block.closed = true;
      block.end = text.size() - rest.size();
      out.push_back(std::move(block));
      open.reset();
    } else {
      block.body += line;
      block.body += '\n';
    }
  }
  if (open) {
    block.end = text.size();
    out.push_back(std::move(block));
  }
  return out;
}

std::string without_blocks(std::string_view text) {
  std::string out;
  size_t at = 0;
  for (const FencedBlock& block : fenced_blocks(text)) {
    out += text.substr(at, block.begin - at);
    out += '\n';
    at = block.end;
  }
  out += text.substr(at);
  return out;
}

std::string strip_markdown(std::string_view text) {
  const std::string plain = without_blocks(text);
  std::string out;
  for (std::string_view rest = plain; !rest.empty();) {
    std::string_view line = next_line(rest);
    // A list item ends what stands above it, unless a colon announces the list.
    if (is_list_item(line) && !out.empty() && !trim(out).ends_with(':')) out += '\n';
    line = is_rule(line) ? std::string_view() : trim(without_marker(line));
    for (size_t at = 0; at < line.size(); ++at) {
      const bool mark = line[at] == '*' || line[at] == '_' || line[at] == '`' || line[at] == '~';
      if (!mark || !is_emphasis(line, at)) out += line[at];
    }
    out += '\n';
  }
  return out;
}

bool defines_python(std::string_view code, std::string_view name) {
  while (!code.empty()) {
    std::string_view line = next_line(code);
    for (const std::string_view keyword : {"def ", "class ", "async def "}) {
      if (!line.starts_with(keyword)) continue;
      const std::string_view rest = trim(line.substr(keyword.size()));
      if (rest.starts_with(name) && (rest.size() == name.size() ||
                                     (!is_alnum(rest[name.size()]) && rest[name.size()] != '_'))) {
        return true;
      }
    }
  }
  return false;
}

std::string raw_lines(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != '\r' && c != '\0') out += c;
  }
  return out;
}

std::optional<std::string> python_code(std::string_view text, std::string_view name, bool join) {
  std::vector<FencedBlock> blocks = fenced_blocks(text);
  std::erase_if(blocks, [](const FencedBlock& block) { return !is_python(block.info); });
  if (blocks.empty()) {
    const std::string_view whole = trim(text);
    const bool is_code = whole.starts_with("def ") || whole.starts_with("class ") ||
                         whole.starts_with("import ") || whole.starts_with("from ");
    if (!is_code || !fenced_blocks(text).empty()) return std::nullopt;
    return std::string(whole) + '\n';
  }
  std::string all;
  std::optional<std::string> last;
  for (const FencedBlock& block : blocks) {
    std::string body = dedent(block.body);
    if (defines_python(body, name)) last = body;
    all += body;
  }
  if (join) return all;
  return last;
}

}  // namespace stride::gauntlet
