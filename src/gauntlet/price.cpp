// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/price.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace stride::gauntlet {
namespace {

constexpr double kMillion = 1e6;

std::optional<double> parse_amount(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 0 && value < 1e9))
    return std::nullopt;
  return value;
}

}  // namespace

Result<Prices> parse_prices(std::string_view text) {
  std::vector<double> amounts;
  std::string_view rest = text;
  while (true) {
    const size_t comma = rest.find(',');
    const auto amount = parse_amount(rest.substr(0, comma));
    if (!amount) break;
    amounts.push_back(*amount);
    if (comma == std::string_view::npos) {
      if (amounts.size() == 2) return Prices{amounts[0], amounts[0], amounts[1]};
      if (amounts.size() == 3) return Prices{amounts[0], amounts[1], amounts[2]};
      break;
    }
    rest.remove_prefix(comma + 1);
  }
  return fail(
      Errc::invalid_argument,
      "the prices are \"{}\"; wanted are INPUT,OUTPUT or INPUT,CACHED,OUTPUT in dollars per "
      "million tokens",
      text);
}

std::optional<double> cost_of(const TokenUsage& usage, const std::optional<Prices>& prices) {
  if (usage.cost_usd) return usage.cost_usd;
  if (!prices || (!usage.input && !usage.output)) return std::nullopt;
  const auto input = static_cast<double>(usage.input.value_or(0));
  const double cached = std::min(input, static_cast<double>(usage.cached.value_or(0)));
  const auto output = static_cast<double>(usage.output.value_or(0));
  return ((input - cached) * prices->input + cached * prices->cached + output * prices->output) /
         kMillion;
}

double reasoning_cost(const TokenUsage& usage, const std::optional<Prices>& prices, double cost) {
  if (!usage.reasoning || !usage.output || *usage.output == 0) return 0;
  const double reasoning = static_cast<double>(std::min(*usage.reasoning, *usage.output));
  if (prices && !usage.cost_usd) return reasoning * prices->output / kMillion;
  return cost * reasoning / static_cast<double>(*usage.output + usage.input.value_or(0));
}

}  // namespace stride::gauntlet
