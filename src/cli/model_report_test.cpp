// SPDX-License-Identifier: Apache-2.0
#include "cli/model_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>

#include "cli/slab.h"
#include "format/gguf.h"
#include "format/layers.h"
#include "json/json.h"
#include "model/fast_sequence.h"

namespace stride::cli {
namespace {

using testing::Contains;
using testing::HasSubstr;

// The tensor table of a model without its data.
class TableOnly final : public format::TensorCatalog {
 public:
  TableOnly(const model::Config& config, const char* mix_name)
      : metadata_(slab_metadata(config)), tensors_(model_tensors(config)) {
    const auto mix = *format::Mix::parse(mix_name);
    for (auto& tensor : tensors_) {
      tensor.type = mix.choose(tensor, config.n_layer).type;
      tensor.bytes = *format::tensor_bytes(tensor.type, tensor.shape);
    }
    const auto frequencies = model::rope_frequencies(config, config.layers[0]);
    rope_.assign(config.head_dim / 2, 1.0F);
    for (size_t i = 0; i < frequencies.size(); ++i)
      rope_[i] = static_cast<float>(
          std::pow(5e6, -static_cast<double>(i) / static_cast<double>(frequencies.size())) /
          frequencies[i]);
  }

  const format::Metadata& metadata() const override { return metadata_; }
  std::span<const format::Tensor> tensors() const override { return tensors_; }
  const format::Tensor* find(std::string_view name) const override {
    const auto it = std::ranges::find(tensors_, name, &format::Tensor::name);
    return it == tensors_.end() ? nullptr : &*it;
  }
  Result<std::span<const std::byte>> rows(const format::Tensor& tensor, uint64_t, uint64_t,
                                          std::vector<std::byte>&) const override {
    if (tensor.name == "rope_freqs.weight") return std::as_bytes(std::span(rope_));
    return fail(Errc::internal, "no data");
  }
  bool is_mapped(const format::Tensor&) const override { return true; }
  void release(const format::Tensor&, uint64_t, uint64_t) const override {}
  std::string place(const format::Tensor&) const override { return "nowhere"; }
  std::span<const std::string> warnings() const override { return {}; }

