// SPDX-License-Identifier: Apache-2.0
// What step-nano knows by heart: who it is, what its runtime does, small talk and a handful of
// general facts.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace stride::nano {

// Several ways to say one thing and its one answer. `about` is the short thought that leads to it
// and `must` the words (separated by '|') that a right answer holds.
struct Talk {
  std::string_view about;
  std::vector<std::string_view> asked;
  std::string_view answer;
  std::string_view must;
};

std::span<const Talk> identity_table();
std::span<const Talk> runtime_table();
std::span<const Talk> small_talk_table();
std::span<const Talk> chinese_table();

// A question with one slot and its answers: "What is the capital of {a}?" with France, Paris.
struct FactGroup {
  std::string_view name;
  std::vector<std::string_view> asked;
  std::string_view answer;  // {a} the given, {b} the wanted
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
};
std::span<const FactGroup> fact_groups();

}  // namespace stride::nano
