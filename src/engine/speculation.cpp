// SPDX-License-Identifier: Apache-2.0
#include "engine/speculation.h"

#include <algorithm>
#include <chrono>

#include "engine/clock.h"

namespace stride::engine {

namespace {

// Rows of a head in an ordinary step: a token and three drafts at most, and two rows computed
// again.
constexpr uint32_t kUsualBacklog = 8;

}  // namespace

SpeculationStats::Head SpeculationStats::sum() const {
  Head out;
  for (const Head& head : heads) {
    out.n_draft += head.n_draft;
    out.n_accepted += head.n_accepted;
  }
  return out;
}

SpeculationStats& SpeculationStats::operator+=(const SpeculationStats& other) {
  heads.resize(std::max(heads.size(), other.heads.size()));
  for (size_t k = 0; k < other.heads.size(); ++k) {
    heads[k].n_draft += other.heads[k].n_draft;
    heads[k].n_accepted += other.heads[k].n_accepted;
    heads[k].n_refused += other.heads[k].n_refused;
  }
  n_pass += other.n_pass;
  n_token += other.n_token;
  draft_seconds += other.draft_seconds;
  return *this;
}

Result<> check_mtp_depth(std::optional<uint32_t> depth, uint32_t n_mtp) {
  if (depth.value_or(0) <= n_mtp) return {};
  return fail(Errc::invalid_argument, "mtp_depth is {}, but the model has {} MTP heads", *depth,
              n_mtp);
}

Speculator::Speculator(Session& session, std::optional<uint32_t> depth, uint32_t n_mtp)
    : session_(&session), max_depth_(depth.value_or(n_mtp)), adaptive_(!depth) {
  stats_.heads.resize(max_depth_);
  session.set_drafting(max_depth_ > 0);
}

// How far the text took the way that was guessed.
void Speculator::accept(std::span<const Token> unread) {
  for (const Token token : unread) {
    if (n_accepted_ == drafts_.size() || drafts_[n_accepted_] != token) return;
    ++stats_.heads[n_accepted_].n_accepted;
    ++stats_.n_token;
    ++n_accepted_;
  }
}

// A draft for the last token of the text would never be looked at.
uint32_t Speculator::choose_depth(uint32_t n_left, bool alone) const {
  const uint32_t room = session_->capacity() - session_->size() - 1;
  const uint32_t limit = std::min({max_depth_, n_left - 1, room});
  if (!adaptive_) return limit;
  DepthPolicy& policy = session_->depth_policy();
  return alone ? policy.choose(limit) : policy.choose_in_company(limit);
}

Result<> Speculator::finish() {
  if (drafts_.empty()) return {};
  const auto n_left = static_cast<uint32_t>(drafts_.size() - n_accepted_);
  drafts_.clear();
  n_accepted_ = 0;
  return session_->take_back(n_left);
}

Result<std::span<const float>> Speculator::logits_after(std::span<const Token> text,
                                                        uint32_t n_left) {
  auto logits = at_hand(text);
  if (logits) return *logits;
  Pass pass = STRIDE_TRY(plan(text, n_left));
  Clock::time_point start = Clock::now();
  if (pass.n_draft > 0) {
    const auto drafts = STRIDE_TRY(session_->draft(text.back(), pass.n_draft));
    pass.add_drafts(drafts, seconds_since(start));
    start = Clock::now();
  }
  STRIDE_TRY(session_->append(pass.ids, pass.logits(), out_, pass.n_draft));
  ran(std::move(pass), seconds_since(start));
  return *at_hand(text);
}

std::optional<std::span<const float>> Speculator::at_hand(std::span<const Token> text) {
  const size_t n_ahead = drafts_.size() - n_accepted_;
  accept(text.subspan(session_->size() - n_ahead));
  if (text.size() > session_->size() - (drafts_.size() - n_accepted_)) return std::nullopt;
  const size_t n_vocab = out_.logits.size() / (drafts_.size() + 1);
  return std::span<const float>(out_.logits).subspan(n_accepted_ * n_vocab, n_vocab);
}

// The tokens that have not been read and, behind a single one, drafts: the heads need the hidden
// row of all tokens before the last.
Result<Speculator::Pass> Speculator::plan(std::span<const Token> text, uint32_t n_left,
                                          bool alone) {
  if (!drafts_.empty()) {
    session_->depth_policy().saw_drafts(static_cast<uint32_t>(drafts_.size()), n_accepted_);
    if (n_accepted_ < drafts_.size()) ++stats_.heads[n_accepted_].n_refused;
  }
  STRIDE_TRY(finish());
  const auto unread = text.subspan(session_->size());
  Pass pass{.ids = {unread.begin(), unread.end()},
            .n_draft = unread.size() == 1 ? choose_depth(n_left, alone) : 0,
            .alone = alone};
  if (pass.n_draft > 0) pass.n_backlog = session_->heads().backlog(pass.n_draft);
  return pass;
}

void Speculator::Pass::add_drafts(std::span<const Token> drafts, double took) {
  ids.insert(ids.end(), drafts.begin(), drafts.end());
  seconds = took;
}

void Speculator::ran(Pass pass, double seconds) {
  const size_t n_read = pass.ids.size() - pass.n_draft;
  if (adaptive_ && pass.alone && n_read == 1) {
    DepthPolicy& policy = session_->depth_policy();
    pass.n_backlog <= kUsualBacklog ? policy.saw_step(pass.n_draft, pass.seconds + seconds)
                                    : policy.saw_catch_up(pass.n_draft, pass.seconds + seconds);
  }
  stats_.draft_seconds += pass.seconds;
  drafts_.assign(pass.ids.begin() + static_cast<ptrdiff_t>(n_read), pass.ids.end());
  for (uint32_t k = 0; k < pass.n_draft; ++k) ++stats_.heads[k].n_draft;
  ++stats_.n_pass;
  stats_.n_token += static_cast<uint32_t>(n_read);
}

}  // namespace stride::engine
