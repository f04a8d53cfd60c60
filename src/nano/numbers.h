// SPDX-License-Identifier: Apache-2.0
// Random operands and the keys of operations.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/random.h"

namespace stride::nano {

int n_digits(int64_t value);  // of a number of at least 0

// A number of exactly n digits; for one digit, 0 to 9.
int64_t pick_digits(Random& random, int n);

// One to four digits, more of them as the level rises.
int pick_length(Random& random, double level);

// Two operands whose lengths are mostly equal.
std::pair<int64_t, int64_t> pick_pair(Random& random, double level);

// The key of an operation: the same for both orders of a sum or a product, and for every phrasing,
// so that a held-out sum is held out of word problems and conversations too.
std::string operation_key(char sign, int64_t a, int64_t b);

}  // namespace stride::nano
