// SPDX-License-Identifier: Apache-2.0
// The automaton of StopStrings: a trie with fallback links. Node 0 is the root, which is nobody's
// child, so 0 also stands for "no child".
#include "decode/stop_strings.h"

namespace stride::decode {

Result<StopStrings> StopStrings::make(std::vector<std::string> strings) {
  if (strings.size() > kMaxStrings)
    return fail(Errc::invalid_argument, "{} stop strings were given; at most {} are allowed",
                strings.size(), kMaxStrings);
  StopStrings out;
  for (size_t i = 0; i < strings.size(); ++i) {
    if (strings[i].empty()) return fail(Errc::invalid_argument, "stop string {} is empty", i + 1);
    if (strings[i].size() > kMaxBytes)
      return fail(Errc::invalid_argument, "stop string {} has {} bytes; at most {} are allowed",
                  i + 1, strings[i].size(), kMaxBytes);
    out.insert(strings[i], i);
  }
  out.link();
  return out;
}

uint16_t StopStrings::child(uint16_t node, unsigned char byte) const {
  for (const auto& [b, next] : nodes_[node].children) {
    if (b == byte) return next;
  }
  return 0;
}

void StopStrings::insert(const std::string& text, size_t index) {
  uint16_t node = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    uint16_t next = child(node, byte);
    if (next == 0) {
      next = static_cast<uint16_t>(nodes_.size());
      nodes_[node].children.emplace_back(byte, next);
      nodes_.emplace_back().depth = static_cast<uint16_t>(nodes_[node].depth + 1);
    }
    node = next;
  }
  if (nodes_[node].longest != 0) return;  // the same string twice: the first index stands
  nodes_[node].longest = nodes_[node].depth;
  nodes_[node].which = static_cast<uint16_t>(index);
}

// Breadth first, so that a node's fallback, which is shorter, is complete before the node.
void StopStrings::link() {
  std::vector<uint16_t> order{0};
  for (size_t i = 0; i < order.size(); ++i) {
    const uint16_t node = order[i];
    for (const auto& [byte, next] : nodes_[node].children) {
      order.push_back(next);
      if (node == 0) continue;
      uint16_t f = nodes_[node].fallback;
      while (f != 0 && child(f, byte) == 0) f = nodes_[f].fallback;
      f = child(f, byte);
      nodes_[next].fallback = f;
      if (nodes_[next].longest == 0) {
        nodes_[next].longest = nodes_[f].longest;
        nodes_[next].which = nodes_[f].which;
      }
    }
  }
}

std::string StopStrings::feed(std::string_view text) {
  std::string released;
  if (matched_) return released;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    uint16_t node = at_;
    while (node != 0 && child(node, byte) == 0) node = nodes_[node].fallback;
    at_ = child(node, byte);
    held_ += c;
    const Node& now = nodes_[at_];
    const size_t keep = now.longest != 0 ? now.longest : now.depth;
    released.append(held_, 0, held_.size() - keep);
    held_.erase(0, held_.size() - keep);
    if (now.longest == 0) continue;
    matched_ = now.which;
    held_.clear();
    break;
  }
  return released;
}

std::string StopStrings::flush() {
  at_ = 0;
  return std::exchange(held_, {});
}

}  // namespace stride::decode
