// SPDX-License-Identifier: Apache-2.0
#include "format/gguf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/random.h"
#include "format/gguf_builder.h"

namespace stride::format {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

constexpr uint32_t kF32 = 0, kQ8 = 8, kQ4K = 12;

// Parses a copy that ends where its allocation does, so that a sanitizer sees any read past it.
Result<GgufFile> parse(const std::string& bytes) {
  const std::vector<char> copy(bytes.begin(), bytes.end());
  return parse_gguf(std::as_bytes(std::span(copy)));
}

std::string message(const GgufBuilder& builder) {
  const auto file = parse(builder.bytes());
  return file ? "no error" : file.error().message;
}

std::string u32s(std::initializer_list<uint32_t> values) {
  std::string out;
  for (const uint32_t n : values) GgufBuilder::put(out, n);
  return out;
}

// A file with every kind of value and three tensors.
GgufBuilder sample() {
  GgufBuilder b;
  b.number("u8", ValueType::u8, uint8_t{200}).number("i8", ValueType::i8, int8_t{-100});
  b.number("u16", ValueType::u16, uint16_t{60000}).number("i16", ValueType::i16, int16_t{-30000});
  b.number("u32", ValueType::u32, uint32_t{4000000000}).number("i32", ValueType::i32, -2000000000);
  b.number("u64", ValueType::u64, UINT64_MAX).number("i64", ValueType::i64, INT64_MIN);
  b.number("f32", ValueType::f32, 0.1F).number("f64", ValueType::f64, 0.1);
  b.number("bool", ValueType::boolean, uint8_t{1}).text("text", "caf\xc3\xa9");
  b.key("numbers", ValueType::array, GgufBuilder::array_bytes(ValueType::u32, 2, u32s({5, 7})));
  std::string words;
  GgufBuilder::put_text(words, "one");
  GgufBuilder::put_text(words, "");
  b.key("words", ValueType::array, GgufBuilder::array_bytes(ValueType::string, 2, words));
  b.key("nested", ValueType::array,
        GgufBuilder::array_bytes(ValueType::array, 1,
                                 GgufBuilder::array_bytes(ValueType::boolean, 2, "\x01\x00"s)));
  b.key("empty", ValueType::array, GgufBuilder::array_bytes(ValueType::f32, 0, ""));
  b.tensor("a.weight", {4, 2}, kF32, std::string(32, 'a'));
  b.tensor("b.weight", {32, 1, 3}, kQ8, std::string(102, 'b'));
  b.tensor("c.weight", {256}, kQ4K, std::string(144, 'c'));
  return b;
}

TEST(Gguf, ReadsEveryValueType) {
  const auto file = parse(sample().bytes());
  ASSERT_TRUE(file) << file.error().message;
  const Metadata& m = file->metadata;
  EXPECT_EQ(m.integer("u8"), 200);
  EXPECT_EQ(m.integer("i8"), -100);
  EXPECT_EQ(m.integer("u16"), 60000);
  EXPECT_EQ(m.integer("i16"), -30000);
  EXPECT_EQ(m.integer("u32"), 4000000000);
  EXPECT_EQ(m.integer("i32"), -2000000000);
  EXPECT_EQ(std::get<uint64_t>(m.find("u64")->data), UINT64_MAX);
  EXPECT_EQ(m.integer("i64"), INT64_MIN);
  EXPECT_EQ(m.real("f32"), double{0.1F});
  EXPECT_EQ(m.real("f64"), 0.1);
  EXPECT_EQ(m.boolean("bool"), true);
  EXPECT_EQ(m.string("text"), "caf\xc3\xa9");
  EXPECT_EQ(m.integers("numbers"), (std::vector<int64_t>{5, 7}));
  EXPECT_EQ((*m.strings("words"))[0], "one");
  EXPECT_EQ((*m.strings("words"))[1], "");
  const auto& outer = std::get<Array>(m.find("nested")->data);
  const auto& inner = std::get<std::vector<Array>>(outer.items).at(0);
  EXPECT_EQ(std::get<std::vector<bool>>(inner.items), (std::vector<bool>{true, false}));
  EXPECT_EQ(m.reals("empty"), std::vector<double>());
  EXPECT_EQ(m.entries().size(), 16U);
}

TEST(Gguf, ReadsTheTensorTable) {
  const std::string bytes = sample().bytes();
  const auto file = parse(bytes);
  ASSERT_TRUE(file);
  ASSERT_EQ(file->tensors.size(), 3U);
  const Tensor& b = file->tensors[1];
  EXPECT_EQ(b.name, "b.weight");
  EXPECT_EQ(b.type, quant::Type::q8_0);
  EXPECT_EQ(b.shape, (Shape{32, 1, 3, 1}));
  EXPECT_EQ(b.n_dims, 3U);
  EXPECT_EQ(b.bytes, 102U);
  EXPECT_EQ(bytes.substr(file->offsets[b.source], b.bytes), std::string(102, 'b'));
  EXPECT_EQ(file->data_offset % 32, 0U);
}

TEST(Gguf, ReadsVersion2) {
  GgufBuilder b = sample();
  b.version = 2;
  EXPECT_TRUE(parse(b.bytes()));
}

TEST(Gguf, RefusesOtherVersions) {
  GgufBuilder b = sample();
  b.version = 1;
  EXPECT_EQ(message(b), "GGUF version 1, only 2 and 3 are read");
  b.version = __builtin_bswap32(3);
  EXPECT_THAT(message(b), HasSubstr("big-endian"));
  EXPECT_THAT(parse("this is text, not a model").error().message, HasSubstr("not a GGUF file"));
}

TEST(Gguf, EveryTruncationIsAnError) {
  const std::string bytes = sample().bytes();
  for (size_t n = 0; n < bytes.size(); ++n) {
    const auto file = parse(bytes.substr(0, n));
    ASSERT_FALSE(file) << n;
    ASSERT_FALSE(file.error().message.empty());
  }
}

TEST(Gguf, EveryChangedByteIsReadOrRefused) {
  const std::string bytes = sample().bytes();
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ flip);
      if (const auto file = parse(changed)) {
        for (const Tensor& t : file->tensors) {
          ASSERT_LE(file->offsets[t.source] + t.bytes, changed.size());
        }
      }
    }
  }
}

