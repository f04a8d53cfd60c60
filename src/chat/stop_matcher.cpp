// SPDX-License-Identifier: Apache-2.0
#include "chat/stop_matcher.h"

#include <algorithm>
#include <utility>

namespace stride::chat {

StopMatcher::StopMatcher(std::vector<std::string> strings) {
  for (std::string& text : strings) {
    if (text.empty()) continue;
    Pattern pattern{.text = std::move(text), .failure = {}};
    pattern.failure.assign(pattern.text.size(), 0);
    for (size_t i = 1, k = 0; i < pattern.text.size(); ++i) {
      while (k > 0 && pattern.text[i] != pattern.text[k]) k = pattern.failure[k - 1];
      if (pattern.text[i] == pattern.text[k]) ++k;
      pattern.failure[i] = k;
    }
    patterns_.push_back(std::move(pattern));
  }
}

bool StopMatcher::push(std::string_view text, std::string& out) {
  if (patterns_.empty()) {
    out += text;
    return false;
  }
  for (const char c : text) {
    held_ += c;
    size_t longest = 0;
    size_t complete = 0;
    for (Pattern& p : patterns_) {
      while (p.matched > 0 && p.text[p.matched] != c) p.matched = p.failure[p.matched - 1];
      if (p.text[p.matched] == c) ++p.matched;
      if (p.matched == p.text.size()) {
        complete = std::max(complete, p.matched);
        p.matched = p.failure[p.matched - 1];
      } else {
        longest = std::max(longest, p.matched);
      }
    }
    if (complete > 0) {
      out.append(held_, 0, held_.size() - complete);
      held_.clear();
      return true;
    }
    out.append(held_, 0, held_.size() - longest);
    held_.erase(0, held_.size() - longest);
  }
  return false;
}

std::string StopMatcher::flush() {
  for (Pattern& p : patterns_) p.matched = 0;
  return std::exchange(held_, {});
}

}  // namespace stride::chat
