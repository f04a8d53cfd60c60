// SPDX-License-Identifier: Apache-2.0
// With P = softmax(Q K' / sqrt(d)), g the sigmoid of the gate and dO the derivative of the gated
// output, the way back is
//   dV = P' (g dO),  D = rowsum(P . (dO V')),  dS = g P . (dO V' - D) / sqrt(d),
//   dQ = dS K,       dK = dS' Q,               d gate = D g (1 - g),
// so the ungated output is never needed again.
#include "train/attention.h"

#include <cmath>
#include <cstring>

#include "train/vector_math.h"

namespace stride::train {
namespace {

constexpr size_t kBlock = 24;  // queries a block: a multiple of the product's six rows

size_t round_up8(size_t n) {
  return (n + 7) / 8 * 8;
}

// Transposed copy: to[j, i] = from[i, j]. to has rows of ld.
void transpose(float* to, size_t ld, const float* from, size_t stride, size_t n, size_t d) {
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < d; ++j) to[j * ld + i] = from[i * stride + j];
}

// y = rotate(x * inverse_rms * (1 + w)) of one head.
void norm_rotate(float* __restrict y, const float* x, const float* w, size_t d, float eps,
                 const RotaryTable& rotary, size_t position) {
  float total = 0;
#pragma omp simd reduction(+ : total)
  for (size_t j = 0; j < d; ++j) total += x[j] * x[j];
  const float scale = 1 / std::sqrt(total / static_cast<float>(d) + eps);
  for (size_t j = 0; j < d; ++j) y[j] = x[j] * scale * (1 + w[j]);
  const size_t half = rotary.n_half;
  const float* cosine = rotary.cosine.data() + position * half;
  const float* sine = rotary.sine.data() + position * half;
#pragma omp simd
  for (size_t j = 0; j < half; ++j) {
    const float a = y[j], b = y[j + half];
    y[j] = a * cosine[j] - b * sine[j];
    y[j + half] = b * cosine[j] + a * sine[j];
  }
}

// The derivative of norm_rotate: d_y is turned back in place, then goes through the norm.
void norm_rotate_backward(float* __restrict d_x, float* d_w, float* d_y, const float* x,
                          const float* w, size_t d, float eps, const RotaryTable& rotary,
                          size_t position) {
  const size_t half = rotary.n_half;
  const float* cosine = rotary.cosine.data() + position * half;
  const float* sine = rotary.sine.data() + position * half;
#pragma omp simd
  for (size_t j = 0; j < half; ++j) {
    const float a = d_y[j], b = d_y[j + half];
    d_y[j] = a * cosine[j] + b * sine[j];
    d_y[j + half] = b * cosine[j] - a * sine[j];
  }
  float total = 0;
#pragma omp simd reduction(+ : total)
  for (size_t j = 0; j < d; ++j) total += x[j] * x[j];
  const float scale = 1 / std::sqrt(total / static_cast<float>(d) + eps);
  float dot = 0;
#pragma omp simd reduction(+ : dot)
  for (size_t j = 0; j < d; ++j) {
    const float unit = x[j] * scale;
    d_w[j] += d_y[j] * unit;
    dot += d_y[j] * (1 + w[j]) * unit;
  }
  const float mean = dot / static_cast<float>(d);
  for (size_t j = 0; j < d; ++j) d_x[j] = scale * (d_y[j] * (1 + w[j]) - x[j] * scale * mean);
}

// One row of text of one layer: where things lie in its projection, and the keys each query sees.
struct Row {
  const AttentionShape& shape;
  const RotaryTable& rotary;
  const int32_t* starts;
  const int32_t* positions;
  const float* projection;  // [length, row_width]
  size_t length;

  size_t k_at(size_t kv) const { return shape.q_width() + kv * shape.head_dim; }
  size_t v_at(size_t kv) const { return k_at(kv) + shape.kv_width(); }
  size_t gate_at(size_t head) const { return shape.q_width() + 2 * shape.kv_width() + head; }
  float gate(size_t i, size_t head) const {
    return vector_sigmoid(projection[i * shape.row_width() + gate_at(head)]);
  }

