// SPDX-License-Identifier: Apache-2.0
#include "format/gguf_catalog.h"

#include <charconv>
#include <unordered_map>
#include <utility>

#include "base/mapped_file.h"
#include "format/gguf.h"
#include "format/layout.h"

namespace stride::format {
namespace {

constexpr std::string_view kSuffix = ".gguf";

struct Shard {
  MappedFile file;
  GgufFile gguf;
  std::string name;
};

std::optional<uint32_t> five_digits(std::string_view text) {
  uint32_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.size() != 5 || error != std::errc() || end != text.data() + text.size()) return {};
  return n;
}

Result<Shard> open_shard(const std::filesystem::path& path) {
  Shard shard{STRIDE_TRY(MappedFile::open(path)), {}, path.filename().string()};
  shard.gguf = STRIDE_TRY_AT(shard.name, parse_gguf(shard.file.bytes()));
  return shard;
}

// The value of a split.* key; `absent` where the file has none.
Result<int64_t> split_key(const Shard& shard, std::string_view key, int64_t absent) {
  if (!shard.gguf.metadata.contains(key)) return absent;
  return STRIDE_TRY_AT(shard.name, shard.gguf.metadata.integer(key));
}

// Number of shards, from the keys, which must agree with the name.
Result<uint32_t> shard_count(const Shard& shard, const std::optional<ShardName>& name) {
  const int64_t count = STRIDE_TRY(split_key(shard, "split.count", 1));
  const uint32_t named = name ? name->count : 1;
  if (count < 0 || count > 99999)
    return fail(Errc::format, "{}: key split.count is {}", shard.name, count);
  if (count <= 1 && named == 1) return 1;
  if (count <= 1)
    return fail(Errc::format, "{}: is named as one of {} shards but has no key split.count",
                shard.name, named);
  if (!name || count != named)
    return fail(Errc::format,
                "{}: is one of {} shards (key split.count); its name must end in "
                "-00001-of-{:05}.gguf so that the others can be found",
                shard.name, count, count);
  return static_cast<uint32_t>(count);
}

Result<> check_place(const Shard& shard, uint32_t number, uint32_t count) {
  const int64_t no = STRIDE_TRY(split_key(shard, "split.no", -1));
  const int64_t of = STRIDE_TRY(split_key(shard, "split.count", 1));
  if (no + 1 != number || of != count)
    return fail(Errc::format,
                "{}: says it is shard {} of {} (keys split.no and split.count), "
                "its name says {} of {}",
                shard.name, no + 1, of, number, count);
  return {};
}

class GgufCatalog final : public TensorCatalog {
 public:
  explicit GgufCatalog(std::vector<Shard> shards) : shards_(std::move(shards)) {}

  Result<> index() {
    for (size_t s = 0; s < shards_.size(); ++s) {
      const GgufFile& gguf = shards_[s].gguf;
      for (const Tensor& tensor : gguf.tensors) {
        const auto [it, added] = by_name_.try_emplace(tensor.name, tensors_.size());
        if (!added)
          return fail(Errc::format, "tensor {} is in {} and in {}", tensor.name,
                      shards_[places_[it->second].shard].name, shards_[s].name);
        tensors_.push_back(tensor);
        tensors_.back().source = places_.size();
        places_.push_back({s, gguf.offsets[tensor.source]});
      }
      warn_of_unused_bytes(shards_[s]);
    }
    const int64_t wanted = STRIDE_TRY(split_key(shards_[0], "split.tensors.count", -1));
    if (wanted >= 0 && static_cast<uint64_t>(wanted) != tensors_.size())
      return fail(Errc::format, "{} tensors were found, key split.tensors.count announces {}",
                  tensors_.size(), wanted);
    return {};
  }

  const Metadata& metadata() const override { return shards_[0].gguf.metadata; }
  std::span<const Tensor> tensors() const override { return tensors_; }
  std::span<const std::string> warnings() const override { return warnings_; }
  bool is_mapped(const Tensor& /*tensor*/) const override { return true; }

  const Tensor* find(std::string_view name) const override {
    const auto it = by_name_.find(std::string(name));
    return it == by_name_.end() ? nullptr : &tensors_[it->second];
  }

