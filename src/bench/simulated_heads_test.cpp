// SPDX-License-Identifier: Apache-2.0
#include "bench/simulated_heads.h"

#include <gtest/gtest.h>

#include <cmath>

#include "decode/testing/scripted_model.h"

namespace stride::bench {
namespace {

using decode::testing::ScriptedModel;
using decode::testing::TokenScript;
using model::Token;

constexpr uint32_t kVocab = 11;

// Its own heads always guess token 3.
std::unique_ptr<ScriptedModel> make_inner() {
  auto model = std::make_unique<ScriptedModel>(
      kVocab, 16, TokenScript([](std::span<const Token>) { return Token{7}; }));
  model->add_heads(3, [](uint32_t, std::span<const Token>) { return Token{3}; });
  return model;
}

TEST(SimulatedHeads, AreRightAsOftenAsIsStated) {
  const auto inner = make_inner();
  const std::vector<double> stated = {0.89, 0.76, 0.69};
  const auto heads = *SimulatedHeads::create(*inner, stated);
  constexpr uint32_t n = 20'000;
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    heads->tell({}, seed);
    // Given that the heads before are right about the places before, as a chain meets them.
    std::vector<double> right(4);
    for (uint32_t at = 0; at < n; ++at) {
      size_t k = 0;
      ++right[0];
      while (k < stated.size() &&
             heads->is_right(at + static_cast<uint32_t>(k), static_cast<uint32_t>(k)))
        ++right[++k];
    }
    for (size_t k = 0; k < stated.size(); ++k) {
      const double error = std::sqrt(stated[k] * (1 - stated[k]) / right[k]);
      EXPECT_NEAR(right[k + 1] / right[k], stated[k], 4 * error) << "head " << k;
    }
  }
}

TEST(SimulatedHeads, ASeedDecides) {
  const auto inner = make_inner();
  const auto a = *SimulatedHeads::create(*inner, {0.5, 0.5, 0.5});
  const auto b = *SimulatedHeads::create(*inner, {0.5, 0.5, 0.5});
  a->tell({}, 5);
  b->tell({}, 5);
  uint32_t n_same = 0;
  for (uint32_t at = 0; at < 1000; ++at) EXPECT_EQ(a->is_right(at, 1), b->is_right(at, 1));
  b->tell({}, 6);
  for (uint32_t at = 0; at < 1000; ++at) n_same += a->is_right(at, 1) == b->is_right(at, 1) ? 1 : 0;
  EXPECT_NEAR(n_same, 500, 80);
}

TEST(SimulatedHeads, CertaintiesAreCertain) {
  const auto inner = make_inner();
  const auto heads = *SimulatedHeads::create(*inner, {1, 0, 1});
  for (uint32_t at = 0; at < 1000; ++at) {
    EXPECT_TRUE(heads->is_right(at, 0));
    EXPECT_FALSE(heads->is_right(at, 1));
  }
}

TEST(SimulatedHeads, GuessTheTextOrAnythingElse) {
  const auto inner = make_inner();
  const auto heads = *SimulatedHeads::create(*inner, {1, 0, 1});
  const std::vector<Token> text = {1, 2, 3, 4};
  heads->tell(text, 1);
  const auto sequence = *heads->new_sequence(100);
  model::Output out;
  const auto guess = [&](uint32_t head, std::vector<float> hidden) {
    const std::vector<Token> ids = {text[1 + head]};
    EXPECT_TRUE(heads->forward_mtp(*sequence, head, {.ids = ids, .hidden = true}, hidden, out));
    return std::max_element(out.logits.begin(), out.logits.end()) - out.logits.begin();
  };
  ASSERT_TRUE(heads->forward(*sequence, {.ids = std::span(text).first(1), .hidden = true}, out));
  EXPECT_EQ(guess(0, out.hidden), 3);  // x_2
  EXPECT_NE(guess(1, out.hidden), 4);  // x_3
  EXPECT_EQ(guess(2, out.hidden), 3);  // behind the text: the head's own
}

TEST(SimulatedHeads, RefusesWhatFitsNoHeads) {
  const auto inner = make_inner();
  const auto few = SimulatedHeads::create(*inner, {0.5});
  ASSERT_FALSE(few);
  EXPECT_NE(few.error().message.find("3 MTP heads"), std::string::npos);
  for (const double wrong : {-0.1, 1.1, std::nan("")})
    EXPECT_FALSE(SimulatedHeads::create(*inner, {wrong, 0.5, 0.5}));
}

}  // namespace
}  // namespace stride::bench
