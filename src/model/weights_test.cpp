// SPDX-License-Identifier: Apache-2.0
#include "model/weights.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "model/golden.h"

namespace stride::model {
namespace {

using format::Tensor;

// Another catalog with tensors hidden or changed and metadata of its own.
class EditedCatalog final : public format::TensorCatalog {
 public:
  EditedCatalog(const format::TensorCatalog& base, const std::function<bool(Tensor&)>& keep)
      : base_(base), metadata_(base.metadata()) {
    for (Tensor tensor : base.tensors()) {
      if (keep(tensor)) tensors_.push_back(std::move(tensor));
    }
  }

  format::Metadata& edit() { return metadata_; }
  // What rows() gives for this tensor, as f32.
  void replace(std::string name, std::vector<float> values) {
    replaced_ = std::move(name);
    values_ = std::move(values);
  }

  const format::Metadata& metadata() const override { return metadata_; }
  std::span<const Tensor> tensors() const override { return tensors_; }
  std::span<const std::string> warnings() const override { return {}; }
  bool is_mapped(const Tensor& tensor) const override { return tensor.name != replaced_; }
  void release(const Tensor&, uint64_t, uint64_t) const override {}
  std::string place(const Tensor& tensor) const override { return base_.place(tensor); }

  const Tensor* find(std::string_view name) const override {
    const auto it = std::ranges::find(tensors_, name, &Tensor::name);
    return it == tensors_.end() ? nullptr : &*it;
  }

  Result<std::span<const std::byte>> rows(const Tensor& tensor, uint64_t first, uint64_t n,
                                          std::vector<std::byte>& scratch) const override {
    if (tensor.name == replaced_) return std::as_bytes(std::span(values_));
    return base_.rows(tensor, first, n, scratch);
  }

