// SPDX-License-Identifier: Apache-2.0
// The coefficients of Polar Express (Amsel, Persson, Musco and Gower, 2025) for singular values
// from a thousandth up, with their safety factor 1.01: odd polynomials a x + b x^3 + c x^5, each
// the best for the interval that the ones before it leave.
#include "train/optimizer.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <thread>

#include "train/matrix.h"

namespace stride::train {
namespace {

constexpr std::array<std::array<double, 3>, 6> kPolarExpress{{
    {8.28721201814563, -23.595886519098837, 17.300387312530933},
    {4.107059111542203, -2.9478499167379106, 0.5448431082926601},
    {3.9486908534822946, -2.908902115962949, 0.5518191394370137},
    {3.3184196573706015, -2.488488024314874, 0.51004894012372},
    {2.300652019954817, -1.6689039845747493, 0.4188073119525673},
    {1.891301407787398, -1.2679958271945868, 0.37680408948524835},
}};
constexpr double kSafety = 1.01;

void transpose(float* to, const float* from, size_t n_row, size_t n_column) {
  for (size_t i = 0; i < n_row; ++i)
    for (size_t j = 0; j < n_column; ++j) to[j * n_row + i] = from[i * n_column + j];
}

// x = a x + (b x x' + c (x x')^2) x for x [m, n], m <= n.
void polar_step(float* x, float* gram, float* mix, float* next, size_t m, size_t n,
                const std::array<double, 3>& coefficient) {
  const auto a = static_cast<float>(coefficient[0] / kSafety);
  const auto b = static_cast<float>(coefficient[1] / std::pow(kSafety, 3));
  const auto c = static_cast<float>(coefficient[2] / std::pow(kSafety, 5));
  multiply(gram, x, x, {.m = m, .n = m, .k = n, .transposed_b = true});
  std::copy_n(gram, m * m, mix);
  multiply(mix, gram, gram, {.m = m, .n = m, .k = m, .alpha = c, .beta = b});
  std::copy_n(x, m * n, next);
  multiply(next, mix, x, {.m = m, .n = n, .k = m, .beta = a});
  std::copy_n(next, m * n, x);
}

double squared_norm(const float* x, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return sum;
}

}  // namespace

struct Optimizer::Job {
  size_t entry = 0;
  size_t matrix = 0;
};

Optimizer::Optimizer(const ParameterTable& table, const OptimizerOptions& options)
    : table_(table), options_(options), first_(table.size()) {
  size_t n = 0;
  for (const Parameter& entry : table.entries()) {
    second_at_.push_back(n);
    if (entry.rule == Rule::adam || entry.rule == Rule::norm) n += entry.size();
  }
  second_.resize(n);
}

void Optimizer::step(std::span<float> weights, std::span<const float> gradients,
                     double learning_rate, const Learners& learners, uint32_t n_thread) {
  ++n_step_;
  std::vector<Job> jobs;
  for (size_t e = 0; e < table_.entries().size(); ++e)
    if (learners.contains(table_.entries()[e]))
      for (size_t m = 0; m < table_.entries()[e].n_matrix; ++m) jobs.push_back({e, m});
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    std::vector<float> scratch;
    for (size_t i = next++; i < jobs.size(); i = next++)
      update(jobs[i], weights, gradients, learning_rate, scratch);
  };
  std::vector<std::jthread> others;
  for (uint32_t t = 1; t < n_thread; ++t) others.emplace_back(work);
  work();
}

