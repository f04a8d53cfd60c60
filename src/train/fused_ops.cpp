// SPDX-License-Identifier: Apache-2.0
// Each node keeps what its way back needs: tensors through the graph's own store, shapes and the
// buffers of weights as addresses, whose owners outlive the graph.
#include "train/fused_ops.h"

#include "train/elementwise.h"
#include "train/matrix.h"

namespace stride::train {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using Tensors = torch::autograd::variable_list;

const float* data(const Tensor& t) {
  return t.data_ptr<float>();
}
float* mutable_data(const Tensor& t) {
  return t.data_ptr<float>();
}
size_t extent(const Tensor& t, int64_t dim) {
  return static_cast<size_t>(t.size(dim));
}

Tensor rows_like(const Tensor& x, size_t width) {
  return torch::empty({x.size(0), static_cast<int64_t>(width)}, torch::kFloat32);
}

template <class T>
int64_t address(T* p) {
  return reinterpret_cast<int64_t>(p);
}
template <class T>
T* recall(AutogradContext* ctx, const char* name) {
  return reinterpret_cast<T*>(ctx->saved_data[name].toInt());
}

struct Embed : Function<Embed> {
  static Tensor forward(AutogradContext* ctx, Tensor table, Tensor ids, int64_t gradient) {
    const size_t d = extent(table, 1);
    Tensor out = rows_like(ids, d);
    const int64_t* id = ids.data_ptr<int64_t>();
    for (size_t i = 0; i < extent(ids, 0); ++i)
      std::copy_n(data(table) + static_cast<size_t>(id[i]) * d, d, mutable_data(out) + i * d);
    ctx->save_for_backward({ids});
    ctx->saved_data["gradient"] = gradient;
    return out;
  }

  static Tensors backward(AutogradContext* ctx, Tensors d_out) {
    const Tensor ids = ctx->get_saved_variables()[0];
    const Tensor d_rows = d_out[0].contiguous();
    const size_t d = extent(d_rows, 1);
    const int64_t* id = ids.data_ptr<int64_t>();
    if (auto* gradient = recall<float>(ctx, "gradient"))
      for (size_t i = 0; i < extent(ids, 0); ++i) {
        float* to = gradient + static_cast<size_t>(id[i]) * d;
        const float* from = data(d_rows) + i * d;
        for (size_t j = 0; j < d; ++j) to[j] += from[j];
      }
    return {Tensor(), Tensor(), Tensor()};
  }
};

struct Linear : Function<Linear> {
  static Tensor forward(AutogradContext* ctx, Tensor x, Tensor w, int64_t gradient) {
    Tensor y = rows_like(x, extent(w, 0));
    linear(mutable_data(y), data(x), data(w), extent(x, 0), extent(w, 0), extent(w, 1));
    ctx->save_for_backward({x, w});
    ctx->saved_data["gradient"] = gradient;
    return y;
  }

  static Tensors backward(AutogradContext* ctx, Tensors d_out) {
    const Tensors saved = ctx->get_saved_variables();
    const Tensor &x = saved[0], &w = saved[1];
    const Tensor d_y = d_out[0].contiguous();
    const size_t n = extent(x, 0), n_out = extent(w, 0), n_in = extent(w, 1);
    if (auto* gradient = recall<float>(ctx, "gradient"))
      linear_weight(gradient, data(d_y), data(x), n, n_out, n_in);
    Tensor d_x = rows_like(x, n_in);
    linear_input(mutable_data(d_x), data(d_y), data(w), n, n_out, n_in);
    return {d_x, Tensor(), Tensor()};
  }
};

// A frozen weight still needs somewhere to put its derivative.
struct Sink {
  Sink(float* gradient, size_t n) : unused(gradient == nullptr ? n : 0) {
    at = gradient == nullptr ? unused.data() : gradient;
  }
  std::vector<float> unused;
  float* at;
};

struct Norm : Function<Norm> {
  static Tensor forward(AutogradContext* ctx, Tensor x, Tensor w, int64_t gradient, double eps) {
    const size_t n = extent(x, 0), d = extent(x, 1);
    Tensor y = rows_like(x, d), inverse = torch::empty({x.size(0)});
    residual_norm(nullptr, mutable_data(y), mutable_data(inverse), data(x), nullptr, data(w), n, d,
                  static_cast<float>(eps));
    ctx->save_for_backward({x, w, inverse});
    ctx->saved_data["gradient"] = gradient;
    return y;
  }

