// SPDX-License-Identifier: Apache-2.0
// How many drafts are worth their time. A step that drafts d tokens and verifies them yields
//   1 + a_1 + a_1 a_2 + ... + a_1 ... a_d
// tokens on average, where a_k is how often head k is right when the heads before it were; it takes
// a time that is measured. The depth with most tokens a second is chosen. Both are moving averages,
// so the choice follows the text and the length of the context.
//
// A depth is tried once the one before it has been and might pay. Later the others are measured
// again now and then, as often as a hundredth of the time allows. Text never depends on the choice,
// so it may depend on clocks.
#pragma once

#include <cstdint>
#include <vector>

namespace stride::engine {

class DepthPolicy {
 public:
  explicit DepthPolicy(uint32_t max_depth);

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
  void saw_catch_up(uint32_t depth, double seconds) { spend(depth, seconds); }
  // Of the drafts of a step the first `n_accepted` became text, and the next one did not.
  void saw_drafts(uint32_t n_draft, uint32_t n_accepted);

  // a_(head + 1).
  double acceptance(uint32_t head) const { return heads_[head].acceptance; }

 private:
  struct Head {
    double acceptance;
    uint32_t n_seen = 0;
  };
  struct Depth {
    double seconds = 0;  // of a step
    uint32_t n_seen = 0;
    uint64_t last_step = 0;
  };

  uint32_t best(uint32_t limit) const;
  double tokens(uint32_t depth) const;
  double seconds(uint32_t depth) const;
  double rate(uint32_t depth) const { return tokens(depth) / seconds(depth); }
  double lost(uint32_t depth, double seconds) const;
  void spend(uint32_t depth, double seconds);

  std::vector<Head> heads_;    // [max_depth]
  std::vector<Depth> depths_;  // [max_depth + 1]
  uint32_t n_known_ = 0;       // depths that have been measured: the first ones
  uint64_t n_step_ = 0;
  uint32_t n_without_ = 0;  // steps in company since the last draft
  double allowance_ = 0;    // seconds that may be lost on depths other than the best
};

}  // namespace stride::engine
