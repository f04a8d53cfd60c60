// SPDX-License-Identifier: Apache-2.0
// The cache of one conversation: a model's sequence, the tokens it holds, and the points it can
// return to. A new prompt keeps as much of the cache as its beginning agrees with.
//
// Sliding layers forget, so a sequence cannot be cut anywhere: only within their window, or at a
// marked point. Marks cost memory (a copy of the windows), so only those that the next prompt is
// likely to return to are kept: see set_marks().
//
// The MTP heads have caches of their own in the sequence. They are kept up while set_drafting() is
// on, and what was learnt about them lasts as long as the session at least.
//
// One thread at a time; must not outlive its model.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/error.h"
#include "engine/depth_policy.h"
#include "engine/mtp_heads.h"
#include "model/model.h"

namespace stride::engine {

using model::Token;

class Session {
 public:
  // Sessions of a model that are given the same experience learn about its drafts together.
  static Result<Session> make(model::Model& model, uint32_t capacity,
                              std::shared_ptr<DraftExperience> experience = nullptr);

  uint32_t size() const { return static_cast<uint32_t>(tokens_.size()); }
  uint32_t capacity() const { return capacity_; }
  std::span<const Token> tokens() const { return tokens_; }

  // Keeps of the cache what agrees with the beginning of ids[0, limit) and forgets the rest.
  // Returns how many tokens were kept; the caller runs the others. The session is empty after an
  // error and can be used again.
  Result<uint32_t> reuse(std::span<const Token> ids, uint32_t limit);

  // Runs the model over the next tokens, the last n_draft of which are guesses. On failure the
  // session is as before.
  Result<> append(std::span<const Token> ids, model::Logits logits, model::Output& out,
                  uint32_t n_draft = 0);
  // append() in two parts, for who runs several sessions in one batch: what is to be run, and what
  // follows when it has been, or else nothing.
  model::Part part(std::span<const Token> ids, model::Logits logits, model::Output& out,
                   uint32_t n_draft = 0);
  void ran(std::span<const Token> ids, const model::Output& out);

  // Becomes what another session of the model was when it held `ids` and the point was marked; see
  // model::Sequence::adopt(). The session is empty after an error.
  Result<> adopt(std::span<const Token> ids, std::span<const cache::SharedPage> pages,
                 const model::RewindPoint& point);
  // Null only after a failed clear().
  const model::Sequence* sequence() const { return sequence_.get(); }

  // Forgets the last n tokens of the latest append(), drafts all of them, and keeps the other
  // drafts: the session is then as if the former had never been run. To be called after drafts, n
  // may be 0.
  Result<> take_back(uint32_t n);

  // Whether append() provides for draft(), which is only possible after one that did.
  void set_drafting(bool on) { drafting_ = on; }
  // What the first `depth` MTP heads guess to follow `next`, which will be appended next: alone, or
  // as one of the rounds of MtpHeads::draft().
  Result<std::vector<Token>> draft(Token next, uint32_t depth);
  MtpHeads::Round draft_round(Token next, uint32_t depth) {
    return {&heads_, sequence_.get(), tokens_, next, depth};
  }
  const MtpHeads& heads() const { return heads_; }
  // The heads forget all they know; to be called where drafting failed.
  void restart_heads() { heads_.restart(size()); }
  DepthPolicy& depth_policy() { return depth_policy_; }

  // The positions worth returning to. append() has to be called so that it ends at each; a mark is
  // taken there by mark_if_wanted(). Marks at other positions are dropped now.
  void set_marks(std::vector<uint32_t> positions);
  void mark_if_wanted();
  uint64_t mark_bytes() const;

  // Forgets everything.
  Result<> clear();

 private:
  Session(model::Model& model, std::unique_ptr<model::Sequence> sequence, uint32_t capacity,
          std::shared_ptr<DraftExperience> experience);
  Result<uint32_t> return_to(uint32_t n);

  model::Model* model_;
  std::unique_ptr<model::Sequence> sequence_;  // null only after a failed clear()
  uint32_t capacity_;
  std::vector<Token> tokens_;                               // what sequence_ holds
  std::vector<std::unique_ptr<model::RewindPoint>> marks_;  // ascending sizes, of tokens_' prefixes
  std::vector<uint32_t> wanted_;
  MtpHeads heads_;
  DepthPolicy depth_policy_;
  bool drafting_ = false;
};

}  // namespace stride::engine