TEST(Gguf, RandomDamageIsReadOrRefused) {
  const std::string bytes = sample().bytes();
  Random random(11);
  for (int round = 0; round < 5000; ++round) {
    std::string changed = bytes;
    for (uint64_t n = 1 + random.below(6); n > 0; --n) {
      const char values[] = {0, 1, 0x7f, -1, static_cast<char>(random.below(256))};
      changed[random.below(changed.size())] = values[random.below(5)];
    }
    if (const auto file = parse(changed)) {
      for (const Tensor& t : file->tensors)
        ASSERT_LE(file->offsets[t.source] + t.bytes, changed.size());
    }
  }
}

TEST(Gguf, RefusesCountsTheFileCannotHold) {
  GgufBuilder keys = sample();
  keys.extra_keys = 1ULL << 60;
  EXPECT_THAT(message(keys), HasSubstr("keys, more than the file can hold"));
  GgufBuilder tensors = sample();
  tensors.extra_tensors = 1ULL << 40;
  EXPECT_THAT(message(tensors), HasSubstr("tensors, more than the file can hold"));
}

TEST(Gguf, RefusesLengthsPastTheEnd) {
  std::string huge;
  GgufBuilder::put(huge, uint64_t{1} << 62);
  EXPECT_THAT(message(GgufBuilder().key("k", ValueType::string, huge)),
              HasSubstr("key k: a string of 4611686018427387904 bytes"));
  for (const ValueType of : {ValueType::u8, ValueType::u64, ValueType::string, ValueType::array}) {
    const std::string array = GgufBuilder::array_bytes(of, uint64_t{1} << 61, "items");
    EXPECT_THAT(message(GgufBuilder().key("k", ValueType::array, array)),
                HasSubstr("key k: an array of 2305843009213693952 items"));
  }
}

TEST(Gguf, RefusesDeepArrays) {
  std::string value = GgufBuilder::array_bytes(ValueType::u8, 0, "");
  for (int i = 0; i < 20; ++i) value = GgufBuilder::array_bytes(ValueType::array, 1, value);
  EXPECT_THAT(message(GgufBuilder().key("k", ValueType::array, value)),
              HasSubstr("key k: arrays are nested deeper than 4"));
}

TEST(Gguf, RefusesValuesThatDoNotExist) {
  EXPECT_THAT(message(GgufBuilder().key("k", static_cast<ValueType>(13), "xxxxxxxx")),
              HasSubstr("key k: value type 13"));
  EXPECT_THAT(message(GgufBuilder().number("k", ValueType::boolean, uint8_t{2})),
              HasSubstr("is 2, not 0 or 1"));
}

