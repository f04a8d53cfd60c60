// SPDX-License-Identifier: Apache-2.0
// Every filter against its definition written the plain way, on random distributions with many
// ties.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "base/random.h"
#include "decode/candidates.h"

namespace stride::decode {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<float> random_logits(Random& random) {
  std::vector<float> logits(1 + random.below(600));
  const double spread = 0.1 + 8 * random.uniform();
  const bool coarse = random.below(2) == 0;  // many equal logits
  for (float& l : logits) {
    const double x = spread * random.normal();
    l = static_cast<float>(coarse ? std::round(x) : x);
    if (random.below(20) == 0) l = -kInfinity;
  }
  logits[random.below(logits.size())] = 0.5F;
  return logits;
}

std::vector<Token> ids(const Candidates& candidates) {
  std::vector<Token> out;
  for (const Candidate& c : candidates) out.push_back(c.id);
  return out;
}

struct Entry {
  Token id;
  double p;
};

// Probabilities by the plain softmax.
std::vector<Entry> softmax(const std::vector<float>& logits, double temperature) {
  std::vector<Entry> out;
  const double largest = *std::max_element(logits.begin(), logits.end());
  double total = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] == -kInfinity) continue;
    out.push_back({static_cast<Token>(i), std::exp((logits[i] - largest) / temperature)});
    total += out.back().p;
  }
  for (Entry& e : out) e.p /= total;
  return out;
}

// The shortest beginning of the sorted list that holds p of the probability.
std::vector<Token> leading(std::vector<Entry> entries, double p,
                           const std::function<double(const Entry&)>& key) {
  std::stable_sort(entries.begin(), entries.end(),
                   [&](const Entry& a, const Entry& b) { return key(a) < key(b); });
  std::vector<Token> out;
  double sum = 0;
  for (const Entry& e : entries) {
    out.push_back(e.id);
    sum += e.p;
    if (sum >= p) break;
  }
  std::sort(out.begin(), out.end());
  return out;
}

class Filters : public ::testing::Test {
 protected:
  // Runs the filter and the definition on many distributions.
  template <class Filter, class Definition>
  void compare(Filter filter, Definition definition) {
    Random random(11);
    for (int round = 0; round < 300; ++round) {
      const std::vector<float> logits = random_logits(random);
      const double temperature = 0.2 + 2 * random.uniform();
      const double p = 0.02 + 0.97 * random.uniform();
      Candidates candidates;
      ASSERT_TRUE(make_candidates(logits, temperature, candidates));
      filter(candidates, p);
      ASSERT_EQ(ids(candidates), definition(softmax(logits, temperature), p)) << "round " << round;
    }
  }
};

TEST_F(Filters, CandidatesAreTheSoftmax) {
  Random random(3);
  const std::vector<float> logits = random_logits(random);
  Candidates candidates;
  ASSERT_TRUE(make_candidates(logits, 0.7, candidates));
  const std::vector<Entry> expected = softmax(logits, 0.7);
  ASSERT_EQ(candidates.size(), expected.size());
  double total = 0;
  for (const Candidate& c : candidates) total += c.weight;
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(candidates[i].id, expected[i].id);
    EXPECT_NEAR(candidates[i].weight / total, expected[i].p, 1e-14);
  }
}

TEST_F(Filters, TopK) {
  const auto k_of = [](double p) { return static_cast<uint32_t>(1 + p * 100); };
  compare([&](Candidates& c, double p) { keep_top_k(c, k_of(p)); },
          [&](std::vector<Entry> entries, double p) {
            std::stable_sort(entries.begin(), entries.end(),
                             [](const Entry& a, const Entry& b) { return a.p > b.p; });
            entries.resize(std::min<size_t>(entries.size(), k_of(p)));
            std::vector<Token> out;
            for (const Entry& e : entries) out.push_back(e.id);
            std::sort(out.begin(), out.end());
            return out;
          });
}

TEST_F(Filters, TopP) {
  compare([](Candidates& c, double p) { keep_top_p(c, p); },
          [](const std::vector<Entry>& entries, double p) {
            return leading(entries, p, [](const Entry& e) { return -e.p; });
          });
}

TEST_F(Filters, MinP) {
  compare([](Candidates& c, double p) { keep_min_p(c, p * p); },
          [](const std::vector<Entry>& entries, double p) {
            double largest = 0;
            for (const Entry& e : entries) largest = std::max(largest, e.p);
            std::vector<Token> out;
            for (const Entry& e : entries)
              if (e.p / largest >= p * p) out.push_back(e.id);
            return out;
          });
}

TEST_F(Filters, Typical) {
  compare([](Candidates& c, double p) { keep_typical(c, p); },
          [](const std::vector<Entry>& entries, double p) {
            double entropy = 0;
            for (const Entry& e : entries) entropy -= e.p * std::log(e.p);
            // Equal distances differ in the last bit by how they are computed.
            return leading(entries, p, [&](const Entry& e) {
              return std::round(std::abs(-std::log(e.p) - entropy) * 1e10);
            });
          });
}

TEST_F(Filters, NeutralValuesKeepEverything) {
  Random random(9);
  const std::vector<float> logits = random_logits(random);
  Candidates candidates;
  ASSERT_TRUE(make_candidates(logits, 1, candidates));
  const std::vector<Token> all = ids(candidates);
  keep_top_k(candidates, 0);
  keep_top_p(candidates, 1);
  keep_min_p(candidates, 0);
  keep_typical(candidates, 1);
  EXPECT_EQ(ids(candidates), all);
}

TEST_F(Filters, ExtremesKeepOne) {
  for (const double temperature : {1e-300, 1e-5, 1.0, 100.0}) {
    Candidates candidates;
    ASSERT_TRUE(
        make_candidates(std::vector<float>{1, 5, -3e38F, 3e38F, 3e38F}, temperature, candidates));
    keep_typical(candidates, 1e-9);
    keep_min_p(candidates, 1);
    keep_top_p(candidates, 1e-9);
    EXPECT_EQ(ids(candidates), std::vector<Token>{3});
  }
}

TEST_F(Filters, RefusesLogitsThatAreNotNumbers) {
  Candidates candidates;
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), kInfinity}) {
    const auto result = make_candidates(std::vector<float>{0, 1, bad}, 1, candidates);
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().message.find("token 2"), std::string::npos);
  }
  EXPECT_FALSE(make_candidates(std::vector<float>{-kInfinity, -kInfinity}, 1, candidates));
}

TEST_F(Filters, DrawFollowsTheDistribution) {
  const std::vector<float> logits{0, 1, -kInfinity, 2, -1};
  Candidates candidates;
  ASSERT_TRUE(make_candidates(logits, 1, candidates));
  const std::vector<Entry> expected = softmax(logits, 1);
  std::vector<int> counts(logits.size());
  Random random(2);
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) ++counts[draw(candidates, random.uniform())];
  for (const Entry& e : expected) EXPECT_NEAR(counts[e.id], e.p * kDraws, 4 * std::sqrt(kDraws));
  EXPECT_EQ(counts[2], 0);
}

TEST_F(Filters, DrawReachesBothEnds) {
  Candidates candidates;
  ASSERT_TRUE(make_candidates(std::vector<float>{1, 1, 1}, 1, candidates));
  EXPECT_EQ(draw(candidates, 0), 0);
  EXPECT_EQ(draw(candidates, 0.5), 1);
  EXPECT_EQ(draw(candidates, std::nextafter(1.0, 0.0)), 2);
}

}  // namespace
}  // namespace stride::decode
