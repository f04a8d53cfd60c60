// SPDX-License-Identifier: Apache-2.0
#include "model/fast.h"

#include <algorithm>

#include "base/memory_info.h"
#include "cache/kv_pages.h"
#include "model/arena.h"
#include "model/fast_attention.h"
#include "model/fast_sequence.h"
#include "model/fast_step.h"
#include "model/request.h"
#include "quant/codec.h"

namespace stride::model {
namespace {

// Heads that share a key-value head: attention blocks keep their sums on fixed-size arrays.
constexpr uint32_t kMaxGroup = 64;

Result<> check_supported(const Config& config) {
  if (config.head_dim > kernels::kMaxHeadDim) {
    return fail(Errc::unsupported, "heads of {} dimensions; the fast path takes up to {}",
                config.head_dim, kernels::kMaxHeadDim);
  }
  for (const LayerConfig& layer : config.layers) {
    if (layer.n_head / layer.n_head_kv > kMaxGroup) {
      return fail(Errc::unsupported,
                  "{} query heads a key-value head; the fast path takes up to {}",
                  layer.n_head / layer.n_head_kv, kMaxGroup);
    }
  }
  return {};
}

uint32_t planes(const Weights& weights, Activations activations) {
  if (activations != Activations::automatic) return activations == Activations::int16 ? 2 : 1;
  return weights.total_bytes < (uint64_t{256} << 20) ? 2 : 1;
}

class FastModel final : public Model {
 public:
  FastModel(Weights weights, Scratch scratch, std::unique_ptr<ThreadTeam> team, uint32_t max_rows,
            KvType kv_type)
      : w_(std::move(weights)),
        scratch_(std::move(scratch)),
        team_(std::move(team)),
        max_rows_(max_rows),
        kv_type_(kv_type) {}

  const Config& config() const override { return w_.config; }
  uint64_t scratch_bytes() const override { return scratch_.bytes(); }

  uint64_t sequence_bytes(uint32_t capacity) const override {
    return kv_bytes(w_.config, kv_type_, capacity, max_rows_);
  }

  uint64_t page_bytes() const override {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < w_.config.n_layer; ++i) {
      if (w_.config.layers[i].attention == Attention::full)
        sum += kv_bytes(w_.config, i, kv_type_, cache::kPageTokens, max_rows_);
    }
    return sum;
  }
  uint64_t window_bytes(uint32_t capacity) const override {
    const uint64_t n_page = (uint64_t{capacity} + cache::kPageTokens - 1) / cache::kPageTokens;
    return sequence_bytes(capacity) - n_page * page_bytes();
  }

  Result<std::unique_ptr<Sequence>> new_sequence(uint32_t capacity) override {
    return FastSequence::create(w_.config, kv_type_, capacity, max_rows_);
  }

  Result<> forward(Sequence& sequence, const Request& request, Output& out) override {
    const Part part{&sequence, request, {}, &out};
    return forward_batch({&part, 1}, nullptr);
  }
  Result<> forward_batch(std::span<const Part> parts, const std::atomic<bool>* stop) override;

  Result<> forward_mtp(Sequence& sequence, uint32_t head, const Request& request,
                       std::span<const float> hidden, Output& out) override {
    const Part part{&sequence, request, hidden, &out};
    return forward_mtp_batch(head, {&part, 1});
  }
  Result<> forward_mtp_batch(uint32_t head, std::span<const Part> parts) override;

  uint32_t mtp_size(const Sequence& sequence, uint32_t head) const override {
    return static_cast<const FastSequence&>(sequence).tracks.at(1 + head).n_past;
  }

  Result<> truncate_mtp(Sequence& sequence, uint32_t head, uint32_t n) override {
    return static_cast<FastSequence&>(sequence).tracks.at(1 + head).truncate(n);
  }

