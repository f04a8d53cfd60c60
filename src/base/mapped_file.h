// SPDX-License-Identifier: Apache-2.0
// A file mapped read-only. The mapping lives as long as the object; spans into it must not outlive
// it. A file that another process shortens while it is mapped raises SIGBUS on access, as with any
// mapping: writers must replace files, not cut them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "base/error.h"

namespace stride {

class MappedFile {
 public:
  // How the bytes will be read; a hint to the system that never fails visibly.
  enum class Advice { normal, sequential, random, will_need, dont_need };

  // Fails (not_found, denied, io) for what is not a readable regular file. An empty file maps to an
  // empty span.
  static Result<MappedFile> open(const std::filesystem::path& path);

  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  size_t size() const { return size_; }

  // Advises on the pages that hold bytes [offset, offset + length), cut to the file.
  void advise(Advice advice, size_t offset, size_t length) const;
  void advise(Advice advice) const { advise(advice, 0, size_); }

 private:
  MappedFile(const std::byte* data, size_t size) : data_(data), size_(size) {}
  void unmap();

  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace stride
