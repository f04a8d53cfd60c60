// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>
#include <limits>

#include "cli/find_model.h"
#include "cli/generation_flags.h"
#include "cli/model_flags.h"
#include "decode/testing/scripted_model.h"

namespace stride::cli {
namespace {

namespace fs = std::filesystem;
using decode::testing::ScriptedModel;
using decode::testing::TokenScript;

ScriptedModel tiny_model() {
  return {10, 4, TokenScript([](std::span<const model::Token>) { return 1; })};
}

TEST(FindModel, TakesTheOneNamedOrTheBundledOne) {
  const fs::path folder = fs::path(::testing::TempDir()) / "stride_find_model";
  fs::create_directories(folder / "models");
  const fs::path bundled = folder / "models" / "step-nano.gguf";
  std::ofstream(bundled) << "x";
  EXPECT_EQ(find_model(bundled.string(), {}).value_or(""), bundled);
  const auto places = bundled_places(folder / "build" / "release" / "src" / "cli");
  EXPECT_EQ(find_model("", places).value_or(""), bundled);
  EXPECT_EQ(find_model("", bundled_places(folder)).value_or(""), bundled);

  const auto absent = find_model((folder / "absent.gguf").string(), places);
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, Errc::not_found);
  EXPECT_NE(absent.error().message.find("absent.gguf"), std::string::npos);
  fs::remove(bundled);
  const auto none = find_model("", places);
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find(bundled.string()), std::string::npos) << none.error().message;
}

TEST(ChooseContext, SaysWhatIsNeededAndWhatFits) {
  const ScriptedModel model = tiny_model();  // 1 KiB for each token
  const MemoryInfo memory{.total = 100 << 20, .available = 10 << 20};
  EXPECT_EQ(choose_context(model, 5000, memory).value_or(0), 5000U);
  const auto large = choose_context(model, 100'000, memory);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, Errc::exhausted);
  for (const char* word : {"100000 tokens", "102.4 MB", "10.49 MB", "9216 tokens"})
    EXPECT_NE(large.error().message.find(word), std::string::npos) << large.error().message;
  EXPECT_EQ(choose_context(model, 0, memory).value_or(0), 5120U) << "half of the free memory";
  EXPECT_EQ(choose_context(model, 0, std::nullopt).value_or(0), kDefaultContext);
  EXPECT_EQ(choose_context(model, 100'000, std::nullopt).value_or(0), 100'000U);
  EXPECT_FALSE(choose_context(model, 1, memory));
  EXPECT_FALSE(choose_context(model, UINT32_MAX, std::nullopt));
}

TEST(FlashFlag, MayComeWithoutItsValue) {
  using List = std::vector<std::string>;
  EXPECT_EQ(complete_flash_flag(List{"-fa", "-p", "x"}), (List{"-fa", "on", "-p", "x"}));
  EXPECT_EQ(complete_flash_flag(List{"-fa", "auto"}), (List{"-fa", "auto"}));
  EXPECT_EQ(complete_flash_flag(List{"x", "--flash-attn"}), (List{"x", "--flash-attn", "on"}));
}

TEST(LogitBias, ReadsBothSigns) {
  const auto plus = parse_logit_bias("15+1.5");
  ASSERT_TRUE(plus);
  EXPECT_EQ(plus->id, 15);
  EXPECT_EQ(plus->bias, 1.5F);
  const auto minus = parse_logit_bias("7-inf");
  ASSERT_TRUE(minus);
  EXPECT_EQ(minus->bias, -std::numeric_limits<float>::infinity());
  for (const char* bad : {"", "15", "15+", "+3", "15=2", "15+2x", "99999999999+1"})
    EXPECT_FALSE(parse_logit_bias(bad)) << bad;
}

TEST(Seed, IsANumberOrRandom) {
  EXPECT_EQ(parse_seed("42").value_or(0), 42U);
  EXPECT_EQ(parse_seed("18446744073709551615").value_or(0), UINT64_MAX);
  EXPECT_NE(parse_seed("random").value_or(0), parse_seed("-1").value_or(0));
  for (const char* bad : {"", "x", "1x", "-2", "18446744073709551616", "1.5"})
    EXPECT_FALSE(parse_seed(bad)) << bad;
}

}  // namespace
}  // namespace stride::cli
