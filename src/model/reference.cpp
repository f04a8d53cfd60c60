// SPDX-License-Identifier: Apache-2.0
// The definition of the model: float32 values, every formula written once, in the order
// docs/model.md gives them.
//
// Weights are decoded row by row as they are used, sums are taken in double, and every position's
// keys and values are kept in every layer, so that the window of a sliding layer is a condition
// rather than a data structure. It exists to be right; the fast path is checked against it.
#include "model/reference.h"
#include "model/request.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "quant/codec.h"

namespace stride::model {
namespace {

float sigmoid(float x) {
  return 1 / (1 + std::exp(-x));
}

// y = x / rms(x) * weight, for each row of x.
void rms_norm(std::span<float> x, std::span<const float> weight, float eps) {
  const size_t n = weight.size();
  for (size_t at = 0; at < x.size(); at += n) {
    double squares = 0;
    for (size_t i = 0; i < n; ++i) squares += double{x[at + i]} * x[at + i];
    const double scale = 1 / std::sqrt(squares / static_cast<double>(n) + eps);
    for (size_t i = 0; i < n; ++i) x[at + i] = static_cast<float>(x[at + i] * scale) * weight[i];
  }
}

// y[t] = W x[t] for each row t. x: [n, n_in], y: [n, n_out].
std::vector<float> multiply(const Matrix& w, uint32_t index, std::span<const float> x) {
  const size_t n_rows = x.size() / w.n_in;
  std::vector<float> y(n_rows * w.n_out), weights(w.n_in);
  std::vector<std::byte> scratch;
  for (uint32_t r = 0; r < w.n_out; ++r) {
    quant::decode(w.type, w.row(index, r, scratch), weights);
    for (size_t t = 0; t < n_rows; ++t) {
      const std::span<const float> row = x.subspan(t * w.n_in, w.n_in);
      double sum = 0;
      for (size_t i = 0; i < w.n_in; ++i) sum += double{weights[i]} * row[i];
      y[t * w.n_out + r] = static_cast<float>(sum);
    }
  }
  return y;
}

std::vector<float> multiply(const Matrix& w, std::span<const float> x) {
  return multiply(w, 0, x);
}

// The clamp comes after the activation: from above on the gate, on both sides of up. 0 means none.
float swiglu(float gate, float up, float limit) {
  float a = gate * sigmoid(gate);
  if (limit > 0) {
    a = std::min(a, limit);
    up = std::clamp(up, -limit, limit);
  }
  return a * up;
}

std::vector<float> feed_forward(const FeedForward& w, uint32_t index, std::span<const float> x,
                                float limit) {
  std::vector<float> gate = multiply(w.gate, index, x);
  const std::vector<float> up = multiply(w.up, index, x);
  for (size_t i = 0; i < gate.size(); ++i) gate[i] = swiglu(gate[i], up[i], limit);
  return multiply(w.down, index, gate);
}

void add(std::span<float> x, std::span<const float> y) {
  for (size_t i = 0; i < x.size(); ++i) x[i] += y[i];
}

}  // namespace

// Keys after norm and rotation, and values, of one layer: [position, n_head_kv, head_dim].
struct ReferenceKv {
  std::vector<float> keys, values;
};

class ReferenceSequence final : public Sequence {
 public:
  ReferenceSequence(const Config& config, uint32_t capacity)
      : layers(config.layers.size()), mtp_size(config.n_mtp), capacity_(capacity) {}

  uint32_t size() const override { return n_past; }
  uint32_t capacity() const override { return capacity_; }
  uint32_t earliest() const override { return 0; }

  Result<> truncate(uint32_t n) override {
    if (n > n_past)
      return fail(Errc::invalid_argument, "cannot cut a sequence of {} tokens at {}", n_past, n);
    n_past = n;
    return {};
  }

  std::unique_ptr<RewindPoint> mark() const override { return mark_at(n_past); }
  std::unique_ptr<RewindPoint> mark_at(uint32_t n) const override {
    return std::make_unique<Mark>(n);
  }
  Result<> rewind(const RewindPoint& point) override { return truncate(point.size()); }

  std::vector<ReferenceKv> layers;  // rows beyond the size are stale and overwritten
  std::vector<uint32_t> mtp_size;
  uint32_t n_past = 0;

 private:
  class Mark final : public RewindPoint {
   public:
    explicit Mark(uint32_t n) : size_(n) {}
    uint32_t size() const override { return size_; }
    uint64_t bytes() const override { return 0; }

   private:
    uint32_t size_;
  };

