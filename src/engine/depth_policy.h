// SPDX-License-Identifier: Apache-2.0
// How many drafts are worth their time. A step that drafts d tokens and verifies them yields
//   1 + a_1 + a_1 a_2 + ... + a_1 ... a_d
// tokens on average, where a_k is how often head k is right when the heads before it were; it takes
// c_d times as long as a step without drafts. The depth with most tokens for its time is chosen.
// Both are moving averages of what is seen: what drafts cost belongs to the model and the machine,
// so all sessions of a model learn it together; how often they are right belongs to the text, of
// which the sessions before give a first guess.
//
// A machine that is slower now than a second ago says nothing about drafts. So what is measured is
// its speed, step by step, and the cost where the depth changes from one step to the next.
//
// A depth is tried once the one before it has been and might pay. Later the others are measured
// again now and then, as often as a two-hundredth of the time of all sessions allows: an answer of
// ten tokens could not pay for its own. Text never depends on the choice, so it may depend on
// clocks.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace stride::engine {

// What the sessions of one model have learnt about its drafts. One thread at a time.
struct DraftExperience {
  explicit DraftExperience(uint32_t max_depth);

  struct Mean {
    double value = 0;
    uint32_t n_seen = 0;
  };
  std::vector<Mean> acceptance;  // [max_depth] of each head where those before it were right
  std::vector<Mean> cost;        // [max_depth + 1] of a step, in steps without drafts
  double allowance;              // steps that may be lost on depths other than the best
  // What heads that have to read up first cost, in steps without drafts, spread over all steps with
  // drafts: much where answers are short.
  Mean catch_up;
};

class DepthPolicy {
 public:
  // Without experience of others it begins its own.
  explicit DepthPolicy(uint32_t max_depth, std::shared_ptr<DraftExperience> experience = nullptr);

  // The depth of the next step, at most `limit`.
  uint32_t choose(uint32_t limit) const;

  // The same where other sequences take part in the step, so that its time says nothing about this
  // one's drafts: as many as are likely enough to be right. A further row of a batch takes a bit
  // more than half of what a row takes on average (a slab at 4 and at 8 rows), and the heads come
  // on top.
  uint32_t choose_in_company(uint32_t limit);

  // A step with so many drafts took so long, drafting included.
  void saw_step(uint32_t depth, double seconds);
  // The same where heads had to read up first: no measure of the depth, but time spent on it.
  void saw_catch_up(uint32_t depth, double seconds);
  // Of the drafts of a step the first `n_accepted` became text, and the next one did not.
  void saw_drafts(uint32_t n_draft, uint32_t n_accepted);

  // a_(head + 1).
  double acceptance(uint32_t head) const { return heads_[head].value; }

 private:
  struct Depth {
    uint32_t n_step = 0;
    uint64_t last_step = 0;
  };

  uint32_t n_known() const;
  uint32_t best(uint32_t limit) const;
  double tokens(uint32_t depth) const;
  double cost(uint32_t depth) const;
  double rate(uint32_t depth) const;
  double lost(uint32_t depth, double cost) const;
  bool is_old(uint32_t depth) const;
  void count(uint32_t depth);
  void learn(uint32_t depth, double seconds);
  void spend(uint32_t depth, double cost);
  void spread_catch_up(uint32_t depth, double steps);

  std::shared_ptr<DraftExperience> experience_;
  std::vector<DraftExperience::Mean> heads_;  // [max_depth] acceptance in this session
  std::vector<Depth> depths_;                 // [max_depth + 1]
  double step_seconds_ = 0;                   // of a step without drafts; 0 = not seen
  uint64_t n_step_ = 0;
  uint32_t last_depth_ = 0;
  uint32_t n_without_ = 0;  // steps in company since the last draft
};

}  // namespace stride::engine
