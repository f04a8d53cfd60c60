// SPDX-License-Identifier: Apache-2.0
#include "format/safetensors_catalog.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "base/half.h"
#include "format/checked.h"
#include "format/gguf.h"
#include "format/hf_config.h"
#include "format/hf_names.h"
#include "format/hf_tokenizer.h"
#include "format/safetensors_files.h"
#include "json/json.h"

namespace stride::format {
namespace {

constexpr uint64_t kScaleBlock = 128;  // FP8 weights have one scale for each 128 x 128 block
constexpr std::string_view kScaleSuffix = "_scale_inv";

// Where a tensor's values come from.
struct Source {
  Dtype dtype = Dtype::f32;
  std::span<const std::byte> bytes;
  std::span<const std::byte> scales;  // f32 [ne2, ceil(ne1 / 128), ceil(ne0 / 128)], FP8 only
  bool add_one = false;
  bool mapped = false;               // the presented bytes are the stored ones
  const MappedFile* file = nullptr;  // that holds the bytes, from `offset` on; null if made here
  uint64_t offset = 0;
  std::string_view file_name = {};
};

std::optional<quant::Type> stored_type(Dtype dtype) {
  switch (dtype) {
    case Dtype::f32:
      return quant::Type::f32;
    case Dtype::f16:
      return quant::Type::f16;
    case Dtype::bf16:
      return quant::Type::bf16;
    default:
      return std::nullopt;
  }
}

size_t value_bytes(Dtype dtype) {
  return dtype == Dtype::f32 ? 4 : (dtype == Dtype::f8_e4m3 ? 1 : 2);
}

float load_f32(const std::byte* at) {
  float x = 0;
  std::memcpy(&x, at, sizeof x);
  return x;
}

uint16_t load_u16(const std::byte* at) {
  uint16_t x = 0;
  std::memcpy(&x, at, sizeof x);
  return x;
}

float load_value(Dtype dtype, const std::byte* data, uint64_t i) {
  switch (dtype) {
    case Dtype::f16:
      return f16_to_f32(load_u16(data + 2 * i));
    case Dtype::bf16:
      return bf16_to_f32(load_u16(data + 2 * i));
    case Dtype::f8_e4m3:
      return f8_e4m3_to_f32(static_cast<uint8_t>(data[i]));
    default:
      return load_f32(data + 4 * i);
  }
}

uint64_t blocks(uint64_t n) {
  return (n + kScaleBlock - 1) / kScaleBlock;
}

// Value i of row r as f32, for rows [first, first + n) of the tensor, in order.
void decode_rows(const Tensor& tensor, const Source& source, uint64_t first, uint64_t n,
                 std::byte* out) {
  const uint64_t width = tensor.shape[0];
  for (uint64_t r = first; r < first + n; ++r) {
    const std::byte* row = source.bytes.data() + r * width * value_bytes(source.dtype);
    const uint64_t matrix = r / tensor.shape[1], line = r % tensor.shape[1];
    const uint64_t scale_row =
        (matrix * blocks(tensor.shape[1]) + line / kScaleBlock) * blocks(width);
    for (uint64_t i = 0; i < width; ++i, out += sizeof(float)) {
      float x = load_value(source.dtype, row, i);
      if (!source.scales.empty())
        x *= load_f32(source.scales.data() + (scale_row + i / kScaleBlock) * sizeof(float));
      if (source.add_one) x += 1;
      std::memcpy(out, &x, sizeof x);
    }
  }
}

class SafetensorsCatalog final : public TensorCatalog {
 public:
  explicit SafetensorsCatalog(SafetensorsFiles files) : files_(std::move(files)) {}

  Result<> load() {
    const Json config = STRIDE_TRY(read_json_file(files_.folder() / "config.json"));
    const HfConfig depth = STRIDE_TRY_AT("config.json", read_hf_depth(config));
    const bool with_mtp = has_layer(depth.n_layer);
    if (depth.n_mtp > 0 && !with_mtp)
      warnings_.push_back(fmt::format(
          "config.json announces {} MTP layers, which the files do not hold", depth.n_mtp));
    metadata_.set_string("general.architecture", "step35");
    const std::string name = std::filesystem::absolute(files_.folder()).filename().string();
    metadata_.set_string("general.name", name.empty() ? "step35" : name);
    const HfConfig hf = STRIDE_TRY_AT("config.json", read_hf_config(config, with_mtp, metadata_));
    STRIDE_TRY(load_tokenizer(hf));
    STRIDE_TRY(add_tensors());
    STRIDE_TRY(add_made_tensors(hf));
    return {};
  }

