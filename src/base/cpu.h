// SPDX-License-Identifier: Apache-2.0
// What this processor can execute, as far as the kernels ask. A feature counts only if the
// operating system saves the registers it needs.
#pragma once

namespace stride {

struct CpuFeatures {
  bool avx2 = false;        // AVX2, FMA and F16C
  bool avx512vnni = false;  // AVX-512 F, BW, VL, DQ and VNNI, and all of avx2
};

CpuFeatures cpu_features();

// Cores this process may run on, at least 1.
unsigned n_cores();

}  // namespace stride
