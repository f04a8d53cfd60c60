// SPDX-License-Identifier: Apache-2.0
#include "cli/slab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "format/gguf.h"
#include "format/layers.h"
#include "format/test_folder.h"
#include "quant/codec.h"
#include "text/gguf_vocabulary.h"
#include "text/tokenizer.h"

namespace stride::cli {
namespace {

using format::Mix;
using format::TestFolder;
using quant::Type;

// The published model: its census and sizes are known to the byte.
constexpr SlabShape kWhole = {false, 45, 3, 3, 128896};

uint64_t total_bytes(const model::Config& config, const char* mix_name, bool with_mtp) {
  const Mix mix = *Mix::parse(mix_name);
  uint64_t total = 0;
  for (const auto& tensor : model_tensors(config)) {
    if (!with_mtp && format::layer_of(tensor.name) >= static_cast<int>(config.n_layer)) continue;
    total += *format::tensor_bytes(mix.choose(tensor, config.n_layer).type, tensor.shape);
  }
  return total;
}

TEST(Slab, CensusIsThatOfThePublishedModel) {
  const model::Config config = *slab_config(kWhole);
  const auto tensors = model_tensors(config);
  EXPECT_EQ(tensors.size(), 805U);
  uint64_t values = 0, trunk = 0;
  size_t n_trunk = 0;
  for (const auto& tensor : tensors) {
    if (tensor.name == "rope_freqs.weight") {
      ++n_trunk;
      continue;
    }
    values += tensor.values();
    if (format::layer_of(tensor.name) < 45) {
      trunk += tensor.values();
      ++n_trunk;
    }
  }
  EXPECT_EQ(n_trunk, 754U);
  EXPECT_EQ(trunk, 196'956'130'368U);
  EXPECT_EQ(values, 199'384'301'376U);
}

TEST(Slab, SizesAreThoseOfPublishedFiles) {
  const model::Config config = *slab_config(kWhole);
  const auto gigabytes = [&](const char* mix) {
    return static_cast<double>(total_bytes(config, mix, false)) / 1e9;
  };
  EXPECT_NEAR(gigabytes("Q4_K_S"), 111.494, 0.0006);
  EXPECT_NEAR(gigabytes("Q8_0"), 209.413, 0.0006);
  EXPECT_NEAR(gigabytes("BF16"), 394.012, 0.0006);
}

TEST(Slab, FiveLayersAreTheSlabOfTheMeasurements) {
  const model::Config config = *slab_config({});
  EXPECT_FALSE(config.layers[0].moe);
  EXPECT_TRUE(config.layers[1].moe);
  EXPECT_EQ(config.layers[0].n_head, 64U);
  EXPECT_EQ(config.layers[1].n_head, 96U);
  EXPECT_EQ(config.layers[4].attention, model::Attention::full);
  EXPECT_EQ(config.layers[2].clamp, 0);
  EXPECT_EQ(config.layers[3].clamp, 7);
  EXPECT_EQ(config.layers[4].clamp_shared, 16);
  EXPECT_NEAR(static_cast<double>(total_bytes(config, "Q4_K_S", true)) / 1e9, 10.65, 0.01);
}

TEST(Slab, RefusesShapesOutOfRange) {
  EXPECT_THAT(slab_config({.n_layer = 0}).error().message, testing::HasSubstr("--layers is 0"));
  EXPECT_THAT(slab_config({.n_layer = 2, .n_dense = 3}).error().message,
              testing::HasSubstr("--dense is 3, but must be from 0 to 2"));
  EXPECT_THAT(slab_config({.n_vocab = 100}).error().message, testing::HasSubstr("--vocab"));
  EXPECT_FALSE(slab_config({.n_mtp = 65}));
}

TEST(Slab, RandomWeightsHaveTheSpreadAskedFor) {
  for (const Type type : {Type::f32, Type::f16, Type::bf16, Type::q8_0, Type::q4_0, Type::q4_k,
                          Type::q5_k, Type::q6_k, Type::iq4_nl, Type::iq4_xs}) {
    ASSERT_TRUE(can_randomize(type));
    constexpr size_t kValues = 256 * 400;
    std::vector<std::byte> bytes(quant::row_bytes(type, kValues));
    Random random(9);
    randomize(type, random, 0, 0.25, bytes);
    std::vector<float> values(kValues);
    quant::decode(type, bytes, values);
    double sum = 0, squares = 0;
    for (const float x : values) {
      ASSERT_TRUE(std::isfinite(x));
      sum += x;
      squares += double{x} * x;
    }
    EXPECT_NEAR(sum / kValues, 0, 0.01) << quant::type_name(type);
    EXPECT_NEAR(std::sqrt(squares / kValues), 0.25, 0.0125) << quant::type_name(type);
  }
  EXPECT_FALSE(can_randomize(Type::iq3_s));
}

SlabOptions small(const char* mix, unsigned n_threads = 2, uint64_t seed = 1) {
  return {{true, 6, 3, 2, 512}, *Mix::parse(mix), seed, n_threads, nullptr, {}};
}

TEST(Slab, SmallOneIsAModel) {
  const TestFolder folder;
  for (const char* mix : {"Q4_K_S", "Q8_0", "F16"}) {
    const auto size = write_slab(folder / "slab.gguf", small(mix));
    ASSERT_TRUE(size) << size.error().message;
    EXPECT_EQ(*size, std::filesystem::file_size(folder / "slab.gguf"));
    const auto catalog = format::open_model(folder / "slab.gguf");
    ASSERT_TRUE(catalog) << catalog.error().message;
    EXPECT_TRUE((*catalog)->warnings().empty());
    // Globals, two dense layers, four with experts, three with MTP.
    EXPECT_EQ((*catalog)->tensors().size(), 4U + 2 * 12 + 4 * 17 + 3 * 17);
    std::vector<std::string> warnings;
    const auto depth = format::read_depth((*catalog)->metadata(), (*catalog)->tensors());
    ASSERT_TRUE(depth) << depth.error().message;
    const auto config = model::read_config((*catalog)->metadata(), *depth, warnings);
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_TRUE(warnings.empty());
    EXPECT_EQ(config->n_layer, 6U);
    EXPECT_EQ(config->n_mtp, 3U);
    EXPECT_EQ(config->n_vocab, 512U);
    EXPECT_FALSE(config->layers[1].moe);
    EXPECT_TRUE(config->layers[2].moe);
    for (const auto& wanted : model_tensors(*config)) {
      const auto* tensor = (*catalog)->find(wanted.name);
      ASSERT_TRUE(tensor) << wanted.name;
      EXPECT_EQ(tensor->shape, wanted.shape) << wanted.name;
    }
  }
}

TEST(Slab, CarriesATokenizer) {
  const auto metadata = slab_metadata(*slab_config({.small = true, .n_vocab = 8192}));
  auto vocabulary = text::read_vocabulary(metadata);
  ASSERT_TRUE(vocabulary) << vocabulary.error().message;
  EXPECT_EQ(vocabulary->tokens.size(), 8192U);
  const auto tokenizer = text::Tokenizer::create(*std::move(vocabulary));
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  const std::string text = "any text, caf\xc3\xa9 \xf0\x9f\x98\x80";
  EXPECT_EQ(tokenizer->decode(tokenizer->encode(text, text::Special::forbid)), text);
  EXPECT_TRUE(tokenizer->find_special("<|im_end|>"));
  EXPECT_EQ(metadata.integer("tokenizer.ggml.eos_token_id"),
            *tokenizer->find_special("<|im_end|>"));
}

TEST(Slab, DependsOnTheSeedAlone) {
  const TestFolder folder;
  ASSERT_TRUE(write_slab(folder / "1", small("Q4_K_S", 1)));
  ASSERT_TRUE(write_slab(folder / "3", small("Q4_K_S", 3)));
  ASSERT_TRUE(write_slab(folder / "other", small("Q4_K_S", 3, 2)));
  const std::string one = format::read_whole_file(folder / "1");
  EXPECT_TRUE(one == format::read_whole_file(folder / "3"));
  EXPECT_FALSE(one == format::read_whole_file(folder / "other"));
}

TEST(Slab, CarriesTheTableOfRotaryFrequencies) {
  const TestFolder folder;
  SlabOptions options = small("Q8_0");
  ASSERT_TRUE(write_slab(folder / "slab.gguf", options));
  const auto catalog = *format::open_model(folder / "slab.gguf");
  std::vector<std::byte> scratch;
  const auto bytes = *catalog->bytes(*catalog->find("rope_freqs.weight"), scratch);
  std::vector<float> table(bytes.size() / 4);
  std::memcpy(table.data(), bytes.data(), bytes.size());
  ASSERT_EQ(table.size(), 32U);  // head dimension 64, of which full layers rotate half
  EXPECT_EQ(table[0], 1.0F);
  EXPECT_EQ(table[15], 2.0F);
  EXPECT_EQ(table[16], 1.0F);
}

TEST(Slab, StopsAndLeavesNothing) {
  const TestFolder folder;
  const std::atomic<bool> stop = true;
  SlabOptions options = small("Q8_0");
  options.stop = &stop;
  const auto size = write_slab(folder / "slab.gguf", options);
  ASSERT_FALSE(size);
  EXPECT_EQ(size.error().code, Errc::cancelled);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace stride::cli