  uint32_t capacity_;
};

namespace {

class ReferenceModel final : public Model {
 public:
  ReferenceModel(Weights weights, uint32_t max_rows) : w_(std::move(weights)), max_rows_(max_rows) {
    for (const LayerConfig& layer : w_.config.layers)
      frequencies_.push_back(rope_frequencies(w_.config, layer));
  }

  const Config& config() const override { return w_.config; }

  uint64_t sequence_bytes(uint32_t capacity) const override {
    uint64_t floats = 0;
    for (const LayerConfig& layer : w_.config.layers)
      floats += uint64_t{2} * layer.n_head_kv * w_.config.head_dim;
    return floats * sizeof(float) * capacity;
  }

  uint64_t scratch_bytes() const override {
    return uint64_t{max_rows_} * w_.config.n_vocab * sizeof(float);
  }

  Result<std::unique_ptr<Sequence>> new_sequence(uint32_t capacity) override {
    return std::make_unique<ReferenceSequence>(w_.config, capacity);
  }

  Result<> forward(Sequence& sequence, const Request& request, Output& out) override;
  Result<> forward_mtp(Sequence& sequence, uint32_t head, const Request& request,
                       std::span<const float> hidden, Output& out) override;

  uint32_t mtp_size(const Sequence& sequence, uint32_t head) const override {
    return static_cast<const ReferenceSequence&>(sequence).mtp_size.at(head);
  }

  Result<> truncate_mtp(Sequence& sequence, uint32_t head, uint32_t n) override {
    uint32_t& size = static_cast<ReferenceSequence&>(sequence).mtp_size.at(head);
    if (n > size)
      return fail(Errc::invalid_argument, "cannot cut MTP head {} of {} rows at {}", head, size, n);
    size = n;
    return {};
  }

 private:
  std::vector<float> embed(const Matrix& table, std::span<const Token> ids) const;
  void rotate(std::span<float> heads, uint32_t n_head, uint32_t layer, uint32_t first) const;
  std::vector<float> attend(const ReferenceKv& kv, std::span<const float> q, uint32_t layer,
                            uint32_t first) const;
  std::vector<float> attention(ReferenceKv& kv, std::span<const float> h, uint32_t layer,
                               uint32_t first) const;
  std::vector<float> routed(std::span<const float> h, uint32_t layer,
                            std::vector<int32_t>* picks) const;
  void run_layer(ReferenceKv& kv, std::span<float> x, uint32_t layer, uint32_t first,
                 std::vector<int32_t>* picks) const;
  void append_logits(const Matrix& head, std::span<const float> norm, std::span<const float> x,
                     Logits wanted, bool last_piece, Output& out) const;