  const Metadata& metadata() const override { return metadata_; }
  std::span<const Tensor> tensors() const override { return tensors_; }
  std::span<const std::string> warnings() const override { return warnings_; }
  bool is_mapped(const Tensor& tensor) const override { return sources_.at(tensor.source).mapped; }

  const Tensor* find(std::string_view name) const override {
    const auto it = by_name_.find(std::string(name));
    return it == by_name_.end() ? nullptr : &tensors_[it->second];
  }

  Result<std::span<const std::byte>> rows(const Tensor& tensor, uint64_t first, uint64_t n,
                                          std::vector<std::byte>& scratch) const override {
    const Source& source = sources_.at(tensor.source);
    const uint64_t row_bytes = tensor.bytes / tensor.rows();
    if (source.mapped) return source.bytes.subspan(first * row_bytes, n * row_bytes);
    scratch.resize(n * row_bytes);
    if (tensor.type != quant::Type::f32) {
      // Stored as presented, but at an address that its type may not have.
      std::memcpy(scratch.data(), source.bytes.data() + first * row_bytes, n * row_bytes);
    } else {
      decode_rows(tensor, source, first, n, scratch.data());
    }
    return scratch;
  }

  std::string place(const Tensor& tensor) const override {
    const Source& source = sources_.at(tensor.source);
    if (!source.file) return "made from config.json";
    return fmt::format("{} at {}", source.file_name, source.offset);
  }

  void release(const Tensor& tensor, uint64_t first, uint64_t n) const override {
    const Source& source = sources_.at(tensor.source);
    if (!source.file) return;
    const uint64_t row_bytes = tensor.shape[0] * value_bytes(source.dtype);
    source.file->advise(MappedFile::Advice::dont_need, source.offset + first * row_bytes,
                        n * row_bytes);
  }

 private:
  bool has_layer(uint32_t n) const {
    const std::string prefix = fmt::format("blk.{}.", n);
    return std::ranges::any_of(files_.entries(), [&](const auto& entry) {
      const auto name = gguf_name(entry.tensor->name);
      return name && name->name.starts_with(prefix);
    });
  }

