// SPDX-License-Identifier: Apache-2.0
// What requests cost: from a price list in dollars per million tokens, or as the provider says.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "gauntlet/attempt.h"

namespace stride::gauntlet {

struct Prices {
  double input = 0, cached = 0, output = 0;  // USD per million tokens
};

// "0.10,0.02,0.30" or, where cached tokens cost as much as others, "0.10,0.30".
Result<Prices> parse_prices(std::string_view text);

// What the provider says counts before the list. Nothing where neither is known.
std::optional<double> cost_of(const TokenUsage& usage, const std::optional<Prices>& prices);

// The part of a cost that was spent on reasoning: at list prices or, where only the provider's
// total is known, by its share of all tokens.
double reasoning_cost(const TokenUsage& usage, const std::optional<Prices>& prices, double cost);

}  // namespace stride::gauntlet
