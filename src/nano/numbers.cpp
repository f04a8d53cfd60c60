// SPDX-License-Identifier: Apache-2.0
#include "nano/numbers.h"

#include <fmt/core.h>

#include <algorithm>

#include "nano/pick.h"

namespace stride::nano {

int n_digits(int64_t value) {
  int n = 1;
  while (value >= 10) {
    value /= 10;
    ++n;
  }
  return n;
}

int64_t pick_digits(Random& random, int n) {
  int64_t low = 1;
  for (int i = 1; i < n; ++i) low *= 10;
  return n == 1 ? between(random, 0, 9) : between(random, low, low * 10 - 1);
}

int pick_length(Random& random, double level) {
  const double roll = random.uniform();
  const double four = 0.2 * level, three = 0.25 + 0.2 * level, one = 0.2 - 0.1 * level;
  if (roll < four) return 4;
  if (roll < four + three) return 3;
  return roll < four + three + one ? 1 : 2;
}

std::pair<int64_t, int64_t> pick_pair(Random& random, double level) {
  const int length = pick_length(random, level);
  const int other = chance(random, 0.7) ? length : static_cast<int>(between(random, 1, length));
  int64_t a = pick_digits(random, length), b = pick_digits(random, other);
  if (chance(random, 0.5)) std::swap(a, b);
  return {a, b};
}

std::string operation_key(char sign, int64_t a, int64_t b) {
  if (sign != '-' && sign != '/' && a > b) std::swap(a, b);
  return fmt::format("{}{}{}", a, sign, b);
}

}  // namespace stride::nano
