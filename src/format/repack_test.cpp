// SPDX-License-Identifier: Apache-2.0
// Conversions into groups of rows and back: no value changes, whatever the source is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "format/convert.h"
#include "format/gguf.h"
#include "format/gguf_writer.h"
#include "format/layout.h"
#include "format/test_folder.h"
#include "format/test_models.h"

namespace stride::format {
namespace {

using quant::Layout;
using quant::Type;

constexpr Type kTypes[] = {Type::f32,  Type::f16,   Type::q4_0,   Type::q8_0, Type::q2_k,
                           Type::q3_k, Type::q4_k,  Type::q5_k,   Type::q6_k, Type::iq4_nl,
                           Type::bf16, Type::iq3_s, Type::iq4_xs, Type::mxfp4};

ConvertReport convert(const TensorCatalog& source, const std::filesystem::path& out, bool repack,
                      std::string_view mix = "", unsigned n_threads = 2) {
  ConvertOptions options;
  options.repack = repack;
  options.n_threads = n_threads;
  if (!mix.empty()) options.mix = *Mix::parse(mix);
  auto report = convert_model(source, out, options);
  EXPECT_TRUE(report) << report.error().message;
  return *std::move(report);
}

bool same_file(const std::filesystem::path& a, const std::filesystem::path& b) {
  return read_whole_file(a) == read_whole_file(b);
}

// Tensors of random bytes: of each type a stack of three matrices of 48 rows, one of 24 rows, and
// one of a few hundred, which is cut into pieces.
std::vector<Tensor> tensors_of_all_types() {
  std::vector<Tensor> tensors;
  const auto add = [&](std::string name, Type type, const Shape& shape) {
    Tensor t;
    t.name = std::move(name);
    t.type = type;
    t.shape = shape;
    t.n_dims = shape[2] > 1 ? 3 : 2;
    t.bytes = *tensor_bytes(t.type, t.shape);
    tensors.push_back(std::move(t));
  };
  for (const Type type : kTypes) {
    const std::string name(quant::type_name(type));
    add("blk.0." + name + "_stack.weight", type, {512, 48, 3, 1});
    add("blk.0." + name + "_odd.weight", type, {256, 24, 1, 1});
    add("blk.0." + name + "_wide.weight", type, {16384, 208, 1, 1});
  }
  add("token_embd.weight", Type::q8_0, {64, 32, 1, 1});
  return tensors;
}

Metadata step35() {
  Metadata m;
  m.set_string("general.architecture", "step35");
  m.set_u32("step35.block_count", 1);
  return m;
}

std::filesystem::path write_random(const std::filesystem::path& path, const Metadata& metadata,
                                   const std::vector<Tensor>& tensors) {
  auto writer = GgufWriter::create(path, metadata, tensors);
  EXPECT_TRUE(writer);
  Random random(9);
  for (const Tensor& tensor : tensors) {
    std::vector<std::byte> data(tensor.bytes);
    for (size_t i = 0; i < data.size(); i += 8) {
      const uint64_t word = random.next();
      std::memcpy(&data[i], &word, std::min<size_t>(8, data.size() - i));
    }
    EXPECT_TRUE(writer->write(data));
  }
  EXPECT_TRUE(writer->finish());
  return path;
}

void expect_same_values(const TensorCatalog& a, const TensorCatalog& b) {
  ASSERT_EQ(a.tensors().size(), b.tensors().size());
  std::vector<std::byte> scratch_a, scratch_b;
  for (const Tensor& x : a.tensors()) {
    const Tensor* y = b.find(x.name);
    ASSERT_TRUE(y) << x.name;
    EXPECT_EQ(x.type, y->type) << x.name;
    EXPECT_EQ(x.shape, y->shape) << x.name;
    EXPECT_EQ(x.bytes, y->bytes) << x.name;
    EXPECT_TRUE(std::ranges::equal(*a.bytes(x, scratch_a), *b.bytes(*y, scratch_b))) << x.name;
  }
}

TEST(Repack, ThereAndBackChangesNoByteOfAnyType) {
  const TestFolder folder;
  const auto source = open(write_random(folder / "in.gguf", step35(), tensors_of_all_types()));
  const ConvertReport there = convert(*source, folder / "groups.gguf", true);
  EXPECT_EQ(there.n_regrouped, 14U);  // two of each of seven types
  EXPECT_EQ(there.n_copied, source->tensors().size());
  EXPECT_EQ(there.n_converted, 0U);
  const auto repacked = open(folder / "groups.gguf");
  expect_same_values(*source, *repacked);
  std::vector<std::byte> scratch_a, scratch_b;
  for (const Tensor& tensor : repacked->tensors()) {
    const Tensor& original = *source->find(tensor.name);
    EXPECT_EQ(tensor.layout, repacks(original) ? Layout::groups : Layout::rows) << tensor.name;
    EXPECT_NE(tensor.layout == Layout::rows,
              !std::ranges::equal(*source->stored(original, 0, original.rows(), scratch_a),
                                  *repacked->stored(tensor, 0, tensor.rows(), scratch_b)))
        << tensor.name;
  }
  const ConvertReport back = convert(*repacked, folder / "rows.gguf", false);
  EXPECT_EQ(back.n_regrouped, 14U);
  EXPECT_TRUE(same_file(folder / "in.gguf", folder / "rows.gguf"));
  EXPECT_EQ(convert(*repacked, folder / "again.gguf", true).n_regrouped, 0U);
  EXPECT_TRUE(same_file(folder / "groups.gguf", folder / "again.gguf"));
}

TEST(Repack, NeitherPiecesNorThreadsChangeTheFile) {
  const TestFolder folder;
  const auto source = open(write_random(folder / "in.gguf", step35(), tensors_of_all_types()));
  convert(*source, folder / "1.gguf", true, "", 1);
  convert(*source, folder / "3.gguf", true, "", 3);
  EXPECT_TRUE(same_file(folder / "1.gguf", folder / "3.gguf"));
}

// Other types and groups in one go are the same as one after the other.
TEST(Repack, GoesWithOtherTypes) {
  const TestFolder folder;
  const auto source = golden("tiny-f32.gguf");
  for (const char* mix : {"Q8_0", "Q4_0", "MXFP4_MOE"}) {
    convert(*source, folder / "plain.gguf", false, mix);
    const auto plain = open(folder / "plain.gguf");
    convert(*plain, folder / "later.gguf", true);
    const ConvertReport report = convert(*source, folder / "at_once.gguf", true, mix);
    EXPECT_GT(report.n_converted, 0U);
    EXPECT_TRUE(same_file(folder / "later.gguf", folder / "at_once.gguf")) << mix;
    // And a repacked file is as good a source of other types as a plain one.
    const auto repacked = open(folder / "later.gguf");
    EXPECT_TRUE(repacked->metadata().contains(kLayoutKey));
    convert(*plain, folder / "a.gguf", false, "F16");
    convert(*repacked, folder / "b.gguf", false, "F16");
    EXPECT_TRUE(same_file(folder / "a.gguf", folder / "b.gguf")) << mix;
  }
}

TEST(Repack, OfAFileWithoutGroupsSaysSo) {
  const TestFolder folder;
  const ConvertReport report = convert(*golden("tiny-f32.gguf"), folder / "out.gguf", true);
  EXPECT_THAT(report.notes,
              testing::Contains("no tensor has a type and a height that can be in groups of rows"));
  convert(*golden("tiny-f32.gguf"), folder / "plain.gguf", false);
  EXPECT_TRUE(same_file(folder / "out.gguf", folder / "plain.gguf"));
}

TEST(Repack, TakesShardsAndHeadsOfOtherFiles) {
  const TestFolder folder;
  const auto whole = golden("tiny-q8_0.gguf");
  convert(*whole, folder / "plain.gguf", false);
  convert(*whole, folder / "groups.gguf", true);
  ConvertOptions options;
  options.mtp_layers = MtpLayers::drop;
  ASSERT_TRUE(convert_model(*whole, folder / "trunk.gguf", options));
  const auto trunk = open(folder / "trunk.gguf"), repacked = open(folder / "groups.gguf");
  options.mtp_layers = MtpLayers::merge;
  options.mtp = repacked.get();
  ASSERT_TRUE(convert_model(*trunk, folder / "merged.gguf", options));
  expect_same_values(*whole, *open(folder / "merged.gguf"));
  options.repack = true;
  ASSERT_TRUE(convert_model(*trunk, folder / "merged_groups.gguf", options));
  expect_same_values(*whole, *open(folder / "merged_groups.gguf"));

  // Two shards, both in groups, each with the key.
  const std::vector<Tensor> all = tensors_of_all_types();
  for (uint32_t i = 0; i < 2; ++i) {
    Metadata m = step35();
    m.set_u32(std::string(kLayoutKey), kLayoutVersion);
    m.set_u32("split.count", 2);
    m.set_u32("split.no", i);
    std::vector<Tensor> part(all.begin() + i * 20, all.begin() + (i + 1) * 20);
    for (Tensor& t : part) t.layout = repacks(t) ? Layout::groups : Layout::rows;
    write_random(folder / fmt::format("s-0000{}-of-00002.gguf", i + 1), m, part);
  }
  const auto shards = open(folder / "s-00002-of-00002.gguf");
  convert(*shards, folder / "joined.gguf", false);
  const auto joined = open(folder / "joined.gguf");
  expect_same_values(*shards, *joined);
  EXPECT_TRUE(std::ranges::all_of(joined->tensors(),
                                  [](const Tensor& t) { return t.layout == Layout::rows; }));
  EXPECT_FALSE(joined->metadata().contains(kLayoutKey));
}

TEST(Repack, StopsAndLeavesNothing) {
  const TestFolder folder;
  std::atomic<bool> stop = false;
  ConvertOptions options;
  options.repack = true;
  options.stop = &stop;
  uint64_t n_calls = 0;
  options.on_progress = [&](const ConvertProgress&) { stop = ++n_calls == 4; };
  const auto report = convert_model(*golden("tiny-q8_0.gguf"), folder / "out.gguf", options);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::cancelled);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace stride::format
