// SPDX-License-Identifier: Apache-2.0
// The bookkeeping of rows; docs/generation.md draws it.
#include "engine/mtp_heads.h"

#include <algorithm>

#include "decode/sampler.h"

namespace stride::engine {

namespace {

// More than an ordinary step leaves: each head is given its drafts and itself reads again what saw
// others.
constexpr uint32_t kMostRows = 16;

}  // namespace

MtpHeads::MtpHeads(const model::Config& config)
    : n_embd_(config.n_embd),
      most_rows_(std::clamp(config.window, 1U, std::max(kMostRows, 2 * config.n_mtp))),
      heads_(config.n_mtp) {}

void MtpHeads::restart(uint32_t head, uint32_t first) {
  for (; head < heads_.size(); ++head) {
    heads_[head].first = first;
    heads_[head].hidden.clear();
    heads_[head].forget = true;
  }
}

// Older rows than those are out of sight of the next one, and so is what the cache holds.
void MtpHeads::keep_last(uint32_t head, uint32_t n) {
  Head& h = heads_[head];
  if (n_row(h) <= n) return;
  const uint32_t n_old = n_row(h) - n;
  h.hidden.erase(h.hidden.begin(), h.hidden.begin() + size_t{n_old} * n_embd_);
  h.first += n_old;
  h.forget = true;
  restart(head + 1, h.first);
}

void MtpHeads::feed(uint32_t head, uint32_t first, std::span<const float> hidden) {
  Head& h = heads_[head];
  if (first != h.first + n_row(h)) restart(head, first);
  h.hidden.insert(h.hidden.end(), hidden.begin(), hidden.end());
  if (n_row(h) > 2 * most_rows_) keep_last(head, most_rows_);
}

void MtpHeads::note(uint32_t first, std::span<const float> hidden) {
  if (!heads_.empty()) feed(0, first, hidden);
}

// Rows that head 0 has read depend on the token after them, rows that wait do not. Deeper heads
// are behind it and need no look.
void MtpHeads::cut(uint32_t n) {
  if (heads_.empty()) return;
  Head& h = heads_[0];
  if (h.first >= n) return restart(0, n);
  h.hidden.resize(std::min<size_t>(h.hidden.size(), size_t{n - h.first} * n_embd_));
}

uint32_t MtpHeads::backlog(uint32_t depth) const {
  uint32_t most = 0;
  const uint32_t end = heads_.empty() ? 0 : heads_[0].first + n_row(heads_[0]);
  for (uint32_t k = 0; k < depth; ++k) most = std::max(most, end - heads_[k].first);
  return most;
}

// All that a head has to read, the last of `ids` being the tokens that belong to these rows.
Result<model::Part> MtpHeads::part(model::Model& model, model::Sequence& sequence, uint32_t head,
                                   std::span<const Token> ids) {
  keep_last(head, most_rows_);
  Head& h = heads_[head];
  if (h.forget) STRIDE_TRY(model.truncate_mtp(sequence, head, 0));
  h.forget = false;
  const uint32_t n = n_row(h);
  return model::Part{&sequence,
                     {.ids = ids.last(n),
                      .logits = model::Logits::last,
                      .hidden = head + 1 < heads_.size(),
                      .n_draft = std::min(head, n)},
                     h.hidden,
                     &out_};
}

// Takes back what saw drafts and hands the head's output to the next one. A head whose logits are
// no numbers guesses the first token, which is as good as any.
Result<Token> MtpHeads::ran(model::Model& model, const model::Part& part, uint32_t head) {
  Head& h = heads_[head];
  const uint32_t n = n_row(h), n_stale = part.request.n_draft;
  const uint32_t exact = model.mtp_size(*part.sequence, head) - n_stale;
  STRIDE_TRY(model.truncate_mtp(*part.sequence, head, exact));
  if (part.request.hidden) feed(head + 1, h.first, out_.hidden);
  // Of the rows to be computed again only the first has an input that no draft took part in.
  const uint32_t n_kept = head > 0 && n >= head ? 1 : 0;
  h.hidden.erase(h.hidden.begin(), h.hidden.begin() + size_t{n - n_stale} * n_embd_);
  h.hidden.resize(size_t{n_kept} * n_embd_);
  h.first += n - n_stale;
  return decode::argmax(out_.logits).value_or(0);
}

// The head behind those that drafted was fed rows that saw drafts, and will not read them in this
// round.
void MtpHeads::drop_stale(uint32_t depth) {
  if (depth >= heads_.size()) return;
  std::vector<float>& hidden = heads_[depth].hidden;
  const size_t n_stale = std::min<size_t>(depth - 1, hidden.size() / n_embd_);
  hidden.resize(hidden.size() - n_stale * n_embd_);
}

Result<> MtpHeads::draft(model::Model& model, std::span<Round> rounds) {
  std::vector<std::vector<Token>> ids;
  uint32_t deepest = 0;
  for (const Round& round : rounds) {
    // No head has more to read than the deepest.
    auto& own = ids.emplace_back(
        round.tokens.begin() + round.heads->heads_.at(round.depth - 1).first, round.tokens.end());
    own.push_back(round.next);
    deepest = std::max(deepest, round.depth);
  }
  for (uint32_t k = 0; k < deepest; ++k) {
    std::vector<model::Part> parts;
    std::vector<size_t> of;  // the round of each part
    for (size_t i = 0; i < rounds.size(); ++i) {
      if (rounds[i].depth <= k) continue;
      parts.push_back(STRIDE_TRY(rounds[i].heads->part(model, *rounds[i].sequence, k, ids[i])));
      of.push_back(i);
    }
    STRIDE_TRY(model.forward_mtp_batch(k, parts));
    for (size_t i = 0; i < parts.size(); ++i) {
      Round& round = rounds[of[i]];
      round.drafts.push_back(STRIDE_TRY(round.heads->ran(model, parts[i], k)));
      ids[of[i]].push_back(round.drafts.back());
    }
  }
  for (const Round& round : rounds) round.heads->drop_stale(round.depth);
  return {};
}

}  // namespace stride::engine
