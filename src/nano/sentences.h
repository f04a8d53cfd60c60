// SPDX-License-Identifier: Apache-2.0
// Plain sentences from a small grammar, for filler text and passages.
#pragma once

#include <string>

#include "base/random.h"

namespace stride::nano {

std::string filler_sentence(Random& random);

// "a cat", "an owl"
std::string with_article(std::string_view noun);

}  // namespace stride::nano
