// SPDX-License-Identifier: Apache-2.0
// Prefix reuse: truncation where the windows allow it, else the nearest mark, else from the start.
#include "engine/session.h"

#include <algorithm>
#include <utility>

#include "engine/common_prefix.h"

namespace stride::engine {

Result<Session> Session::make(model::Model& model, uint32_t capacity,
                              std::shared_ptr<DraftExperience> experience) {
  auto sequence = STRIDE_TRY(model.new_sequence(capacity));
  return Session(model, std::move(sequence), capacity, std::move(experience));
}

Session::Session(model::Model& model, std::unique_ptr<model::Sequence> sequence, uint32_t capacity,
                 std::shared_ptr<DraftExperience> experience)
    : model_(&model),
      sequence_(std::move(sequence)),
      capacity_(capacity),
      heads_(model.config()),
      depth_policy_(model.config().n_mtp, std::move(experience)) {}

Result<uint32_t> Session::reuse(std::span<const Token> ids, uint32_t limit) {
  if (!sequence_) STRIDE_TRY(clear());
  auto kept = return_to(common_prefix(tokens_, ids.first(std::min<size_t>(ids.size(), limit))));
  if (!kept) STRIDE_TRY(clear());
  return kept;
}

// Back to n tokens, or to fewer where that is impossible.
Result<uint32_t> Session::return_to(uint32_t n) {
  std::erase_if(marks_, [&](const auto& mark) { return mark->size() > n; });
  if (n == size()) return n;
  if (n >= sequence_->earliest()) {
    STRIDE_TRY(sequence_->truncate(n));
    heads_.cut(n);
  } else if (!marks_.empty()) {
    STRIDE_TRY(sequence_->rewind(*marks_.back()));
    n = marks_.back()->size();
    heads_.restart(n);
  } else {
    STRIDE_TRY(clear());
    n = 0;
  }
  tokens_.resize(n);
  return n;
}

Result<> Session::append(std::span<const Token> ids, model::Logits logits, model::Output& out,
                         uint32_t n_draft) {
  if (!sequence_) STRIDE_TRY(clear());
  STRIDE_TRY(model_->forward(*sequence_, part(ids, logits, out, n_draft).request, out));
  ran(ids, out);
  return {};
}

model::Part Session::part(std::span<const Token> ids, model::Logits logits, model::Output& out,
                          uint32_t n_draft) {
  return {sequence_.get(),
          {.ids = ids, .logits = logits, .hidden = drafting_, .n_draft = n_draft},
          {},
          &out};
}

void Session::ran(std::span<const Token> ids, const model::Output& out) {
  if (drafting_) heads_.note(size(), out.hidden);
  tokens_.insert(tokens_.end(), ids.begin(), ids.end());
}

Result<> Session::adopt(std::span<const Token> ids, std::span<const cache::SharedPage> pages,
                        const model::RewindPoint& point) {
  STRIDE_TRY(clear());
  if (auto adopted = sequence_->adopt(pages, point); !adopted) {
    STRIDE_TRY(clear());
    return adopted;
  }
  tokens_.assign(ids.begin(), ids.end());
  heads_.restart(size());
  return {};
}

Result<> Session::take_back(uint32_t n) {
  STRIDE_TRY(sequence_->truncate(size() - n));
  tokens_.resize(size() - n);
  heads_.cut(size());
  return {};
}

Result<std::vector<Token>> Session::draft(Token next, uint32_t depth) {
  MtpHeads::Round round = draft_round(next, depth);
  STRIDE_TRY(MtpHeads::draft(*model_, {&round, 1}));
  return std::move(round.drafts);
}

void Session::set_marks(std::vector<uint32_t> positions) {
  wanted_ = std::move(positions);
  std::erase_if(marks_, [&](const auto& mark) {
    return std::find(wanted_.begin(), wanted_.end(), mark->size()) == wanted_.end();
  });
}

void Session::mark_if_wanted() {
  if (!sequence_ || size() == 0) return;
  if (std::find(wanted_.begin(), wanted_.end(), size()) == wanted_.end()) return;
  if (!marks_.empty() && marks_.back()->size() >= size()) return;
  marks_.push_back(sequence_->mark());
}

uint64_t Session::mark_bytes() const {
  uint64_t bytes = 0;
  for (const auto& mark : marks_) bytes += mark->bytes();
  return bytes;
}

Result<> Session::clear() {
  tokens_.clear();
  marks_.clear();
  heads_.restart(0);
  if (sequence_ && sequence_->truncate(0)) return {};
  sequence_.reset();  // before the new one is made: both together may not fit
  sequence_ = STRIDE_TRY(model_->new_sequence(capacity_));
  return {};
}

}  // namespace stride::engine
