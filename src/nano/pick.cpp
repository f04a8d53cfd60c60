// SPDX-License-Identifier: Apache-2.0
#include "nano/pick.h"

#include <numeric>

#include "base/ascii.h"

namespace stride::nano {

std::vector<std::string> pick_some(Random& random, Strings list, size_t n) {
  std::vector<size_t> order(list.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::vector<std::string> chosen;
  chosen.reserve(n);
  for (size_t i = 0; i < n && i < order.size(); ++i) {
    std::swap(order[i], order[i + random.below(order.size() - i)]);
    chosen.emplace_back(list[order[i]]);
  }
  return chosen;
}

std::string fill(std::string_view text, Slots slots) {
  std::string out;
  out.reserve(text.size() + 32);
  while (!text.empty()) {
    const size_t open = text.find('{');
    out += text.substr(0, open);
    if (open == text.npos) break;
    text.remove_prefix(open);
    const size_t close = text.find('}');
    bool replaced = false;
    if (close != text.npos) {
      const std::string_view name = text.substr(1, close - 1);
      for (const auto& [slot, value] : slots) {
        if (slot != name) continue;
        out += value;
        text.remove_prefix(close + 1);
        replaced = true;
        break;
      }
    }
    if (!replaced) {
      out += '{';
      text.remove_prefix(1);
    }
  }
  return out;
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::string out;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += separator;
    out += parts[i];
  }
  return out;
}

std::string join_and(std::span<const std::string> parts) {
  if (parts.size() < 2) return join(parts, "");
  return join(parts.first(parts.size() - 1), ", ") + " and " + parts.back();
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

std::string lower(std::string_view text) {
  return ascii_lowered(text);
}

std::string capital(std::string_view text) {
  std::string out(text);
  if (!out.empty()) out.front() = upper(out.substr(0, 1)).front();
  return out;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  size_t at = 0;
  while (at < text.size()) {
    const size_t begin = text.find_first_not_of(" \n\t\r", at);
    if (begin == text.npos) break;
    const size_t end = std::min(text.find_first_of(" \n\t\r", begin), text.size());
    words.emplace_back(text.substr(begin, end - begin));
    at = end;
  }
  return words;
}

Effort pick_effort(Random& random) {
  const uint64_t roll = random.below(5);
  if (roll < 2) return Effort::unset;
  return roll == 2 ? Effort::low : roll == 3 ? Effort::medium : Effort::high;
}

std::string pick_system(Random& random) {
  if (!chance(random, 0.2)) return {};
  return std::string(
      pick(random, {"You are a helpful assistant.", "You are step-nano, a helpful assistant.",
                    "Answer the user's question.", "Be short and exact.",
                    "You are a careful assistant. Think before you answer."}));
}

std::string reasoning_for(Effort effort, std::string medium, std::string high) {
  if (effort == Effort::low) return {};
  return effort == Effort::high ? std::move(high) : std::move(medium);
}

std::string reasoning_for(Effort effort, Work work) {
  if (effort == Effort::low) return std::move(work.low);
  return reasoning_for(effort, std::move(work.medium), std::move(work.high));
}

Sample question(Skill skill, std::string_view kind, std::string key, std::string user) {
  Sample sample;
  sample.skill = skill;
  sample.kind = kind;
  sample.key = std::move(key);
  sample.turns.push_back({Role::user, std::move(user), {}, {}});
  return sample;
}

void answer(Sample& sample, std::string reasoning, std::string content) {
  sample.turns.push_back({Role::assistant, std::move(content), std::move(reasoning), {}});
}

}  // namespace stride::nano
