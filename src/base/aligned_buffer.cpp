// SPDX-License-Identifier: Apache-2.0
#include "base/aligned_buffer.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace stride {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;

std::unexpected<Error> no_memory(size_t bytes) {
  return fail(Errc::exhausted, "cannot allocate {} bytes of memory", bytes);
}

// Reserves one huge page too many and gives back what lies outside the aligned part.
std::byte* map_huge(size_t bytes) {
  const size_t reserved = bytes + kHugePage;
  void* p = mmap(nullptr, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return nullptr;
  auto* begin = static_cast<std::byte*>(p);
  const size_t head = -reinterpret_cast<uintptr_t>(begin) & (kHugePage - 1);
  if (head > 0) munmap(begin, head);
  if (head < kHugePage) munmap(begin + head + bytes, kHugePage - head);
  madvise(begin + head, bytes, MADV_HUGEPAGE);  // advice: failure only costs speed
  return begin + head;
}

}  // namespace

Result<AlignedBytes> AlignedBytes::allocate(size_t bytes) {
  AlignedBytes buffer;
  if (bytes == 0) return buffer;
  if (bytes > SIZE_MAX / 2) return no_memory(bytes);
  if (bytes >= kHugeBytes) {
    const size_t whole = (bytes + kHugePage - 1) / kHugePage * kHugePage;
    buffer.data_ = map_huge(whole);
    if (!buffer.data_) return no_memory(bytes);
    buffer.bytes_ = whole;
    return buffer;
  }
  const size_t whole = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  buffer.data_ = static_cast<std::byte*>(std::aligned_alloc(kAlignment, whole));
  if (!buffer.data_) return no_memory(bytes);
  std::memset(buffer.data_, 0, whole);
  buffer.bytes_ = whole;
  return buffer;
}

AlignedBytes::~AlignedBytes() {
  if (bytes_ >= kHugeBytes) {
    munmap(data_, bytes_);
  } else {
    std::free(data_);
  }
}

}  // namespace stride
