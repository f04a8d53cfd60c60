// SPDX-License-Identifier: Apache-2.0
// Loops that keep one unit of a core busy and do nothing else: what they reach is the limit that
// kernels are measured against. Like the kernels, one table per instruction set; the best is that
// of the processor, whatever STRIDE_ISA asks the kernels to be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace stride::kernels {

struct Peaks {
  std::string_view int8_instruction;   // "vpdpbusd zmm"
  std::string_view float_instruction;  // "vfmadd231ps zmm"

  // n_round rounds of int8 products summed in int32, and of float multiply-adds, on registers
  // alone. Return the operations done; a multiply-add counts as two.
  uint64_t (*int8)(uint64_t n_round);
  uint64_t (*fma)(uint64_t n_round);

  // Reads n bytes once, front to back, asking for each line `prefetch` bytes before it is read (0:
  // the hardware has to guess). Requires n % 512 == 0 and `data` aligned to 64. Returns the sum of
  // the 64-bit words, so that no read can be left out.
  uint64_t (*read)(const std::byte* data, size_t n, size_t prefetch);
};

// Those that this processor can run, slowest first, and the last of them.
std::vector<const Peaks*> available_peaks();
const Peaks& best_peaks();

}  // namespace stride::kernels
