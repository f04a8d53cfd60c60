// SPDX-License-Identifier: Apache-2.0
#include "base/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace stride {
namespace {

constexpr size_t kMaxWrite = size_t{1} << 30;  // Linux writes at most 2 GiB a call

auto system_failure(const std::filesystem::path& path, std::string_view what, int error) {
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  const bool denied = error == EACCES || error == EPERM || error == EROFS;
  const Errc code = full                ? Errc::exhausted
                    : denied            ? Errc::denied
                    : (error == ENOENT) ? Errc::not_found
                                        : Errc::io;
  return fail(code, "{}: cannot {}: {}", path.string(), what,
              std::generic_category().message(error));
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

// Makes the rename durable. A folder that cannot be opened or synced leaves it to the system.
void sync_folder(const std::filesystem::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

}  // namespace

Result<OutputFile> OutputFile::create(const std::filesystem::path& path) {
  if (!path.has_filename()) return fail(Errc::invalid_argument, "{}: names no file", path.string());
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode))
    return fail(Errc::invalid_argument, "{}: exists and is not a regular file", path.string());
  for (int attempt = 0;; ++attempt) {
    auto temporary = folder_of(path) /
                     fmt::format(".{}.{}-{}.part", path.filename().string(), ::getpid(), attempt);
    const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0) return OutputFile(fd, path, std::move(temporary));
    if (errno != EEXIST || attempt == 100) return system_failure(path, "create", errno);
  }
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      written_(other.written_),
      path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)) {}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  if (this != &other) {
    discard();
    fd_ = std::exchange(other.fd_, -1);
    written_ = other.written_;
    path_ = std::move(other.path_);
    temporary_ = std::move(other.temporary_);
  }
  return *this;
}

OutputFile::~OutputFile() {
  discard();
}

void OutputFile::discard() {
  if (fd_ < 0) return;
  ::close(std::exchange(fd_, -1));
  ::unlink(temporary_.c_str());
}

Result<> OutputFile::reserve(uint64_t bytes) {
  if (bytes == 0) return {};
  // Asked first, because a reservation that fails may have filled the disk before it does.
  struct statvfs disk{};
  if (::fstatvfs(fd_, &disk) == 0) {
    const double free = static_cast<double>(disk.f_bavail) * static_cast<double>(disk.f_frsize);
    if (free < static_cast<double>(bytes))
      return fail(Errc::exhausted, "{}: needs {:.2f} GB, the disk has {:.2f} GB free",
                  path_.string(), static_cast<double>(bytes) / 1e9, free / 1e9);
  }
  if (::fallocate(fd_, 0, 0, static_cast<off_t>(bytes)) == 0) return {};
  if (errno == EINTR || errno == EOPNOTSUPP || errno == ENOSYS) return {};
  return system_failure(path_, "reserve its space", errno);
}

Result<> OutputFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_, bytes.data(), std::min(bytes.size(), kMaxWrite));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_failure(path_, "write", errno);
    written_ += static_cast<uint64_t>(n);
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return {};
}

Result<> OutputFile::commit() {
  if (fd_ < 0) return fail(Errc::internal, "{}: committed twice", path_.string());
  if (::ftruncate(fd_, static_cast<off_t>(written_)) != 0 || ::fsync(fd_) != 0)
    return system_failure(path_, "write", errno);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0)
    return system_failure(path_, "rename to", errno);
  ::close(std::exchange(fd_, -1));
  sync_folder(folder_of(path_));
  return {};
}

}  // namespace stride