void Optimizer::update(const Job& job, std::span<float> weights, std::span<const float> gradients,
                       double learning_rate, std::vector<float>& scratch) {
  const Parameter& entry = table_.entries()[job.entry];
  const size_t at = entry.offset + job.matrix * entry.stride, n = entry.n_row * entry.n_column;
  float* w = weights.data() + at;
  float* first = first_.data() + at;
  const float* g = gradients.data() + at;
  if (entry.rule != Rule::muon) {
    adam_update(w, first, second_.data() + second_at_[job.entry] + job.matrix * n, g, n, n_step_,
                learning_rate, entry.rule == Rule::norm ? 0 : options_.decay, options_);
    return;
  }
  const auto mu = static_cast<float>(options_.momentum);
  std::vector<float> u(n);
  for (size_t i = 0; i < n; ++i) {
    first[i] = mu * first[i] + g[i];
    u[i] = g[i] + mu * first[i];
  }
  orthogonalise(u.data(), entry.n_row, entry.n_column, scratch);
  const double longer = static_cast<double>(std::max(entry.n_row, entry.n_column));
  const auto step = static_cast<float>(learning_rate * 0.2 * std::sqrt(longer));
  const auto keep = static_cast<float>(1 - learning_rate * options_.decay);
  for (size_t i = 0; i < n; ++i) w[i] = keep * w[i] - step * u[i];
}

void Optimizer::copy_head(uint32_t from, uint32_t to) {
  table_.copy_head(first_, from, to);
  std::vector<size_t> source, target;
  for (size_t e = 0; e < table_.entries().size(); ++e) {
    const Parameter& entry = table_.entries()[e];
    if (entry.rule != Rule::adam && entry.rule != Rule::norm) continue;
    if (entry.mtp_head == static_cast<int32_t>(from)) source.push_back(e);
    if (entry.mtp_head == static_cast<int32_t>(to)) target.push_back(e);
  }
  for (size_t i = 0; i < source.size(); ++i)
    std::copy_n(second_.data() + second_at_[source[i]], table_.entries()[source[i]].size(),
                second_.data() + second_at_[target[i]]);
}

void orthogonalise(float* x, size_t n_row, size_t n_column, std::vector<float>& scratch) {
  const size_t n = n_row * n_column;
  const size_t m = std::min(n_row, n_column), longer = std::max(n_row, n_column);
  scratch.resize(2 * n + 2 * m * m);
  float* wide = scratch.data();
  float* next = wide + n;
  float* gram = next + n;
  float* mix = gram + m * m;
  const auto scale = static_cast<float>(1 / (kSafety * std::sqrt(squared_norm(x, n)) + 1e-7));
  for (size_t i = 0; i < n; ++i) x[i] *= scale;
  if (n_row > n_column)
    transpose(wide, x, n_row, n_column);
  else
    std::copy_n(x, n, wide);
  for (const auto& coefficient : kPolarExpress)
    polar_step(wide, gram, mix, next, m, longer, coefficient);
  if (n_row > n_column)
    transpose(x, wide, n_column, n_row);
  else
    std::copy_n(wide, n, x);
}

void adam_update(float* w, float* first, float* second, const float* gradient, size_t n, uint64_t t,
                 double learning_rate, double decay, const OptimizerOptions& options) {
  const auto b1 = static_cast<float>(options.adam_beta1);
  const auto b2 = static_cast<float>(options.adam_beta2);
  const double steps = static_cast<double>(t);
  const auto step = static_cast<float>(learning_rate / (1 - std::pow(options.adam_beta1, steps)));
  const auto unbias = static_cast<float>(1 / (1 - std::pow(options.adam_beta2, steps)));
  const auto keep = static_cast<float>(1 - learning_rate * decay);
  const auto epsilon = static_cast<float>(options.adam_epsilon);
  for (size_t i = 0; i < n; ++i) {
    first[i] = b1 * first[i] + (1 - b1) * gradient[i];
    second[i] = b2 * second[i] + (1 - b2) * gradient[i] * gradient[i];
    w[i] = keep * w[i] - step * first[i] / (std::sqrt(second[i] * unbias) + epsilon);
  }
}

double gradient_norm(const ParameterTable& table, std::span<const float> gradients,
                     const Learners& learners) {
  double sum = 0;
  for (const Parameter& entry : table.entries())
    if (learners.contains(entry))
      for (size_t m = 0; m < entry.n_matrix; ++m)
        sum += squared_norm(gradients.data() + entry.offset + m * entry.stride,
                            entry.n_row * entry.n_column);
  return std::sqrt(sum);
}

}  // namespace stride::train
