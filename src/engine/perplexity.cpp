// SPDX-License-Identifier: Apache-2.0
// Windows over a text and the sums over what they score.
#include "engine/perplexity.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include "engine/session.h"

namespace stride::engine {

namespace {

using Clock = std::chrono::steady_clock;

struct Window {
  size_t begin = 0;
  uint32_t size = 0;
  uint32_t first_scored = 1;  // offset of the first token whose likelihood counts
};

// The mean and its standard error, one value at a time (Welford, 1962).
class Mean {
 public:
  void add(double x) {
    ++n_;
    const double delta = x - mean_;
    mean_ += delta / static_cast<double>(n_);
    squares_ += delta * (x - mean_);
  }
  uint64_t n() const { return n_; }
  double mean() const { return mean_; }
  double error() const {
    if (n_ < 2) return 0;
    return std::sqrt(squares_ / static_cast<double>(n_ - 1) / static_cast<double>(n_));
  }

 private:
  uint64_t n_ = 0;
  double mean_ = 0;
  double squares_ = 0;
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

double negative_log_likelihood(std::span<const float> logits, Token token) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double total = 0;
  for (const float x : logits) total += std::exp(x - largest);
  return std::log(total) + largest - logits[token];
}

class Scorer {
 public:
  Scorer(model::Model& model, const PerplexityOptions& options)
      : n_vocab_(model.config().n_vocab), options_(options) {}

  // Reads the window and adds its scores to `mean`.
  Result<> read(Session& session, std::span<const Token> ids, uint32_t first_scored, Mean& mean) {
    // The logits of a row score the token after it; the last row's are not needed.
    const auto last_row = static_cast<uint32_t>(ids.size() - 1);
    const uint32_t first_row = first_scored - 1;
    for (uint32_t row = 0; row < last_row;) {
      const bool scored = row >= first_row;
      const uint32_t limit = scored ? last_row : first_row;
      const uint32_t n = std::min(limit - row, scored ? scored_rows() : options_.chunk);
      STRIDE_TRY(session.append(ids.subspan(row, n),
                                scored ? model::Logits::all : model::Logits::none, out_));
      if (scored) STRIDE_TRY(score(ids.subspan(row + 1, n), mean));
      row += n;
    }
    return {};
  }

 private:
  // Bounds the logits of one call.
  uint32_t scored_rows() const {
    constexpr uint64_t kLogitBytes = 64 << 20;
    const uint64_t rows = kLogitBytes / (sizeof(float) * n_vocab_);
    return static_cast<uint32_t>(std::clamp<uint64_t>(rows, 1, options_.chunk));
  }

  Result<> score(std::span<const Token> next, Mean& mean) {
    for (size_t i = 0; i < next.size(); ++i) {
      if (next[i] < 0 || static_cast<uint32_t>(next[i]) >= n_vocab_)
        return fail(Errc::invalid_argument, "token {} is not in the model's vocabulary of {}",
                    next[i], n_vocab_);
      const auto row = std::span<const float>(out_.logits).subspan(i * n_vocab_, n_vocab_);
      const double nll = negative_log_likelihood(row, next[i]);
      if (!std::isfinite(nll)) return fail(Errc::internal, "the model's logits are not numbers");
      mean.add(nll);
    }
    return {};
  }

  uint64_t n_vocab_;
  PerplexityOptions options_;
  model::Output out_;
};

}  // namespace

Result<PerplexityResult> perplexity(model::Model& model, std::span<const Token> text,
                                    const PerplexityOptions& options,
                                    const std::function<void(const PerplexityResult&)>& on_progress,
                                    const std::stop_token& stop) {
  STRIDE_TRY(check(text.size(), options));
  const std::vector<Window> windows = cut(text.size(), options);
  Session session = STRIDE_TRY(Session::make(model, windows.front().size));
  Scorer scorer(model, {options.window, options.stride, std::max(1U, options.chunk), options.bos});
  const Clock::time_point start = Clock::now();
  Mean mean;
  PerplexityResult result;
  result.n_windows = static_cast<uint32_t>(windows.size());
  for (const Window& window : windows) {
    if (stop.stop_requested()) return fail(Errc::cancelled, "stopped");
    const auto part = text.subspan(window.begin, window.size);
    std::vector<Token> ids(part.begin(), part.end());
    if (options.bos >= 0) ids[0] = options.bos;
    STRIDE_TRY(session.clear());
    STRIDE_TRY(scorer.read(session, ids, window.first_scored, mean));
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
  return result;
}

}  // namespace stride::engine
