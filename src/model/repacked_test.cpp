// SPDX-License-Identifier: Apache-2.0
// A repacked file gives the bits of the plain one, from the mapping and from memory, and costs the
// loader no grouping.
#include <gtest/gtest.h>

#include <algorithm>

#include "format/convert.h"
#include "format/gguf_writer.h"
#include "format/layout.h"
#include "format/test_folder.h"
#include "model/arena.h"
#include "model/golden.h"

namespace stride::model {
namespace {

using quant::Layout;
using Catalog = std::unique_ptr<format::TensorCatalog>;

Catalog converted(const format::TensorCatalog& source, const std::filesystem::path& out,
                  bool repack, std::string_view mix = "") {
  format::ConvertOptions options;
  options.repack = repack;
  if (!mix.empty()) options.mix = *format::Mix::parse(mix);
  const auto report = format::convert_model(source, out, options);
  EXPECT_TRUE(report) << report.error().message;
  auto catalog = format::open_model(out);
  EXPECT_TRUE(catalog) << catalog.error().message;
  return *std::move(catalog);
}

AllOutputs run(const format::TensorCatalog& catalog, LoadOptions options,
               const std::vector<Token>& ids) {
  std::vector<std::string> warnings;
  options.n_threads = 2;
  const auto model = Model::load(catalog, options, warnings);
  EXPECT_TRUE(model) << model.error().message;
  return run_everything(**model, ids);
}

void expect_same(const AllOutputs& a, const AllOutputs& b) {
  EXPECT_EQ(a.trunk.logits, b.trunk.logits);
  EXPECT_EQ(a.trunk.hidden, b.trunk.hidden);
  EXPECT_EQ(a.trunk.experts, b.trunk.experts);
  ASSERT_EQ(a.mtp.size(), b.mtp.size());
  for (size_t k = 0; k < a.mtp.size(); ++k) EXPECT_EQ(a.mtp[k].logits, b.mtp[k].logits) << k;
}

void expect_same_everywhere(const format::TensorCatalog& plain, const format::TensorCatalog& other,
                            const std::vector<Token>& ids) {
  for (const Placement placement : {Placement::file, Placement::memory}) {
    for (const Activations activations : {Activations::int8, Activations::int16}) {
      const LoadOptions options{.activations = activations, .placement = placement};
      expect_same(run(plain, options, ids), run(other, options, ids));
    }
  }
}

struct Case {
  const char* model;
  const char* mix;  // empty: the model's own types
};

class Repacked : public testing::TestWithParam<Case> {};

// tiny-q4_k_s has Q4_K, Q5_K and Q6_K.
INSTANTIATE_TEST_SUITE_P(Types, Repacked,
                         testing::Values(Case{"tiny-q8_0", ""}, Case{"tiny-q4_k_s", ""},
                                         Case{"tiny-f32", "Q4_0"}, Case{"tiny-f32", "IQ4_NL"},
                                         Case{"tiny-q4_k_s", "IQ4_XS"}),
                         [](const auto& test) {
                           std::string name = std::string(test.param.model) + test.param.mix;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST_P(Repacked, HasTheBitsOfThePlainFile) {
  const format::TestFolder folder;
  const Golden golden(GetParam().model);
  const Catalog plain = converted(*golden.catalog, folder / "plain.gguf", false, GetParam().mix);
  const Catalog repacked = converted(*plain, folder / "repacked.gguf", true);
  expect_same_everywhere(*plain, *repacked, golden.ids);
}

TEST(RepackedFile, CostsTheLoaderNoGrouping) {
  const format::TestFolder folder;
  const Golden golden("tiny-q4_k_s");
  const Catalog repacked = converted(*golden.catalog, folder / "repacked.gguf", true);
  std::vector<std::string> warnings;
  auto weights = bind_weights(*repacked, nullptr, warnings);
  ASSERT_TRUE(weights);
  // In the file as the arena would have it: all of a layer's matrices that can be.
  std::vector<Matrix*> matrices = {&weights->output};
  for (LayerWeights& l : weights->layers)
    for (Matrix* m : {&l.attention.q, &l.attention.k, &l.attention.v, &l.attention.gate,
                      &l.attention.output, &l.router, &l.dense.gate, &l.dense.up, &l.dense.down,
                      &l.experts.gate, &l.experts.up, &l.experts.down})
      if (!m->empty()) matrices.push_back(m);
  for (MtpWeights& m : weights->mtp) matrices.insert(matrices.end(), {&m.eh_proj, &m.head});
  std::vector<std::vector<std::byte>> stored;
  for (const Matrix* m : matrices) {
    EXPECT_EQ(m->layout == Layout::groups, quant::can_group(m->type, m->n_out));
    stored.emplace_back(m->data, m->data + m->matrix_bytes() * m->n_stack);
  }
  ThreadTeam team(2);
  kernels::Kernels kernels = *kernels::kernels_by_name("scalar");
  kernels.prefers_groups = true;
  ASSERT_TRUE(move_to_arena(*weights, kernels, team, {}));
  for (size_t i = 0; i < matrices.size(); ++i)
    EXPECT_TRUE(std::ranges::equal(
        stored[i],
        std::span(matrices[i]->data, matrices[i]->matrix_bytes() * matrices[i]->n_stack)));
}

// For kernels that prefer rows, memory holds what it holds of the plain file.
TEST(RepackedFile, GoesBackToRowsForOtherKernels) {
  const format::TestFolder folder;
  const Golden golden("tiny-q4_k_s");
  const Catalog repacked = converted(*golden.catalog, folder / "repacked.gguf", true);
  std::vector<std::string> warnings;
  auto a = bind_weights(*golden.catalog, nullptr, warnings),
       b = bind_weights(*repacked, nullptr, warnings);
  ASSERT_TRUE(a && b);
  kernels::Kernels kernels = *kernels::kernels_by_name("scalar");
  kernels.prefers_groups = false;
  ThreadTeam team(2);
  ASSERT_TRUE(move_to_arena(*a, kernels, team, {}) && move_to_arena(*b, kernels, team, {}));
  EXPECT_EQ(b->output.layout, Layout::rows);
  EXPECT_TRUE(std::ranges::equal(a->arena.span(), b->arena.span()));
}

TEST(RepackedFile, RunsOnTheReferencePath) {
  const format::TestFolder folder;
  const Golden golden("tiny-q8_0");
  const Catalog repacked = converted(*golden.catalog, folder / "repacked.gguf", true);
  const LoadOptions options{.path = Path::reference};
  expect_same(run(*golden.catalog, options, golden.ids), run(*repacked, options, golden.ids));
}

TEST(RepackedFile, GivesHeadsToAPlainTrunkAndTakesThem) {
  const format::TestFolder folder;
  const Golden golden("tiny-q8_0");
  format::ConvertOptions drop;
  drop.mtp_layers = format::MtpLayers::drop;
  for (const bool repack : {false, true}) {
    drop.repack = repack;
    ASSERT_TRUE(format::convert_model(*golden.catalog, folder / "trunk.gguf", drop));
    const Catalog heads = converted(*golden.catalog, folder / "whole.gguf", !repack);
    const Catalog trunk = *format::open_model(folder / "trunk.gguf");
    expect_same(run(*golden.catalog, {}, golden.ids),
                run(*trunk, {.mtp = heads.get()}, golden.ids));
  }
}

// Nobody writes embeddings in groups, but a file may have them so.
TEST(RepackedFile, MayHaveItsEmbeddingInGroups) {
  const format::TestFolder folder;
  const Golden golden("tiny-q8_0");
  format::ConvertPlan plan = *format::plan_conversion(*golden.catalog, {});
  plan.metadata.set_u32(std::string(format::kLayoutKey), format::kLayoutVersion);
  std::vector<format::Tensor> tensors;
  for (const format::PlannedTensor& p : plan.tensors) {
    tensors.push_back(p.tensor);
    if (quant::can_group(p.tensor.type, p.tensor.shape[1])) tensors.back().layout = Layout::groups;
  }
  auto writer = format::GgufWriter::create(folder / "all.gguf", plan.metadata, tensors);
  ASSERT_TRUE(writer);
  for (const format::Tensor& t : tensors) {
    std::vector<std::byte> scratch;
    const auto bytes = *golden.catalog->bytes(*golden.catalog->find(t.name), scratch);
    std::vector<std::byte> out(bytes.begin(), bytes.end());
    const size_t group = quant::kGroupRows * t.bytes / t.rows();
    for (size_t at = 0; t.layout == Layout::groups && at < out.size(); at += group)
      quant::group_rows(t.type, t.shape[0], bytes.subspan(at, group),
                        std::span(out).subspan(at, group));
    ASSERT_TRUE(writer->write(out));
  }
  ASSERT_TRUE(writer->finish());
  const Catalog all = *format::open_model(folder / "all.gguf");
  ASSERT_EQ(all->find("token_embd.weight")->layout, Layout::groups);
  expect_same_everywhere(*golden.catalog, *all, golden.ids);
  const LoadOptions reference{.path = Path::reference};
  expect_same(run(*golden.catalog, reference, golden.ids), run(*all, reference, golden.ids));
}

}  // namespace
}  // namespace stride::model
