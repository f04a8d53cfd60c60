// SPDX-License-Identifier: Apache-2.0
// The loop over the chunks of a prompt, and the estimate of the time left.
#include "engine/prefill.h"

#include <algorithm>
#include <chrono>

#include "engine/clock.h"

namespace stride::engine {

namespace {

// The end of the chunk that starts at `begin`: never past a mark, so that a mark can be taken
// there.
uint32_t chunk_end(uint32_t begin, uint32_t total, const PrefillOptions& options) {
  uint32_t end = begin + std::min(total - begin, std::max(1U, options.chunk));
  for (const uint32_t mark : options.marks) {
    if (mark > begin && mark < end) end = mark;
  }
  return options.scores != nullptr ? options.scores->piece_end(begin, end) : end;
}

Result<> check_room(size_t n_prompt, uint32_t capacity) {
  if (n_prompt == 0) return fail(Errc::invalid_argument, "the prompt is empty");
  if (n_prompt < capacity) return {};
  return fail(Errc::exhausted,
              "the prompt has {} tokens, but the context holds {}, one of them for the answer: "
              "shorten the prompt or ask for a larger context",
              n_prompt, capacity);
}

}  // namespace

Result<PrefillProgress> prefill(Session& session, std::span<const Token> prompt,
                                const PrefillOptions& options, const std::stop_token& stop,
                                model::Output& out) {
  STRIDE_TRY(check_room(prompt.size(), session.capacity()));
  const Clock::time_point start = Clock::now();
  PrefillProgress progress;
  progress.total = static_cast<uint32_t>(prompt.size());
  const uint32_t reusable = options.scores != nullptr ? 0 : progress.total - 1;
  progress.reused = STRIDE_TRY(session.reuse(prompt, reusable));
  session.set_marks(options.marks);
  session.mark_if_wanted();

  double seconds_per_token = 0;  // a running mean that forgets: later chunks attend to more
  while (session.size() < progress.total) {
    if (stop.stop_requested()) return fail(Errc::cancelled, "stopped while reading the prompt");
    const uint32_t begin = session.size();
    const uint32_t end = chunk_end(begin, progress.total, options);
    const bool last = end == progress.total;
    const bool scored = options.scores != nullptr && options.scores->wants(begin);
    const auto logits = scored ? model::Logits::all
                        : last ? model::Logits::last
                               : model::Logits::none;
    const Clock::time_point chunk_start = Clock::now();
    STRIDE_TRY(session.append(prompt.subspan(begin, end - begin), logits, out));
    if (scored) STRIDE_TRY(options.scores->add(prompt, begin, out.logits));
    session.mark_if_wanted();
    const double now = seconds_since(chunk_start) / (end - begin);
    seconds_per_token = progress.processed == 0 ? now : (seconds_per_token + now) / 2;
    progress.processed += end - begin;
    progress.seconds = seconds_since(start);
    progress.eta_seconds = seconds_per_token * (progress.total - end);
    if (options.on_progress) options.on_progress(progress);
  }
  return progress;
}

}  // namespace stride::engine
