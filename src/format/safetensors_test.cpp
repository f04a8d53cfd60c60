// SPDX-License-Identifier: Apache-2.0
#include "format/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "format/safetensors_builder.h"

namespace stride::format {
namespace {

using testing::HasSubstr;

// Parses a copy that ends where its allocation does, so that a sanitizer sees any read past it.
Result<SafetensorsFile> parse(const std::string& bytes) {
  const std::vector<char> copy(bytes.begin(), bytes.end());
  return parse_safetensors(std::as_bytes(std::span(copy)));
}

std::string message(const std::string& bytes) {
  const auto file = parse(bytes);
  return file ? "no error" : file.error().message;
}

std::string sample() {
  SafetensorsBuilder b;
  b.entry("__metadata__", R"({"format":"pt"})");
  b.tensor("a.weight", "BF16", {2, 3}, "aaaaaaaaaaaa").tensor("b", "F32", {}, "bbbb");
  b.tensor("c", "F8_E4M3", {5}, "ccccc");
  return b.bytes();
}

TEST(Safetensors, ReadsTheHeader) {
  const std::string bytes = sample();
  const auto file = parse(bytes);
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_EQ(file->tensors.size(), 3U);
  const SafeTensor& a = file->tensors[0];
  EXPECT_EQ(a.name, "a.weight");
  EXPECT_EQ(a.dtype, Dtype::bf16);
  EXPECT_EQ(a.shape, (std::vector<uint64_t>{2, 3}));
  EXPECT_EQ(bytes.substr(a.offset, a.bytes), "aaaaaaaaaaaa");
  EXPECT_EQ(bytes.substr(file->tensors[1].offset, 4), "bbbb");
  EXPECT_TRUE(file->tensors[1].shape.empty());
  EXPECT_EQ(file->tensors[2].dtype, Dtype::f8_e4m3);
}

TEST(Safetensors, EveryTruncationIsAnError) {
  const std::string bytes = sample();
  for (size_t n = 0; n < bytes.size(); ++n) ASSERT_FALSE(parse(bytes.substr(0, n))) << n;
}

TEST(Safetensors, RandomDamageIsReadOrRefused) {
  const std::string bytes = sample();
  Random random(5);
  for (int round = 0; round < 5000; ++round) {
    std::string changed = bytes;
    for (uint64_t n = 1 + random.below(4); n > 0; --n)
      changed[random.below(changed.size())] = static_cast<char>(random.below(256));
    if (const auto file = parse(changed)) {
      for (const SafeTensor& t : file->tensors) ASSERT_LE(t.offset + t.bytes, changed.size());
    }
  }
}

TEST(Safetensors, ChecksTheHeaderLength) {
  std::string bytes = sample();
  const uint64_t huge = UINT64_MAX;
  std::memcpy(bytes.data(), &huge, sizeof huge);
  EXPECT_THAT(message(bytes), HasSubstr("the header announces 18446744073709551615 bytes"));
  EXPECT_THAT(message("short"), HasSubstr("the file ends at byte 5"));
  EXPECT_THAT(message(SafetensorsBuilder::file("[1]", "")), HasSubstr("not a JSON object"));
  EXPECT_THAT(message(SafetensorsBuilder::file("{\"a\":", "")), HasSubstr("header: "));
  EXPECT_FALSE(parse(SafetensorsBuilder::file(std::string(100'000, '['), "")));
}

TEST(Safetensors, RefusesOverlapHolesAndRests) {
  const auto two = [](std::string_view first, std::string_view second, size_t n_bytes) {
    SafetensorsBuilder b;
    const auto entry = [](std::string_view range) {
      return fmt::format(R"({{"dtype":"U8","shape":[4],"data_offsets":{}}})", range);
    };
    b.entry("a", entry(first)).entry("b", entry(second)).data(std::string(n_bytes, 'x'));
    return message(b.bytes());
  };
  EXPECT_EQ(two("[0,4]", "[4,8]", 8), "no error");
  EXPECT_EQ(two("[4,8]", "[0,4]", 8), "no error");
  EXPECT_EQ(two("[0,4]", "[2,6]", 6), "tensor b overlaps another at data offset 2");
  EXPECT_EQ(two("[0,4]", "[0,4]", 4), "tensor b overlaps another at data offset 0");
  EXPECT_EQ(two("[0,4]", "[6,10]", 10), "tensor b follows a hole at data offset 6");
  EXPECT_EQ(two("[1,5]", "[5,9]", 9), "tensor a follows a hole at data offset 1");
  EXPECT_EQ(two("[0,4]", "[4,8]", 9), "1 bytes of data belong to no tensor");
  EXPECT_EQ(two("[0,4]", "[4,8]", 7),
            "tensor b ends at data offset 8, the file has 7 bytes of data");
}

TEST(Safetensors, RefusesEntriesThatMakeNoSense) {
  const auto one = [](std::string_view entry) {
    return message(SafetensorsBuilder().entry("t", entry).data("12345678").bytes());
  };
  EXPECT_THAT(one("3"), HasSubstr("tensor t: has no \"dtype\""));
  EXPECT_THAT(one(R"({"dtype":"F99","shape":[2],"data_offsets":[0,8]})"), HasSubstr("dtype"));
  EXPECT_THAT(one(R"({"dtype":"F32","data_offsets":[0,8]})"), HasSubstr("no list \"shape\""));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})"), HasSubstr("natural"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[2.5],"data_offsets":[0,8]})"), HasSubstr("natural"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})"), HasSubstr("beginning"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0]})"), HasSubstr("beginning"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8,9]})"), HasSubstr("entries"));
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})"),
            "tensor t: has 8 bytes of data, its shape wants 12");
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[4611686018427387904,2],"data_offsets":[0,8]})"),
              HasSubstr("too large"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]})"),
              HasSubstr("entries"));
}

TEST(Safetensors, RefusesDuplicatesAndBadNames) {
  SafetensorsBuilder twice;
  twice.tensor("t", "U8", {1}, "x").tensor("t", "U8", {1}, "y");
  EXPECT_THAT(message(twice.bytes()), HasSubstr("header: "));
  EXPECT_THAT(message(SafetensorsBuilder().tensor("\\u001b[2J", "U8", {1}, "x").bytes()),
              HasSubstr("not printable"));
  EXPECT_THAT(message(SafetensorsBuilder().tensor("", "U8", {1}, "x").bytes()),
              HasSubstr("is empty"));
}

}  // namespace
}  // namespace stride::format
