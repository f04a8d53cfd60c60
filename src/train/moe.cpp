// SPDX-License-Identifier: Apache-2.0
// Backwards, with g = dy_token gathered and A = swiglu(hidden) of one expert:
//   u = g down (before the routing weight),  d w = u . A,  d A = w u,  d down += g' (w A).
// So the experts' outputs are never stored.
#include "train/moe.h"

#include <algorithm>
#include <cstring>

#include "train/elementwise.h"
#include "train/matrix.h"
#include "train/vector_math.h"

namespace stride::train {
namespace {

// The n_used best of score [n_expert]; ties go to the lower index. `score` is used up.
void choose(uint32_t* chosen, float* score, size_t n_expert, size_t n_used) {
  for (size_t slot = 0; slot < n_used; ++slot) {
    const size_t best = static_cast<size_t>(std::max_element(score, score + n_expert) - score);
    chosen[slot] = static_cast<uint32_t>(best);
    score[best] = -1e30F;
  }
}

void sort_by_expert(Dispatch& dispatch, size_t n_expert) {
  dispatch.first.assign(n_expert + 1, 0);
  for (const uint32_t e : dispatch.expert) ++dispatch.first[e + 1];
  for (size_t e = 0; e < n_expert; ++e) dispatch.first[e + 1] += dispatch.first[e];
  std::vector<uint32_t> next(dispatch.first.begin(), dispatch.first.end() - 1);
  dispatch.order.resize(dispatch.expert.size());
  for (uint32_t i = 0; i < dispatch.expert.size(); ++i)
    dispatch.order[next[dispatch.expert[i]]++] = i;
}

// Rows of `from` in the order of an expert's entries.
void gather(float* to, const float* from, std::span<const uint32_t> entries,
            const MoeShape& shape) {
  for (const uint32_t entry : entries) {
    std::memcpy(to, from + entry / shape.n_used * shape.n_embd, shape.n_embd * sizeof(float));
    to += shape.n_embd;
  }
}

void scatter_add(float* to, const float* from, const float* weight,
                 std::span<const uint32_t> entries, const MoeShape& shape) {
  const size_t d = shape.n_embd;
  for (const uint32_t entry : entries) {
    float* __restrict row = to + entry / shape.n_used * d;
    const float w = weight == nullptr ? 1 : weight[entry];
    for (size_t j = 0; j < d; ++j) row[j] += w * from[j];
    from += d;
  }
}

std::span<const uint32_t> entries_of(const Dispatch& dispatch, size_t e) {
  return std::span(dispatch.order)
      .subspan(dispatch.first[e], dispatch.first[e + 1] - dispatch.first[e]);
}

size_t largest_group(const Dispatch& dispatch) {
  size_t most = 0;
  for (size_t e = 0; e + 1 < dispatch.first.size(); ++e)
    most = std::max<size_t>(most, dispatch.first[e + 1] - dispatch.first[e]);
  return most;
}

// In place: u to w u and A to w A; d_weight of each entry is u . A.
void weigh(float* u, float* activation, float* d_weight, const Dispatch& dispatch,
           std::span<const uint32_t> entries, size_t f) {
  for (const uint32_t entry : entries) {
    const float w = dispatch.weight[entry];
    float dot = 0;
#pragma omp simd reduction(+ : dot)
    for (size_t j = 0; j < f; ++j) {
      dot += u[j] * activation[j];
      u[j] *= w;
      activation[j] *= w;
    }
    d_weight[entry] = dot;
    u += f;
    activation += f;
  }
}

// Through w_j = scale p_j / S and the sigmoid.
void logits_backward(float* d_logits, const float* d_weight, const float* logits,
                     const Dispatch& dispatch, size_t n, const MoeShape& shape) {
  const size_t k = shape.n_used;
  std::fill(d_logits, d_logits + n * shape.n_expert, 0.0F);
  for (size_t i = 0; i < n; ++i) {
    const float* z = logits + i * shape.n_expert;
    float total = 0, mean = 0;
    for (size_t slot = i * k; slot < (i + 1) * k; ++slot) {
      total += vector_sigmoid(z[dispatch.expert[slot]]);
      mean += d_weight[slot] * dispatch.weight[slot];
    }
    mean /= shape.scale;
    for (size_t slot = i * k; slot < (i + 1) * k; ++slot) {
      const uint32_t e = dispatch.expert[slot];
      const float p = vector_sigmoid(z[e]);
      d_logits[i * shape.n_expert + e] =
          shape.scale / total * (d_weight[slot] - mean) * p * (1 - p);
    }
  }
}

}  // namespace

void RoutingStatistics::add(const RoutingStatistics& other) {
  load.resize(std::max(load.size(), other.load.size()));
  for (size_t e = 0; e < other.load.size(); ++e) load[e] += other.load[e];
  confidence += other.confidence;
  n_token += other.n_token;
  largest_activation = std::max(largest_activation, other.largest_activation);
}

Dispatch route(const float* logits, const float* bias, size_t n, const MoeShape& shape,
               RoutingStatistics& statistics) {
  const size_t k = shape.n_used, n_expert = shape.n_expert;
  Dispatch dispatch;
  dispatch.expert.resize(n * k);
  dispatch.weight.resize(n * k);
  statistics.load.resize(n_expert);
  std::vector<float> p(n_expert), score(n_expert);
  for (size_t i = 0; i < n; ++i) {
    const float* z = logits + i * n_expert;
    float all = 0, total = 0;
    for (size_t e = 0; e < n_expert; ++e) {
      p[e] = vector_sigmoid(z[e]);
      score[e] = p[e] + bias[e];
      all += p[e];
    }
    uint32_t* chosen = dispatch.expert.data() + i * k;
    choose(chosen, score.data(), n_expert, k);
    for (size_t slot = 0; slot < k; ++slot) {
      total += p[chosen[slot]];
      ++statistics.load[chosen[slot]];
    }
    for (size_t slot = 0; slot < k; ++slot)
      dispatch.weight[i * k + slot] = shape.scale * p[chosen[slot]] / total;
    statistics.confidence += static_cast<double>(total / all);
  }
  statistics.n_token += n;
  sort_by_expert(dispatch, n_expert);
  return dispatch;
}

void experts(float* y, float* hidden, const float* h, const float* gate_up, const float* down,
             const Dispatch& dispatch, size_t n, const MoeShape& shape,
             RoutingStatistics& statistics) {
  const size_t d = shape.n_embd, f = shape.n_ff, most = largest_group(dispatch);
  std::vector<float> rows(most * d), activation(most * f);
  std::fill(y, y + n * d, 0.0F);
  for (size_t e = 0; e < shape.n_expert; ++e) {
    const auto entries = entries_of(dispatch, e);
    const size_t m = entries.size();
    float* own = hidden + size_t{dispatch.first[e]} * 2 * f;
    gather(rows.data(), h, entries, shape);
    linear(own, rows.data(), gate_up + e * 2 * f * d, m, 2 * f, d);
    const float largest = swiglu(activation.data(), own, m, f, shape.clamp);
    statistics.largest_activation = std::max(statistics.largest_activation, largest);
    linear(rows.data(), activation.data(), down + e * d * f, m, d, f);
    scatter_add(y, rows.data(), dispatch.weight.data(), entries, shape);
  }
}

void experts_backward(float* d_h, float* d_logits, float* d_gate_up, float* d_down,
                      const float* d_y, float* hidden, const float* h, const float* logits,
                      const float* gate_up, const float* down, const Dispatch& dispatch, size_t n,
                      const MoeShape& shape) {
  const size_t d = shape.n_embd, f = shape.n_ff, most = largest_group(dispatch);
  std::vector<float> rows(most * d), u(most * f), activation(most * f),
      d_weight(dispatch.order.size());
  std::fill(d_h, d_h + n * d, 0.0F);
  for (size_t e = 0; e < shape.n_expert; ++e) {
    const auto entries = entries_of(dispatch, e);
    const size_t m = entries.size();
    float* own = hidden + size_t{dispatch.first[e]} * 2 * f;
    gather(rows.data(), d_y, entries, shape);
    linear_input(u.data(), rows.data(), down + e * d * f, m, d, f);
    swiglu(activation.data(), own, m, f, shape.clamp);
    weigh(u.data(), activation.data(), d_weight.data(), dispatch, entries, f);
    linear_weight(d_down + e * d * f, rows.data(), activation.data(), m, d, f);
    swiglu_backward(own, u.data(), own, m, f, shape.clamp);
    gather(rows.data(), h, entries, shape);
    linear_weight(d_gate_up + e * 2 * f * d, own, rows.data(), m, 2 * f, d);
    linear_input(rows.data(), own, gate_up + e * 2 * f * d, m, 2 * f, d);
    scatter_add(d_h, rows.data(), nullptr, entries, shape);
  }
  logits_backward(d_logits, d_weight.data(), logits, dispatch, n, shape);
}

}  // namespace stride::train
