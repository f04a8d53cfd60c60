// SPDX-License-Identifier: Apache-2.0
// Written arithmetic, digit by digit from the right, in the fixed notation that step-nano learns.
//
// Three lengths of the same work for 347 + 285:
//   low     7+5=12, 4+8+1=13, 3+2+1=6
//   medium  7+5=12, 4+8+1=13, 3+2+1=6 = 632
//   high    7+5=12, write 2, carry 1
//           4+8+1=13, write 3, carry 1
//           3+2+1=6, write 6
//           Result: 632
// The least significant digit comes first because then each step needs only what is already
// written. Even the shortest form writes each digit of the operands before what it gives: a step
// then combines what stands beside it and never looks up two things at once.
#pragma once

#include <cstdint>
#include <string>

#include "nano/sample.h"

namespace stride::nano {

// All operands are at least 0; `subtract` takes either order and gives the sign in its last line.
std::string work_add(int64_t a, int64_t b, Effort effort);
std::string work_subtract(int64_t a, int64_t b, Effort effort);
std::string work_multiply(int64_t a, int64_t b, Effort effort);
// Long division by a divisor of one digit: each step is prefix=divisor*digit+rest.
std::string work_divide(int64_t a, int64_t divisor, Effort effort);
// Whether a is greater, less or equal, by length and then by the first digit that differs.
std::string work_compare(int64_t a, int64_t b, Effort effort);

}  // namespace stride::nano