  static Tensors backward(AutogradContext* ctx, Tensors d_out) {
    const Tensors saved = ctx->get_saved_variables();
    const Tensor d_y = d_out[0].contiguous();
    const size_t n = extent(d_y, 0), d = extent(d_y, 1);
    const Sink sink(recall<float>(ctx, "gradient"), d);
    Tensor d_x = rows_like(d_y, d);
    residual_norm_backward(mutable_data(d_x), sink.at, data(d_y), nullptr, data(saved[0]),
                           data(saved[2]), data(saved[1]), n, d);
    return {d_x, Tensor(), Tensor(), Tensor()};
  }
};

struct ResidualNorm : Function<ResidualNorm> {
  static Tensors forward(AutogradContext* ctx, Tensor x, Tensor delta, Tensor w, int64_t gradient,
                         double eps) {
    const size_t n = extent(x, 0), d = extent(x, 1);
    Tensor sum = rows_like(x, d), y = rows_like(x, d), inverse = torch::empty({x.size(0)});
    residual_norm(mutable_data(sum), mutable_data(y), mutable_data(inverse), data(x), data(delta),
                  data(w), n, d, static_cast<float>(eps));
    ctx->save_for_backward({sum, w, inverse});
    ctx->saved_data["gradient"] = gradient;
    return {sum, y};
  }

  static Tensors backward(AutogradContext* ctx, Tensors d_out) {
    const Tensors saved = ctx->get_saved_variables();
    if (!d_out[1].defined()) return {d_out[0], d_out[0], Tensor(), Tensor(), Tensor()};
    const Tensor d_y = d_out[1].contiguous();
    const Tensor d_sum = d_out[0].defined() ? d_out[0].contiguous() : Tensor();
    const size_t n = extent(d_y, 0), d = extent(d_y, 1);
    const Sink sink(recall<float>(ctx, "gradient"), d);
    Tensor d_x = rows_like(d_y, d);
    residual_norm_backward(mutable_data(d_x), sink.at, data(d_y),
                           d_sum.defined() ? data(d_sum) : nullptr, data(saved[0]), data(saved[2]),
                           data(saved[1]), n, d);
    return {d_x, d_x, Tensor(), Tensor(), Tensor()};
  }
};

struct Attend : Function<Attend> {
  static Tensor forward(AutogradContext* ctx, Tensor projection, Tensor q_norm, Tensor k_norm,
                        int64_t d_q_norm, int64_t d_k_norm, int64_t shape_at, int64_t rotary_at,
                        int64_t text_at) {
    ctx->saved_data["d_q_norm"] = d_q_norm;
    ctx->saved_data["d_k_norm"] = d_k_norm;
    ctx->saved_data["shape"] = shape_at;
    ctx->saved_data["rotary"] = rotary_at;
    ctx->saved_data["text"] = text_at;
    const auto& shape = *recall<const AttentionShape>(ctx, "shape");
    Tensor out = rows_like(projection, shape.q_width());
    Tensor log_sum = rows_like(projection, shape.n_head);
    attention(mutable_data(out), mutable_data(log_sum), data(projection), data(q_norm),
              data(k_norm), shape, *recall<const RotaryTable>(ctx, "rotary"),
              *recall<const PackedText>(ctx, "text"));
    ctx->save_for_backward({projection, q_norm, k_norm, log_sum});
    return out;
  }

  static Tensors backward(AutogradContext* ctx, Tensors d_out) {
    const Tensors saved = ctx->get_saved_variables();
    const auto& shape = *recall<const AttentionShape>(ctx, "shape");
    const Sink d_q_norm(recall<float>(ctx, "d_q_norm"), shape.head_dim);
    const Sink d_k_norm(recall<float>(ctx, "d_k_norm"), shape.head_dim);
    Tensor d_projection = rows_like(saved[0], shape.row_width());
    const Tensor d_y = d_out[0].contiguous();
    attention_backward(mutable_data(d_projection), d_q_norm.at, d_k_norm.at, data(d_y),
                       data(saved[0]), data(saved[3]), data(saved[1]), data(saved[2]), shape,
                       *recall<const RotaryTable>(ctx, "rotary"),
                       *recall<const PackedText>(ctx, "text"));
    Tensors result(8);
    result[0] = d_projection;
    return result;
  }
};

struct SwiGlu : Function<SwiGlu> {
  static Tensor forward(AutogradContext* ctx, Tensor gate_up, double limit, int64_t largest_at) {
    const size_t n = extent(gate_up, 0), f = extent(gate_up, 1) / 2;
    Tensor out = rows_like(gate_up, f);
    auto& largest = *reinterpret_cast<float*>(largest_at);
    largest = std::max(largest,
                       swiglu(mutable_data(out), data(gate_up), n, f, static_cast<float>(limit)));
    ctx->save_for_backward({gate_up});
    ctx->saved_data["limit"] = limit;
    return out;
  }