  size_t first_key(size_t i) const {
    const auto start = static_cast<size_t>(starts[i]);
    if (shape.window == 0 || i + 1 <= shape.window) return start;
    return std::max(start, i + 1 - shape.window);
  }

  // Rotated heads [length, head_dim] from column `at` of the projection.
  void rotated(float* to, size_t at, const float* norm) const {
    for (size_t i = 0; i < length; ++i)
      norm_rotate(to + i * shape.head_dim, projection + i * shape.row_width() + at, norm,
                  shape.head_dim, shape.eps, rotary, static_cast<size_t>(positions[i]));
  }
};

Row row_of(const AttentionShape& shape, const RotaryTable& rotary, const PackedText& text,
           const float* projection, size_t row) {
  const size_t at = row * text.length;
  return {shape,
          rotary,
          text.starts + at,
          text.positions + at,
          projection + at * shape.row_width(),
          text.length};
}

// The queries i0 .. i1-1 and the union of the keys they see.
struct Block {
  size_t i0, i1, j0, n_key, padded;  // padded: n_key rounded up to whole vectors

  Block(const Row& row, size_t first)
      : i0(first),
        i1(std::min(first + kBlock, row.length)),
        j0(row.first_key(first)),
        n_key(i1 - j0),
        padded(round_up8(n_key)) {}
  size_t n_query() const { return i1 - i0; }
};

// Scores to probabilities in place; those outside a query's keys become zero. Returns log sums.
void softmax_block(float* scores, float* log_sum, const Row& row, const Block& block, float scale) {
  for (size_t i = block.i0; i < block.i1; ++i) {
    float* s = scores + (i - block.i0) * block.padded;
    const size_t from = row.first_key(i) - block.j0, to = i + 1 - block.j0;
    float top = s[from];
#pragma omp simd reduction(max : top)
    for (size_t j = from; j < to; ++j) top = std::max(top, s[j]);
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t j = from; j < to; ++j) {
      s[j] = vector_exp((s[j] - top) * scale);
      sum += s[j];
    }
    const float share = 1 / sum;
    for (size_t j = from; j < to; ++j) s[j] *= share;
    std::fill(s, s + from, 0.0F);
    std::fill(s + to, s + block.padded, 0.0F);
    log_sum[i] = top * scale + std::log(sum);
  }
}

// The same probabilities from the stored log sums.
void softmax_again(float* scores, const float* log_sum, const Row& row, const Block& block,
                   float scale) {
  for (size_t i = block.i0; i < block.i1; ++i) {
    float* s = scores + (i - block.i0) * block.padded;
    const size_t from = row.first_key(i) - block.j0, to = i + 1 - block.j0;
    const float shift = log_sum[i];
#pragma omp simd
    for (size_t j = from; j < to; ++j) s[j] = vector_exp(s[j] * scale - shift);
    std::fill(s, s + from, 0.0F);
    std::fill(s + to, s + block.padded, 0.0F);
  }
}

// Scratch of one row, sized for its length once a call.
struct Scratch {
  size_t ld;  // of the transposed matrices: room for the last vector of a block
  std::vector<float> q, k, k_turned, v_turned, probability, d_score, d_q, d_k, d_v, d_out;

  Scratch(size_t length, size_t d, bool backward) : ld(length + 8) {
    for (auto* rows : {&q, &k}) rows->resize((length + 8) * d);
    k_turned.resize(ld * d);
    probability.resize(kBlock * (length + 8));
    if (!backward) return;
    v_turned.resize(ld * d);
    d_score.resize(kBlock * (length + 8));
    for (auto* rows : {&d_q, &d_k, &d_v}) rows->resize((length + 8) * d);
    d_out.resize(kBlock * d);
  }
};

