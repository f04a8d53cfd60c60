// SPDX-License-Identifier: Apache-2.0
// The makers of the structured output tasks; json_tasks.h is the interface.
#pragma once

#include <vector>

#include "gauntlet/cases.h"
#include "gauntlet/json_tasks.h"

namespace stride::gauntlet::json_task_maker {

// The first constant, or a drawn one.
template <class T>
T choose(Random* random, std::vector<T> from) {
  return random == nullptr ? from[0] : pick(*random, from);
}

JsonTask incident(Random* random);
JsonTask shipment(Random* random);
JsonTask poll(Random* random);
JsonTask calibration(Random* random);
JsonTask release(Random* random);

}  // namespace stride::gauntlet::json_task_maker
