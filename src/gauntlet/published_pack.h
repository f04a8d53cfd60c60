// SPDX-License-Identifier: Apache-2.0
// The published series' own scale, for prompts that the user obtained from its repository: its
// fifteen formulas as they are computed there, constants and substrings included. It exists only to
// place an endpoint beside the printed scores. Our tests are never put on this scale, a run of it
// is never stored with ours, and whatever shows it shows its floor and its ceiling too.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gauntlet/published.h"

namespace stride::gauntlet {

class Sandbox;

struct PublishedPrompt {
  std::string text{};                   // with its document, as it is sent
  std::vector<std::string> expected{};  // of code_execution_reasoning: the lists that are printed
};
using PublishedPrompts = std::array<PublishedPrompt, kPublishedTests>;

// A JSON object with a member for each of the fifteen tests: the prompt as text, or an object with
// "prompt" and, where the test has them, "context" and "expected".
Result<PublishedPrompts> read_published_prompts(std::string_view json);

// What the published evaluator gives to this answer of test `index`. The sandbox tells whether
// Python code compiles. Errc::unsupported where that is needed and there is no sandbox.
Result<double> published_score(size_t index, const PublishedPrompt& prompt, std::string_view answer,
                               Sandbox& sandbox);

struct PublishedCell {
  double score = 0;
  bool failed = false;  // the request failed; an empty answer counts as a success there
  double total_s = 0;
  std::optional<double> ttfa_s{};  // measured; nothing where no answer came
  std::string note{};
};

struct PublishedResult {
  double average = 0;  // over the requests that did not fail
  size_t n_passed = 0, n_failed = 0;
  double overall = 0;  // .50 average + .25 speed in three steps + .25 share of requests that worked
};
PublishedResult published_result(const std::array<PublishedCell, kPublishedTests>& cells);

// The average on a line from 0 to 1 with the floor and the ceiling, of `width` characters.
std::string published_gauge(double average, size_t width = 61);

}  // namespace stride::gauntlet
