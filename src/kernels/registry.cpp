// SPDX-License-Identifier: Apache-2.0
// Which tables exist in this build, which of them this processor can run, and which one to use.
#include <algorithm>
#include <cstdlib>

#include "base/cpu.h"
#include "kernels/avx2/avx2.h"
#include "kernels/avx512vnni/avx512vnni.h"
#include "kernels/kernels.h"
#include "kernels/peaks.h"
#include "kernels/scalar/scalar.h"

namespace stride::kernels {
namespace {

const Kernels& choose() {
  const auto tables = available_kernels();
  if (const char* wanted = std::getenv("STRIDE_ISA")) {
    if (const Kernels* table = kernels_by_name(wanted)) return *table;
  }
  return *tables.back();
}

}  // namespace

std::vector<const Kernels*> available_kernels() {
  std::vector<const Kernels*> tables = {&scalar::table()};
#ifdef STRIDE_KERNELS_X86
  const CpuFeatures cpu = cpu_features();
  if (cpu.avx2) tables.push_back(&avx2::table());
  if (cpu.avx512vnni) tables.push_back(&avx512vnni::table());
#endif
  return tables;
}

const Kernels* kernels_by_name(std::string_view name) {
  const auto tables = available_kernels();
  const auto it = std::ranges::find(tables, name, [](const Kernels* k) { return k->name; });
  return it == tables.end() ? nullptr : *it;
}

const Kernels& best_kernels() {
  static const Kernels& best = choose();
  return best;
}

std::vector<const Peaks*> available_peaks() {
  std::vector<const Peaks*> peaks = {&scalar::peaks()};
#ifdef STRIDE_KERNELS_X86
  const CpuFeatures cpu = cpu_features();
  if (cpu.avx2) peaks.push_back(&avx2::peaks());
  if (cpu.avx512vnni) peaks.push_back(&avx512vnni::peaks());
#endif
  return peaks;
}

const Peaks& best_peaks() {
  return *available_peaks().back();
}

}  // namespace stride::kernels