void forward_head(float* out, float* log_sum, const Row& row, Scratch& scratch, size_t head) {
  const AttentionShape& shape = row.shape;
  const size_t d = shape.head_dim, width = shape.row_width();
  const float* v = row.projection + row.v_at(head / (shape.n_head / shape.n_head_kv));
  const float scale = 1 / std::sqrt(static_cast<float>(d));
  for (size_t first = 0; first < row.length; first += kBlock) {
    const Block block(row, first);
    float* p = scratch.probability.data();
    small_product(p, block.padded, {scratch.q.data() + block.i0 * d, d, 1},
                  scratch.k_turned.data() + block.j0, scratch.ld, block.n_query(), block.padded, d,
                  Write::set);
    softmax_block(p, log_sum, row, block, scale);
    float* to = out + block.i0 * shape.q_width() + head * d;
    small_product(to, shape.q_width(), {p, block.padded, 1}, v + block.j0 * width, width,
                  block.n_query(), d, block.n_key, Write::set);
    for (size_t i = block.i0; i < block.i1; ++i, to += shape.q_width()) {
      const float gate = row.gate(i, head);
      for (size_t j = 0; j < d; ++j) to[j] *= gate;
    }
  }
}

// dS of a block in place of dO V', the gate's derivative, and dO scaled by the gate.
void score_derivatives(float* d_projection, const float* d_out, const Row& row, Scratch& scratch,
                       const Block& block, size_t head, float scale) {
  const AttentionShape& shape = row.shape;
  const size_t d = shape.head_dim;
  for (size_t i = block.i0; i < block.i1; ++i) {
    const float* p = scratch.probability.data() + (i - block.i0) * block.padded;
    float* s = scratch.d_score.data() + (i - block.i0) * block.padded;
    const float gate = row.gate(i, head);
    float dot = 0;
#pragma omp simd reduction(+ : dot)
    for (size_t j = 0; j < block.padded; ++j) dot += p[j] * s[j];
    const float factor = gate * scale;
    for (size_t j = 0; j < block.padded; ++j) s[j] = factor * p[j] * (s[j] - dot);
    d_projection[i * shape.row_width() + row.gate_at(head)] = dot * gate * (1 - gate);
    const float* from = d_out + i * shape.q_width() + head * d;
    float* to = scratch.d_out.data() + (i - block.i0) * d;
    for (size_t j = 0; j < d; ++j) to[j] = from[j] * gate;
  }
}

void backward_head(float* d_projection, const float* d_out, const float* log_sum, const Row& row,
                   Scratch& scratch, size_t head) {
  const AttentionShape& shape = row.shape;
  const size_t d = shape.head_dim;
  const float scale = 1 / std::sqrt(static_cast<float>(d));
  float* p = scratch.probability.data();
  float* s = scratch.d_score.data();
  for (size_t first = 0; first < row.length; first += kBlock) {
    const Block block(row, first);
    const size_t n = block.n_query();
    const float* q = scratch.q.data() + block.i0 * d;
    small_product(p, block.padded, {q, d, 1}, scratch.k_turned.data() + block.j0, scratch.ld, n,
                  block.padded, d, Write::set);
    softmax_again(p, log_sum, row, block, scale);
    small_product(s, block.padded,
                  {d_out + block.i0 * shape.q_width() + head * d, shape.q_width(), 1},
                  scratch.v_turned.data() + block.j0, scratch.ld, n, block.padded, d, Write::set);
    score_derivatives(d_projection, d_out, row, scratch, block, head, scale);
    small_product(scratch.d_v.data() + block.j0 * d, d, {p, 1, block.padded}, scratch.d_out.data(),
                  d, block.n_key, d, n, Write::add);
    small_product(scratch.d_k.data() + block.j0 * d, d, {s, 1, block.padded}, q, d, block.n_key, d,
                  n, Write::add);
    small_product(scratch.d_q.data() + block.i0 * d, d, {s, block.padded, 1},
                  scratch.k.data() + block.j0 * d, d, n, d, block.n_key, Write::set);
  }
}

