// SPDX-License-Identifier: Apache-2.0
// Reads a prompt into a session: what the cache holds already is kept, the rest is run in chunks,
// so that progress can be shown and the reading can be stopped between two of them.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "engine/prompt_scores.h"
#include "engine/session.h"

namespace stride::engine {

struct PrefillProgress {
  uint32_t total = 0;      // tokens of the prompt
  uint32_t reused = 0;     // found in the cache
  uint32_t processed = 0;  // run so far; the work is done when reused + processed == total
  double seconds = 0;      // since the start
  double eta_seconds = 0;  // until the end, from the speed of the latest chunks
};

struct PrefillOptions {
  uint32_t chunk = 512;           // tokens in one call of the model at most
  std::vector<uint32_t> marks{};  // positions in the prompt worth returning to; others are dropped
  std::function<void(const PrefillProgress&)> on_progress{};  // after each chunk; may be empty
  PromptScores* scores = nullptr;                             // to be filled, if anything
};

// Runs the prompt (at least one token); `out.logits` holds those after its last token. At least
// that token is run again even if all are cached. Fails with exhausted if the prompt does not leave
// room for one more token, naming both numbers, and with cancelled if `stop` is requested; the
// session holds what was read and stays usable.
Result<PrefillProgress> prefill(Session& session, std::span<const Token> prompt,
                                const PrefillOptions& options, const std::stop_token& stop,
                                model::Output& out);

}  // namespace stride::engine
