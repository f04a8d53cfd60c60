// SPDX-License-Identifier: Apache-2.0
// The figures of stride eval as a table for people and as JSON for programs. Several models stand
// side by side.
#pragma once

#include <span>
#include <string>

#include "nano/evaluate.h"

namespace stride::cli {

struct NamedEvaluation {
  std::string name;
  nano::Evaluation result;
};

enum class Detail { skills, kinds };

std::string evaluation_table(std::span<const NamedEvaluation> models, Detail detail);
std::string evaluation_json(std::span<const NamedEvaluation> models);

}  // namespace stride::cli
