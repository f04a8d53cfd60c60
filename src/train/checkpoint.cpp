// SPDX-License-Identifier: Apache-2.0
#include "train/checkpoint.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include "base/mapped_file.h"
#include "base/output_file.h"

namespace stride::train {
namespace {

constexpr std::string_view kMagic = "STRIDECK";
constexpr std::string_view kPrefix = "step-", kSuffix = ".checkpoint";
constexpr uint64_t kVersion = 1;
constexpr uint64_t kMaxHeader = 16U << 20, kMaxArrays = 16;

uint64_t round_up8(uint64_t n) {
  return (n + 7) / 8 * 8;
}

// Notices damaged, moved and missing words; not meant against intent.
uint64_t checksum(uint64_t sum, std::span<const std::byte> words) {
  for (size_t i = 0; i + 8 <= words.size(); i += 8) {
    uint64_t word = 0;
    std::memcpy(&word, words.data() + i, 8);
    sum = std::rotl((sum ^ word) * 0x9e3779b97f4a7c15, 29);
  }
  return sum;
}

// Writes parts padded to whole words and sums what it writes.
class Writer {
 public:
  explicit Writer(OutputFile& file) : file_(file) {}

  Result<> part(std::span<const std::byte> bytes) {
    const size_t whole = bytes.size() / 8 * 8;
    STRIDE_TRY(put(bytes.first(whole)));
    if (whole == bytes.size()) return {};
    std::array<std::byte, 8> last{};
    std::ranges::copy(bytes.subspan(whole), last.begin());
    return put(last);
  }
  Result<> word(uint64_t value) { return part(std::as_bytes(std::span(&value, 1))); }
  uint64_t sum() const { return sum_; }

 private:
  Result<> put(std::span<const std::byte> words) {
    sum_ = checksum(sum_, words);
    return file_.write(words);
  }

  OutputFile& file_;
  uint64_t sum_ = 0;
};

// Takes parts from the front of the mapped words.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> words) : rest_(words) {}

  Result<uint64_t> word() {
    const auto bytes = STRIDE_TRY(part(8));
    uint64_t value = 0;
    std::memcpy(&value, bytes.data(), 8);
    return value;
  }
  Result<std::span<const std::byte>> part(uint64_t n) {
    if (n > rest_.size() || round_up8(n) > rest_.size())
      return fail(Errc::format, "the checkpoint is cut short");
    const auto bytes = rest_.first(n);
    rest_ = rest_.subspan(round_up8(n));
    return bytes;
  }
  size_t left() const { return rest_.size(); }

 private:
  std::span<const std::byte> rest_;
};

Result<Checkpoint> parse(std::span<const std::byte> file) {
  if (file.size() < 32 || std::memcmp(file.data(), kMagic.data(), kMagic.size()) != 0)
    return fail(Errc::format, "this is no checkpoint");
  if (file.size() % 8 != 0) return fail(Errc::format, "the checkpoint is cut short");
  uint64_t stored = 0;
  std::memcpy(&stored, file.data() + file.size() - 8, 8);
  Reader in(file.first(file.size() - 8));
  STRIDE_TRY(in.part(kMagic.size()));
  const uint64_t version = STRIDE_TRY(in.word());
  if (version != kVersion)
    return fail(Errc::unsupported, "the checkpoint has version {}, not {}", version, kVersion);
  if (checksum(0, file.first(file.size() - 8)) != stored)
    return fail(Errc::format, "the checkpoint is damaged: its checksum does not match");
  Checkpoint checkpoint;
  const uint64_t n_header = STRIDE_TRY(in.word());
  if (n_header > kMaxHeader) return fail(Errc::format, "a header of {} bytes", n_header);
  const auto header = STRIDE_TRY(in.part(n_header));
  checkpoint.header.assign(reinterpret_cast<const char*>(header.data()), header.size());
  const uint64_t n_array = STRIDE_TRY(in.word());
  if (n_array > kMaxArrays) return fail(Errc::format, "{} arrays", n_array);
  for (uint64_t a = 0; a < n_array; ++a) {
    const uint64_t n = STRIDE_TRY(in.word());
    if (n > in.left() / sizeof(float)) return fail(Errc::format, "the checkpoint is cut short");
    const auto bytes = STRIDE_TRY(in.part(n * sizeof(float)));
    std::vector<float>& array = checkpoint.arrays.emplace_back(n);
    std::memcpy(array.data(), bytes.data(), bytes.size());
  }
  return checkpoint;
}

}  // namespace

Result<> write_checkpoint(const std::filesystem::path& path, std::string_view header,
                          std::span<const std::span<const float>> arrays) {
  uint64_t total = 40 + round_up8(header.size());
  for (const auto& array : arrays) total += 8 + round_up8(array.size_bytes());
  OutputFile file = STRIDE_TRY(OutputFile::create(path));
  STRIDE_TRY(file.reserve(total));
  Writer out(file);
  STRIDE_TRY(out.part(std::as_bytes(std::span(kMagic))));
  STRIDE_TRY(out.word(kVersion));
  STRIDE_TRY(out.word(header.size()));
  STRIDE_TRY(out.part(std::as_bytes(std::span(header))));
  STRIDE_TRY(out.word(arrays.size()));
  for (const auto& array : arrays) {
    STRIDE_TRY(out.word(array.size()));
    STRIDE_TRY(out.part(std::as_bytes(array)));
  }
  STRIDE_TRY(out.word(out.sum()));
  return file.commit();
}

Result<Checkpoint> read_checkpoint(const std::filesystem::path& path) {
  const MappedFile file = STRIDE_TRY(MappedFile::open(path));
  auto checkpoint = parse(file.bytes());
  if (!checkpoint) return within(path.string(), std::move(checkpoint).error());
  return checkpoint;
}

std::vector<CheckpointFile> list_checkpoints(const std::filesystem::path& folder) {
  std::vector<CheckpointFile> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) continue;
    CheckpointFile file{entry.path()};
    const char* end = name.data() + name.size() - kSuffix.size();
    const auto [stop, errc] = std::from_chars(name.data() + kPrefix.size(), end, file.step);
    if (errc == std::errc() && stop == end) files.push_back(std::move(file));
  }
  std::ranges::sort(files, std::greater(), &CheckpointFile::step);
  return files;
}

std::filesystem::path checkpoint_path(const std::filesystem::path& folder, uint64_t step) {
  return folder / fmt::format("{}{}{}", kPrefix, step, kSuffix);
}

void prune_checkpoints(const std::filesystem::path& folder, size_t keep) {
  const std::vector<CheckpointFile> files = list_checkpoints(folder);
  for (size_t i = keep; i < files.size(); ++i) {
    std::error_code ignored;
    std::filesystem::remove(files[i].path, ignored);
  }
}

}  // namespace stride::train