TEST(Gguf, RefusesDuplicatesAndBadNames) {
  GgufBuilder keys;
  keys.text("k", "a").text("k", "b");
  EXPECT_EQ(message(keys), "key k appears twice");
  GgufBuilder tensors;
  tensors.tensor("t", {8}, kF32, std::string(32, 0)).tensor("t", {8}, kF32, std::string(32, 0));
  EXPECT_EQ(message(tensors), "tensor t appears twice");
  EXPECT_THAT(message(GgufBuilder().text("", "x")), HasSubstr("the name of key 0 at offset 24"));
  EXPECT_THAT(message(GgufBuilder().text("\x1b[2J", "x")), HasSubstr("printable text"));
  EXPECT_THAT(message(GgufBuilder().tensor(std::string(1025, 'x'), {8}, kF32, std::string(32, 0))),
              HasSubstr("the name of tensor 0"));
}

TEST(Gguf, ChecksTheAlignment) {
  for (const int64_t wrong : {0L, 1L, 4L, 24L, 8192L, 1L << 31, -32L, INT64_MAX}) {
    GgufBuilder b;
    b.number("general.alignment", ValueType::i64, wrong);
    EXPECT_THAT(message(b), HasSubstr("key general.alignment is")) << wrong;
  }
  GgufBuilder wide;
  wide.alignment = 4096;
  wide.number("general.alignment", ValueType::u32, uint32_t{4096});
  wide.tensor("t", {8}, kF32, std::string(32, 't'));
  const auto file = parse(wide.bytes());
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->data_offset, 4096U);
}

TEST(Gguf, RefusesShapesThatMakeNoSense) {
  const std::string data(4096, 0);
  const auto shape = [&](const std::vector<uint64_t>& dims, uint32_t type) {
    return message(GgufBuilder().tensor("t", dims, type, data));
  };
  EXPECT_EQ(shape({}, kF32), "tensor t: has 0 dimensions, 1 to 4 are wanted");
  EXPECT_EQ(shape({1, 1, 1, 1, 1}, kF32), "tensor t: has 5 dimensions, 1 to 4 are wanted");
  EXPECT_EQ(shape({8, 0}, kF32), "tensor t: dimension 1 is zero");
  EXPECT_EQ(shape({40}, kQ8),
            "tensor t: a row of 40 values is no multiple of the 32 in a block of Q8_0");
  EXPECT_EQ(shape({8}, 77), "tensor t: has type number 77, which Stride does not read");
  EXPECT_EQ(shape({256}, 18), "tensor t: has type IQ3_XXS, which Stride does not read");
  // Products that wrap around 64 bits, in values and in bytes.
  for (const auto& dims :
       std::vector<std::vector<uint64_t>>{{1ULL << 32, 1ULL << 32},
                                          {1ULL << 63, 2},
                                          {8, 1ULL << 61},
                                          {1ULL << 62},
                                          {1ULL << 16, 1ULL << 16, 1ULL << 16, 1ULL << 16}}) {
    EXPECT_EQ(shape(dims, kF32), "tensor t: its dimensions are too large");
  }
  // Few bytes, but more values than 64 bits count.
  EXPECT_EQ(shape({1ULL << 32, 1ULL << 32}, kQ4K), "tensor t: its dimensions are too large");
}

TEST(Gguf, RefusesDataOutsideTheFile) {
  const std::string data(64, 0);
  EXPECT_THAT(message(GgufBuilder().tensor("t", {8}, kF32, uint64_t{64}).data(data)),
              HasSubstr("tensor t wants 32 bytes at data offset 64, past the end of the file"));
  EXPECT_THAT(message(GgufBuilder().tensor("t", {8}, kF32, UINT64_MAX - 31).data(data)),
              HasSubstr("past the end of the file"));
  EXPECT_THAT(message(GgufBuilder().tensor("t", {8}, kF32, uint64_t{8}).data(data)),
              HasSubstr("tensor t at offset 8 is not aligned to 32 bytes"));
  EXPECT_THAT(message(GgufBuilder().tensor("t", {1ULL << 40}, kF32, uint64_t{0}).data(data)),
              HasSubstr("wants 4398046511104 bytes"));
}

TEST(Gguf, RefusesOverlap) {
  GgufBuilder b;
  b.tensor("late", {8}, kF32, uint64_t{32}).tensor("early", {16}, kF32, uint64_t{0});
  b.data(std::string(64, 0));
  EXPECT_THAT(message(b), HasSubstr("tensors early and late overlap"));
  GgufBuilder same;
  same.tensor("a", {8}, kF32, uint64_t{0}).tensor("b", {8}, kF32, uint64_t{0});
  same.data(std::string(32, 0));
  EXPECT_THAT(message(same), HasSubstr("overlap"));
}

}  // namespace
}  // namespace stride::format