  static Tensors backward(AutogradContext* ctx, Tensors d_out) {
    const Tensor gate_up = ctx->get_saved_variables()[0];
    const Tensor d_y = d_out[0].contiguous();
    Tensor d_x = rows_like(gate_up, extent(gate_up, 1));
    swiglu_backward(mutable_data(d_x), data(d_y), data(gate_up), extent(gate_up, 0),
                    extent(gate_up, 1) / 2,
                    static_cast<float>(ctx->saved_data["limit"].toDouble()));
    return {d_x, Tensor(), Tensor()};
  }
};

struct Experts : Function<Experts> {
  static Tensor forward(AutogradContext* ctx, Tensor h, Tensor logits, Tensor gate_up, Tensor down,
                        int64_t d_gate_up, int64_t d_down, int64_t shape_at, int64_t dispatch_at,
                        int64_t statistics_at) {
    ctx->saved_data["d_gate_up"] = d_gate_up;
    ctx->saved_data["d_down"] = d_down;
    ctx->saved_data["shape"] = shape_at;
    ctx->saved_data["dispatch"] = dispatch_at;
    const auto& shape = *recall<const MoeShape>(ctx, "shape");
    const size_t n = extent(h, 0);
    Tensor y = rows_like(h, shape.n_embd);
    Tensor hidden = torch::empty(
        {static_cast<int64_t>(n * shape.n_used), static_cast<int64_t>(2 * shape.n_ff)});
    experts(mutable_data(y), mutable_data(hidden), data(h), data(gate_up), data(down),
            *recall<const Dispatch>(ctx, "dispatch"), n, shape,
            *reinterpret_cast<RoutingStatistics*>(statistics_at));
    ctx->save_for_backward({h, logits, gate_up, down, hidden});
    return y;
  }

  static Tensors backward(AutogradContext* ctx, Tensors d_out) {
    const Tensors saved = ctx->get_saved_variables();
    const auto& shape = *recall<const MoeShape>(ctx, "shape");
    const Sink d_gate_up(recall<float>(ctx, "d_gate_up"), static_cast<size_t>(saved[2].numel()));
    const Sink d_down(recall<float>(ctx, "d_down"), static_cast<size_t>(saved[3].numel()));
    const Tensor d_y = d_out[0].contiguous();
    Tensor d_h = rows_like(saved[0], shape.n_embd), d_logits = rows_like(saved[0], shape.n_expert);
    experts_backward(mutable_data(d_h), mutable_data(d_logits), d_gate_up.at, d_down.at, data(d_y),
                     mutable_data(saved[4]), data(saved[0]), data(saved[1]), data(saved[2]),
                     data(saved[3]), *recall<const Dispatch>(ctx, "dispatch"), extent(saved[0], 0),
                     shape);
    Tensors result(9);
    result[0] = d_h;
    result[1] = d_logits;
    return result;
  }
};

struct CrossEntropy : Function<CrossEntropy> {
  static Tensor forward(AutogradContext* ctx, Tensor logits, int64_t target_at, int64_t weight_at,
                        int64_t loss_at) {
    const double total = cross_entropy(mutable_data(logits), reinterpret_cast<float*>(loss_at),
                                       reinterpret_cast<const int32_t*>(target_at),
                                       reinterpret_cast<const float*>(weight_at), extent(logits, 0),
                                       extent(logits, 1));
    // The node that made the logits does not keep them, so their memory now holds the derivative.
    ctx->save_for_backward({logits.detach()});
    return torch::tensor(static_cast<float>(total));
  }

  static Tensors backward(AutogradContext* ctx, Tensors) {
    return {ctx->get_saved_variables()[0], Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

Tensor embed(const Weight& table, const Tensor& ids) {
  return Embed::apply(table.value, ids, address(table.gradient));
}

Tensor fused_linear(const Tensor& x, const Weight& w) {
  return Linear::apply(x, w.value, address(w.gradient));
}

Tensor fused_norm(const Tensor& x, const Weight& w, float eps) {
  return Norm::apply(x, w.value, address(w.gradient), static_cast<double>(eps));
}

SumAndNorm fused_residual_norm(const Tensor& x, const Tensor& delta, const Weight& w, float eps) {
  const Tensors both =
      ResidualNorm::apply(x, delta, w.value, address(w.gradient), static_cast<double>(eps));
  return {both[0], both[1]};
}

Tensor fused_attention(const Tensor& projection, const Weight& q_norm, const Weight& k_norm,
                       const AttentionShape& shape, const RotaryTable& rotary,
                       const PackedText& text) {
  return Attend::apply(projection, q_norm.value, k_norm.value, address(q_norm.gradient),
                       address(k_norm.gradient), address(&shape), address(&rotary), address(&text));
}

Tensor fused_swiglu(const Tensor& gate_up, float limit, float& largest) {
  return SwiGlu::apply(gate_up, static_cast<double>(limit), address(&largest));
}

Tensor fused_experts(const Tensor& h, const Tensor& logits, const Weight& gate_up,
                     const Weight& down, const float* bias, const MoeShape& shape,
                     RoutingStatistics& statistics, Tape& tape) {
  tape.dispatch.push_back(route(data(logits), bias, extent(h, 0), shape, statistics));
  return Experts::apply(h, logits, gate_up.value, down.value, address(gate_up.gradient),
                        address(down.gradient), address(&shape), address(&tape.dispatch.back()),
                        address(&statistics));
}

Tensor fused_cross_entropy(const Tensor& logits, const int32_t* target, const float* weight,
                           float* loss) {
  return CrossEntropy::apply(logits, address(target), address(weight), address(loss));
}

}  // namespace stride::train
