// SPDX-License-Identifier: Apache-2.0
#include "format/gguf_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "format/gguf_builder.h"
#include "format/test_folder.h"

namespace stride::format {
namespace {

using testing::HasSubstr;

constexpr uint32_t kF32 = 0;

std::string text_of(const TensorCatalog& catalog, std::string_view name) {
  const Tensor* tensor = catalog.find(name);
  if (!tensor) return "missing";
  std::vector<std::byte> scratch;
  const auto bytes = catalog.bytes(*tensor, scratch);
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

GgufBuilder shard(uint16_t no, uint16_t count) {
  GgufBuilder b;
  b.number("split.no", ValueType::u16, no).number("split.count", ValueType::u16, count);
  return b;
}

// Three shards: metadata only, then two with tensors, whose data begin at different offsets.
void write_split(const TestFolder& folder, int32_t n_tensor = 3) {
  GgufBuilder first = shard(0, 3);
  first.text("general.name", "split").number("split.tensors.count", ValueType::i32, n_tensor);
  folder.write("m-00001-of-00003.gguf", first.bytes());
  GgufBuilder second = shard(1, 3);
  second.tensor("a", {8}, kF32, std::string(32, 'a')).tensor("b", {16}, kF32, std::string(64, 'b'));
  folder.write("m-00002-of-00003.gguf", second.bytes());
  GgufBuilder third = shard(2, 3);
  third.text("padding", std::string(100, 'x')).tensor("c", {8}, kF32, std::string(32, 'c'));
  folder.write("m-00003-of-00003.gguf", third.bytes());
}

std::string open_error(const std::filesystem::path& path) {
  const auto catalog = open_gguf(path);
  return catalog ? "no error" : catalog.error().message;
}

TEST(ShardName, ReadsNumbers) {
  const auto name = ShardName::parse("big-model-00002-of-00013.gguf");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->stem, "big-model");
  EXPECT_EQ(name->number, 2U);
  EXPECT_EQ(name->count, 13U);
  EXPECT_EQ(name->with_number(13), "big-model-00013-of-00013.gguf");
  for (const char* other :
       {"model.gguf", "-00001-of-00002.gguf", "m-00003-of-00002.gguf", "m-00000-of-00002.gguf",
        "m-0001-of-00002.gguf", "m-00001-of-00002.bin", "m-+0001-of-00002.gguf", ""}) {
    EXPECT_FALSE(ShardName::parse(other)) << other;
  }
}

TEST(GgufCatalog, FindsAllShardsFromAnyOfThem) {
  const TestFolder folder;
  write_split(folder);
  for (const char* given :
       {"m-00001-of-00003.gguf", "m-00002-of-00003.gguf", "m-00003-of-00003.gguf"}) {
    const auto catalog = open_gguf(folder / given);
    ASSERT_TRUE(catalog) << catalog.error().message;
    EXPECT_EQ((*catalog)->metadata().string("general.name"), "split");
    ASSERT_EQ((*catalog)->tensors().size(), 3U);
    EXPECT_EQ(text_of(**catalog, "a"), std::string(32, 'a'));
    EXPECT_EQ(text_of(**catalog, "b"), std::string(64, 'b'));
    EXPECT_EQ(text_of(**catalog, "c"), std::string(32, 'c'));
    EXPECT_EQ((*catalog)->find("d"), nullptr);
    EXPECT_TRUE((*catalog)->is_mapped((*catalog)->tensors()[0]));
    EXPECT_TRUE((*catalog)->warnings().empty());
  }
}

TEST(GgufCatalog, NamesTheMissingShard) {
  const TestFolder folder;
  write_split(folder);
  std::filesystem::remove(folder / "m-00002-of-00003.gguf");
  EXPECT_THAT(
      open_error(folder / "m-00003-of-00003.gguf"),
      testing::AllOf(HasSubstr("shard 2 of 3 is missing"), HasSubstr("m-00002-of-00003.gguf")));
}

TEST(GgufCatalog, RefusesShardsThatDoNotBelong) {
  const TestFolder folder;
  write_split(folder);
  folder.write("m-00002-of-00003.gguf", shard(2, 3).bytes());
  EXPECT_THAT(open_error(folder / "m-00001-of-00003.gguf"),
              HasSubstr("m-00002-of-00003.gguf: says it is shard 3 of 3"));
  write_split(folder);
  GgufBuilder again = shard(2, 3);
  again.tensor("a", {8}, kF32, std::string(32, 'z'));
  folder.write("m-00003-of-00003.gguf", again.bytes());
  EXPECT_THAT(open_error(folder / "m-00001-of-00003.gguf"),
              HasSubstr("tensor a is in m-00002-of-00003.gguf and in m-00003-of-00003.gguf"));
}

TEST(GgufCatalog, ComparesTheAnnouncedCountOfTensors) {
  const TestFolder folder;
  write_split(folder, 4);
  EXPECT_THAT(open_error(folder / "m-00001-of-00003.gguf"),
              HasSubstr("3 tensors were found, key split.tensors.count announces 4"));
}

TEST(GgufCatalog, RefusesASplitFileWithAnotherName) {
  const TestFolder folder;
  EXPECT_THAT(open_error(folder.write("renamed.gguf", shard(0, 3).bytes())),
              HasSubstr("must end in -00001-of-00003.gguf"));
  EXPECT_THAT(open_error(folder.write("m-00001-of-00002.gguf", GgufBuilder().bytes())),
              HasSubstr("has no key split.count"));
  GgufBuilder one;
  one.tensor("a", {8}, kF32, std::string(32, 'a'));
  EXPECT_EQ(open_error(folder.write("m-00001-of-00001.gguf", one.bytes())), "no error");
}

TEST(GgufCatalog, NamesTheFileAtFault) {
  const TestFolder folder;
  EXPECT_THAT(open_error(folder.write("broken.gguf", "GGUF")), HasSubstr("broken.gguf: the file"));
  EXPECT_THAT(open_error(folder / "absent.gguf"), HasSubstr("No such file"));
}

TEST(GgufCatalog, WarnsOfBytesThatBelongToNoTensor) {
  const TestFolder folder;
  GgufBuilder b;
  b.tensor("a", {8}, kF32, std::string(32, 'a')).data(std::string(1000, 'z'));
  const auto catalog = open_gguf(folder.write("long.gguf", b.bytes()));
  ASSERT_TRUE(catalog);
  ASSERT_EQ((*catalog)->warnings().size(), 1U);
  EXPECT_THAT((*catalog)->warnings()[0], HasSubstr("bytes that belong to no tensor"));
}

TEST(GgufCatalog, ReadsTheGoldenModels) {
  for (const char* name : {"tiny-f32.gguf", "tiny-q8_0.gguf", "tiny-q4_k_s.gguf"}) {
    const auto catalog = open_model(std::filesystem::path(STRIDE_GOLDEN) / "tiny" / name);
    ASSERT_TRUE(catalog) << catalog.error().message;
    EXPECT_EQ((*catalog)->metadata().string("general.architecture"), "step35");
    EXPECT_NE((*catalog)->find("output_norm.weight"), nullptr);
    EXPECT_TRUE((*catalog)->warnings().empty());
  }
}

}  // namespace
}  // namespace stride::format
