// SPDX-License-Identifier: Apache-2.0
// The curves of a training run as one SVG: losses, accuracy, learning rate, balance of the experts
// and speed, each over the tokens seen.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace stride::train {

// `log` is the text of a run's log.jsonl. Fails naming the line that is no entry of such a log.
Result<std::string> plot_svg(std::string_view log, std::string_view title);

}  // namespace stride::train