  format::Metadata metadata_;
  std::vector<format::Tensor> tensors_;
  std::vector<float> rope_;
};

model::Config whole(uint32_t n_mtp = 0) {
  return *slab_config({false, 45, n_mtp, 3, 128896});
}

double gigabytes(uint64_t bytes) {
  return static_cast<double>(bytes) / 1e9;
}

TEST(ModelReport, ReadsPerTokenAreThoseOfTheSpecification) {
  const auto report = make_report(TableOnly(whole(), "Q4_K_S"));
  ASSERT_TRUE(report) << report.error().message;
  const auto of = [&](Role role) { return gigabytes(report->roles.at(role).bytes_per_token); };
  EXPECT_NEAR(of(Role::attention), 2.545, 0.0006);
  EXPECT_NEAR(of(Role::dense_ffn), 0.251, 0.0006);
  EXPECT_NEAR(of(Role::router), 0.198, 0.0006);
  EXPECT_NEAR(of(Role::routed_experts), 2.983, 0.0006);
  EXPECT_NEAR(of(Role::shared_expert), 0.373, 0.0006);
  EXPECT_NEAR(of(Role::output), 0.433, 0.0006);
  EXPECT_NEAR(gigabytes(report->bytes_per_token), 6.785, 0.002);
  EXPECT_NEAR(gigabytes(report->roles.at(Role::routed_experts).bytes), 107.395, 0.001);
  EXPECT_NEAR(gigabytes(report->active_values), 11.459, 0.001);
  EXPECT_EQ(report->suspicious, std::vector<std::string>());
}

// The specification counts full rows and windows without scales; a scale is one float a row, head
// and side. Rings add the rows of a step, and one for each head's draft.
TEST(ModelReport, CacheIsThatOfTheSpecification) {
  using model::kv_bytes;
  using model::KvType;
  const model::Config trunk = whole();
  const auto report = make_report(TableOnly(trunk, "Q8_0"));
  ASSERT_TRUE(report);
  constexpr uint64_t kMiB = 1 << 20, kGiB = 1 << 30, kScales = 2 * 8 * sizeof(float);
  EXPECT_EQ(report->cache_per_token.f16, 49'152U);
  EXPECT_EQ(report->cache_per_token.int8, 24'576U + 12 * kScales);
  EXPECT_EQ(kv_bytes(trunk, KvType::f16, 262144, 0), 12 * kGiB + 66 * kMiB);
  EXPECT_EQ(kv_bytes(trunk, KvType::int8, 262144, 0),
            6 * kGiB + 33 * kMiB + (12 * 262144 + 33 * 512) * kScales);
  EXPECT_EQ(report->cache_constant.f16, 2 * 66 * kMiB);
  EXPECT_EQ(report->cache_constant.int8, 2 * 33 * kMiB + 33 * 1024 * kScales);
  EXPECT_EQ(cache_bytes(trunk, 262144).f16, 12 * kGiB + 2 * 66 * kMiB);
  // Three MTP heads hold a ring each, and every ring gets three rows.
  EXPECT_EQ(cache_bytes(whole(3), 262144).f16 - cache_bytes(trunk, 262144).f16,
            2 * 6 * kMiB + 36 * 3 * 4096);
  // Full layers take whole pages of 256 tokens.
  EXPECT_EQ(cache_bytes(trunk, 100).f16, 4096U * (12 * 256 + 33 * 100));
  EXPECT_EQ(report->memory.back().context, 262144U);
}

TEST(ModelReport, CacheIsWhatASequenceAllocates) {
  for (const char* file : {STRIDE_NANO, STRIDE_GOLDEN "/tiny/tiny-q8_0.gguf"}) {
    const auto catalog = format::open_model(file);
    ASSERT_TRUE(catalog) << catalog.error().message;
    const auto report = make_report(**catalog);
    ASSERT_TRUE(report) << report.error().message;
    for (const uint32_t context : {1U, 65U, 579U, 580U, 4096U, report->config.n_ctx_train}) {
      const CacheBytes told = cache_bytes(report->config, context);
      for (const auto type : {model::KvType::f16, model::KvType::int8}) {
        std::vector<std::string> warnings;
        const auto model = *model::Model::load(**catalog, {.kv_type = type}, warnings);
        const auto sequence = model->new_sequence(context);
        ASSERT_TRUE(sequence) << sequence.error().message;
        auto& fast = static_cast<model::FastSequence&>(**sequence);
        // As if it were full.
        for (model::KvTrack& track : fast.tracks) ASSERT_TRUE(track.reserve(context));
        const uint64_t bytes = fast.allocated_bytes();
        EXPECT_EQ(bytes, type == model::KvType::f16 ? told.f16 : told.int8) << context;
        EXPECT_EQ(bytes, model->sequence_bytes(context));
      }
    }
    for (const MemoryNeed& need : report->memory) {
      EXPECT_EQ(need.cache.f16, cache_bytes(report->config, need.context).f16);
      EXPECT_EQ(need.cache.int8,
                report->cache_constant.int8 + need.context * report->cache_per_token.int8);
    }
  }
}

TEST(ModelReport, TellsWhereMtpHeadsAre) {
  EXPECT_EQ(make_report(TableOnly(whole(), "Q8_0"))->mtp, MtpState::none);
  TableOnly embedded(whole(3), "Q8_0");
  const auto report = make_report(embedded);
  EXPECT_EQ(report->mtp, MtpState::embedded);
  EXPECT_NEAR(gigabytes(report->bytes_per_mtp_head), 0.86, 0.01);
  const auto erase_layers = [](TableOnly& table, const auto& which) {
    std::erase_if(table.tensors_, [&](const auto& t) { return which(format::layer_of(t.name)); });
  };
  TableOnly missing(whole(3), "Q8_0");
  erase_layers(missing, [](int layer) { return layer >= 45; });
  const auto without = make_report(missing);
  EXPECT_EQ(without->mtp, MtpState::missing);
  EXPECT_EQ(without->n_mtp_elsewhere, 3U);
  EXPECT_THAT(without->suspicious, testing::ElementsAre(HasSubstr("give theirs with --mtp")));
  erase_layers(embedded, [](int layer) { return layer >= 0 && layer < 45; });
  const auto only = make_report(embedded);
  EXPECT_EQ(only->mtp, MtpState::only);
  EXPECT_EQ(only->n_tensors, 55U);
  EXPECT_TRUE(only->suspicious.empty());
}

// What the loader would make of the file, whatever the keys say of MTP layers.
TEST(ModelReport, TellsTheDepthOfTheTensors) {
  const auto erase_layers = [](TableOnly& table, int first, int end) {
    std::erase_if(table.tensors_, [&](const auto& t) {
      return format::layer_of(t.name) >= first && format::layer_of(t.name) < end;
    });
  };
  TableOnly not_announced(whole(3), "Q8_0"), not_counted(whole(3), "Q8_0");
  not_announced.metadata_.erase("step35.nextn_predict_layers");
  not_counted.metadata_.set_u32("step35.block_count", 45);
  for (const TableOnly* table : {&not_announced, &not_counted}) {
    const auto report = make_report(*table);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->config.n_layer, 45U);
    EXPECT_EQ(report->config.n_mtp, 3U);
    EXPECT_EQ(report->mtp, MtpState::embedded);
    EXPECT_THAT(report->suspicious,
                testing::ElementsAre(HasSubstr("those of 45 trunk layers and 3 MTP layers")));
  }
  TableOnly trunk(whole(3), "Q8_0");
  erase_layers(trunk, 45, 48);
  trunk.metadata_.set_u32("step35.block_count", 45);
  const auto elsewhere = make_report(trunk);
  ASSERT_TRUE(elsewhere) << elsewhere.error().message;
  EXPECT_EQ(elsewhere->config.n_layer, 45U);
  EXPECT_EQ(elsewhere->mtp, MtpState::missing);
  EXPECT_EQ(elsewhere->n_mtp_elsewhere, 3U);
  EXPECT_EQ(cache_bytes(elsewhere->config, 262144).f16, cache_bytes(whole(), 262144).f16);
  erase_layers(trunk, 20, 21);
  const auto damaged = make_report(trunk);
  ASSERT_TRUE(damaged) << damaged.error().message;
  EXPECT_EQ(damaged->config.n_layer, 45U);
  EXPECT_THAT(damaged->suspicious,
              Contains(HasSubstr("17 tensors are missing, the first is blk.20.attn_norm.weight")));
}

TEST(ModelReport, NamesWhatIsSuspicious) {
  const auto notes = [](const std::function<void(TableOnly&)>& damage) {
    TableOnly table(whole(), "Q8_0");
    damage(table);
    const auto report = make_report(table);
    return report ? report->suspicious : std::vector{report.error().message};
  };
  const auto tensor = [](TableOnly& table, std::string_view name) -> format::Tensor& {
    return *std::ranges::find(table.tensors_, name, &format::Tensor::name);
  };
  // The table as converters wrote it that rotated all 128 dimensions.
  EXPECT_THAT(notes([](TableOnly& t) { std::ranges::fill(t.rope_, 1.0F); }),
              Contains(HasSubstr("rope_freqs.weight has 1.000000 at 14, not 1.138363")));
  EXPECT_THAT(notes([](TableOnly& t) {
                std::erase_if(t.tensors_,
                              [](auto& x) { return x.name == "blk.7.attn_gate.weight"; });
              }),
              Contains("1 tensors are missing, the first is blk.7.attn_gate.weight"));
  EXPECT_THAT(notes([&](TableOnly& t) { tensor(t, "blk.7.attn_k.weight").shape[1] = 8; }),
              Contains(HasSubstr("another shape than the keys say, the first is blk.7.attn_k")));
  EXPECT_THAT(
      notes([&](TableOnly& t) { tensor(t, "blk.7.ffn_gate_inp.weight").type = quant::Type::f16; }),
      Contains(HasSubstr("router weights are F16, which changes the choice of experts")));
  EXPECT_THAT(notes([](TableOnly& t) { t.metadata_.erase("tokenizer.ggml.eos_token_id"); }),
              Contains(HasSubstr("names no end token")));
  EXPECT_THAT(notes([](TableOnly& t) { t.metadata_.set_string("tokenizer.ggml.pre", "llama3"); }),
              Contains(HasSubstr("gpt2 / llama3")));
}

TEST(ModelReport, JsonHasTheSameNumbers) {
  const auto report = make_report(TableOnly(whole(3), "Q4_K_S"));
  ASSERT_TRUE(report);
  const auto parsed = json::parse(json::dump(to_json(*report)));
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ((*parsed)["parameters"], report->n_values);
  EXPECT_EQ((*parsed)["config"]["full_attention"]["heads"], 64);
  EXPECT_EQ((*parsed)["config"]["sliding_attention"]["heads"], 96);
  EXPECT_EQ((*parsed)["config"]["sliding_attention"]["layers"], 33);
  EXPECT_EQ((*parsed)["roles"]["routed experts"]["types"].size(), 2U);
  EXPECT_EQ((*parsed)["kv_cache"]["bytes_per_token"]["f16"], 49152);
  EXPECT_EQ((*parsed)["mtp"], "embedded");
  EXPECT_EQ((*parsed)["tokenizer"]["tokens"], 128896);
}

TEST(ModelReport, CountsTensorsInGroups) {
  TableOnly catalog(whole(), "Q4_K_S");
  EXPECT_EQ(make_report(catalog)->n_grouped, 0U);
  catalog.tensors_[0].layout = catalog.tensors_[2].layout = quant::Layout::groups;
  const auto report = make_report(catalog);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->n_grouped, 2U);
  EXPECT_EQ(to_json(*report)["grouped_tensors"], 2);
}

TEST(ModelReport, RefusesOtherArchitectures) {
  TableOnly table(whole(), "Q8_0");
  table.metadata_.set_string("general.architecture", "llama");
  EXPECT_THAT(make_report(table).error().message, HasSubstr("architecture is llama"));
}

}  // namespace
}  // namespace stride::cli
