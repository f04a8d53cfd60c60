// SPDX-License-Identifier: Apache-2.0
// The tasks of the structured output test: a schema in words and as JSON Schema, the assertions it
// is made of, one rule across fields, a reference and answers that break something.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "json/json_fwd.h"

namespace stride::gauntlet {

struct JsonAssertion {
  std::string name{};
  std::function<bool(const Json&)> holds{};
};

struct JsonTask {
  std::string prompt{};
  std::string schema{};
  std::vector<JsonAssertion> assertions{};  // 18
  JsonAssertion cross{};
  std::string reference{};
  std::vector<std::pair<std::string, std::string>> wrong{};  // name, answer that must not pass
};

inline constexpr size_t kJsonTasks = 5;
inline constexpr size_t kJsonAssertions = 18;

// Task `index` with its first constants, or with drawn ones.
JsonTask json_task(size_t index, Random* random);

}  // namespace stride::gauntlet
