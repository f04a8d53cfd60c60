// SPDX-License-Identifier: Apache-2.0
#include "format/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/random.h"
#include "format/gguf_catalog.h"
#include "format/gguf_writer.h"
#include "format/layers.h"
#include "format/test_folder.h"
#include "format/test_models.h"
#include "quant/codec.h"

namespace stride::format {
namespace {

using quant::Type;
using testing::HasSubstr;

std::vector<float> values(const TensorCatalog& catalog, const Tensor& tensor) {
  std::vector<std::byte> scratch;
  std::vector<float> out(tensor.values());
  quant::decode(tensor.type, *catalog.bytes(tensor, scratch), out);
  return out;
}

bool same_bytes(const TensorCatalog& a, const TensorCatalog& b, const std::string& name) {
  std::vector<std::byte> scratch_a, scratch_b;
  const Tensor *x = a.find(name), *y = b.find(name);
  return x && y && x->type == y->type && x->shape == y->shape &&
         std::ranges::equal(*a.bytes(*x, scratch_a), *b.bytes(*y, scratch_b));
}

ConvertOptions to(std::string_view mix) {
  ConvertOptions options;
  options.mix = *Mix::parse(mix);
  return options;
}

TEST(Convert, WithoutAMixCopiesBitForBit) {
  const TestFolder folder;
  const auto source = golden("tiny-q4_k_s.gguf");
  const auto report = convert_model(*source, folder / "copy.gguf", {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->n_converted, 0U);
  EXPECT_EQ(report->file_bytes, std::filesystem::file_size(folder / "copy.gguf"));
  const auto copy = open(folder / "copy.gguf");
  ASSERT_EQ(copy->tensors().size(), source->tensors().size());
  for (const Tensor& tensor : source->tensors())
    EXPECT_TRUE(same_bytes(*source, *copy, tensor.name));
  EXPECT_EQ(copy->metadata().entries().size(), source->metadata().entries().size());
}

Tensor matrix(std::string name, uint64_t width, uint64_t n_rows) {
  Tensor tensor;
  tensor.name = std::move(name);
  tensor.shape = {width, n_rows, 1, 1};
  tensor.n_dims = 2;
  return tensor;
}

// A file of F32 matrices with normally distributed values, of a trunk of one layer unless `edit`
// says otherwise.
std::filesystem::path write_f32(const TestFolder& folder, const std::vector<Tensor>& tensors,
                                const std::function<void(Metadata&)>& edit = {}) {
  const auto path = folder / "f32.gguf";
  Metadata m;
  m.set_string("general.architecture", "step35");
  m.set_u32("step35.block_count", 1);
  if (edit) edit(m);
  auto writer = GgufWriter::create(path, m, tensors);
  EXPECT_TRUE(writer);
  Random random(3);
  for (const Tensor& tensor : tensors) {
    std::vector<float> data(tensor.values());
    for (float& x : data) x = static_cast<float>(random.normal());
    EXPECT_TRUE(writer->write(std::as_bytes(std::span(data))));
  }
  EXPECT_TRUE(writer->finish());
  return path;
}

TEST(Convert, EveryTypeStaysNearTheOriginal) {
  const TestFolder folder;
  const auto source = open(write_f32(
      folder, {matrix("token_embd.weight", 256, 40), matrix("output.weight", 512, 9),
               matrix("blk.0.attn_v.weight", 256, 16), matrix("blk.0.ffn_down.weight", 768, 8),
               matrix("blk.0.ffn_gate_inp.weight", 256, 8)}));
  // Largest root mean square of the error over that of normally distributed values.
  const std::vector<std::pair<const char*, double>> bounds = {
      {"F32", 0},     {"F16", 0.0005}, {"BF16", 0.003}, {"Q8_0", 0.01},  {"Q4_0", 0.11},
      {"Q4_K", 0.09}, {"Q5_K", 0.045}, {"Q6_K", 0.025}, {"Q4_K_S", 0.09}};
  for (const auto& [name, bound] : bounds) {
    const auto path = folder / "out.gguf";
    const auto report = convert_model(*source, path, to(name));
    ASSERT_TRUE(report) << name << ": " << report.error().message;
    const auto out = open(path);
    const Mix mix = *Mix::parse(name);
    for (const Tensor& tensor : out->tensors()) {
      const Tensor& original = *source->find(tensor.name);
      EXPECT_EQ(tensor.type, mix.choose(original, 1).type) << name << " " << tensor.name;
      const auto error = quant::compare(values(*source, original), values(*out, tensor));
      EXPECT_LE(error.relative_rms(), tensor.type == Type::f32 ? 0 : bound)
          << name << " " << tensor.name;
    }
    for (const auto& [type, summary] : report->types)
      EXPECT_LE(summary.error.relative_rms(), bound) << name;
    EXPECT_TRUE(report->notes.empty());
  }
}

TEST(Convert, NamesFallbacks) {
  const TestFolder folder;
  const auto source = golden("tiny-f32.gguf");  // rows of 64, 96 and 32 values
  const auto report = convert_model(*source, folder / "out.gguf", to("Q4_K_S"));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->notes,
              testing::Contains("token_embd.weight is Q8_0: its rows of 64 are no whole blocks"));
  EXPECT_EQ(open(folder / "out.gguf")->find("token_embd.weight")->type, Type::q8_0);
}

Depth depth_of(const TensorCatalog& catalog) {
  const auto depth = read_depth(catalog.metadata(), catalog.tensors());
  EXPECT_TRUE(depth) << depth.error().message;
  return *depth;
}

TEST(Convert, DropsAndMergesMtpLayers) {
  const TestFolder folder;
  const auto source = golden("tiny-f32.gguf");
  ConvertOptions drop;
  drop.mtp_layers = MtpLayers::drop;
  const auto dropped = convert_model(*source, folder / "trunk.gguf", drop);
  ASSERT_TRUE(dropped) << dropped.error().message;
  EXPECT_THAT(dropped->notes, testing::ElementsAre("51 tensors of MTP layers were left out"));
  const auto trunk = open(folder / "trunk.gguf");
  const Depth before = depth_of(*source), after = depth_of(*trunk);
  EXPECT_EQ(after.n_layer, before.n_layer);
  EXPECT_EQ(after.n_mtp, 0U);
  EXPECT_EQ(trunk->metadata().integers("step35.attention.head_count")->size(), before.n_layer);
  EXPECT_EQ(trunk->tensors().size() + 51, source->tensors().size());

  ConvertOptions merge;
  merge.mtp_layers = MtpLayers::merge;
  merge.mtp = source.get();
  const auto merged = convert_model(*trunk, folder / "merged.gguf", merge);
  ASSERT_TRUE(merged) << merged.error().message;
  const auto whole = open(folder / "merged.gguf");
  EXPECT_EQ(whole->tensors().size(), source->tensors().size());
  for (const Tensor& tensor : source->tensors())
    EXPECT_TRUE(same_bytes(*source, *whole, tensor.name));
  for (const char* key : {"step35.attention.head_count", "step35.swiglu_clamp_exp",
                          "step35.block_count", "step35.nextn_predict_layers"}) {
    EXPECT_EQ(*whole->metadata().reals(key), *source->metadata().reals(key)) << key;
  }
  EXPECT_EQ(*whole->metadata().booleans("step35.attention.sliding_window_pattern"),
            *source->metadata().booleans("step35.attention.sliding_window_pattern"));
}

// A copy with other keys, of the layers below `end`.
std::unique_ptr<TensorCatalog> rewritten(const TestFolder& folder, const TensorCatalog& source,
                                         int end, const std::function<void(Metadata&)>& edit) {
  ConvertPlan plan = *plan_conversion(source, {});
  std::erase_if(plan.tensors, [&](const auto& p) { return layer_of(p.tensor.name) >= end; });
  edit(plan.metadata);
  std::vector<Tensor> tensors;
  for (const PlannedTensor& p : plan.tensors) tensors.push_back(p.tensor);
  auto writer = GgufWriter::create(folder / "rewritten.gguf", plan.metadata, tensors);
  EXPECT_TRUE(writer);
  std::vector<std::byte> scratch;
  for (const PlannedTensor& p : plan.tensors)
    EXPECT_TRUE(writer->write(*source.bytes(*p.from, scratch)));
  EXPECT_TRUE(writer->finish());
  return open(folder / "rewritten.gguf");
}

// The keys of this trunk read as if three of its six layers were MTP layers.
TEST(Convert, DropsNoLayerOfATrunkWhoseHeadsAreElsewhere) {
  const TestFolder folder;
  const auto whole = golden("tiny-f32.gguf");
  const auto trunk = rewritten(folder, *whole, 6, [](Metadata& m) {
    m.set_u32("step35.block_count", 6);  // step35.nextn_predict_layers stays 3
  });
  ConvertOptions options;
  options.mtp_layers = MtpLayers::drop;
  const auto dropped = convert_model(*trunk, folder / "dropped.gguf", options);
  ASSERT_TRUE(dropped) << dropped.error().message;
  EXPECT_THAT(dropped->notes, testing::ElementsAre(HasSubstr("those of 6 trunk layers and 0 MTP")));
  const auto out = open(folder / "dropped.gguf");
  EXPECT_EQ(out->tensors().size(), trunk->tensors().size());
  EXPECT_EQ(*out->metadata().integer("step35.block_count"), 6);
  EXPECT_EQ(out->metadata().integers("step35.attention.head_count")->size(), 6U);
  EXPECT_TRUE(depth_of(*out).warning.empty());

  options.mtp_layers = MtpLayers::merge;
  options.mtp = whole.get();
  const auto merged = convert_model(*trunk, folder / "merged.gguf", options);
  ASSERT_TRUE(merged) << merged.error().message;
  const auto joined = open(folder / "merged.gguf");
  for (const Tensor& tensor : whole->tensors())
    EXPECT_TRUE(same_bytes(*whole, *joined, tensor.name));
  EXPECT_EQ(depth_of(*joined).n_layer, 6U);
  EXPECT_EQ(depth_of(*joined).n_mtp, 3U);
  EXPECT_TRUE(depth_of(*joined).warning.empty());
}

TEST(Convert, DropsMtpLayersWhateverTheKeysSay) {
  const TestFolder folder;
  const auto source = golden("tiny-f32.gguf");
  const std::function<void(Metadata&)> edits[] = {
      [](Metadata& m) { m.erase("step35.nextn_predict_layers"); },
      [](Metadata& m) { m.set_u32("step35.block_count", 6); }};
  for (const auto& edit : edits) {
    const auto odd = rewritten(folder, *source, 9, edit);
    ConvertOptions drop;
    drop.mtp_layers = MtpLayers::drop;
    const auto dropped = convert_model(*odd, folder / "trunk.gguf", drop);
    ASSERT_TRUE(dropped) << dropped.error().message;
    EXPECT_THAT(dropped->notes,
                testing::ElementsAre(HasSubstr("those of 6 trunk layers and 3 MTP layers"),
                                     "51 tensors of MTP layers were left out"));
    const auto trunk = open(folder / "trunk.gguf");
    EXPECT_EQ(depth_of(*trunk).n_layer, 6U);
    EXPECT_EQ(depth_of(*trunk).n_mtp, 0U);
    EXPECT_TRUE(depth_of(*trunk).warning.empty());
    EXPECT_EQ(trunk->metadata().integers("step35.attention.head_count")->size(), 6U);
  }
}

// Dense layers of the trunk have better down projections in this mix.
TEST(Convert, MixesGoByTheDepthOfTheTensors) {
  const TestFolder folder;
  const auto source = open(
      write_f32(folder,
                {matrix("blk.0.attn_norm.weight", 256, 1), matrix("blk.5.attn_norm.weight", 256, 1),
                 matrix("blk.5.ffn_down.weight", 256, 8)},
                [](Metadata& m) {
                  m.set_u32("step35.block_count", 6);
                  m.set_u32("step35.nextn_predict_layers", 3);
                }));
  const auto plan = plan_conversion(*source, to("Q4_K_S"));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->tensors.back().tensor.type, Type::q5_k);
}

TEST(Convert, RefusesMtpFilesThatDoNotBelong) {
  const TestFolder folder;
  const auto f32 = golden("tiny-f32.gguf"), q4 = golden("tiny-q4_k_s.gguf");
  ConvertOptions options;
  options.mtp_layers = MtpLayers::merge;
  options.mtp = q4.get();
  if (depth_of(*f32).n_layer != depth_of(*q4).n_layer) {
    EXPECT_THAT(convert_model(*f32, folder / "x.gguf", options).error().message,
                HasSubstr("the MTP file is for a trunk of"));
  }
  ConvertOptions drop;
  drop.mtp_layers = MtpLayers::drop;
  ASSERT_TRUE(convert_model(*f32, folder / "trunk.gguf", drop));
  const auto trunk = open(folder / "trunk.gguf");
  options.mtp = trunk.get();
  EXPECT_THAT(convert_model(*f32, folder / "x.gguf", options).error().message,
              HasSubstr("holds no MTP layers"));
}

TEST(Convert, StopsAndLeavesNothing) {
  const TestFolder folder;
  const auto source = golden("tiny-f32.gguf");
  std::atomic<bool> stop = false;
  ConvertOptions options = to("Q8_0");
  options.stop = &stop;
  uint64_t n_calls = 0;
  options.on_progress = [&](const ConvertProgress& progress) {
    EXPECT_LE(progress.bytes_done, progress.bytes_total);
    if (++n_calls == 5) stop = true;
  };
  const auto report = convert_model(*source, folder / "out.gguf", options);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::cancelled);
  EXPECT_EQ(n_calls, 5U);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Convert, ProgressEndsAtTheTotal) {
  const TestFolder folder;
  ConvertProgress last;
  ConvertOptions options = to("F16");
  options.on_progress = [&](const ConvertProgress& progress) { last = progress; };
  ASSERT_TRUE(convert_model(*golden("tiny-q8_0.gguf"), folder / "out.gguf", options));
  EXPECT_EQ(last.bytes_done, last.bytes_total);
}

