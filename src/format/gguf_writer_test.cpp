// SPDX-License-Identifier: Apache-2.0
#include "format/gguf_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "format/gguf.h"
#include "format/gguf_catalog.h"
#include "format/test_folder.h"

namespace stride::format {
namespace {

using testing::HasSubstr;

Tensor planned(std::string name, quant::Type type, std::vector<uint64_t> dims) {
  Tensor tensor;
  tensor.name = std::move(name);
  tensor.type = type;
  tensor.n_dims = static_cast<uint32_t>(dims.size());
  std::ranges::copy(dims, tensor.shape.begin());
  return tensor;
}

std::vector<std::byte> counted(size_t n, int start) {
  std::vector<std::byte> out(n);
  for (size_t i = 0; i < n; ++i) out[i] = static_cast<std::byte>(static_cast<int>(i) + start);
  return out;
}

Metadata all_types() {
  Metadata m;
  m.set("u8", {ValueType::u8, int64_t{255}});
  m.set("i8", {ValueType::i8, int64_t{-128}});
  m.set("u16", {ValueType::u16, int64_t{65535}});
  m.set("i16", {ValueType::i16, int64_t{-32768}});
  m.set("u32", {ValueType::u32, int64_t{UINT32_MAX}});
  m.set("i32", {ValueType::i32, int64_t{INT32_MIN}});
  m.set("i64", {ValueType::i64, INT64_MIN});
  m.set("u64", {ValueType::u64, UINT64_MAX});
  m.set("f64", {ValueType::f64, 0.1});
  m.set_f32("f32", 0.1F);
  m.set_bool("no", false);
  m.set_string("text", "line\nnext");
  m.set_strings("words", {"", "caf\xc3\xa9"});
  m.set_bools("flags", {true, false, true});
  m.set_i32s("ints", {-1, 2});
  m.set_f32s("reals", {0.5, -2});
  m.set("bytes", {ValueType::array, Array{ValueType::u8, std::vector<int64_t>{1, 200}}});
  m.set("wide", {ValueType::array, Array{ValueType::u64, std::vector<uint64_t>{UINT64_MAX}}});
  m.set("nested", {ValueType::array,
                   Array{ValueType::array,
                         std::vector<Array>{{ValueType::i16, std::vector<int64_t>{-3}},
                                            {ValueType::string, std::vector<std::string>{"x"}}}}});
  return m;
}

void expect_equal(const Array& a, const Array& b) {
  EXPECT_EQ(a.of, b.of);
  ASSERT_EQ(a.items.index(), b.items.index());
  if (const auto* nested = std::get_if<std::vector<Array>>(&a.items)) {
    const auto& other = std::get<std::vector<Array>>(b.items);
    ASSERT_EQ(nested->size(), other.size());
    for (size_t i = 0; i < nested->size(); ++i) expect_equal((*nested)[i], other[i]);
    return;
  }
  std::visit(
      [&](const auto& items) {
        using Items = std::decay_t<decltype(items)>;
        if constexpr (!std::is_same_v<Items, std::vector<Array>>) {
          EXPECT_EQ(items, std::get<Items>(b.items));
        }
      },
      a.items);
}

TEST(GgufWriter, WhatIsWrittenIsRead) {
  const TestFolder folder;
  const auto path = folder / "out.gguf";
  const Metadata m = all_types();
  const std::vector tensors = {planned("a", quant::Type::f32, {3, 2}),
                               planned("b", quant::Type::q4_k, {256, 2, 2}),
                               planned("c", quant::Type::bf16, {1, 1, 1, 5})};
  const auto a = counted(24, 1), b = counted(576, 50), c = counted(10, 9);
  auto out = GgufWriter::create(path, m, tensors);
  ASSERT_TRUE(out) << out.error().message;
  ASSERT_TRUE(out->write(a));
  // Pieces need not end where tensors do.
  auto rest = b;
  rest.insert(rest.end(), c.begin(), c.end());
  ASSERT_TRUE(out->write(std::span(rest).first(100)));
  ASSERT_TRUE(out->write(std::span(rest).subspan(100)));
  ASSERT_TRUE(out->finish());
  EXPECT_EQ(std::filesystem::file_size(path), out->file_bytes());

  const auto catalog = open_gguf(path);
  ASSERT_TRUE(catalog) << catalog.error().message;
  const auto& read = (*catalog)->metadata().entries();
  ASSERT_EQ(read.size(), m.entries().size());
  for (size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].first, m.entries()[i].first);
    const Value &x = read[i].second, &y = m.entries()[i].second;
    EXPECT_EQ(x.type, y.type) << read[i].first;
    ASSERT_EQ(x.data.index(), y.data.index()) << read[i].first;
    if (const auto* array = std::get_if<Array>(&x.data)) {
      expect_equal(*array, std::get<Array>(y.data));
    } else {
      EXPECT_TRUE(std::visit(
          [&](const auto& value) {
            using T = std::decay_t<decltype(value)>;
            if constexpr (std::is_same_v<T, Array>) {
              return false;
            } else {
              return value == std::get<T>(y.data);
            }
          },
          x.data))
          << read[i].first;
    }
  }
  std::vector<std::byte> scratch;
  const std::vector<std::pair<const char*, const std::vector<std::byte>*>> wanted = {
      {"a", &a}, {"b", &b}, {"c", &c}};
  for (const auto& [name, data] : wanted) {
    const Tensor* tensor = (*catalog)->find(name);
    ASSERT_TRUE(tensor);
    const auto bytes = *(*catalog)->bytes(*tensor, scratch);
    EXPECT_TRUE(std::ranges::equal(bytes, *data)) << name;
  }
  EXPECT_EQ((*catalog)->find("c")->shape, (Shape{1, 1, 1, 5}));
  EXPECT_EQ((*catalog)->find("c")->n_dims, 4U);
}

