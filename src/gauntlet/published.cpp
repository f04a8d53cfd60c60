// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/published.h"

#include <algorithm>
#include <cmath>

namespace stride::gauntlet {
namespace {

constexpr std::array<PublishedTest, kPublishedTests> kTests = {{
    {"basic_reasoning", 0.3, 0.3, 0.7, 0.7, false, 0.6},
    {"code_generation", 0, 0, 1, 1, false, 0.6},
    {"debugging", 0.5, 0.5, 0.5, 0.5, true, 0.6},
    {"algorithm_explanation", 0.35, 0.5, 0.5, 0.65, false, 0.6},
    {"complex_reasoning", 0.25, 0.75, 0.75, 0.75, false, 0.6},
    {"content_generation", 0.5, 0.5, 0.5, 0.5, true, 0.6},
    {"edge_case_handling", 0.5, 0.5, 0.5, 0.5, true, 0.6},
    {"long_context_rag", 0.17, 0.17, 0.5, 0.83, false, 0.6},
    {"structured_output", 0, 0, 1, 1, false, 0.7},
    {"tool_use", 0.5, 0.5, 0.5, 0.5, true, 0.6},
    {"instruction_following", 0.5, 0.3, 0.7, 0.7, false, 0.6},
    {"adversarial", 0.25, 0.75, 0.75, 0.75, false, 0.6},
    {"code_execution_reasoning", 0.125, 0.125, 0.875, 0.875, false, 0.6},
    {"summarization", 0.5, 0.5, 0.5, 0.5, true, 0.6},
    {"recent_knowledge", 0.5, 0.5, 0.5, 0.5, true, 0.6},
}};

constexpr std::nullopt_t kFailed = std::nullopt;  // the request failed

constexpr std::array kModels = {
    PublishedModel{
        .id = "kimi-k2.6",
        .scores = {0.7, 0.6, 0.5, 0.5, 0.25, 0.5, 0.5, 0.5, 1, 0.5, 0.5, 0.75, 0.875, 0.5, 0.5},
        .readiness = 6.0},
    PublishedModel{
        .id = "deepseek-v4-pro",
        .scores = {0.7, 0.7, 0.5, 0.35, 0.25, 0.5, 0.5, 0.5, 1, 0.5, 0.7, 0.75, 0.875, 0.5, 0.5},
        .readiness = 6.5},
    PublishedModel{
        .id = "minimax-m3@0603",
        .scores = {0.7, 0.7, 0.5, 0.5, 0.25, 0.5, 0.5, 0.5, 1, 0.5, 0.7, 0.75, 0.875, 0.5, 0.5},
        .readiness = 7.0},
    PublishedModel{.id = "gemma4-e4b",
                   .scores = {0.7, 0.8, 0.5, 0.5, 0.75, 0.5, 0.5, 0.5, kFailed, 0.5, 0.5, 0.75,
                              0.875, 0.5, 0.5},
                   .readiness = 6.5},
    PublishedModel{
        .id = "nemotron-3-ultra",
        .scores = {0.7, 0.6, 0.5, 0.35, 0.75, 0.5, 0.5, 0.5, 1, 0.5, 0.3, 0.75, 0.875, 0.5, 0.5},
        .readiness = 6.5},
    PublishedModel{
        .id = "claude-opus-4.8-fast",
        .scores = {0.7, 1, 0.5, 0.5, 0.75, 0.5, 0.5, 0.5, 1, 0.5, 0.3, 0.75, 0.875, 0.5, 0.5},
        .readiness = 7.5},
    PublishedModel{
        .id = "gemma-4-26b",
        .scores = {0.7, 0.9, 0.5, 0.5, 0.75, 0.5, 0.5, 0.5, 1, 0.5, 0.7, 0.75, 0.875, 0.5, 0.5},
        .readiness = 8.5},
    PublishedModel{
        .id = "gpt-5.5",
        .scores = {0.7, 0.7, 0.5, 0.65, 0.75, 0.5, 0.5, 0.5, 0.9, 0.5, 0.7, 0.75, 0.875, 0.5, 0.5},
        .readiness = 8.0},
    PublishedModel{.id = "qwen3.7-max",
                   .scores = {0.7, 0.8, 0.5, 0.65, 0.75, 0.5, 0.5, 0.5, 1, 0.5, 0.7, 0.75, 0.875,
                              kFailed, 0.5},
                   .readiness = 6.5},
    PublishedModel{
        .id = "gemini-2.5-pro",
        .scores = {0.7, 1, 0.5, 0.5, 0.75, 0.5, 0.5, kFailed, 1, 0.5, 0.7, 0.75, 0.875, 0.5, 0.5},
        .readiness = 7.5},
    PublishedModel{
        .id = "gemma-4-31b",
        .scores = {0.7, 0.9, 0.6, 0.6, 0.6, 0, 0.7, 0.6, 0.3, 0.6, 0.4, 0.8, 0.6, 0.6, 0.6},
        .other_evaluator = true,
        .readiness = 7.0},
    PublishedModel{.id = "nex-n2-pro",
                   .scores = {0.7, 0.7, 0.5, 0.65, 0.25, 0.5, 0.5, 0.5, 1, 0.5, 0.7, 0.75, 0.875,
                              0.5, kFailed},
                   .readiness = 5.5},
    PublishedModel{
        .id = "step-3.7-flash",
        .scores = {0.7, 0, 0.5, 0.35, 0.25, 0.5, 0.5, 0.5, 0.3, 0.5, 0.5, 0.75, 0.875, 0.5, 0.5},
        .readiness = 3.5},
    PublishedModel{
        .id = "qwen3.6-27b",
        .scores = {0.7, 0.7, 0.5, 0.5, 0.75, 0.5, 0.5, 0.5, 1, 0.5, 0.7, 0.75, 0.875, 0.5, 0.5},
        .readiness = 7.5},
    PublishedModel{
        .id = "glm-5.2@0616",
        .scores = {0.7, 0.8, 0.5, 0.5, 0.25, 0.5, 0.5, 0.5, 1, 0.5, 0.5, 0.75, 0.875, 0.5, 0.5}},
    PublishedModel{
        .id = "kimi-k2.7-code@0616",
        .scores = {0.7, 0.7, 0.5, 0.5, 0.25, 0.5, 0.5, 0.5, 1, 0.5, 0.7, 0.75, 0.875, 0.5, 0.5}},
    PublishedModel{
        .id = "minimax-m3@0616",
        .scores = {0.7, 0.9, 0.5, 0.5, 0.75, 0.5, 0.5, 0.5, 1, 0.5, 0.7, 0.75, 0.875, 0.5, 0.5}},
    PublishedModel{
        .id = "glm-5.2@0618",
        .scores = {0.7, 0.8, 0.5, 0.5, 0.75, 0.5, 0.5, 0.5, 1, 0.5, 0.7, 0.75, 0.875, 0.5, 0.5}},
    PublishedModel{
        .id = "kimi-k2.7-code@0618",
        .scores = {0.7, 0.8, 0.5, 0.5, 0.25, 0.5, 0.5, 0.5, 1, 0.5, 0.7, 0.75, 0.875, 0.5, 0.5}},
    PublishedModel{
        .id = "minimax-m3@0618",
        .scores = {0.7, 0.7, 0.5, 0.35, 0.25, 0.5, 0.5, 0.5, 0.9, 0.5, 0.5, 0.75, 0.875, 0.5, 0.5}},
    PublishedModel{
        .id = "nemotron-3-ultra@0618",
        .scores = {0.7, 0.7, 0.5, 0.5, 0.25, 0.5, 0.5, 0.5, 1, 0.5, 0.5, 0.75, 0.875, 0.5, 0.5}},
};

}  // namespace

std::span<const PublishedTest, kPublishedTests> published_tests() {
  return kTests;
}

std::span<const PublishedModel> published_models() {
  return kModels;
}

const PublishedModel* find_published(std::string_view id) {
  const auto found = std::ranges::find(kModels, id, &PublishedModel::id);
  return found == kModels.end() ? nullptr : &*found;
}

double published_average(const PublishedModel& model) {
  double sum = 0;
  size_t n = 0;
  for (const auto& score : model.scores)
    if (score) {
      sum += *score;
      ++n;
    }
  return n == 0 ? 0 : sum / static_cast<double>(n);
}

size_t published_passes(const PublishedModel& model) {
  size_t n = 0;
  for (size_t i = 0; i < kPublishedTests; ++i)
    n += model.scores[i] && *model.scores[i] >= kTests[i].pass ? 1 : 0;
  return n;
}

bool is_invented_ttft(double ttft_s, double total_s) {
  constexpr double kPrinted = 0.05;  // both were rounded to a tenth of a second
  return std::abs(ttft_s - total_s / 10) <= kPrinted + kPrinted / 10;
}

std::span<const PublishedTimes> times_of_step_post() {
  static constexpr std::array kTimes = {PublishedTimes{2.8, 28.3}, PublishedTimes{3.0, 29.8},
                                        PublishedTimes{3.2, 31.9}, PublishedTimes{2.9, 28.8},
                                        PublishedTimes{3.3, 32.9}, PublishedTimes{3.4, 33.8}};
  return kTimes;
}

}  // namespace stride::gauntlet