// Memory is bounded by pieces of rows, not by tensors: the largest tensor of the real model is cut
// into pieces of a million values.
TEST(Convert, PiecesAreSmallWhateverTheTensor) {
  Tensor experts;
  experts.shape = {4096, 1280, 288, 1};
  EXPECT_EQ(rows_of_piece(experts), 256U);
  Tensor long_row;
  long_row.shape = {uint64_t{1} << 24, 2, 1, 1};
  EXPECT_EQ(rows_of_piece(long_row), 1U);
}

// A tensor of several waves, so that pieces meet in every way.
TEST(Convert, NeitherPiecesNorThreadsChangeTheFile) {
  const TestFolder folder;
  const auto source = open(write_f32(folder, {matrix("token_embd.weight", 256, 20'000)}));
  auto options = to("Q8_0");
  options.n_threads = 1;
  const auto one = convert_model(*source, folder / "1.gguf", options);
  options.n_threads = 3;
  const auto three = convert_model(*source, folder / "3.gguf", options);
  ASSERT_TRUE(one && three);
  EXPECT_TRUE(read_whole_file(folder / "1.gguf") == read_whole_file(folder / "3.gguf"));
  EXPECT_EQ(one->types.at(Type::q8_0).error.squared_error,
            three->types.at(Type::q8_0).error.squared_error);
  const auto data = values(*source, source->tensors()[0]);
  std::vector<std::byte> whole(quant::row_bytes(Type::q8_0, data.size())), scratch;
  quant::encode(Type::q8_0, data, whole);
  const auto out = open(folder / "1.gguf");
  EXPECT_TRUE(std::ranges::equal(*out->bytes(out->tensors()[0], scratch), whole));
}

}  // namespace
}  // namespace stride::format
