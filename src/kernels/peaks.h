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

  // Reads n bytes once, front to back, prefetching as the products do. Requires n % 512 == 0 and
  // `data` aligned to 64. Returns a sum over them, so that no read can be left out; which sum
  // differs between the tables.
  uint64_t (*read)(const std::byte* data, size_t n);
};

// Those that this processor can run, slowest first, and the last of them.
std::vector<const Peaks*> available_peaks();
const Peaks& best_peaks();

}  // namespace stride::kernels
