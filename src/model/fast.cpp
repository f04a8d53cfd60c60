// SPDX-License-Identifier: Apache-2.0
#include "model/fast.h"

#include <algorithm>

#include "base/memory_info.h"
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

  Result<std::unique_ptr<Sequence>> new_sequence(uint32_t capacity) override {
    return FastSequence::create(w_.config, kv_type_, capacity, max_rows_);
  }

  Result<> forward(Sequence& sequence, const Request& request, Output& out) override;
  Result<> forward_mtp(Sequence& sequence, uint32_t head, const Request& request,
                       std::span<const float> hidden, Output& out) override;

  uint32_t mtp_size(const Sequence& sequence, uint32_t head) const override {
    return static_cast<const FastSequence&>(sequence).tracks.at(1 + head).n_past;
  }

  Result<> truncate_mtp(Sequence& sequence, uint32_t head, uint32_t n) override {
    return static_cast<FastSequence&>(sequence).tracks.at(1 + head).truncate(n);
  }

 private:
  // What is left of a call: the rows still to run and where their results go.
  struct Piece {
    std::span<const Token> ids;
    bool last;
    float* hidden;     // null = not wanted
    int32_t* picks;    // of row 0 in the first layer with experts; null = not wanted
    size_t pick_step;  // from one layer's picks to the next
  };

  Step step(const Piece& piece, uint32_t first) {
    return {kernels::best_kernels(),
            *team_,
            w_,
            scratch_,
            static_cast<uint32_t>(piece.ids.size()),
            first};
  }
  Piece piece_of(const Request& request, size_t at, Output& out) const;
  void embed(const Step& step, unsigned thread, const Matrix& table, std::span<const Token> ids,
             const Rows& rows) const;
  void join(Step& step, unsigned thread, const MtpWeights& w, std::span<const Token> ids,
            const float* hidden) const;
  void finish(Step& step, unsigned thread, const Piece& piece, const Matrix& head,
              const Vector& norm, Logits wanted, float* logits) const;
  // Rows of logits that a piece adds to the output, and where they start in it.
  size_t grow_logits(const Piece& piece, Logits wanted, Output& out) const;

  Weights w_;
  Scratch scratch_;
  std::unique_ptr<ThreadTeam> team_;
  uint32_t max_rows_;
  KvType kv_type_;
};

FastModel::Piece FastModel::piece_of(const Request& request, size_t at, Output& out) const {
  const size_t n = std::min<size_t>(request.ids.size() - at, max_rows_);
  const size_t k = w_.config.n_expert_used;
  return {request.ids.subspan(at, n), at + n == request.ids.size(),
          request.hidden ? out.hidden.data() + at * w_.config.n_embd : nullptr,
          out.experts.empty() ? nullptr : out.experts.data() + at * k, request.ids.size() * k};
}

size_t FastModel::grow_logits(const Piece& piece, Logits wanted, Output& out) const {
  const size_t before = out.logits.size();
  const size_t rows =
      wanted == Logits::all ? piece.ids.size() : (wanted == Logits::last && piece.last ? 1 : 0);
  out.logits.resize(before + rows * w_.config.n_vocab);
  return before;
}

void FastModel::embed(const Step& step, unsigned thread, const Matrix& table,
                      std::span<const Token> ids, const Rows& rows) const {
  const Range range = step.rows_of(thread);
  for (size_t r = range.begin; r < range.end; ++r) {
    quant::decode(table.type, table.row(0, static_cast<uint32_t>(ids[r])),
                  {rows.row(r), table.n_in});
  }
}

// x = W [norm(embedding), norm(hidden)]
void FastModel::join(Step& step, unsigned thread, const MtpWeights& w, std::span<const Token> ids,
                     const float* hidden) const {
  const size_t n = w_.config.n_embd;
  const Rows joined = scratch_.joined.rows(), x = scratch_.x.rows();
  embed(step, thread, w.token_embd, ids, x);
  const Range range = step.rows_of(thread);
  for (size_t r = range.begin; r < range.end; ++r) {
    step.kernels.rms_norm(joined.row(r), x.row(r), w.enorm.data(), n, w_.config.rms_eps);
    step.kernels.rms_norm(joined.row(r) + n, hidden + r * n, w.hnorm.data(), n, w_.config.rms_eps);
    joined.quantize(step.kernels, r);
  }
  team_->barrier();
  multiply(step.kernels, w.eh_proj, 0, step.outputs_of(thread, n), joined, 0, step.n_row, x.row(0),
           n);
  team_->barrier();
}

