// SPDX-License-Identifier: Apache-2.0
// Windows over a text and the sums over what they score.
#include "engine/perplexity.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include "engine/running_mean.h"
#include "engine/session.h"

namespace stride::engine {

namespace {

using Clock = std::chrono::steady_clock;

struct Window {
  size_t begin = 0;
  uint32_t size = 0;
  uint32_t first_scored = 1;  // offset of the first token whose likelihood counts
};

Result<> check(size_t n_text, const PerplexityOptions& o) {
  if (o.window < 2)
    return fail(Errc::invalid_argument, "a window of {} tokens is too small", o.window);
  if (o.stride && (*o.stride == 0 || *o.stride >= o.window))
    return fail(Errc::invalid_argument,
                "the stride is {}; it must lie in 1 to {}, the window less 1", *o.stride,
                o.window - 1);
  if (n_text < 2)
    return fail(Errc::invalid_argument, "the text has {} tokens; at least 2 are needed", n_text);
  return {};
}

std::vector<Window> cut(size_t n_text, const PerplexityOptions& o) {
  if (n_text < o.window) return {{0, static_cast<uint32_t>(n_text), 1}};
  std::vector<Window> out;
  const uint32_t step = o.stride.value_or(o.window);
  for (size_t begin = 0; begin + o.window <= n_text; begin += step) {
    uint32_t first = o.window - std::min(step, o.window - 1);
    if (!o.stride) first = std::max(1U, o.window / 2);
    if (o.stride && begin == 0) first = 1;
    out.push_back({begin, o.window, first});
  }
  return out;
}

class Scorer {
 public:
  // Room for a window in the model, and in the base where there is one.
  static Result<Scorer> make(model::Model& model, const PerplexityOptions& options,
                             uint32_t n_window) {
    std::vector<Session> sessions;
    sessions.push_back(STRIDE_TRY(Session::make(model, n_window)));
    if (options.base) {
      if (options.base->config().n_vocab != model.config().n_vocab)
        return fail(Errc::invalid_argument, "the base has a vocabulary of {} tokens, not of {}",
                    options.base->config().n_vocab, model.config().n_vocab);
      sessions.push_back(STRIDE_TRY(Session::make(*options.base, n_window)));
    }
    return Scorer(std::move(sessions), model.config().n_vocab, std::max(1U, options.chunk));
  }

  // Reads the window from empty caches and scores its rows.
  Result<> read(std::span<const Token> ids, uint32_t first_scored) {
    for (Session& session : sessions_) STRIDE_TRY(session.clear());
    // The logits of a row score the token after it; the last row's are not needed.
    const auto last_row = static_cast<uint32_t>(ids.size() - 1);
    const uint32_t first_row = first_scored - 1;
    for (uint32_t row = 0; row < last_row;) {
      const bool scored = row >= first_row;
      const uint32_t limit = scored ? last_row : first_row;
      const uint32_t n = std::min(limit - row, scored ? scored_rows() : chunk_);
      const auto wanted = scored ? model::Logits::all : model::Logits::none;
      for (size_t i = 0; i < sessions_.size(); ++i)
        STRIDE_TRY(sessions_[i].append(ids.subspan(row, n), wanted, out_[i]));
      if (scored) STRIDE_TRY(score(ids.subspan(row + 1, n)));
      row += n;
    }
    return {};
  }

  const RunningMean& mean() const { return mean_; }
  const DivergenceMeter& divergence() const { return divergence_; }

 private:
  Scorer(std::vector<Session> sessions, uint64_t n_vocab, uint32_t chunk)
      : sessions_(std::move(sessions)), n_vocab_(n_vocab), chunk_(chunk) {}

  // Bounds the logits of one call.
  uint32_t scored_rows() const {
    constexpr uint64_t kLogitBytes = 64 << 20;
    const uint64_t rows = kLogitBytes / (sizeof(float) * n_vocab_);
    return static_cast<uint32_t>(std::clamp<uint64_t>(rows, 1, chunk_));
  }

  std::span<const float> logits(size_t session, size_t row) const {
    return std::span<const float>(out_[session].logits).subspan(row * n_vocab_, n_vocab_);
  }

  Result<> score(std::span<const Token> next) {
    for (size_t i = 0; i < next.size(); ++i) {
      if (next[i] < 0 || static_cast<uint32_t>(next[i]) >= n_vocab_)
        return fail(Errc::invalid_argument, "token {} is not in the model's vocabulary of {}",
                    next[i], n_vocab_);
      const auto row = logits(0, i);
      const double nll = log_sum_exp(row) - row[next[i]];
      if (!std::isfinite(nll)) return fail(Errc::internal, "the model's logits are not numbers");
      mean_.add(nll);
      if (sessions_.size() > 1) divergence_.add(logits(1, i), row);
    }
    return {};
  }

  std::vector<Session> sessions_;  // of the model, then of the base
  uint64_t n_vocab_;
  uint32_t chunk_;
  model::Output out_[2];
  RunningMean mean_;
  DivergenceMeter divergence_;
};

}  // namespace

Result<PerplexityResult> perplexity(model::Model& model, std::span<const Token> text,
                                    const PerplexityOptions& options,
                                    const std::function<void(const PerplexityResult&)>& on_progress,
                                    const std::stop_token& stop) {
  STRIDE_TRY(check(text.size(), options));
  const std::vector<Window> windows = cut(text.size(), options);
  Scorer scorer = STRIDE_TRY(Scorer::make(model, options, windows.front().size));
  const Clock::time_point start = Clock::now();
  const RunningMean& mean = scorer.mean();
  PerplexityResult result;
  result.n_windows = static_cast<uint32_t>(windows.size());
  for (const Window& window : windows) {
    if (stop.stop_requested()) return fail(Errc::cancelled, "stopped");
    const auto part = text.subspan(window.begin, window.size);
    std::vector<Token> ids(part.begin(), part.end());
    if (options.bos >= 0) ids[0] = options.bos;
    STRIDE_TRY(scorer.read(ids, window.first_scored));
    ++result.n_window;
    result.n_scored = mean.n();
    result.mean_nll = mean.mean();
    result.nll_error = mean.error();
    result.perplexity = std::exp(mean.mean());
    result.error = result.perplexity * mean.error();
    result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    result.eta_seconds = result.seconds / result.n_window * (result.n_windows - result.n_window);
    if (on_progress) on_progress(result);
  }
  if (options.base) result.divergence = scorer.divergence().result();
  return result;
}

}  // namespace stride::engine
