// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/inline_tags.h"

#include <algorithm>
#include <array>
#include <utility>

namespace stride::gauntlet {
namespace {

using Piece = InlineSplit::Piece;

constexpr std::string_view kWhiteSpace = " \t\r\n";
constexpr std::string_view kChannelMark = "<|channel|>", kMessageMark = "<|message|>",
                           kStartMark = "<|start|>";
constexpr std::array<std::string_view, 3> kEndMarks = {"<|end|>", "<|return|>", "<|call|>"};

size_t skip_white(std::string_view text, size_t at) {
  return std::min(text.find_first_not_of(kWhiteSpace, at), text.size());
}

std::string_view trimmed(std::string_view text) {
  const size_t begin = skip_white(text, 0);
  const size_t last = text.find_last_not_of(kWhiteSpace);
  return begin == text.size() ? std::string_view() : text.substr(begin, last - begin + 1);
}

// Cuts a text from its start to its end.
class Cutter {
 public:
  explicit Cutter(InlineSplit& split) : split_(split) {}

  void cut(Channel channel, size_t end, uint32_t call = 0) {
    if (end > at_) split_.pieces.push_back({channel, at_, end, call});
    at_ = std::max(at_, end);
  }
  size_t at() const { return at_; }

 private:
  InlineSplit& split_;
  size_t at_ = 0;
};

// The place of the closing tag that matches an opening one before `at`, or npos. Linear: a tag that
// was found is not looked for again before it is passed.
size_t matching_close(std::string_view text, size_t at, const TagPair& tag) {
  size_t close = text.find(tag.close, at), open = text.find(tag.open, at);
  for (size_t depth = 1; close != text.npos;) {
    if (open < close) {
      ++depth;
      open = text.find(tag.open, open + tag.open.size());
      continue;
    }
    if (--depth == 0) return close;
    close = text.find(tag.close, close + tag.close.size());
  }
  return text.npos;
}

// The first closing tag of any kind.
std::pair<size_t, size_t> first_close(std::string_view text, std::span<const TagPair> tags) {
  std::pair<size_t, size_t> first{text.npos, 0};
  for (const TagPair& tag : tags)
    if (const size_t at = text.find(tag.close); at < first.first) first = {at, tag.close.size()};
  return first;
}

bool holds_tag(std::string_view text, std::span<const TagPair> tags) {
  return text.contains(kChannelMark) || text.contains(kMessageMark) ||
         std::any_of(tags.begin(), tags.end(), [&](const TagPair& tag) {
           return text.contains(tag.open) || text.contains(tag.close);
         });
}

// What stands in the header of a Harmony message: a channel, perhaps a receiver.
struct HarmonyHeader {
  bool reasoning = false;
  size_t name_begin = 0, name_end = 0;  // of the function that is called, in the text
};

HarmonyHeader read_header(std::string_view text, size_t begin, size_t end) {
  HarmonyHeader header;
  const std::string_view line = text.substr(begin, end - begin);
  const size_t channel = line.find(kChannelMark);
  const std::string_view name =
      channel == line.npos ? line : line.substr(channel + kChannelMark.size());
  header.reasoning = name.starts_with("analysis") || name.starts_with("commentary");
  constexpr std::string_view kTo = "to=functions.";
  if (const size_t to = line.find(kTo); to != line.npos) {
    header.name_begin = begin + to + kTo.size();
    header.name_end = std::min(text.find_first_of(" \t\r\n<", header.name_begin), end);
  }
  return header;
}

// Where the body of a Harmony message ends, and where the mark that ends it does.
std::pair<size_t, size_t> body_end(std::string_view text, size_t at) {
  for (; (at = text.find("<|", at)) != text.npos; at += 2) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with(kStartMark)) return {at, at};
    for (const std::string_view mark : kEndMarks)
      if (rest.starts_with(mark)) return {at, at + mark.size()};
  }
  return {text.size(), text.size()};
}

void split_harmony(std::string_view text, InlineSplit& split) {
  Cutter cutter(split);
  while (cutter.at() < text.size()) {
    const size_t header_end = text.find(kMessageMark, cutter.at());
    if (header_end == text.npos) return cutter.cut(Channel::markup, text.size());
    const HarmonyHeader header = read_header(text, cutter.at(), header_end);
    const size_t body = header_end + kMessageMark.size();
    const auto [end, after] = body_end(text, body);
    const bool call = header.name_end > header.name_begin;
    if (call) {
      cutter.cut(Channel::markup, header.name_begin);
      cutter.cut(Channel::tool_name, header.name_end, split.n_call);
    }
    cutter.cut(Channel::markup, body);
    if (call)
      cutter.cut(Channel::tool_args, end, split.n_call++);
    else
      cutter.cut(header.reasoning ? Channel::reasoning : Channel::answer, end);
    cutter.cut(Channel::markup, after);
  }
}

