// SPDX-License-Identifier: Apache-2.0
// The environment "sustained": five requests 100 ms apart, as the published series defines it, then
// a ladder of clients and, where the plan has them, random arrivals. Each level is stored when it
// is done, so that a resumed run goes on with the next.
#pragma once

#include <stop_token>

#include "base/error.h"
#include "gauntlet/endpoint.h"
#include "gauntlet/plan.h"
#include "gauntlet/run_store.h"
#include "gauntlet/runner.h"

namespace stride::gauntlet {

Result<RunOutcome> run_sustained(RunStore& store, int64_t run, const RunPlan& plan,
                                 const Endpoint& endpoint, RunListener& listener,
                                 std::stop_token stop);

}  // namespace stride::gauntlet
