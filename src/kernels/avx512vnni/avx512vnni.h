// SPDX-License-Identifier: Apache-2.0
// The kernels for AVX-512 with VNNI: the products. What is not bound by multiplication is that of
// AVX2, which every such processor has. Only the registry may call table(), after asking the
// processor.
#pragma once

#include "kernels/kernels.h"
#include "kernels/peaks.h"

namespace stride::kernels::avx512vnni {

const Kernels& table();
const Peaks& peaks();

}  // namespace stride::kernels::avx512vnni
