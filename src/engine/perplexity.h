// SPDX-License-Identifier: Apache-2.0
// Perplexity of a model on a text: exp of the mean negative log-likelihood of its tokens.
//
// The text is cut into windows of `window` tokens, each read from an empty cache. Without a stride
// the windows do not overlap and the second half of each is scored, so that every scored token has
// seen at least half a window (llama.cpp's method; figures are comparable). With a stride of s the
// windows start s tokens apart and the last s tokens of each are scored (all but the first token,
// of the first window). A rest too short for a window is left out, unless it is all there is.
//
// With a base, another model (or the same one loaded otherwise) reads the same windows, and the
// divergence of each scored row from its is measured too.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>

#include "base/error.h"
#include "engine/divergence.h"
#include "model/model.h"

namespace stride::engine {

using model::Token;

struct PerplexityOptions {
  uint32_t window = 512;             // tokens; at least 2
  std::optional<uint32_t> stride{};  // 1 .. window - 1
  uint32_t chunk = 512;              // tokens in one call of the model at most
  Token bos = -1;                    // put in the place of each window's first token; -1 = not
  model::Model* base = nullptr;      // of the same vocabulary; null = none
};

struct PerplexityResult {
  uint32_t n_window = 0;                   // read so far
  uint32_t n_windows = 0;                  // in all
  uint64_t n_scored = 0;                   // tokens
  double mean_nll = 0;                     // nats per token
  double nll_error = 0;                    // standard error of the mean
  double perplexity = 0;                   // exp(mean_nll)
  double error = 0;                        // its standard error, to first order
  std::optional<Divergence> divergence{};  // from the base; after the last window
  double seconds = 0;
  double eta_seconds = 0;
};

// `on_progress` is called after each window. Fails with cancelled if `stop` is requested.
Result<PerplexityResult> perplexity(model::Model& model, std::span<const Token> text,
                                    const PerplexityOptions& options,
                                    const std::function<void(const PerplexityResult&)>& on_progress,
                                    const std::stop_token& stop);

}  // namespace stride::engine