  Result<std::span<const std::byte>> rows(const Tensor& tensor, uint64_t first, uint64_t n,
                                          std::vector<std::byte>& scratch) const override {
    return take_rows(tensor, bytes_of(tensor), first, n, scratch);
  }

  Result<std::span<const std::byte>> stored(const Tensor& tensor, uint64_t first, uint64_t n,
                                            std::vector<std::byte>& /*scratch*/) const override {
    const uint64_t row_bytes = tensor.bytes / tensor.rows();
    return bytes_of(tensor).subspan(first * row_bytes, n * row_bytes);
  }

  std::string place(const Tensor& tensor) const override {
    const Place& place = places_.at(tensor.source);
    return fmt::format("{} at {}", shards_[place.shard].name, place.offset);
  }

  void release(const Tensor& tensor, uint64_t first, uint64_t n) const override {
    const Place& place = places_.at(tensor.source);
    const uint64_t row_bytes = tensor.bytes / tensor.rows();
    shards_[place.shard].file.advise(MappedFile::Advice::dont_need,
                                     place.offset + first * row_bytes, n * row_bytes);
  }

 private:
  struct Place {
    size_t shard;
    uint64_t offset;
  };

  std::span<const std::byte> bytes_of(const Tensor& tensor) const {
    const Place& place = places_.at(tensor.source);
    return shards_[place.shard].file.bytes().subspan(place.offset, tensor.bytes);
  }

  // Padding is less than the alignment for each tensor; more is data that nothing refers to.
  void warn_of_unused_bytes(const Shard& shard) {
    const GgufFile& gguf = shard.gguf;
    if (gguf.tensors.empty()) return;
    uint64_t used = gguf.data_offset;
    for (const Tensor& tensor : gguf.tensors) used += tensor.bytes;
    const uint64_t unused = shard.file.size() - used;
    if (unused >= gguf.alignment * (gguf.tensors.size() + 1))
      warnings_.push_back(
          fmt::format("{} has {} bytes that belong to no tensor", shard.name, unused));
  }

  std::vector<Shard> shards_;
  std::vector<Tensor> tensors_;
  std::vector<Place> places_;
  std::unordered_map<std::string, size_t> by_name_;
  std::vector<std::string> warnings_;
};

}  // namespace

std::optional<ShardName> ShardName::parse(std::string_view name) {
  constexpr size_t kTail = std::string_view("-00001-of-00001.gguf").size();
  if (name.size() <= kTail || !name.ends_with(kSuffix)) return {};
  const std::string_view tail = name.substr(name.size() - kTail);
  const auto number = five_digits(tail.substr(1, 5));
  const auto count = five_digits(tail.substr(10, 5));
  if (tail[0] != '-' || tail.substr(6, 4) != "-of-" || !number || !count) return {};
  if (*number < 1 || *number > *count) return {};
  return ShardName{std::string(name.substr(0, name.size() - kTail)), *number, *count};
}

std::string ShardName::with_number(uint32_t n) const {
  return fmt::format("{}-{:05}-of-{:05}{}", stem, n, count, kSuffix);
}

Result<std::unique_ptr<TensorCatalog>> open_gguf(const std::filesystem::path& path) {
  Shard given = STRIDE_TRY(open_shard(path));
  const auto name = ShardName::parse(given.name);
  const uint32_t count = STRIDE_TRY(shard_count(given, name));
  std::vector<Shard> shards;
  for (uint32_t number = 1; number <= count; ++number) {
    if (count == 1 || number == name->number) {
      shards.push_back(std::move(given));
    } else {
      const auto sibling = path.parent_path() / name->with_number(number);
      auto shard = open_shard(sibling);
      if (!shard && shard.error().code == Errc::not_found)
        return fail(Errc::not_found, "shard {} of {} is missing: {}", number, count,
                    sibling.string());
      shards.push_back(STRIDE_TRY(std::move(shard)));
    }
    if (count > 1) STRIDE_TRY(check_place(shards.back(), number, count));
  }
  auto catalog = std::make_unique<GgufCatalog>(std::move(shards));
  STRIDE_TRY(catalog->index());
  return catalog;
}

}  // namespace stride::format