// Harmony whose marks a server has dropped: "analysisThe user asks...assistantfinalThe answer".
bool split_bare_harmony(std::string_view text, size_t begin, InlineSplit& split) {
  constexpr std::string_view kAnalysis = "analysis", kFinal = "assistantfinal";
  if (!text.substr(begin).starts_with(kAnalysis)) return false;
  const size_t final = text.find(kFinal, begin);
  if (final == text.npos) return false;
  Cutter cutter(split);
  cutter.cut(Channel::markup, begin + kAnalysis.size());
  cutter.cut(Channel::reasoning, final);
  cutter.cut(Channel::markup, skip_white(text, final + kFinal.size()));
  cutter.cut(Channel::answer, text.size());
  return true;
}

}  // namespace

std::span<const TagPair> default_tags() {
  static const std::array kTags = {
      TagPair{"<think>", "</think>"},           TagPair{"<thinking>", "</thinking>"},
      TagPair{"[THINK]", "[/THINK]"},           TagPair{"<thought>", "</thought>"},
      TagPair{"<seed:think>", "</seed:think>"}, TagPair{"\u25c1think\u25b7", "\u25c1/think\u25b7"},
  };
  return kTags;
}

InlineSplit split_inline(std::string_view text, std::span<const TagPair> tags,
                         bool reasoning_seen_elsewhere) {
  InlineSplit split;
  const size_t begin = skip_white(text, 0);
  const std::string_view start = text.substr(begin);
  if (start.starts_with(kChannelMark) || start.starts_with(kStartMark)) {
    split_harmony(text, split);
    return split;
  }
  if (split_bare_harmony(text, begin, split)) return split;

  Cutter cutter(split);
  const auto open = std::find_if(tags.begin(), tags.end(),
                                 [&](const TagPair& tag) { return start.starts_with(tag.open); });
  if (open != tags.end()) {
    cutter.cut(Channel::markup, begin + open->open.size());
    const size_t close = matching_close(text, cutter.at(), *open);
    cutter.cut(Channel::reasoning, std::min(close, text.size()));
    if (close != text.npos)
      cutter.cut(Channel::markup, skip_white(text, close + open->close.size()));
  } else if (const auto [close, size] = first_close(text, tags);
             close != text.npos &&
             (!reasoning_seen_elsewhere || skip_white(text, close + size) < text.size())) {
    // An opening tag before it would make it a pair inside the answer.
    const std::string_view before = text.substr(0, close);
    if (!holds_tag(before, tags)) {
      split.late_open = true;
      cutter.cut(Channel::reasoning, close);
      cutter.cut(Channel::markup, skip_white(text, close + size));
    }
  }
  split.tag_leak = holds_tag(text.substr(cutter.at()), tags);
  cutter.cut(Channel::answer, text.size());
  return split;
}

InlineSplit split_answer_events(EventLog& log, std::span<const TagPair> tags) {
  std::string text, reasoning;
  for (const Event& event : log.events) {
    if (event.channel == Channel::answer) text += event.text;
    if (event.channel == Channel::reasoning) reasoning += event.text;
  }
  InlineSplit split = split_inline(text, tags, !reasoning.empty());
  for (InlineSplit::Piece& piece : split.pieces) {
    if (piece.channel != Channel::reasoning || reasoning.empty()) continue;
    const std::string_view part =
        trimmed(std::string_view(text).substr(piece.begin, piece.end - piece.begin));
    if (reasoning.contains(part)) piece.channel = Channel::markup;
  }
  const auto first_call = static_cast<uint32_t>(log.calls.size());
  log.calls.resize(log.calls.size() + split.n_call);

  std::vector<Event> events;
  size_t at = 0;  // in the text
  auto piece = split.pieces.begin();
  for (Event& event : log.events) {
    if (event.channel != Channel::answer) {
      events.push_back(std::move(event));
      continue;
    }
    const size_t end = at + event.text.size();
    while (at < end) {
      const size_t stop = std::min(end, piece->end);
      Event part = event;
      part.channel = piece->channel;
      part.text = text.substr(at, stop - at);
      if (part.channel == Channel::tool_name || part.channel == Channel::tool_args) {
        part.index = first_call + piece->call;
        CapturedCall& call = log.calls[part.index];
        (part.channel == Channel::tool_name ? call.name : call.arguments) += part.text;
      }
      events.push_back(std::move(part));
      at = stop;
      if (at == piece->end) ++piece;
    }
  }
  log.events = std::move(events);
  return split;
}

}  // namespace stride::gauntlet
