// SPDX-License-Identifier: Apache-2.0
// The simulated environment of the tool test: trains, a rate and a forecast behind five tools, with
// noisy payloads. It answers any call, also a wrong one, and records nothing itself: what happened
// is read from the attempts.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "gauntlet/test.h"
#include "json/json_fwd.h"

namespace stride::gauntlet {

struct City {
  std::string_view name;
  std::vector<std::string_view> spellings;  // folded
};

struct Train {
  std::string id{};
  std::string departs{};
  double price = 0;
};

struct TravelWorld {
  enum class Twist : uint8_t { plain, flaky_search, two_forecasts, forbidden_search, many_tools };

  Twist twist = Twist::plain;
  City from{}, to{};
  std::string date{};       // 2026-10-09
  std::string date_text{};  // 9 October 2026
  std::vector<Train> trains{};
  double rate = 0;  // CHF to EUR, deliberately not the market's
  std::string weather{}, weather_stem{};
  int degrees = 0;
  std::string home_weather{}, home_stem{};  // of the city of departure
  int home_degrees = 0;

  const Train& cheapest() const;
  double price_eur() const;
  bool is_city(const City& city, std::string_view said) const;

  std::string request() const;
  std::vector<ToolSpec> tools() const;
  // The result of a call, as text. `n_search`: searches before this one.
  std::string result(const CapturedCall& call, int n_search) const;
};

inline constexpr size_t kTwists = 5;
TravelWorld first_world();
TravelWorld draw_world(TravelWorld::Twist twist, Random& random);

// The arguments where they are an object that the tool's schema allows.
std::optional<Json> valid_arguments(const std::vector<ToolSpec>& tools, const CapturedCall& call);

}  // namespace stride::gauntlet
