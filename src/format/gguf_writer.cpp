// SPDX-License-Identifier: Apache-2.0
#include "format/gguf_writer.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_set>
#include <utility>

#include "format/checked.h"
#include "format/gguf.h"
#include "format/layout.h"

namespace stride::format {
namespace {

// Appends fields to the header as it is built in memory.
class Header {
 public:
  template <class T>
  void number(T value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    text_.append(bytes, sizeof bytes);
  }

  void string(std::string_view text) {
    number(uint64_t{text.size()});
    text_ += text;
  }

  // False if the data do not have the type they claim.
  bool value(const Value& v) {
    number(std::to_underlying(v.type));
    return std::visit([&](const auto& data) { return item(v.type, data); }, v.data);
  }

  uint64_t size() const { return text_.size(); }
  std::string take() && { return std::move(text_); }

 private:
  bool item(ValueType type, int64_t n) {
    switch (type) {
      case ValueType::u8:
      case ValueType::i8:
        number(static_cast<uint8_t>(n));
        return true;
      case ValueType::u16:
      case ValueType::i16:
        number(static_cast<uint16_t>(n));
        return true;
      case ValueType::u32:
      case ValueType::i32:
        number(static_cast<uint32_t>(n));
        return true;
      case ValueType::i64:
        number(n);
        return true;
      default:
        return false;
    }
  }
  bool item(ValueType type, uint64_t n) {
    number(n);
    return type == ValueType::u64;
  }
  bool item(ValueType type, double x) {
    if (type == ValueType::f32) {
      number(static_cast<float>(x));
    } else {
      number(x);
    }
    return type == ValueType::f32 || type == ValueType::f64;
  }
  bool item(ValueType type, bool b) {
    number(uint8_t{b});
    return type == ValueType::boolean;
  }
  bool item(ValueType type, const std::string& text) {
    string(text);
    return type == ValueType::string;
  }
  bool item(ValueType type, const Array& array) {
    number(std::to_underlying(array.of));
    const bool written = std::visit(
        [&](const auto& items) {
          number(uint64_t{items.size()});
          return std::ranges::all_of(items, [&](const auto& one) { return item(array.of, one); });
        },
        array.items);
    return written && type == ValueType::array;
  }

  std::string text_;
};

Result<uint64_t> alignment_of(const Metadata& metadata) {
  if (!metadata.contains("general.alignment")) return kGgufDefaultAlignment;
  const int64_t n = STRIDE_TRY(metadata.integer("general.alignment"));
  if (n < 8 || n > 4096 || !std::has_single_bit(static_cast<uint64_t>(n)))
    return fail(Errc::invalid_argument, "key general.alignment is {}", n);
  return static_cast<uint64_t>(n);
}

// Table entries and the size of each tensor's data.
Result<std::vector<uint64_t>> add_tensors(Header& header, const Metadata& metadata,
                                          std::span<const Tensor> tensors, uint64_t alignment) {
  std::vector<uint64_t> sizes;
  std::unordered_set<std::string_view> names;
  uint64_t offset = 0;
  for (const Tensor& tensor : tensors) {
    if (!names.insert(tensor.name).second)
      return fail(Errc::invalid_argument, "tensor {} is planned twice", tensor.name);
    const uint64_t bytes =
        STRIDE_TRY_AT("tensor " + tensor.name, tensor_bytes(tensor.type, tensor.shape));
    STRIDE_TRY_AT("tensor " + tensor.name, check_layout(metadata, tensor));
    header.string(tensor.name);
    header.number(tensor.n_dims);
    for (uint32_t d = 0; d < tensor.n_dims; ++d) header.number(tensor.shape.at(d));
    header.number(type_number({tensor.type, tensor.layout}));
    header.number(offset);
    const auto end = checked_add(offset, bytes);
    const auto next = end ? checked_align(*end, alignment) : std::nullopt;
    if (!next) return fail(Errc::invalid_argument, "tensor {} is too large", tensor.name);
    offset = *next;
    sizes.push_back(bytes);
  }
  return sizes;
}

}  // namespace

Result<GgufWriter> GgufWriter::create(const std::filesystem::path& path, const Metadata& metadata,
                                      std::span<const Tensor> tensors) {
  const uint64_t alignment = STRIDE_TRY(alignment_of(metadata));
  Header header;
  header.number(kGgufMagic);
  header.number(uint32_t{3});
  header.number(uint64_t{tensors.size()});
  header.number(uint64_t{metadata.entries().size()});
  for (const auto& [key, value] : metadata.entries()) {
    header.string(key);
    if (!header.value(value))
      return fail(Errc::internal, "key {} holds data of another type than it claims", key);
  }
  auto sizes = STRIDE_TRY(add_tensors(header, metadata, tensors, alignment));

  GgufWriter out(STRIDE_TRY(OutputFile::create(path)));
  out.alignment_ = alignment;
  out.sizes_ = std::move(sizes);
  out.file_bytes_ = *checked_align(header.size(), alignment);
  for (const uint64_t bytes : out.sizes_) out.file_bytes_ += *checked_align(bytes, alignment);
  STRIDE_TRY(out.file_.reserve(out.file_bytes_));
  STRIDE_TRY(out.file_.write(std::move(header).take()));
  STRIDE_TRY(out.pad());
  return out;
}

Result<> GgufWriter::pad() {
  const std::vector<std::byte> zeros(alignment_);
  const uint64_t at = file_.written();
  return file_.write(std::span(zeros).first(*checked_align(at, alignment_) - at));
}

Result<> GgufWriter::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    if (current_ == sizes_.size())
      return fail(Errc::internal, "more tensor data were written than planned");
    const uint64_t n = std::min<uint64_t>(bytes.size(), sizes_[current_] - in_current_);
    STRIDE_TRY(file_.write(bytes.first(n)));
    bytes = bytes.subspan(n);
    in_current_ += n;
    if (in_current_ == sizes_[current_]) {
      STRIDE_TRY(pad());
      ++current_;
      in_current_ = 0;
    }
  }
  return {};
}

Result<> GgufWriter::finish() {
  if (current_ != sizes_.size())
    return fail(Errc::internal, "the data of tensor {} are incomplete", current_);
  return file_.commit();
}

}  // namespace stride::format