// Copies the hidden rows that are wanted and computes the logits that are wanted, from row `begin`
// of the step on.
void FastModel::finish(Step& step, unsigned thread, const Piece& piece, const Matrix& head,
                       const Vector& norm, Logits wanted, float* logits) const {
  const size_t n = w_.config.n_embd;
  const Rows x = scratch_.x.rows(), h = scratch_.h.rows();
  const Range rows = step.rows_of(thread);
  if (piece.hidden)
    std::copy_n(x.row(rows.begin), (rows.end - rows.begin) * n, piece.hidden + rows.begin * n);
  if (wanted == Logits::none || (wanted == Logits::last && !piece.last)) return;
  step.norm(thread, norm);
  const size_t begin = wanted == Logits::all ? 0 : step.n_row - 1;
  multiply(step.kernels, head, 0, step.outputs_of(thread, head.n_out), h, begin, step.n_row - begin,
           logits, head.n_out);
}

Result<> FastModel::forward(Sequence& base, const Request& request, Output& out) {
  auto& sequence = static_cast<FastSequence&>(base);
  const Config& c = w_.config;
  STRIDE_TRY(check_rows(c, request, sequence.size(), sequence.capacity()));
  KvTrack& track = sequence.tracks[0];
  track.begin_call();
  const auto n_moe = static_cast<size_t>(std::ranges::count(c.layers, true, &LayerConfig::moe));
  out.logits.clear();
  out.hidden.resize(request.hidden ? request.ids.size() * c.n_embd : 0);
  out.experts.resize(request.experts ? n_moe * request.ids.size() * c.n_expert_used : 0);
  for (size_t at = 0; at < request.ids.size();) {
    const Piece piece = piece_of(request, at, out);
    const size_t logits_at = grow_logits(piece, request.logits, out);
    Step step = this->step(piece, track.n_past);
    team_->run([&](unsigned thread) {
      embed(step, thread, w_.token_embd, piece.ids, scratch_.x.rows());
      step.fill_rotary(thread);
      team_->barrier();
      int32_t* picks = piece.picks;
      for (uint32_t i = 0; i < c.n_layer; ++i) {
        step.attention(thread, i, track.layers[i]);
        step.feed_forward(thread, i, picks);
        if (c.layers[i].moe && picks) picks += piece.pick_step;
      }
      finish(step, thread, piece, w_.output, w_.output_norm, request.logits,
             out.logits.data() + logits_at);
    });
    at += piece.ids.size();
    track.n_past += static_cast<uint32_t>(piece.ids.size());
  }
  track.end_call(request.n_draft);
  return {};
}

Result<> FastModel::forward_mtp(Sequence& base, uint32_t head, const Request& request,
                                std::span<const float> hidden, Output& out) {
  auto& sequence = static_cast<FastSequence&>(base);
  const Config& c = w_.config;
  STRIDE_TRY(check_mtp_rows(c, head, request, hidden, head < c.n_mtp ? mtp_size(sequence, head) : 0,
                            sequence.capacity()));
  KvTrack& track = sequence.tracks[1 + head];
  track.begin_call();
  const uint32_t layer = c.n_layer + head;
  const MtpWeights& w = w_.mtp[head];
  out.logits.clear();
  out.experts.clear();
  out.hidden.resize(request.hidden ? request.ids.size() * c.n_embd : 0);
  for (size_t at = 0; at < request.ids.size();) {
    const Piece piece = piece_of(request, at, out);
    const size_t logits_at = grow_logits(piece, request.logits, out);
    Step step = this->step(piece, track.n_past);
    team_->run([&](unsigned thread) {
      join(step, thread, w, piece.ids, hidden.data() + at * c.n_embd);
      step.fill_rotary(thread);
      team_->barrier();
      step.attention(thread, layer, track.layers[0]);
      step.feed_forward(thread, layer, nullptr);
      finish(step, thread, piece, w.head, w.head_norm, request.logits,
             out.logits.data() + logits_at);
    });
    at += piece.ids.size();
    track.n_past += static_cast<uint32_t>(piece.ids.size());
  }
  track.end_call(request.n_draft);
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
