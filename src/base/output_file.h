// SPDX-License-Identifier: Apache-2.0
// A file that appears whole or not at all: written under a temporary name in the same folder, then
// synced and renamed over its final name by commit(). Until then an older file of that name stays
// as it is; without commit() the destructor removes what was written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "base/error.h"

namespace stride {

class OutputFile {
 public:
  // Refuses a name that is taken by something other than a regular file.
  static Result<OutputFile> create(const std::filesystem::path& path);

  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();

  // Claims the space of a file of this size, so that a disk that is too small is known before the
  // work is done (exhausted). File systems that cannot reserve accept any size.
  Result<> reserve(uint64_t bytes);

  Result<> write(std::span<const std::byte> bytes);
  Result<> write(std::string_view text) { return write(std::as_bytes(std::span(text))); }
  uint64_t written() const { return written_; }

  // Cuts the file to what was written, makes it durable and gives it its name.
  Result<> commit();

 private:
  OutputFile(int fd, std::filesystem::path path, std::filesystem::path temporary)
      : fd_(fd), path_(std::move(path)), temporary_(std::move(temporary)) {}
  void discard();

  int fd_ = -1;
  uint64_t written_ = 0;
  std::filesystem::path path_, temporary_;
};

}  // namespace stride
