// SPDX-License-Identifier: Apache-2.0
// Spreads as reports for scripts hold them.
#pragma once

#include "bench/statistics.h"
#include "json/json.h"

namespace stride::bench {

inline Json to_json(const Spread& s) {
  Json out = Json::object();
  out["median"] = s.median;
  out["min"] = s.min;
  out["max"] = s.max;
  out["n"] = s.n;
  return out;
}

}  // namespace stride::bench