  Result<> load_tokenizer(const HfConfig& hf) {
    const auto tokenizer = read_json_file(files_.folder() / "tokenizer.json");
    if (!tokenizer && tokenizer.error().code == Errc::not_found) {
      warnings_.emplace_back("tokenizer.json is missing: the model can run but not read text");
      metadata_.set_u32("step35.vocab_size", hf.n_vocab);
      return {};
    }
    if (!tokenizer) return std::unexpected(tokenizer.error());
    auto settings = read_json_file(files_.folder() / "tokenizer_config.json");
    if (!settings && settings.error().code != Errc::not_found)
      return std::unexpected(settings.error());
    STRIDE_TRY_AT("tokenizer.json", read_hf_tokenizer(*tokenizer, settings ? *settings : Json(), hf,
                                                      metadata_, warnings_));
    const auto chat = MappedFile::open(files_.folder() / "chat_template.jinja");
    if (chat) {
      const auto bytes = chat->bytes();
      metadata_.set_string("tokenizer.chat_template",
                           {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }
    return {};
  }

  Result<> add_tensors() {
    size_t n_vision = 0;
    for (const auto& entry : files_.entries()) {
      const std::string& name = entry.tensor->name;
      if (name.ends_with(kScaleSuffix)) continue;  // goes with its weight
      const auto place = gguf_name(name);
      if (place) {
        STRIDE_TRY_AT("tensor " + name, add(entry, *place));
      } else if (is_vision_tensor(name)) {
        ++n_vision;
      } else {
        warnings_.push_back(fmt::format("tensor {} is not known and is left out", name));
      }
    }
    if (n_vision > 0)
      warnings_.push_back(fmt::format("{} tensors of the vision tower are left out", n_vision));
    return {};
  }

  Result<> add(const SafetensorsFiles::Entry& entry, const GgufName& place) {
    const SafeTensor& stored = *entry.tensor;
    const auto type = stored_type(stored.dtype);
    if (!type && stored.dtype != Dtype::f8_e4m3)
      return fail(Errc::unsupported, "is stored as {}", dtype_name(stored.dtype));
    if (stored.shape.empty() || stored.shape.size() > 4)
      return fail(Errc::format, "has {} dimensions, 1 to 4 are wanted", stored.shape.size());
    Tensor tensor;
    tensor.name = place.name;
    tensor.n_dims = static_cast<uint32_t>(stored.shape.size());
    std::ranges::reverse_copy(stored.shape, tensor.shape.begin());
    Source source{
        stored.dtype,           entry.bytes, {}, place.add_one, false, entry.file, stored.offset,
        files_.file_name(entry)};
    if (!type) source.scales = STRIDE_TRY(scales_of(stored, tensor.shape));
    const bool as_stored = type && !place.add_one && !place.keep_float;
    tensor.type = as_stored ? *type : quant::Type::f32;
    tensor.bytes = STRIDE_TRY(tensor_bytes(tensor.type, tensor.shape));
    // A view may be read as numbers of its type, so its address must suit them.
    source.mapped =
        type && tensor.type == *type && !place.add_one &&
        reinterpret_cast<uintptr_t>(entry.bytes.data()) % value_bytes(stored.dtype) == 0;
    return insert(std::move(tensor), source);
  }

  Result<> insert(Tensor tensor, const Source& source) {
    if (!by_name_.try_emplace(tensor.name, tensors_.size()).second)
      return fail(Errc::format, "two tensors mean {}", tensor.name);
    tensor.source = sources_.size();
    sources_.push_back(source);
    tensors_.push_back(std::move(tensor));
    return {};
  }

  Result<std::span<const std::byte>> scales_of(const SafeTensor& weight, const Shape& shape) {
    const auto* entry = files_.find(weight.name + std::string(kScaleSuffix));
    if (!entry) return fail(Errc::format, "is FP8 but has no {}{}", weight.name, kScaleSuffix);
    std::vector<uint64_t> wanted;
    for (const uint64_t n : weight.shape) wanted.push_back(n);
    if (wanted.size() < 2) return fail(Errc::unsupported, "is FP8 and no matrix");
    wanted[wanted.size() - 2] = blocks(shape[1]);
    wanted[wanted.size() - 1] = blocks(shape[0]);
    if (entry->tensor->dtype != Dtype::f32 || entry->tensor->shape != wanted)
      return fail(Errc::format, "its scales must be F32 {}, one for each 128 x 128 block",
                  fmt::format("[{}]", fmt::join(wanted, ", ")));
    return entry->bytes;
  }

  // Tensors that GGUF files carry and checkpoints leave to the configuration.
  Result<> add_made_tensors(const HfConfig& hf) {
    if (hf.tied_embeddings && !find("output.weight")) {
      if (const Tensor* embedding = find("token_embd.weight")) {
        Tensor output = *embedding;
        output.name = "output.weight";
        STRIDE_TRY(insert(std::move(output), Source(sources_[embedding->source])));
      }
    }
    rope_divisors_ = rope_divisors(hf);
    Tensor table;
    table.name = "rope_freqs.weight";
    table.shape[0] = rope_divisors_.size();
    table.bytes = STRIDE_TRY(tensor_bytes(table.type, table.shape));
    return insert(
        std::move(table),
        {Dtype::f32, std::as_bytes(std::span(rope_divisors_)), {}, false, true, nullptr, 0, {}});
  }

  SafetensorsFiles files_;
  Metadata metadata_;
  std::vector<Tensor> tensors_;
  std::vector<Source> sources_;
  std::unordered_map<std::string, size_t> by_name_;
  std::vector<float> rope_divisors_;
  std::vector<std::string> warnings_;
};

}  // namespace

bool is_safetensors_path(const std::filesystem::path& path) {
  std::error_code ignored;
  const std::string name = path.filename().string();
  return std::filesystem::is_directory(path, ignored) || name.ends_with(".safetensors") ||
         name.ends_with(".safetensors.index.json");
}

Result<std::unique_ptr<TensorCatalog>> open_safetensors(const std::filesystem::path& path) {
  auto catalog = std::make_unique<SafetensorsCatalog>(STRIDE_TRY(SafetensorsFiles::open(path)));
  STRIDE_TRY(catalog->load());
  return catalog;
}

}  // namespace stride::format