 private:
  // A batch under way: the parts, and how much of them earlier steps have done.
  struct Batch {
    std::span<const Part> parts;
    size_t track;     // of the sequences
    size_t part = 0;  // the first that is not done, and its rows that are
    size_t done = 0;
  };
  // Rows of a step: what is computed, and of which of them logits are wanted.
  struct Rows {
    std::vector<Segment> segments;
    std::vector<Token> ids;
    std::vector<uint32_t> logit_rows;
    std::vector<size_t> logit_parts;  // the part that each of them belongs to
  };

  Rows next_rows(Batch& batch) const;
  Step make_step(const Rows& rows, const std::atomic<bool>* stop);
  template <class Body>
  Result<> run(Batch batch, const Matrix& head, const Vector& norm, const std::atomic<bool>* stop,
               Body&& body);
  void embed(const Step& step, unsigned thread, const Matrix& table, std::span<const Token> ids,
             const model::Rows& rows) const;
  void join(Step& step, unsigned thread, const MtpWeights& w, std::span<const Token> ids) const;
  void finish(Step& step, unsigned thread, const Rows& rows, const Matrix& head, const Vector& norm,
              float* logits) const;

  Weights w_;
  Scratch scratch_;
  std::unique_ptr<ThreadTeam> team_;
  uint32_t max_rows_;
  KvType kv_type_;
  std::vector<float> logits_;  // of the rows of a step that want them
};

// What an output holds when a call begins: nothing, and room for what is copied into it.
void prepare(const Config& config, const Request& request, size_t n_moe, Output& out) {
  const size_t n = request.ids.size();
  out.logits.clear();
  out.hidden.resize(request.hidden ? n * config.n_embd : 0);
  out.experts.resize(request.experts ? n_moe * n * config.n_expert_used : 0);
}

FastModel::Rows FastModel::next_rows(Batch& batch) const {
  Rows rows;
  while (batch.part < batch.parts.size() && rows.ids.size() < max_rows_) {
    const Part& part = batch.parts[batch.part];
    const std::span<const Token> ids = part.request.ids;
    if (ids.empty()) {
      ++batch.part;
      continue;
    }
    const size_t n = std::min<size_t>(ids.size() - batch.done, max_rows_ - rows.ids.size());
    const auto first = static_cast<uint32_t>(rows.ids.size());
    const size_t at = batch.done * w_.config.n_embd, k = w_.config.n_expert_used;
    rows.segments.push_back(
        {first, static_cast<uint32_t>(n),
         &static_cast<FastSequence*>(part.sequence)->tracks[batch.track],
         part.hidden.empty() ? nullptr : part.hidden.data() + at,
         part.out->hidden.empty() ? nullptr : part.out->hidden.data() + at,
         part.out->experts.empty() ? nullptr : part.out->experts.data() + batch.done * k,
         ids.size() * k});
    rows.ids.insert(rows.ids.end(), ids.begin() + batch.done, ids.begin() + batch.done + n);
    batch.done += n;
    const bool last = batch.done == ids.size();
    const bool all = part.request.logits == Logits::all;
    for (size_t r = all ? 0 : n - 1;
         r < n && (all || (last && part.request.logits == Logits::last)); ++r) {
      rows.logit_rows.push_back(first + static_cast<uint32_t>(r));
      rows.logit_parts.push_back(batch.part);
    }
    if (last) {
      ++batch.part;
      batch.done = 0;
    }
  }
  return rows;
}

Step FastModel::make_step(const Rows& rows, const std::atomic<bool>* stop) {
  for (uint32_t i = 0; i < rows.segments.size(); ++i) {
    const Segment& s = rows.segments[i];
    std::fill_n(scratch_.segment_of.begin() + s.row, s.n, i);
  }
  return {kernels::best_kernels(),
          *team_,
          w_,
          scratch_,
          rows.segments,
          static_cast<uint32_t>(rows.ids.size()),
          stop};
}

void FastModel::embed(const Step& step, unsigned thread, const Matrix& table,
                      std::span<const Token> ids, const model::Rows& rows) const {
  const Range range = step.rows_of(thread);
  std::vector<std::byte> scratch;
  for (size_t r = range.begin; r < range.end; ++r) {
    quant::decode(table.type, table.row(0, static_cast<uint32_t>(ids[r]), scratch),
                  {rows.row(r), table.n_in});
  }
}

// x = W [norm(embedding), norm(hidden)]
void FastModel::join(Step& step, unsigned thread, const MtpWeights& w,
                     std::span<const Token> ids) const {
  const size_t n = w_.config.n_embd;
  const model::Rows joined = scratch_.joined.rows(), x = scratch_.x.rows();
  embed(step, thread, w.token_embd, ids, x);
  const Range range = step.rows_of(thread);
  for (size_t r = range.begin; r < range.end; ++r) {
    const Segment& s = step.segments[scratch_.segment_of[r]];
    step.kernels.rms_norm(joined.row(r), x.row(r), w.enorm.data(), n, w_.config.rms_eps);
    step.kernels.rms_norm(joined.row(r) + n, s.mtp_hidden + (r - s.row) * n, w.hnorm.data(), n,
                          w_.config.rms_eps);
    joined.quantize(step.kernels, r);
  }
  team_->barrier();
  multiply(step.kernels, w.eh_proj, 0, step.outputs_of(thread, n), joined, 0, step.n_row, x.row(0),
           n);
  team_->barrier();
}

// Copies the hidden rows that are wanted, and computes the logits of the rows that want them
// [logit_rows, n_vocab].
void FastModel::finish(Step& step, unsigned thread, const Rows& rows, const Matrix& head,
                       const Vector& norm, float* logits) const {
  const size_t n = w_.config.n_embd, n_logit = rows.logit_rows.size();
  const model::Rows x = scratch_.x.rows(), h = scratch_.h.rows();
  const Range range = step.rows_of(thread);
  for (size_t r = range.begin; r < range.end; ++r) {
    const Segment& s = step.segments[scratch_.segment_of[r]];
    if (s.hidden) std::copy_n(x.row(r), n, s.hidden + (r - s.row) * n);
  }
  if (n_logit == 0) return;
  const Range wanted = split(n_logit, team_->size(), thread);
  for (size_t i = wanted.begin; i < wanted.end; ++i) {
    step.kernels.rms_norm(h.row(i), x.row(rows.logit_rows[i]), norm.data(), n, w_.config.rms_eps);
    h.quantize(step.kernels, i);
  }
  team_->barrier();
  if (step.stopped()) return;
  multiply(step.kernels, head, 0, step.outputs_of(thread, head.n_out), h, 0, n_logit, logits,
           head.n_out);
}

// Runs the parts step by step; body(step, thread, ids) takes the rows through the layers.
template <class Body>
Result<> FastModel::run(Batch batch, const Matrix& head, const Vector& norm,
                        const std::atomic<bool>* stop, Body&& body) {
  size_t n_row = 0;
  for (const Part& part : batch.parts) n_row += part.request.ids.size();
  if (n_row > max_rows_) stop = nullptr;
  while (batch.part < batch.parts.size()) {
    const Rows rows = next_rows(batch);
    if (rows.ids.empty()) break;
    logits_.resize(rows.logit_rows.size() * head.n_out);
    Step step = make_step(rows, stop);
    team_->run([&](unsigned thread) {
      body(step, thread, rows.ids);
      finish(step, thread, rows, head, norm, logits_.data());
    });
    if (step.stopped()) {
      for (const Segment& s : rows.segments) s.track->abandon(s.n);
      return fail(Errc::cancelled, "stopped while running the model");
    }
    for (const Segment& s : rows.segments) s.track->n_past += s.n;
    for (size_t i = 0; i < rows.logit_rows.size(); ++i) {
      std::vector<float>& out = batch.parts[rows.logit_parts[i]].out->logits;
      out.insert(out.end(), &logits_[i * head.n_out], &logits_[i * head.n_out] + head.n_out);
    }
  }
  return {};
}

Result<> FastModel::forward_batch(std::span<const Part> parts, const std::atomic<bool>* stop) {
  const Config& c = w_.config;
  const auto n_moe = static_cast<size_t>(std::ranges::count(c.layers, true, &LayerConfig::moe));
  for (const Part& part : parts) {
    auto& sequence = static_cast<FastSequence&>(*part.sequence);
    STRIDE_TRY(check_rows(c, part.request, sequence.size(), sequence.capacity()));
    STRIDE_TRY(sequence.tracks[0].reserve(static_cast<uint32_t>(part.request.ids.size())));
  }
  for (const Part& part : parts) {
    static_cast<FastSequence&>(*part.sequence).tracks[0].begin_call();
    prepare(c, part.request, n_moe, *part.out);
  }
  STRIDE_TRY(run({parts, 0}, w_.output, w_.output_norm, stop,
                 [&](Step& step, unsigned thread, std::span<const Token> ids) {
                   embed(step, thread, w_.token_embd, ids, scratch_.x.rows());
                   step.fill_rotary(thread);
                   team_->barrier();
                   size_t moe = 0;
                   for (uint32_t i = 0; i < c.n_layer; ++i) {
                     step.attention(thread, i, i);
                     step.feed_forward(thread, i, moe);
                     moe += c.layers[i].moe;
                   }
                 }));
  for (const Part& part : parts)
    static_cast<FastSequence&>(*part.sequence).tracks[0].end_call(part.request.n_draft);
  return {};
}

Result<> FastModel::forward_mtp_batch(uint32_t head, std::span<const Part> parts) {
  const Config& c = w_.config;
  for (const Part& part : parts) {
    auto& sequence = static_cast<FastSequence&>(*part.sequence);
    STRIDE_TRY(check_mtp_rows(c, head, part.request, part.hidden,
                              head < c.n_mtp ? mtp_size(sequence, head) : 0, sequence.capacity()));
    STRIDE_TRY(sequence.tracks[1 + head].reserve(static_cast<uint32_t>(part.request.ids.size())));
  }
  for (const Part& part : parts) {
    static_cast<FastSequence&>(*part.sequence).tracks[1 + head].begin_call();
    prepare(c, part.request, 0, *part.out);
  }
  const uint32_t layer = c.n_layer + head;
  const MtpWeights& w = w_.mtp[head];
  STRIDE_TRY(run({parts, size_t{1} + head}, w.head, w.head_norm, nullptr,
                 [&](Step& step, unsigned thread, std::span<const Token> ids) {
                   join(step, thread, w, ids);
                   step.fill_rotary(thread);
                   team_->barrier();
                   step.attention(thread, layer, 0);
                   step.feed_forward(thread, layer, 0);
                 }));
  for (const Part& part : parts) {
    static_cast<FastSequence&>(*part.sequence).tracks[1 + head].end_call(part.request.n_draft);
  }
  return {};
}

bool in_memory(const Weights& weights, Placement placement) {
  if (placement != Placement::automatic) return placement == Placement::memory;
  const auto memory = memory_info();
  return memory && arena_bytes(weights) <= memory->available / 8 * 7;
}

}  // namespace

Result<std::unique_ptr<Model>> make_fast_model(Weights weights, const LoadOptions& options) {
  STRIDE_TRY(check_supported(weights.config));
  auto team = std::make_unique<ThreadTeam>(options.n_threads);
  if (in_memory(weights, options.placement))
    STRIDE_TRY(move_to_arena(weights, kernels::best_kernels(), *team, options.on_copy));
  const uint32_t max_rows = std::clamp<uint32_t>(options.max_rows, 1, kMaxRows);
  Scratch scratch = STRIDE_TRY(
      Scratch::create(weights, max_rows, team->size(), planes(weights, options.activations)));
  return std::make_unique<FastModel>(std::move(weights), std::move(scratch), std::move(team),
                                     max_rows, options.kv_type);
}

}  // namespace stride::model