// Derivatives of rotated heads [length, head_dim] to those of column `at` of the projection.
void unrotate(float* d_projection, float* d_norm, float* d_rotated, const Row& row, size_t at,
              const float* norm) {
  const size_t d = row.shape.head_dim, width = row.shape.row_width();
  for (size_t i = 0; i < row.length; ++i)
    norm_rotate_backward(d_projection + i * width + at, d_norm, d_rotated + i * d,
                         row.projection + i * width + at, norm, d, row.shape.eps, row.rotary,
                         static_cast<size_t>(row.positions[i]));
}

}  // namespace

RotaryTable make_rotary_table(std::span<const double> frequencies, size_t n_position) {
  RotaryTable table;
  table.n_half = frequencies.size();
  table.cosine.reserve(n_position * table.n_half);
  table.sine.reserve(n_position * table.n_half);
  for (size_t p = 0; p < n_position; ++p)
    for (const double frequency : frequencies) {
      const double angle = static_cast<double>(p) * frequency;
      table.cosine.push_back(static_cast<float>(std::cos(angle)));
      table.sine.push_back(static_cast<float>(std::sin(angle)));
    }
  return table;
}

void attention(float* out, float* log_sum, const float* projection, const float* q_norm,
               const float* k_norm, const AttentionShape& shape, const RotaryTable& rotary,
               const PackedText& text) {
  const size_t d = shape.head_dim, group = shape.n_head / shape.n_head_kv;
  Scratch scratch(text.length, d, false);
  for (size_t r = 0; r < text.n_row; ++r) {
    const Row row = row_of(shape, rotary, text, projection, r);
    float* row_out = out + r * text.length * shape.q_width();
    for (size_t head = 0; head < shape.n_head; ++head) {
      if (head % group == 0) {
        row.rotated(scratch.k.data(), row.k_at(head / group), k_norm);
        transpose(scratch.k_turned.data(), scratch.ld, scratch.k.data(), d, text.length, d);
      }
      row.rotated(scratch.q.data(), head * d, q_norm);
      forward_head(row_out, log_sum + (r * shape.n_head + head) * text.length, row, scratch, head);
    }
  }
}

void attention_backward(float* d_projection, float* d_q_norm, float* d_k_norm, const float* d_out,
                        const float* projection, const float* log_sum, const float* q_norm,
                        const float* k_norm, const AttentionShape& shape, const RotaryTable& rotary,
                        const PackedText& text) {
  const size_t d = shape.head_dim, width = shape.row_width();
  const size_t group = shape.n_head / shape.n_head_kv;
  Scratch scratch(text.length, d, true);
  for (size_t r = 0; r < text.n_row; ++r) {
    const Row row = row_of(shape, rotary, text, projection, r);
    float* d_row = d_projection + r * text.length * width;
    const float* d_row_out = d_out + r * text.length * shape.q_width();
    for (size_t kv = 0; kv < shape.n_head_kv; ++kv) {
      row.rotated(scratch.k.data(), row.k_at(kv), k_norm);
      transpose(scratch.k_turned.data(), scratch.ld, scratch.k.data(), d, text.length, d);
      transpose(scratch.v_turned.data(), scratch.ld, row.projection + row.v_at(kv), width,
                text.length, d);
      std::fill(scratch.d_k.begin(), scratch.d_k.end(), 0.0F);
      std::fill(scratch.d_v.begin(), scratch.d_v.end(), 0.0F);
      for (size_t head = kv * group; head < (kv + 1) * group; ++head) {
        row.rotated(scratch.q.data(), head * d, q_norm);
        backward_head(d_row, d_row_out, log_sum + (r * shape.n_head + head) * text.length, row,
                      scratch, head);
        unrotate(d_row, d_q_norm, scratch.d_q.data(), row, head * d, q_norm);
      }
      unrotate(d_row, d_k_norm, scratch.d_k.data(), row, row.k_at(kv), k_norm);
      for (size_t i = 0; i < text.length; ++i)
        std::memcpy(d_row + i * width + row.v_at(kv), scratch.d_v.data() + i * d,
                    d * sizeof(float));
    }
  }
}

}  // namespace stride::train