TEST(GgufWriter, UsesTheAlignmentOfTheMetadata) {
  const TestFolder folder;
  Metadata m;
  m.set_u32("general.alignment", 256);
  const std::vector tensors = {planned("a", quant::Type::f32, {1}),
                               planned("b", quant::Type::f32, {1})};
  auto out = GgufWriter::create(folder / "a.gguf", m, tensors);
  ASSERT_TRUE(out && out->write(counted(8, 0)) && out->finish());
  const std::string bytes = read_whole_file(folder / "a.gguf");
  const auto file = parse_gguf(std::as_bytes(std::span(bytes)));
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->offsets[0] % 256, 0U);
  EXPECT_EQ(file->offsets[1], file->offsets[0] + 256);
  m.set_u32("general.alignment", 12);
  EXPECT_FALSE(GgufWriter::create(folder / "b.gguf", m, tensors));
}

TEST(GgufWriter, IncompleteDataLeaveNoFile) {
  const TestFolder folder;
  const auto path = folder.write("old.gguf", "old");
  {
    auto out = GgufWriter::create(path, {}, std::vector{planned("a", quant::Type::f32, {4})});
    ASSERT_TRUE(out && out->write(counted(12, 0)));
    EXPECT_FALSE(out->finish());
    EXPECT_FALSE(out->write(counted(8, 0)));
  }
  EXPECT_EQ(read_whole_file(path), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(GgufWriter, RefusesPlansThatMakeNoSense) {
  const TestFolder folder;
  const auto refused = [&](const Metadata& m, const std::vector<Tensor>& tensors) {
    const auto out = GgufWriter::create(folder / "x.gguf", m, tensors);
    return out ? "no error" : out.error().message;
  };
  EXPECT_THAT(refused({}, {planned("a", quant::Type::q4_k, {100})}), HasSubstr("tensor a: a row"));
  EXPECT_THAT(
      refused({}, {planned("a", quant::Type::f32, {1}), planned("a", quant::Type::f32, {1})}),
      HasSubstr("tensor a is planned twice"));
  Metadata m;
  m.set("k", {ValueType::string, int64_t{3}});
  EXPECT_THAT(refused(m, {}), HasSubstr("key k holds data of another type"));
}

}  // namespace
}  // namespace stride::format
