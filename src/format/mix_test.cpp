// SPDX-License-Identifier: Apache-2.0
#include "format/mix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stride::format {
namespace {

using quant::Type;

Tensor matrix(std::string name, uint64_t width = 4096) {
  Tensor tensor;
  tensor.name = std::move(name);
  tensor.shape = {width, 8, 1, 1};
  tensor.n_dims = 2;
  return tensor;
}

Type chosen(std::string_view mix, std::string name, uint64_t width = 4096) {
  return Mix::parse(mix)->choose(matrix(std::move(name), width), 45).type;
}

TEST(Mix, Q4KSIsTheRecipeOfPublishedFiles) {
  const auto type = [](const char* name) { return chosen("q4_k_s", name); };
  EXPECT_EQ(type("token_embd.weight"), Type::q4_k);
  EXPECT_EQ(type("output.weight"), Type::q6_k);
  EXPECT_EQ(type("blk.45.nextn.shared_head_head.weight"), Type::q6_k);
  EXPECT_EQ(type("blk.3.attn_v.weight"), Type::q5_k);
  EXPECT_EQ(type("blk.4.attn_v.weight"), Type::q4_k);
  EXPECT_EQ(type("blk.2.ffn_down.weight"), Type::q5_k);
  EXPECT_EQ(type("blk.46.ffn_down.weight"), Type::q4_k);
  EXPECT_EQ(type("blk.4.ffn_down_exps.weight"), Type::q5_k);
  EXPECT_EQ(type("blk.5.ffn_down_exps.weight"), Type::q4_k);
  EXPECT_EQ(type("blk.3.ffn_down_shexp.weight"), Type::q5_k);
  EXPECT_EQ(type("blk.3.ffn_up_exps.weight"), Type::q4_k);
  EXPECT_EQ(type("blk.9.attn_gate.weight"), Type::q4_k);
  EXPECT_EQ(type("blk.3.ffn_gate_inp.weight"), Type::f32);
}

TEST(Mix, PlainTypesKeepWhatIsSmall) {
  for (const char* mix : {"Q8_0", "F16", "bf16", "Q4_K"}) {
    EXPECT_EQ(chosen(mix, "blk.3.ffn_gate_inp.weight"), Type::f32) << mix;
    EXPECT_EQ(chosen(mix, "blk.3.attn_q.weight"), quant::type_from_name(mix)) << mix;
    Tensor norm = matrix("blk.3.attn_norm.weight");
    norm.n_dims = 1;
    EXPECT_EQ(Mix::parse(mix)->choose(norm, 45).type, Type::f32) << mix;
  }
}

TEST(Mix, FallsBackWhereRowsAreNoWholeBlocks) {
  const Mix mix = *Mix::parse("Q4_K_S");
  EXPECT_EQ(chosen("Q4_K_S", "x.weight", 96), Type::q8_0);
  EXPECT_EQ(chosen("Q4_K_S", "x.weight", 100), Type::f16);
  EXPECT_TRUE(mix.choose(matrix("x.weight", 96), 45).fallback);
  EXPECT_FALSE(mix.choose(matrix("x.weight", 256), 45).fallback);
}

TEST(Mix, NamesWhatThereIs) {
  const auto unknown = Mix::parse("Q9_X");
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, testing::HasSubstr("Q9_X is no type or mix"));
  EXPECT_THAT(unknown.error().message, testing::HasSubstr("Q4_K_S"));
  EXPECT_EQ(Mix::parse("Q8_0")->file_type(), 7U);
}

}  // namespace
}  // namespace stride::format