 private:
  const format::TensorCatalog& base_;
  format::Metadata metadata_;
  std::vector<Tensor> tensors_;
  std::string replaced_;
  std::vector<float> values_;
};

constexpr uint32_t kTrunkLayers = 6;  // of the tiny models

bool in_mtp_layer(const Tensor& tensor) {
  return tensor.name.starts_with("blk.") && std::stoul(tensor.name.substr(4)) >= kTrunkLayers;
}

bool in_trunk_layer(const Tensor& tensor) {
  return tensor.name.starts_with("blk.") && !in_mtp_layer(tensor);
}

struct Loaded {
  std::unique_ptr<Model> model;
  std::vector<std::string> warnings;
  std::string error;
};

Loaded load(const format::TensorCatalog& trunk, const format::TensorCatalog* mtp = nullptr) {
  Loaded loaded;
  auto model = Model::load(trunk, {.path = Path::reference, .mtp = mtp}, loaded.warnings);
  if (model) {
    loaded.model = *std::move(model);
  } else {
    loaded.error = model.error().message;
  }
  return loaded;
}

bool mentions(const std::vector<std::string>& sentences, std::string_view text) {
  return std::ranges::any_of(
      sentences, [&](const std::string& s) { return s.find(text) != std::string::npos; });
}

TEST(Weights, TrunkWithoutItsHeadsRunsAndSaysSo) {
  const Golden golden("tiny-f32");
  const EditedCatalog trunk(*golden.catalog, [](Tensor& t) { return !in_mtp_layer(t); });
  const Loaded loaded = load(trunk);
  ASSERT_TRUE(loaded.model) << loaded.error;
  EXPECT_EQ(loaded.model->config().n_mtp, 0U);
  EXPECT_TRUE(mentions(loaded.warnings, "declares 3 MTP layers and holds 0"));
  EXPECT_LT(relative_error(run_everything(*loaded.model, golden.ids).trunk.logits, golden.logits),
            1e-4);
}

// As published: the trunk's block_count leaves the heads out, and a file of their own holds them.
TEST(Weights, HeadsFromASeparateFileAreTheSame) {
  const Golden golden("tiny-q8_0");
  EditedCatalog trunk(*golden.catalog, [](Tensor& t) { return !in_mtp_layer(t); });
  trunk.edit().set_u32("step35.block_count", kTrunkLayers);
  trunk.edit().erase("step35.nextn_predict_layers");
  const EditedCatalog mtp(*golden.catalog, [](Tensor& t) { return !in_trunk_layer(t); });
  const Loaded loaded = load(trunk, &mtp);
  ASSERT_TRUE(loaded.model) << loaded.error;
  const AllOutputs got = run_everything(*loaded.model, golden.ids);
  EXPECT_LT(relative_error(got.trunk.logits, golden.logits), 1e-4);
  ASSERT_EQ(got.mtp.size(), 3U);
  for (size_t k = 0; k < 3; ++k) EXPECT_LT(relative_error(got.mtp[k].logits, golden.mtp[k]), 1e-4);
}

TEST(Weights, BlockCountMayLeaveOutHeadsThatAreDeclared) {
  const Golden golden("tiny-f32");
  EditedCatalog trunk(*golden.catalog, [](Tensor& t) { return !in_mtp_layer(t); });
  trunk.edit().set_u32("step35.block_count", kTrunkLayers);
  const Loaded loaded = load(trunk);
  ASSERT_TRUE(loaded.model) << loaded.error;
  EXPECT_EQ(loaded.model->config().n_layer, kTrunkLayers);
  EXPECT_EQ(loaded.model->config().n_mtp, 0U);
  EXPECT_TRUE(mentions(loaded.warnings, "are those of 6 trunk layers and 0 MTP layers"));
}

// Whatever the keys say of embedded heads, the file computes the same.
TEST(Weights, EmbeddedHeadsAreFoundByTheirTensors) {
  const Golden golden("tiny-f32");
  EditedCatalog not_announced(*golden.catalog, [](Tensor&) { return true; });
  not_announced.edit().erase("step35.nextn_predict_layers");
  EditedCatalog not_counted(*golden.catalog, [](Tensor&) { return true; });
  not_counted.edit().set_u32("step35.block_count", kTrunkLayers);
  for (const auto* catalog : {&not_announced, &not_counted}) {
    const Loaded loaded = load(*catalog);
    ASSERT_TRUE(loaded.model) << loaded.error;
    EXPECT_EQ(loaded.model->config().n_layer, kTrunkLayers);
    EXPECT_TRUE(mentions(loaded.warnings, "are those of 6 trunk layers and 3 MTP layers"));
    const AllOutputs got = run_everything(*loaded.model, golden.ids);
    EXPECT_LT(relative_error(got.trunk.logits, golden.logits), 1e-4);
    ASSERT_EQ(got.mtp.size(), 3U);
    for (size_t k = 0; k < 3; ++k)
      EXPECT_LT(relative_error(got.mtp[k].logits, golden.mtp[k]), 1e-4);
  }
  EXPECT_TRUE(load(*golden.catalog).warnings.empty());
}

// A layer that got lost makes no shallower model, with heads or without them.
TEST(Weights, NamesTheTensorsOfALostLayer) {
  const Golden golden("tiny-f32");
  const auto in_layer = [](const Tensor& t, uint32_t i) {
    return t.name.starts_with(fmt::format("blk.{}.", i));
  };
  for (const uint32_t lost : {0U, 3U, 5U}) {
    const std::string error = fmt::format("tensor blk.{}.attn_norm.weight is missing", lost);
    const EditedCatalog whole(*golden.catalog, [&](Tensor& t) { return !in_layer(t, lost); });
    EXPECT_EQ(load(whole).error, error);
    EditedCatalog trunk(*golden.catalog,
                        [&](Tensor& t) { return !in_layer(t, lost) && !in_mtp_layer(t); });
    EXPECT_EQ(load(trunk).error, error);
    trunk.edit().set_u32("step35.block_count", kTrunkLayers);
    EXPECT_EQ(load(trunk).error, error);
    trunk.edit().erase("step35.nextn_predict_layers");
    EXPECT_EQ(load(trunk).error, error);
  }
  const EditedCatalog head(*golden.catalog, [&](Tensor& t) { return !in_layer(t, 7); });
  EXPECT_EQ(load(head).error, "tensor blk.7.attn_norm.weight is missing");
  const EditedCatalog projection(*golden.catalog,
                                 [](Tensor& t) { return t.name != "blk.6.nextn.eh_proj.weight"; });
  EXPECT_EQ(load(projection).error, "tensor blk.6.nextn.eh_proj.weight is missing");
}

// A table of ones is what conversions with the wrong rotary width come near to.
TEST(Weights, TheWrongRotaryTableIsNotUsed) {
  const Golden golden("tiny-f32");
  EditedCatalog edited(*golden.catalog, [](Tensor&) { return true; });
  const Tensor* table = golden.catalog->find("rope_freqs.weight");
  ASSERT_TRUE(table);
  edited.replace("rope_freqs.weight", std::vector<float>(table->shape[0], 1.0F));
  const Loaded loaded = load(edited);
  ASSERT_TRUE(loaded.model) << loaded.error;
  EXPECT_TRUE(mentions(loaded.warnings, "rope_freqs.weight holds 1.000000 at"));
  EXPECT_LT(relative_error(run_everything(*loaded.model, golden.ids).trunk.logits, golden.logits),
            1e-4);
  EXPECT_FALSE(mentions(load(*golden.catalog).warnings, "rope_freqs"));
}

TEST(Weights, NamesTheTensorAtFault) {
  const Golden golden("tiny-f32");
  const auto error_of = [&](const std::function<bool(Tensor&)>& keep) {
    return load(EditedCatalog(*golden.catalog, keep)).error;
  };
  EXPECT_EQ(error_of([](Tensor& t) { return t.name != "blk.3.attn_k.weight"; }),
            "tensor blk.3.attn_k.weight is missing");
  EXPECT_EQ(error_of([](Tensor& t) {
              if (t.name == "output.weight") t.shape[1] = 319;
              return true;
            }),
            "tensor output.weight is 64 x 319, but the model's metadata asks for 64 x 320");
  EXPECT_EQ(error_of([](Tensor& t) { return !in_trunk_layer(t); }),
            "the file holds only MTP layers; load the trunk and give this one with --mtp");
  EditedCatalog nan(*golden.catalog, [](Tensor&) { return true; });
  nan.replace("output_norm.weight", std::vector<float>(64, NAN));
  EXPECT_EQ(load(nan).error, "output_norm.weight: holds a value that is not finite");
}

TEST(Weights, RefusesTheHeadsOfAnotherModel) {
  const Golden golden("tiny-f32"), other("tiny-q8_0");
  EXPECT_NE(load(*golden.catalog, other.catalog.get()).error.find("belongs to another model"),
            std::string::npos);
  const EditedCatalog none(*golden.catalog, [](Tensor& t) { return !in_mtp_layer(t); });
  EXPECT_NE(load(*golden.catalog, &none).error.find("holds no MTP layers"), std::string::npos);
}

}  // namespace
}  // namespace stride::model
