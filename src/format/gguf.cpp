// SPDX-License-Identifier: Apache-2.0
#include "format/gguf.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <unordered_set>
#include <utility>

#include "format/checked.h"
#include "format/cursor.h"
#include "format/layout.h"

namespace stride::format {
namespace {

constexpr uint64_t kMaxKeyBytes = 65535;        // as the GGUF specification has it
constexpr uint64_t kMaxTensorNameBytes = 1024;  // the specification says 64
constexpr uint64_t kMaxArrayItems = 1ULL
                                    << 24;  // of all arrays together: bounds what they allocate
constexpr uint64_t kMaxTensors = 1ULL << 20;
constexpr int kMaxArrayDepth = 4;
// The least bytes that an entry of each table can take: bounds their counts by the file's size.
constexpr uint64_t kMinKeyBytes = 8 + 1 + 4 + 1;
constexpr uint64_t kMinTensorBytes = 8 + 1 + 4 + 8 + 4 + 8;

struct Counts {
  uint64_t n_tensor = 0;
  uint64_t n_key = 0;
};

Result<Counts> read_header(Cursor& in, GgufFile& file) {
  const uint32_t magic = STRIDE_TRY(in.read<uint32_t>());
  if (magic != kGgufMagic)
    return fail(Errc::format, "not a GGUF file: it begins with {:#010x}", magic);
  file.version = STRIDE_TRY(in.read<uint32_t>());
  if (file.version == __builtin_bswap32(2) || file.version == __builtin_bswap32(3))
    return fail(Errc::unsupported, "a big-endian GGUF file, only little-endian ones are read");
  if (file.version != 2 && file.version != 3)
    return fail(Errc::unsupported, "GGUF version {}, only 2 and 3 are read", file.version);
  Counts counts;
  counts.n_tensor = STRIDE_TRY(in.read<uint64_t>());
  counts.n_key = STRIDE_TRY(in.read<uint64_t>());
  if (counts.n_key > in.left() / kMinKeyBytes)
    return fail(Errc::format, "the header announces {} keys, more than the file can hold",
                counts.n_key);
  if (counts.n_tensor > in.left() / kMinTensorBytes || counts.n_tensor > kMaxTensors)
    return fail(Errc::format, "the header announces {} tensors, more than the file can hold",
                counts.n_tensor);
  return counts;
}

bool has_control_characters(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// A key or tensor name; `what` is "key" or "tensor".
Result<std::string> read_name(Cursor& in, std::string_view what, uint64_t number, uint64_t limit) {
  const uint64_t offset = in.offset();
  const auto text = in.string();
  if (!text) return within(fmt::format("name of {} {}", what, number), text.error());
  if (text->empty() || text->size() > limit || has_control_characters(*text)) {
    return fail(Errc::format,
                "the name of {} {} at offset {} has {} bytes, printable text of 1 to {} is wanted",
                what, number, offset, text->size(), limit);
  }
  return std::string(*text);
}

// Reads values of one file; counts the items of its arrays.
class ValueReader {
 public:
  explicit ValueReader(Cursor& in) : in_(in) {}

  Result<Value> read() {
    Value value;
    value.type = STRIDE_TRY(type());
    switch (value.type) {
      case ValueType::string:
        value.data = std::string(STRIDE_TRY(in_.string()));
        break;
      case ValueType::array:
        value.data = STRIDE_TRY(array(1));
        break;
      case ValueType::boolean:
        value.data = STRIDE_TRY(boolean());
        break;
      case ValueType::u64:
        value.data = STRIDE_TRY(in_.read<uint64_t>());
        break;
      case ValueType::f32:
      case ValueType::f64:
        value.data = STRIDE_TRY(real(value.type));
        break;
      default:
        value.data = STRIDE_TRY(integer(value.type));
    }
    return value;
  }

 private:
  Result<ValueType> type() {
    const uint64_t offset = in_.offset();
    const uint32_t number = STRIDE_TRY(in_.read<uint32_t>());
    if (number > std::to_underlying(ValueType::f64))
      return fail(Errc::format, "value type {} at offset {} does not exist", number, offset);
    return static_cast<ValueType>(number);
  }

  Result<int64_t> integer(ValueType of) {
    switch (of) {
      case ValueType::u8:
        return STRIDE_TRY(in_.read<uint8_t>());
      case ValueType::i8:
        return STRIDE_TRY(in_.read<int8_t>());
      case ValueType::u16:
        return STRIDE_TRY(in_.read<uint16_t>());
      case ValueType::i16:
        return STRIDE_TRY(in_.read<int16_t>());
      case ValueType::u32:
        return STRIDE_TRY(in_.read<uint32_t>());
      case ValueType::i32:
        return STRIDE_TRY(in_.read<int32_t>());
      default:
        return in_.read<int64_t>();
    }
  }

  Result<double> real(ValueType of) {
    if (of == ValueType::f32) return STRIDE_TRY(in_.read<float>());
    return in_.read<double>();
  }

  Result<bool> boolean() {
    const uint64_t offset = in_.offset();
    const uint8_t byte = STRIDE_TRY(in_.read<uint8_t>());
    if (byte > 1)
      return fail(Errc::format, "the boolean at offset {} is {}, not 0 or 1", offset, byte);
    return byte == 1;
  }

  // The least bytes an item of this type takes in the file.
  static uint64_t least_bytes(ValueType of) {
    switch (of) {
      case ValueType::u8:
      case ValueType::i8:
      case ValueType::boolean:
        return 1;
      case ValueType::u16:
      case ValueType::i16:
        return 2;
      case ValueType::u32:
      case ValueType::i32:
      case ValueType::f32:
        return 4;
      case ValueType::array:
        return 12;
      default:
        return 8;
    }
  }

  template <class T, class Read>
  Result<std::vector<T>> items(uint64_t n, Read read_one) {
    std::vector<T> out;
    out.reserve(n);
    for (uint64_t i = 0; i < n; ++i) out.push_back(STRIDE_TRY(read_one()));
    return out;
  }

  Result<Array> array(int depth) {
    const uint64_t offset = in_.offset();
    Array out;
    out.of = STRIDE_TRY(type());
    const uint64_t n = STRIDE_TRY(in_.read<uint64_t>());
    if (depth > kMaxArrayDepth)
      return fail(Errc::format, "arrays are nested deeper than {} at offset {}", kMaxArrayDepth,
                  offset);
    if (n > in_.left() / least_bytes(out.of))
      return fail(Errc::format, "an array of {} items at offset {} passes the end of the file", n,
                  offset);
    if (n > kMaxArrayItems - n_item_)
      return fail(Errc::format, "an array of {} items at offset {} exceeds the {} that are read", n,
                  offset, kMaxArrayItems);
    n_item_ += n;
    switch (out.of) {
      case ValueType::string:
        out.items = STRIDE_TRY(items<std::string>(n, [&] { return owned_string(); }));
        break;
      case ValueType::array:
        out.items = STRIDE_TRY(items<Array>(n, [&] { return array(depth + 1); }));
        break;
      case ValueType::boolean:
        out.items = STRIDE_TRY(items<bool>(n, [&] { return boolean(); }));
        break;
      case ValueType::u64:
        out.items = STRIDE_TRY(items<uint64_t>(n, [&] { return in_.read<uint64_t>(); }));
        break;
      case ValueType::f32:
      case ValueType::f64:
        out.items = STRIDE_TRY(items<double>(n, [&] { return real(out.of); }));
        break;
      default:
        out.items = STRIDE_TRY(items<int64_t>(n, [&] { return integer(out.of); }));
    }
    return out;
  }

  Result<std::string> owned_string() { return std::string(STRIDE_TRY(in_.string())); }

  Cursor& in_;
  uint64_t n_item_ = 0;
};

Result<> read_metadata(Cursor& in, uint64_t n_key, GgufFile& file) {
  ValueReader values(in);
  for (uint64_t i = 0; i < n_key; ++i) {
    std::string key = STRIDE_TRY(read_name(in, "key", i, kMaxKeyBytes));
    if (file.metadata.contains(key)) return fail(Errc::format, "key {} appears twice", key);
    Value value = STRIDE_TRY_AT("key " + key, values.read());
    file.metadata.set(std::move(key), std::move(value));
  }
  if (!file.metadata.contains("general.alignment")) return {};
  const int64_t alignment = STRIDE_TRY(file.metadata.integer("general.alignment"));
  if (alignment < 8 || alignment > 4096 || !std::has_single_bit(static_cast<uint64_t>(alignment)))
    return fail(Errc::format,
                "key general.alignment is {}, a power of two from 8 to 4096 is wanted", alignment);
  file.alignment = static_cast<uint64_t>(alignment);
  return {};
}

// Names of types that exist elsewhere, so that a refusal can say which one it met.
std::string foreign_type(uint32_t number) {
  constexpr std::pair<uint32_t, std::string_view> kNames[] = {
      {3, "Q4_1"},    {6, "Q5_0"},   {7, "Q5_1"},   {9, "Q8_1"},     {15, "Q8_K"},  {16, "IQ2_XXS"},
      {17, "IQ2_XS"}, {19, "IQ1_S"}, {22, "IQ2_S"}, {18, "IQ3_XXS"}, {24, "I8"},    {25, "I16"},
      {26, "I32"},    {27, "I64"},   {28, "F64"},   {29, "IQ1_M"},   {34, "TQ1_0"}, {35, "TQ2_0"}};
  for (const auto& [n, name] : kNames) {
    if (n == number) return std::string(name);
  }
  return fmt::format("number {}", number);
}

Result<Shape> read_shape(Cursor& in, uint32_t n_dims) {
  if (n_dims < 1 || n_dims > 4)
    return fail(Errc::format, "has {} dimensions, 1 to 4 are wanted", n_dims);
  Shape shape{1, 1, 1, 1};
  for (uint32_t d = 0; d < n_dims; ++d) shape[d] = STRIDE_TRY(in.read<uint64_t>());
  return shape;
}

// Fills the entry; the offset is relative to the data, which begin after the table.
Result<uint64_t> read_tensor(Cursor& in, const Metadata& metadata, Tensor& tensor) {
  tensor.n_dims = STRIDE_TRY(in.read<uint32_t>());
  tensor.shape = STRIDE_TRY(read_shape(in, tensor.n_dims));
  const uint32_t number = STRIDE_TRY(in.read<uint32_t>());
  const auto stored = stored_type(number);
  if (!stored)
    return fail(Errc::unsupported, "has type {}, which Stride does not read", foreign_type(number));
  tensor.type = stored->type;
  tensor.layout = stored->layout;
  tensor.bytes = STRIDE_TRY(tensor_bytes(tensor.type, tensor.shape));
  STRIDE_TRY(check_layout(metadata, tensor));
  return in.read<uint64_t>();
}

Result<> read_tensors(Cursor& in, uint64_t n_tensor, GgufFile& file) {
  std::unordered_set<std::string> names;
  for (uint64_t i = 0; i < n_tensor; ++i) {
    Tensor tensor;
    tensor.name = STRIDE_TRY(read_name(in, "tensor", i, kMaxTensorNameBytes));
    if (!names.insert(tensor.name).second)
      return fail(Errc::format, "tensor {} appears twice", tensor.name);
    tensor.source = i;
    file.offsets.push_back(
        STRIDE_TRY_AT("tensor " + tensor.name, read_tensor(in, file.metadata, tensor)));
    file.tensors.push_back(std::move(tensor));
  }
  return {};
}

// Turns offsets into offsets from the start of the file and checks that all data lie in it, apart.
Result<> place_tensors(uint64_t file_bytes, GgufFile& file) {
  for (const Tensor& tensor : file.tensors) {
    uint64_t& offset = file.offsets[tensor.source];
    if (offset % file.alignment != 0)
      return fail(Errc::format, "tensor {} at offset {} is not aligned to {} bytes", tensor.name,
                  offset, file.alignment);
    const auto begin = checked_add(file.data_offset, offset);
    const auto end = begin ? checked_add(*begin, tensor.bytes) : std::nullopt;
    if (!end || *end > file_bytes)
      return fail(Errc::format,
                  "tensor {} wants {} bytes at data offset {}, past the end of the file ({} bytes)",
                  tensor.name, tensor.bytes, offset, file_bytes);
    offset = *begin;
  }
  std::vector<size_t> order(file.tensors.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [&](size_t i) { return file.offsets[i]; });
  for (size_t i = 1; i < order.size(); ++i) {
    const Tensor& before = file.tensors[order[i - 1]];
    if (file.offsets[order[i - 1]] + before.bytes > file.offsets[order[i]])
      return fail(Errc::format, "tensors {} and {} overlap at offset {}", before.name,
                  file.tensors[order[i]].name, file.offsets[order[i]]);
  }
  return {};
}

}  // namespace

Result<uint64_t> tensor_bytes(quant::Type type, const Shape& shape) {
  const quant::TypeInfo* info = quant::type_info(type);
  if (!info) return fail(Errc::unsupported, "has no known type");
  uint64_t n_row = 1;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 0) return fail(Errc::format, "dimension {} is zero", d);
    if (d == 0) continue;
    const auto product = checked_multiply(n_row, shape[d]);
    if (!product) return fail(Errc::format, "its dimensions are too large");
    n_row = *product;
  }
  if (shape[0] % info->block_values != 0)
    return fail(Errc::format, "a row of {} values is no multiple of the {} in a block of {}",
                shape[0], info->block_values, info->name);
  const auto row = checked_multiply(shape[0] / info->block_values, info->block_bytes);
  const auto bytes = row ? checked_multiply(*row, n_row) : std::nullopt;
  // The count of values must fit too: it is used as often as the count of bytes.
  if (!bytes || !checked_multiply(shape[0], n_row))
    return fail(Errc::format, "its dimensions are too large");
  return *bytes;
}

Result<GgufFile> parse_gguf(std::span<const std::byte> file) {
  Cursor in(file);
  GgufFile out;
  const Counts counts = STRIDE_TRY(read_header(in, out));
  STRIDE_TRY(read_metadata(in, counts.n_key, out));
  STRIDE_TRY(check_layout_version(out.metadata));
  STRIDE_TRY(read_tensors(in, counts.n_tensor, out));
  out.data_offset = checked_align(in.offset(), out.alignment).value_or(UINT64_MAX);
  STRIDE_TRY(place_tensors(file.size(), out));
  return out;
}

}  // namespace stride::format