  Weights w_;
  uint32_t max_rows_;
  std::vector<std::vector<double>> frequencies_;  // [layer][n_rot / 2]
};

std::vector<float> ReferenceModel::embed(const Matrix& table, std::span<const Token> ids) const {
  const uint32_t n = table.n_in;
  std::vector<float> x(ids.size() * n);
  std::vector<std::byte> scratch;
  for (size_t t = 0; t < ids.size(); ++t) {
    quant::decode(table.type, table.row(0, static_cast<uint32_t>(ids[t]), scratch),
                  std::span(x).subspan(t * n, n));
  }
  return x;
}

// Rotates the pairs (i, i + n_rot / 2) of each head by position * frequency[i]. heads: [n, n_head,
// head_dim].
void ReferenceModel::rotate(std::span<float> heads, uint32_t n_head, uint32_t layer,
                            uint32_t first) const {
  const uint32_t dim = w_.config.head_dim;
  const std::vector<double>& frequency = frequencies_[layer];
  const size_t half = frequency.size();
  for (size_t at = 0; at < heads.size(); at += dim) {
    const double position = static_cast<double>(first + at / (size_t{n_head} * dim));
    for (size_t i = 0; i < half; ++i) {
      const double c = std::cos(position * frequency[i]), s = std::sin(position * frequency[i]);
      const double a = heads[at + i], b = heads[at + i + half];
      heads[at + i] = static_cast<float>(a * c - b * s);
      heads[at + i + half] = static_cast<float>(b * c + a * s);
    }
  }
}

// Softmax attention of each query over the keys it may see. q: [n, n_head, head_dim], the same out.
std::vector<float> ReferenceModel::attend(const ReferenceKv& kv, std::span<const float> q,
                                          uint32_t layer, uint32_t first) const {
  const Config& c = w_.config;
  const LayerConfig& l = c.layers[layer];
  const size_t dim = c.head_dim, n_heads_each = l.n_head / l.n_head_kv;
  std::vector<float> out(q.size());
  std::vector<double> score, sum(dim);
  for (size_t at = 0; at < q.size(); at += dim) {
    const size_t position = first + at / (l.n_head * dim);
    const size_t kv_head = at / dim % l.n_head / n_heads_each;
    const size_t oldest =
        l.attention == Attention::full || position < c.window ? 0 : position + 1 - c.window;
    const auto row = [&](size_t p) { return (p * l.n_head_kv + kv_head) * dim; };
    score.assign(position + 1 - oldest, 0);
    for (size_t p = oldest; p <= position; ++p) {
      for (size_t i = 0; i < dim; ++i) score[p - oldest] += double{q[at + i]} * kv.keys[row(p) + i];
      score[p - oldest] /= std::sqrt(static_cast<double>(dim));
    }
    const double top = *std::ranges::max_element(score);
    double total = 0;
    sum.assign(dim, 0);
    for (size_t p = oldest; p <= position; ++p) {
      const double weight = std::exp(score[p - oldest] - top);
      total += weight;
      for (size_t i = 0; i < dim; ++i) sum[i] += weight * kv.values[row(p) + i];
    }
    for (size_t i = 0; i < dim; ++i) out[at + i] = static_cast<float>(sum[i] / total);
  }
  return out;
}

// h: the normed rows [n, n_embd], which also feed the gate: one sigmoid for each row and query
// head.
std::vector<float> ReferenceModel::attention(ReferenceKv& kv, std::span<const float> h,
                                             uint32_t layer, uint32_t first) const {
  const Config& c = w_.config;
  const LayerConfig& l = c.layers[layer];
  const AttentionWeights& w = w_.layers[layer].attention;
  std::vector<float> q = multiply(w.q, h), k = multiply(w.k, h);
  const std::vector<float> v = multiply(w.v, h);
  rms_norm(q, w.q_norm, c.rms_eps);
  rms_norm(k, w.k_norm, c.rms_eps);
  rotate(q, l.n_head, layer, first);
  rotate(k, l.n_head_kv, layer, first);
  const size_t kept = size_t{first} * l.n_head_kv * c.head_dim;
  kv.keys.resize(kept);
  kv.values.resize(kept);
  kv.keys.insert(kv.keys.end(), k.begin(), k.end());
  kv.values.insert(kv.values.end(), v.begin(), v.end());

  std::vector<float> o = attend(kv, q, layer, first);
  const std::vector<float> gate = multiply(w.gate, h);  // [n, n_head]
  for (size_t i = 0; i < o.size(); ++i) o[i] *= sigmoid(gate[i / c.head_dim]);
  return multiply(w.output, o);
}

// Sigmoid router: the bias takes part in the choice only; the chosen scores are scaled to sum to
// expert_scale.
std::vector<float> ReferenceModel::routed(std::span<const float> h, uint32_t layer,
                                          std::vector<int32_t>* picks) const {
  const Config& c = w_.config;
  const LayerWeights& w = w_.layers[layer];
  std::vector<float> y(h.size());
  std::vector<float> score = multiply(w.router, h);  // [n, n_expert]
  for (float& s : score) s = sigmoid(s);
  std::vector<int32_t> order(c.n_expert);
  for (size_t t = 0; t * c.n_embd < h.size(); ++t) {
    const float* p = &score[t * c.n_expert];
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
      return p[a] + w.router_bias[static_cast<size_t>(a)] >
             p[b] + w.router_bias[static_cast<size_t>(b)];
    });
    const auto chosen = std::span(order).first(c.n_expert_used);
    std::ranges::sort(chosen);
    double total = 1e-20;
    for (const int32_t e : chosen) total += p[e];
    for (const int32_t e : chosen) {
      const float weight = static_cast<float>(p[e] / total * c.expert_scale);
      const auto out = feed_forward(w.experts, static_cast<uint32_t>(e),
                                    h.subspan(t * c.n_embd, c.n_embd), c.layers[layer].clamp);
      for (size_t i = 0; i < c.n_embd; ++i) y[t * c.n_embd + i] += weight * out[i];
    }
    if (picks) picks->insert(picks->end(), chosen.begin(), chosen.end());
  }
  return y;
}

