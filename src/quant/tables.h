// SPDX-License-Identifier: Apache-2.0
// The values that the stored integers of the non-uniform types stand for.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace stride::quant {

// IQ4_NL and IQ4_XS.
inline constexpr std::array<int8_t, 16> kIq4Values = {-127, -104, -83, -65, -49, -35, -22, -10,
                                                      1,    13,   25,  38,  53,  69,  89,  113};

// MXFP4: twice the values of e2m1, so that all are integers. 8 is minus zero.
inline constexpr std::array<int8_t, 16> kMxfp4Values = {0, 1,  2,  3,  4,  6,  8,  12,
                                                        0, -1, -2, -3, -4, -6, -8, -12};

// IQ3_S: the four magnitudes of each index.
extern const std::array<std::array<uint8_t, 4>, 512> kIq3sGrid;

}  // namespace stride::quant
