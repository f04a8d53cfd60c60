// SPDX-License-Identifier: Apache-2.0
// The scores that the published series printed, kept as they were printed, and what its evaluator
// gives to an empty answer, to the question pasted back and to a good answer. They are shown beside
// ours, never subtracted: six of its tests are constants, and its average can lie only between
// 0.33 for nothing at all and about 0.65 for everything right.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

namespace stride::gauntlet {

inline constexpr size_t kPublishedTests = 15;

// What the published evaluator makes of a test.
struct PublishedTest {
  std::string_view id{};
  double empty = 0, echo = 0, good = 0, max = 0;
  bool constant = false;  // the same for every answer
  double pass = 0.60;
};
std::span<const PublishedTest, kPublishedTests> published_tests();

// Means over the fifteen tests.
inline constexpr double kPublishedFloor = 0.33, kPublishedCeiling = 0.645, kPublishedMax = 0.684;

struct PublishedModel {
  std::string_view id{};
  std::array<std::optional<double>, kPublishedTests> scores{};  // nothing: the request failed
  bool other_evaluator = false;  // holds values that the public evaluator cannot give
  std::optional<double> readiness{};
};
std::span<const PublishedModel> published_models();
const PublishedModel* find_published(std::string_view id);

// Over the tests whose request did not fail, as the series computes it.
double published_average(const PublishedModel& model);
size_t published_passes(const PublishedModel& model);

// The evaluator puts in a tenth of the total time where it saw no token: such a time to the first
// token was not measured.
bool is_invented_ttft(double ttft_s, double total_s);

struct PublishedTimes {
  double ttft_s = 0, total_s = 0;
};
// The six pairs of the post on Step-3.7-Flash that look like that.
std::span<const PublishedTimes> times_of_step_post();

}  // namespace stride::gauntlet
