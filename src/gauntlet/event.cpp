// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/event.h"

#include <algorithm>
#include <array>
#include <utility>

namespace stride::gauntlet {
namespace {

constexpr size_t kMaxNotes = 32, kMaxCalls = 1024;

constexpr std::array<std::string_view, 13> kChannels = {
    "open",   "role",  "reasoning", "answer", "refusal", "tool_name", "tool_args",
    "markup", "usage", "finish",    "error",  "ping",    "done"};

}  // namespace

std::string_view name(Channel channel) {
  return kChannels[std::to_underlying(channel)];
}

bool bears_tokens(Channel channel) {
  return channel >= Channel::reasoning && channel <= Channel::markup;
}

void EventLog::begin_frame(int64_t t_ns) {
  t_ns_ = t_ns;
  ++n_frame_;
}

void EventLog::add(Channel channel, std::string_view text, uint32_t index) {
  if (bears_tokens(channel) && text.empty()) return;
  if (bears_tokens(channel)) n_text_bytes += text.size();
  events.push_back({.t_ns = t_ns_,
                    .channel = channel,
                    .frame = n_frame_,
                    .index = index,
                    .text = std::string(text)});
}

void EventLog::note(std::string_view line) {
  if (notes.size() < kMaxNotes && std::find(notes.begin(), notes.end(), line) == notes.end())
    notes.emplace_back(line);
}

uint32_t EventLog::call(std::optional<uint64_t> index, std::string_view id) {
  for (size_t i = calls.size(); i-- > 0;) {
    const bool same_index = index ? call_indexes_[i] == index : id.empty();
    const bool same_id = id.empty() || calls[i].id.empty() || calls[i].id == id;
    if (!index && !id.empty() ? calls[i].id == id : same_index && same_id) {
      if (calls[i].id.empty()) calls[i].id = id;
      return static_cast<uint32_t>(i);
    }
    if (same_index && !same_id) note("two tool calls share one index; their ids tell them apart");
  }
  if (calls.size() == kMaxCalls) {
    note("more tool calls than are kept");
    return kMaxCalls - 1;
  }
  calls.push_back({.id = std::string(id)});
  call_indexes_.push_back(index);
  return static_cast<uint32_t>(calls.size() - 1);
}

void EventLog::name_call(uint32_t index, std::string_view name) {
  CapturedCall& call = calls[index];
  // Some servers repeat the name in every fragment, others cut it into pieces.
  if (name.empty() || call.name == name) return;
  if (!call.arguments.empty())
    return note("a tool call changes its name after its arguments began");
  call.name += name;
  add(Channel::tool_name, name, index);
}

void EventLog::extend_call(uint32_t index, std::string_view arguments) {
  calls[index].arguments += arguments;
  add(Channel::tool_args, arguments, index);
}

bool EventLog::seen(Channel channel) const {
  return std::any_of(events.begin(), events.end(),
                     [&](const Event& event) { return event.channel == channel; });
}

}  // namespace stride::gauntlet
