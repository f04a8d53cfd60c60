// SPDX-License-Identifier: Apache-2.0
#include "cli/text_file.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace stride::cli {

namespace {

Result<std::string> read_all(std::FILE* file, std::string_view name, uint64_t max_bytes) {
  std::string all;
  std::array<char, 1 << 16> buffer{};
  while (const size_t n = std::fread(buffer.data(), 1, buffer.size(), file)) {
    if (all.size() + n > max_bytes)
      return fail(Errc::exhausted, "{} has more than the {} bytes that are read at most", name,
                  max_bytes);
    all.append(buffer.data(), n);
  }
  if (std::ferror(file) != 0)
    return fail(Errc::io, "{} could not be read: {}", name, std::strerror(errno));
  return all;
}

}  // namespace

Result<std::string> read_text(const std::string& path, uint64_t max_bytes) {
  if (path == "-") return read_all(stdin, "standard input", max_bytes);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             std::fclose);
  if (!file)
    return fail(errno == ENOENT ? Errc::not_found : Errc::io, "{} could not be opened: {}", path,
                std::strerror(errno));
  return read_all(file.get(), path, max_bytes);
}

Result<std::string> read_regular_file(const std::filesystem::path& path, uint64_t max_bytes) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status))
    return fail(Errc::not_found, "there is no file {}", path.string());
  if (!std::filesystem::is_regular_file(status))
    return fail(Errc::invalid_argument, "{} is not an ordinary file", path.string());
  return read_text(path.string(), max_bytes);
}

}  // namespace stride::cli
