// SPDX-License-Identifier: Apache-2.0
#include "format/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "format/gguf.h"
#include "format/gguf_builder.h"
#include "format/gguf_catalog.h"
#include "format/gguf_writer.h"
#include "format/test_folder.h"

namespace stride::format {
namespace {

using quant::Layout;
using quant::Type;
using testing::HasSubstr;

constexpr uint32_t kQ8 = 8, kQ2K = 10;

std::string random_text(size_t n) {
  Random random(5);
  std::string text(n, '\0');
  for (char& c : text) c = static_cast<char>(random.below(256));
  return text;
}

// A file of one Q8_0 tensor in groups: two matrices of 32 rows of 64 values.
GgufBuilder grouped(uint32_t version = kLayoutVersion) {
  GgufBuilder b;
  b.number(kLayoutKey, ValueType::u32, version);
  return b.tensor("a.weight", {64, 32, 2}, kGroupTypes + kQ8, random_text(size_t{64} * 68));
}

std::string message(const GgufBuilder& builder) {
  const std::string bytes = builder.bytes();
  const auto file = parse_gguf(std::as_bytes(std::span(bytes)));
  return file ? "no error" : file.error().message;
}

TEST(Layout, NumbersOfTypesGoBothWays) {
  for (uint32_t number = 0; number < 64; ++number) {
    const auto rows = stored_type(number), groups = stored_type(kGroupTypes + number);
    ASSERT_EQ(rows.has_value(), quant::type_from_number(number).has_value());
    ASSERT_EQ(groups.has_value(), rows.has_value());
    if (!rows) continue;
    EXPECT_EQ(rows->layout, Layout::rows);
    EXPECT_EQ(groups->layout, Layout::groups);
    EXPECT_EQ(groups->type, rows->type);
    EXPECT_EQ(type_number(*rows), number);
    EXPECT_EQ(type_number(*groups), kGroupTypes + number);
  }
  EXPECT_FALSE(stored_type(kGroupTypes + 0x10000 + kQ8));
  EXPECT_FALSE(stored_type(kGroupTypes - 0x10000 + kQ8));
}

TEST(Layout, ReadsRowsOutOfGroups) {
  const TestFolder folder;
  const auto catalog = open_gguf(folder.write("a.gguf", grouped().bytes()));
  ASSERT_TRUE(catalog) << catalog.error().message;
  const Tensor& tensor = *(*catalog)->find("a.weight");
  EXPECT_EQ(tensor.type, Type::q8_0);
  EXPECT_EQ(tensor.layout, Layout::groups);
  std::vector<std::byte> all, scratch;
  const auto stored = *(*catalog)->stored(tensor, 0, 64, scratch);
  const std::string written = random_text(size_t{64} * 68);
  EXPECT_TRUE(std::ranges::equal(stored, std::as_bytes(std::span(written))));
  for (size_t at = 0; at < stored.size(); at += size_t{16} * 68) {
    std::vector<std::byte> rows(size_t{16} * 68);
    quant::ungroup_rows(Type::q8_0, 64, stored.subspan(at, rows.size()), rows);
    all.insert(all.end(), rows.begin(), rows.end());
  }
  for (const auto& [first, n] : {std::pair{0U, 64U}, {0U, 1U}, {15U, 2U}, {63U, 1U}, {20U, 30U}}) {
    const auto rows = *(*catalog)->rows(tensor, first, n, scratch);
    EXPECT_TRUE(std::ranges::equal(rows, std::span(all).subspan(first * 68, n * 68))) << first;
  }
}

TEST(Layout, RefusesWhatCannotBeInGroups) {
  EXPECT_EQ(message(grouped()), "no error");
  EXPECT_EQ(message(grouped(2)),
            "its rows are in groups of version 2 (key stride.layout), only version 1 is read");
  const auto of = [](uint32_t type, const std::vector<uint64_t>& shape) {
    GgufBuilder b;
    b.number(kLayoutKey, ValueType::u32, kLayoutVersion);
    return message(b.tensor("a.weight", shape, kGroupTypes + type, std::string(1 << 16, 'x')));
  };
  EXPECT_EQ(of(kQ8, {64, 24}),
            "tensor a.weight: is in groups of 16 rows, in which 24 rows of Q8_0 cannot be");
  EXPECT_EQ(of(kQ8, {64}),
            "tensor a.weight: is in groups of 16 rows, in which 1 rows of Q8_0 cannot be");
  EXPECT_EQ(of(kQ2K, {256, 16}),
            "tensor a.weight: is in groups of 16 rows, in which 16 rows of Q2_K cannot be");
  EXPECT_THAT(of(0, {64, 16}), HasSubstr("16 rows of F32 cannot be"));
  EXPECT_THAT(of(3, {64, 16}), HasSubstr("which Stride does not read"));
  EXPECT_THAT(of(kQ8, {64, 1 << 20}), HasSubstr("past the end of the file"));
  GgufBuilder silent, text;
  silent.tensor("a.weight", {64, 16}, kGroupTypes + kQ8, std::string(16 * 68, 'x'));
  EXPECT_EQ(message(silent),
            "tensor a.weight: is in groups of rows, but key stride.layout, which says how, is "
            "missing");
  text.text(kLayoutKey, "1");
  EXPECT_THAT(message(text), HasSubstr("stride.layout"));
}

TEST(Layout, IsWrittenOnlyWithItsKey) {
  const TestFolder folder;
  Tensor tensor;
  tensor.name = "a.weight";
  tensor.type = Type::q8_0;
  tensor.layout = Layout::groups;
  tensor.shape = {64, 16, 1, 1};
  tensor.n_dims = 2;
  const auto written = GgufWriter::create(folder / "a.gguf", {}, {&tensor, 1});
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, HasSubstr("stride.layout"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Layout, IsForMatricesOfProducts) {
  const auto is_repacked = [](std::string name, Type type, uint64_t n_rows) {
    Tensor tensor;
    tensor.name = std::move(name);
    tensor.type = type;
    tensor.shape = {256, n_rows, 1, 1};
    return repacks(tensor);
  };
  for (const char* name : {"output.weight", "blk.0.attn_q.weight", "blk.3.ffn_down_exps.weight",
                           "blk.4.nextn.eh_proj.weight", "blk.4.nextn.shared_head_head.weight"}) {
    EXPECT_TRUE(is_repacked(name, Type::q4_k, 32)) << name;
    EXPECT_FALSE(is_repacked(name, Type::q4_k, 40)) << name;
    EXPECT_FALSE(is_repacked(name, Type::f16, 32)) << name;
  }
  for (const char* name :
       {"token_embd.weight", "blk.4.nextn.embed_tokens.weight", "blk.3.ffn_gate_inp.weight"})
    EXPECT_FALSE(is_repacked(name, Type::q4_k, 32)) << name;
}

}  // namespace
}  // namespace stride::format
