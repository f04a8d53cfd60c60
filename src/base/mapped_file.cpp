// SPDX-License-Identifier: Apache-2.0
#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace stride {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Errc kind_of(int error) {
  if (error == ENOENT || error == ENOTDIR) return Errc::not_found;
  if (error == EACCES || error == EPERM) return Errc::denied;
  return error == ENOMEM ? Errc::exhausted : Errc::io;
}

auto system_failure(const std::filesystem::path& path, int error) {
  return fail(kind_of(error), "{}: {}", path.string(), std::generic_category().message(error));
}

int to_system(MappedFile::Advice advice) {
  switch (advice) {
    case MappedFile::Advice::normal:
      return MADV_NORMAL;
    case MappedFile::Advice::sequential:
      return MADV_SEQUENTIAL;
    case MappedFile::Advice::random:
      return MADV_RANDOM;
    case MappedFile::Advice::will_need:
      return MADV_WILLNEED;
    case MappedFile::Advice::dont_need:
      return MADV_DONTNEED;
  }
  return MADV_NORMAL;
}

}  // namespace

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a named pipe must not wait for a writer.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return system_failure(path, errno);
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) return system_failure(path, errno);
  if (S_ISDIR(info.st_mode)) return fail(Errc::io, "{}: is a directory, not a file", path.string());
  if (!S_ISREG(info.st_mode)) return fail(Errc::io, "{}: is not a regular file", path.string());
  const auto size = static_cast<size_t>(info.st_size);
  if (size == 0) return MappedFile();
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (data == MAP_FAILED) return system_failure(path, errno);
  return MappedFile(static_cast<const std::byte*>(data), size);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  if (this != &other) {
    unmap();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

MappedFile::~MappedFile() {
  unmap();
}

void MappedFile::unmap() {
  // munmap takes a mutable pointer although it writes nothing.
  if (data_) ::munmap(const_cast<std::byte*>(data_), size_);
}

void MappedFile::advise(Advice advice, size_t offset, size_t length) const {
  if (offset >= size_ || length == 0) return;
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  const size_t end = offset + std::min(length, size_ - offset);
  const size_t begin = offset / page * page;
  ::madvise(const_cast<std::byte*>(data_ + begin), end - begin, to_system(advice));
}

}  // namespace stride