// x: the residual stream of the rows [n, n_embd], which start at position `first`.
void ReferenceModel::run_layer(ReferenceKv& kv, std::span<float> x, uint32_t layer, uint32_t first,
                               std::vector<int32_t>* picks) const {
  const Config& c = w_.config;
  const LayerWeights& w = w_.layers[layer];
  std::vector<float> h(x.begin(), x.end());
  rms_norm(h, w.attention.norm, c.rms_eps);
  add(x, attention(kv, h, layer, first));

  h.assign(x.begin(), x.end());
  rms_norm(h, w.ffn_norm, c.rms_eps);
  if (c.layers[layer].moe) add(x, routed(h, layer, picks));
  add(x, feed_forward(w.dense, 0, h, c.layers[layer].clamp_shared));
}

void ReferenceModel::append_logits(const Matrix& head, std::span<const float> norm,
                                   std::span<const float> x, Logits wanted, bool last_piece,
                                   Output& out) const {
  if (wanted == Logits::none || (wanted == Logits::last && !last_piece)) return;
  const size_t n = w_.config.n_embd;
  std::vector<float> rows(wanted == Logits::all ? x.begin() : x.end() - static_cast<ptrdiff_t>(n),
                          x.end());
  rms_norm(rows, norm, w_.config.rms_eps);
  const std::vector<float> logits = multiply(head, rows);
  out.logits.insert(out.logits.end(), logits.begin(), logits.end());
}

Result<> ReferenceModel::forward(Sequence& base, const Request& request, Output& out) {
  auto& sequence = static_cast<ReferenceSequence&>(base);
  STRIDE_TRY(check_rows(w_.config, request, sequence.size(), sequence.capacity()));
  out = {};
  const size_t n_moe =
      static_cast<size_t>(std::ranges::count(w_.config.layers, true, &LayerConfig::moe));
  std::vector<std::vector<int32_t>> picks(n_moe);
  for (std::span<const Token> rest = request.ids; !rest.empty();) {
    const auto ids = rest.first(std::min<size_t>(rest.size(), max_rows_));
    rest = rest.subspan(ids.size());
    std::vector<float> x = embed(w_.token_embd, ids);
    for (uint32_t layer = 0, moe = 0; layer < w_.config.n_layer; ++layer) {
      std::vector<int32_t>* trace =
          w_.config.layers[layer].moe && request.experts ? &picks[moe++] : nullptr;
      run_layer(sequence.layers[layer], x, layer, sequence.n_past, trace);
    }
    sequence.n_past += static_cast<uint32_t>(ids.size());
    append_logits(w_.output, w_.output_norm, x, request.logits, rest.empty(), out);
    if (request.hidden) out.hidden.insert(out.hidden.end(), x.begin(), x.end());
  }
  for (const auto& layer : picks) out.experts.insert(out.experts.end(), layer.begin(), layer.end());
  return {};
}

// c = W [N(embedding), N(hidden)], then one decoder layer with its own cache; its output feeds the
// next head.
Result<> ReferenceModel::forward_mtp(Sequence& base, uint32_t head, const Request& request,
                                     std::span<const float> hidden, Output& out) {
  auto& sequence = static_cast<ReferenceSequence&>(base);
  const Config& c = w_.config;
  STRIDE_TRY(check_mtp_rows(c, head, request, hidden, head < c.n_mtp ? sequence.mtp_size[head] : 0,
                            sequence.capacity()));
  out = {};
  const MtpWeights& w = w_.mtp[head];
  const size_t n = c.n_embd;
  std::vector<float> e = embed(w.token_embd, request.ids);
  std::vector<float> a(hidden.begin(), hidden.end());
  rms_norm(e, w.enorm, c.rms_eps);
  rms_norm(a, w.hnorm, c.rms_eps);
  std::vector<float> joined;
  for (size_t at = 0; at < e.size(); at += n) {
    joined.insert(joined.end(), &e[at], &e[at] + n);
    joined.insert(joined.end(), &a[at], &a[at] + n);
  }
  std::vector<float> x = multiply(w.eh_proj, joined);
  run_layer(sequence.layers[c.n_layer + head], x, c.n_layer + head, sequence.mtp_size[head],
            nullptr);
  sequence.mtp_size[head] += static_cast<uint32_t>(request.ids.size());
  append_logits(w.head, w.head_norm, x, request.logits, true, out);
  if (request.hidden) out.hidden = std::move(x);
  return {};
}

}  // namespace

Result<std::unique_ptr<Model>> make_reference_model(Weights weights, const LoadOptions& options) {
  return std::make_unique<ReferenceModel>(std::move(weights),
                                          std::clamp<uint32_t>(options.max_rows, 1, kMaxRows));
}

}  // namespace stride::model
