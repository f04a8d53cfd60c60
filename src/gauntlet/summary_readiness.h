// SPDX-License-Identifier: Apache-2.0
// The readiness of a summarised run under every profile, with intervals from the same bootstrap
// that the scores have.
#pragma once

#include <vector>

#include "gauntlet/summary.h"

namespace stride::gauntlet {

std::vector<Readiness> readiness_of(const Summary& summary);

}  // namespace stride::gauntlet
