// SPDX-License-Identifier: Apache-2.0
#include "format/safetensors.h"

#include <algorithm>
#include <array>
#include <utility>

#include "format/checked.h"
#include "format/cursor.h"
#include "json/json.h"

namespace stride::format {
namespace {

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // as the reference implementation has it
constexpr size_t kMaxDims = 8;

struct DtypeInfo {
  std::string_view name;
  Dtype dtype;
  uint32_t bytes;  // of a value
};

constexpr std::array kDtypes = {
    DtypeInfo{"F32", Dtype::f32, 4},       DtypeInfo{"F16", Dtype::f16, 2},
    DtypeInfo{"BF16", Dtype::bf16, 2},     DtypeInfo{"F8_E4M3", Dtype::f8_e4m3, 1},
    DtypeInfo{"F64", Dtype::other, 8},     DtypeInfo{"I64", Dtype::other, 8},
    DtypeInfo{"U64", Dtype::other, 8},     DtypeInfo{"I32", Dtype::other, 4},
    DtypeInfo{"U32", Dtype::other, 4},     DtypeInfo{"I16", Dtype::other, 2},
    DtypeInfo{"U16", Dtype::other, 2},     DtypeInfo{"I8", Dtype::other, 1},
    DtypeInfo{"U8", Dtype::other, 1},      DtypeInfo{"BOOL", Dtype::other, 1},
    DtypeInfo{"F8_E5M2", Dtype::other, 1}, DtypeInfo{"F8_E8M0", Dtype::other, 1},
};

Result<uint64_t> natural(const Json& value) {
  const auto n = json::as_int64(value);
  if (!n || *n < 0) return fail(Errc::format, "a count or offset is not a natural number");
  return static_cast<uint64_t>(*n);
}

Result<std::vector<uint64_t>> naturals(const Json& entry, std::string_view key, size_t most) {
  const Json* list = json::member(entry, key);
  if (!list || !list->is_array()) return fail(Errc::format, "has no list \"{}\"", key);
  if (list->size() > most) return fail(Errc::format, "\"{}\" has {} entries", key, list->size());
  std::vector<uint64_t> out;
  for (const Json& item : *list) out.push_back(STRIDE_TRY_AT(key, natural(item)));
  return out;
}

// Reads one entry; the offset is relative to the data.
Result<SafeTensor> read_entry(const std::string& name, const Json& entry) {
  SafeTensor tensor;
  tensor.name = name;
  const std::string* dtype = json::string_member(entry, "dtype");
  if (!dtype) return fail(Errc::format, "has no \"dtype\"");
  const auto* info = std::ranges::find(kDtypes, *dtype, &DtypeInfo::name);
  if (info == kDtypes.end())
    return fail(Errc::unsupported, "has a dtype that Stride does not know");
  tensor.dtype = info->dtype;
  tensor.shape = STRIDE_TRY(naturals(entry, "shape", kMaxDims));
  uint64_t wanted = info->bytes;
  for (const uint64_t n : tensor.shape) {
    const auto product = checked_multiply(wanted, n);
    if (!product) return fail(Errc::format, "its dimensions are too large");
    wanted = *product;
  }
  const auto range = STRIDE_TRY(naturals(entry, "data_offsets", 2));
  if (range.size() != 2 || range[0] > range[1])
    return fail(Errc::format, "\"data_offsets\" are not a beginning and an end");
  tensor.offset = range[0];
  tensor.bytes = range[1] - range[0];
  if (tensor.bytes != wanted)
    return fail(Errc::format, "has {} bytes of data, its shape wants {}", tensor.bytes, wanted);
  return tensor;
}

// Sorts by place and makes sure that the tensors cover the data exactly.
Result<> check_cover(std::vector<SafeTensor>& tensors, uint64_t data_bytes) {
  std::ranges::stable_sort(
      tensors, {}, [](const SafeTensor& t) { return std::pair(t.offset, t.offset + t.bytes); });
  uint64_t end = 0;
  for (const SafeTensor& tensor : tensors) {
    if (tensor.offset != end)
      return fail(Errc::format, "tensor {} {} at data offset {}", tensor.name,
                  tensor.offset < end ? "overlaps another" : "follows a hole", tensor.offset);
    end += tensor.bytes;  // equals its data_offsets[1], so it cannot overflow
    if (end > data_bytes)
      return fail(Errc::format, "tensor {} ends at data offset {}, the file has {} bytes of data",
                  tensor.name, end, data_bytes);
  }
  if (end != data_bytes)
    return fail(Errc::format, "{} bytes of data belong to no tensor", data_bytes - end);
  return {};
}

// Names reach the terminal and the names of GGUF tensors.
bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 1024 &&
         std::ranges::none_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

}  // namespace

std::string_view dtype_name(Dtype dtype) {
  const auto* info = std::ranges::find(kDtypes, dtype, &DtypeInfo::dtype);
  return dtype == Dtype::other ? "a type for no weights" : info->name;
}

Result<SafetensorsFile> parse_safetensors(std::span<const std::byte> file) {
  Cursor in(file);
  const uint64_t length = STRIDE_TRY(in.read<uint64_t>());
  if (length > in.left() || length > kMaxHeaderBytes)
    return fail(Errc::format, "the header announces {} bytes, at most {} are possible", length,
                std::min(in.left(), kMaxHeaderBytes));
  const std::string_view text(reinterpret_cast<const char*>(file.data()) + in.offset(), length);
  json::ParseOptions options;
  options.max_depth = 4;
  options.duplicates = json::Duplicates::refuse;
  const Json header = STRIDE_TRY_AT("header", json::parse(text, options));
  if (!header.is_object()) return fail(Errc::format, "the header is not a JSON object");

  SafetensorsFile out;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    if (!is_plain_name(name))
      return fail(Errc::format, "a tensor's name is empty, too long or not printable");
    out.tensors.push_back(STRIDE_TRY_AT("tensor " + name, read_entry(name, entry)));
  }
  const uint64_t data_offset = in.offset() + length;
  STRIDE_TRY(check_cover(out.tensors, file.size() - data_offset));
  for (SafeTensor& tensor : out.tensors) tensor.offset += data_offset;
  return out;
}

}  // namespace stride::format
