// SPDX-License-Identifier: Apache-2.0
// The four situations in which an endpoint is tested, as steps that a run is made of: warm, cold,
// sustained load and recovery from requests that go wrong.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "gauntlet/endpoint.h"
#include "gauntlet/load.h"

namespace stride::gauntlet {

enum class Environment : uint8_t { warm, cold, sustained, recovery };
std::string_view name(Environment environment);
std::optional<Environment> parse_environment(std::string_view name);

// Warm: one request whose answer is thrown away, on the connection that the next ones use.
Attempt warm_up(const Endpoint& endpoint, double timeout_s, std::stop_token stop);

// Cold: the endpoint is left alone for a while, then asked on a new connection with a prompt whose
// beginning no cache has seen.
struct ColdOptions {
  double idle_s = 30;
  std::function<Result<>()> between{};  // unloads the model, say; after the wait
};
// `ask` as it is sent cold. The same seed gives the same nonce.
AskOptions cold_ask(AskOptions ask, uint64_t seed);
// Errc::cancelled where the wait was ended by the token.
Result<> cool_down(const ColdOptions& options, const std::stop_token& stop);

// Sustained: five requests 100 ms apart, then 1, 2, 4, 8 and 16 clients, then arrivals at `rates`.
LoadOptions sustained_load(std::vector<double> rates, const Slo& slo, uint64_t seed);

// Recovery: a request that goes wrong, then a right one that must succeed.
struct RecoveryStep {
  std::string name{};     // "malformed_json"
  std::string outcome{};  // what the endpoint did with the wrong one
  Attempt after{};        // the right one
  bool recovered = false;
};
// In the order: malformed JSON, unknown model, prompt beyond the context, bad tool schema, a client
// that leaves in the middle. Fewer where the token was set.
std::vector<RecoveryStep> run_recovery(const Endpoint& endpoint, const AskOptions& ask,
                                       std::stop_token stop);

}  // namespace stride::gauntlet
