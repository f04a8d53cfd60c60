// SPDX-License-Identifier: Apache-2.0
// How long the rest of a plan will take, from the speed of each kind of work so far.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "bench/plan.h"

namespace stride::bench {

class Forecast {
 public:
  explicit Forecast(const Plan& plan);

  void did_prefill(uint64_t n_token, double seconds) { prefill_.did(n_token, seconds); }
  void did_decode(uint32_t n_row, double seconds) { decode_[n_row].did(1, seconds); }

  // Nothing while some kind of work is still ahead of which there is no experience.
  std::optional<double> seconds_left() const;
  double share() const;  // of tokens and steps that are done

 private:
  struct Kind {
    uint64_t all = 0, done = 0;
    double seconds = 0;

    void did(uint64_t n, double s) {
      done += n;
      seconds += s;
    }
    uint64_t left() const { return all > done ? all - done : 0; }
  };

  Kind prefill_;                     // tokens, of filling as well
  std::map<uint32_t, Kind> decode_;  // steps, by rows
};

}  // namespace stride::bench
