// SPDX-License-Identifier: Apache-2.0
// Judges an answer to a sample: exact, and independent of phrasing wherever the task allows.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "nano/sample.h"

namespace stride::nano {

struct Verdict {
  bool correct = false;
  // The answer has the right form, whatever it says: the calls are of declared tools and hold a
  // JSON object, the JSON parses, the program runs. True for answers without a prescribed form.
  bool well_formed = true;
  std::string why;  // of a wrong answer: what was expected and what came
};

// `content` is the answer without its reasoning, `calls` the tool calls that it makes.
Verdict verify(const Sample& sample, std::string_view content, std::span<const Call> calls);

// The verdict on the sample's own reference answer.
Verdict verify_reference(const Sample& sample);

// Equal JSON values; objects are equal in any order of their keys. False if either text is no JSON.
bool equal_json(std::string_view a, std::string_view b);

}  // namespace stride::nano
