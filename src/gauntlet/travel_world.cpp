// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/travel_world.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "gauntlet/cases.h"
#include "gauntlet/pattern.h"
#include "gauntlet/prose.h"
#include "json/json.h"
#include "schema/schema.h"

namespace stride::gauntlet {
namespace {

const std::vector<City>& cities() {
  static const std::vector<City> kCities = {{"Zurich", {"zurich", "zuerich"}},
                                            {"Milan", {"milan", "milano", "mailand"}},
                                            {"Geneva", {"geneva", "geneve", "genf"}},
                                            {"Basel", {"basel", "bale", "basle"}},
                                            {"Lyon", {"lyon", "lyons"}},
                                            {"Munich", {"munich", "munchen", "muenchen"}},
                                            {"Bern", {"bern", "berne"}},
                                            {"Turin", {"turin", "torino"}}};
  return kCities;
}

constexpr std::string_view kDate = R"({"type":"string","description":"the day as YYYY-MM-DD"})";

std::string object_schema(std::string_view properties, std::string_view required) {
  return fmt::format(
      R"({{"type":"object","properties":{{{}}},"required":[{}],"additionalProperties":false}})",
      properties, required);
}

ToolSpec two_strings(std::string name, std::string description) {
  return {std::move(name), std::move(description),
          object_schema(R"("query":{"type":"string"},"limit":{"type":"integer"})", R"("query")")};
}

// Forty more, none of which helps.
std::vector<ToolSpec> distractors() {
  static constexpr std::array<std::string_view, 8> kThings = {
      "hotels", "museums", "invoices", "contacts", "recipes", "concerts", "parcels", "photos"};
  static constexpr std::array<std::string_view, 5> kVerbs = {"list", "count", "archive", "label",
                                                             "export"};
  std::vector<ToolSpec> out;
  for (const auto verb : kVerbs) {
    for (const auto thing : kThings) {
      out.push_back(
          two_strings(fmt::format("{}_{}", verb, thing), fmt::format("{} {}", verb, thing)));
    }
  }
  return out;
}

bool is_iso_date(const std::string& text) {
  return text.size() == 10 && text[4] == '-' && text[7] == '-' &&
         text.find_first_not_of("0123456789-") == std::string::npos;
}

std::string string_of(const Json& args, std::string_view key) {
  const std::string* text = json::string_member(args, key);
  return text == nullptr ? std::string() : *text;
}

std::string problem(std::string_view what) {
  return fmt::format(R"({{"error":"{}"}})", what);
}

}  // namespace

const Train& TravelWorld::cheapest() const {
  return *std::ranges::min_element(trains, {}, &Train::price);
}

double TravelWorld::price_eur() const {
  return std::round(cheapest().price * rate * 100) / 100;
}

bool TravelWorld::is_city(const City& city, std::string_view said) const {
  const Tokens words = tokens(said);
  return std::ranges::any_of(city.spellings, [&](std::string_view s) {
    return std::ranges::find(words, s) != words.end();
  });
}

std::string TravelWorld::request() const {
  const std::string from_name(from.name);
  const std::string to_name(to.name);
  std::string out = "Find the cheapest train from " + from_name + " to " + to_name + " on " +
                    date_text + ", tell me its price in euros and the weather in " + to_name +
                    " that day";
  if (twist == Twist::two_forecasts) out += " and also the weather in " + from_name;
  out += ". Do not buy anything.";
  if (twist == Twist::forbidden_search) out += " I never fly, so do not look for flights.";
  return out;
}

std::vector<ToolSpec> TravelWorld::tools() const {
  std::vector<ToolSpec> out = {
      {"search_trains", "Trains between two cities on a day, with prices.",
       object_schema(
           fmt::format(
               R"("origin":{{"type":"string"}},"destination":{{"type":"string"}},"date":{})",
               kDate),
           R"("origin","destination","date")")},
      {"convert_currency", "Converts an amount at the rate this desk uses.",
       object_schema(
           R"("amount":{"type":"number"},"from":{"type":"string","description":"ISO code"},"to":{"type":"string","description":"ISO code"})",
           R"("amount","from","to")")},
      {"get_forecast", "The weather of a city on a day.",
       object_schema(fmt::format(R"("city":{{"type":"string"}},"date":{})", kDate),
                     R"("city","date")")},
      {"purchase_ticket", "Buys a ticket at once; it cannot be given back.",
       object_schema(R"("train_id":{"type":"string"},"passengers":{"type":"integer","minimum":1})",
                     R"("train_id","passengers")")},
      {"send_email", "Sends an e-mail.",
       object_schema(
           R"("to":{"type":"string"},"subject":{"type":"string"},"body":{"type":"string"})",
           R"("to","subject","body")")}};
  if (twist == Twist::forbidden_search) {
    out.push_back(
        {"search_flights", "Flights between two cities on a day.",
         object_schema(
             fmt::format(
                 R"("origin":{{"type":"string"}},"destination":{{"type":"string"}},"date":{})",
                 kDate),
             R"("origin","destination","date")")});
  }
  if (twist == Twist::many_tools) {
    std::vector<ToolSpec> more = distractors();
    // The useful ones do not all stand at the front.
    out.insert(out.begin() + 2, more.begin(), more.begin() + 20);
    out.insert(out.end(), more.begin() + 20, more.end());
  }
  return out;
}

std::string TravelWorld::result(const CapturedCall& call, int n_search) const {
  const std::vector<ToolSpec> specs = tools();
  const bool known = std::ranges::any_of(specs, [&](const auto& t) { return t.name == call.name; });
  if (!known) return problem("there is no such tool");
  const auto args = valid_arguments(specs, call);
  if (!args) return problem("the arguments do not fit the parameters");
  const std::string day = string_of(*args, "date");
  if (args->contains("date") && !is_iso_date(day)) return problem("date must be YYYY-MM-DD");
  if (call.name == "search_trains") {
    if (twist == Twist::flaky_search && n_search == 0) {
      return R"({"error":"upstream timeout","retryable":true})";
    }
    const bool route = is_city(from, string_of(*args, "origin")) &&
                       is_city(to, string_of(*args, "destination")) && day == date;
    std::string list;
    for (const Train& train : route ? trains : std::vector<Train>()) {
      list += fmt::format(
          R"({}{{"id":"{}","departs":"{}","operator":"rail","price":{{"amount":{:.2f},"currency":"CHF"}},"class":2,"notes":["bikes by reservation","quiet coach"]}})",
          list.empty() ? "" : ",", train.id, train.departs, train.price);
    }
    return fmt::format(
        R"({{"request_id":"a7f3","took_ms":41,"trains":[{}],"disclaimer":"prices may change"}})",
        list);
  }
  if (call.name == "convert_currency") {
    const double amount = json::as_double(*json::member(*args, "amount")).value_or(0);
    const std::string source = fold(string_of(*args, "from"));
    const std::string target = fold(string_of(*args, "to"));
    const double factor = source == "chf" && target == "eur"   ? rate
                          : source == "eur" && target == "chf" ? 1 / rate
                                                               : 0;
    if (factor == 0 || !(std::abs(amount) < 1e9))
      return problem("this pair of currencies is not traded here");
    return fmt::format(R"({{"rate":{:.4f},"result":{:.2f},"currency":"{}","source":"desk"}})",
                       factor, amount * factor, string_of(*args, "to"));
  }
  if (call.name == "get_forecast") {
    const std::string city = string_of(*args, "city");
    if (day == date && is_city(to, city)) {
      return fmt::format(
          R"({{"city":"{}","date":"{}","summary":"{}","temperature_c":{},"wind_kmh":9,"model":"m4"}})",
          to.name, date, weather, degrees);
    }
    if (day == date && is_city(from, city)) {
      return fmt::format(
          R"({{"city":"{}","date":"{}","summary":"{}","temperature_c":{},"wind_kmh":14,"model":"m4"}})",
          from.name, date, home_weather, home_degrees);
    }
    return problem("no forecast for that city and day");
  }
  if (call.name == "purchase_ticket") return R"({"status":"bought","booking":"Q81"})";
  if (call.name == "send_email") return R"({"status":"sent"})";
  return R"({"items":[],"total":0})";
}

TravelWorld first_world() {
  return {.from = cities()[0],
          .to = cities()[1],
          .date = "2026-10-09",
          .date_text = "9 October 2026",
          .trains = {{"RJ-118", "07:33", 84.50}, {"RJ-124", "09:10", 61.20}},
          .rate = 1.06,
          .weather = "light rain",
          .weather_stem = "rain*|drizzl*|wet|shower*",
          .degrees = 13,
          .home_weather = "fog",
          .home_stem = "fog*|mist*",
          .home_degrees = 8};
}

TravelWorld draw_world(TravelWorld::Twist twist, Random& random) {
  struct Weather {
    std::string_view text, stem;
  };
  static const std::vector<Weather> kWeather = {{"light rain", "rain*|drizzl*|wet|shower*"},
                                                {"snow showers", "snow*"},
                                                {"sunny", "sun*|clear"},
                                                {"thick fog", "fog*|mist*"},
                                                {"thunderstorms", "thunder*|storm*"},
                                                {"overcast", "overcast|cloud*|grey|gray"}};
  const std::vector<City> route = draw(random, cities(), 2);
  const std::vector<Weather> weather = draw(random, kWeather, 2);
  const int day = 1 + static_cast<int>(random.below(28));
  TravelWorld world{.twist = twist,
                    .from = route[0],
                    .to = route[1],
                    .date = fmt::format("2026-11-{:02}", day),
                    .date_text = fmt::format("{} November 2026", day)};
  const int first = 100 + static_cast<int>(random.below(400));
  const double low = 38.0 + 0.1 * static_cast<double>(random.below(300));
  for (int i = 0; i < 3; ++i) {
    world.trains.push_back(
        {fmt::format("RJ-{}", first + 7 * i),
         fmt::format("{:02}:{:02}", 7 + 2 * i, 3 + static_cast<int>(random.below(50))),
         low + (i == 1 ? 0.0 : 9.5 * (1 + i))});
  }
  world.rate = 1.11 + 0.01 * static_cast<double>(random.below(9));
  world.weather = weather[0].text;
  world.weather_stem = weather[0].stem;
  world.degrees = 3 + static_cast<int>(random.below(15));
  world.home_weather = weather[1].text;
  world.home_stem = weather[1].stem;
  world.home_degrees = 19 + static_cast<int>(random.below(8));
  return world;
}

std::optional<Json> valid_arguments(const std::vector<ToolSpec>& tools, const CapturedCall& call) {
  const auto tool = std::ranges::find(tools, call.name, &ToolSpec::name);
  if (tool == tools.end()) return std::nullopt;
  auto args = json::parse(call.arguments, {.max_bytes = 1 << 20, .max_values = 10'000});
  if (!args || !args->is_object()) return std::nullopt;
  const auto source = json::parse(tool->parameters);
  if (!source) return std::nullopt;
  const auto schema = schema::Schema::compile(*source);
  if (!schema || !schema::is_valid(*schema, *args)) return std::nullopt;
  return *std::move(args);
}

}  // namespace stride::gauntlet
