// SPDX-License-Identifier: Apache-2.0
// What the kernels' tests share: the tables to test, data of every kind, and comparison by bits.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "kernels/kernels.h"
#include "quant/codec.h"

namespace stride::kernels {

#ifdef STRIDE_KERNELS_EMULATED
namespace avx512vnni_emulated {
const Kernels& table();
}
#endif

inline void PrintTo(const Kernels* k, std::ostream* out) {
  *out << k->name;
}

// Every table this processor can run; the AVX-512 one otherwise in emulation.
inline std::vector<const Kernels*> tables_to_test() {
  auto tables = available_kernels();
#ifdef STRIDE_KERNELS_EMULATED
  if (!kernels_by_name("avx512vnni")) tables.push_back(&avx512vnni_emulated::table());
#endif
  return tables;
}

inline std::string table_name(const Kernels* k) {
  return std::string(k->name);
}

// Bytes that end where the process may no longer read: an access past the end faults.
class GuardedBytes {
 public:
  explicit GuardedBytes(size_t n) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    mapped_ = round_up(n, page) + page;
    void* p = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    STRIDE_CHECK(p != MAP_FAILED);
    base_ = static_cast<std::byte*>(p);
    STRIDE_CHECK(mprotect(base_ + mapped_ - page, page, PROT_NONE) == 0);
    data_ = base_ + mapped_ - page - n;
  }
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;
  ~GuardedBytes() { munmap(base_, mapped_); }

  std::byte* data() const { return data_; }

 private:
  std::byte* base_ = nullptr;
  std::byte* data_ = nullptr;
  size_t mapped_ = 0;
};

// A vector whose first element is aligned to 64 bytes.
template <class T>
class AlignedVector {
 public:
  explicit AlignedVector(size_t n) : storage_(n * sizeof(T) + 64), n_(n) {}
  T* data() {
    const auto at = reinterpret_cast<uintptr_t>(storage_.data());
    return reinterpret_cast<T*>(storage_.data() + (-at & 63));
  }
  size_t size() const { return n_; }

 private:
  std::vector<std::byte> storage_;
  size_t n_;
};

inline std::vector<float> random_floats(Random& random, size_t n, double deviation = 1) {
  std::vector<float> x(n);
  for (float& v : x) v = static_cast<float>(deviation * random.normal());
  return x;
}

// Equal bits, any two NaN being equal.
inline bool same_bits(float a, float b) {
  return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

// Index of the first difference, or n.
inline size_t first_difference(const float* a, const float* b, size_t n) {
  size_t i = 0;
  while (i < n && same_bits(a[i], b[i])) ++i;
  return i;
}

}  // namespace stride::kernels
