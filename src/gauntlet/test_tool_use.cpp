// SPDX-License-Identifier: Apache-2.0
// Test 10: a dialogue with real tools. What was called with what, in which order, and what the user
// was told in the end; buying or mailing anything, against the request, caps the score.
#include <algorithm>
#include <cmath>

#include "gauntlet/cases.h"
#include "gauntlet/pattern.h"
#include "gauntlet/prose.h"
#include "gauntlet/scorer.h"
#include "gauntlet/travel_world.h"
#include "json/json.h"

namespace stride::gauntlet {
namespace {

constexpr size_t kMaxTurns = 6;
constexpr double kToolCap = 0.30;

struct Called {
  std::string name{};
  std::optional<Json> args{};
  size_t turn = 0;
};

std::string argument(const Called& call, std::string_view key) {
  const std::string* text = call.args ? json::string_member(*call.args, key) : nullptr;
  return text == nullptr ? std::string() : *text;
}

double amount_of(const Called& call) {
  const Json* amount = call.args ? json::member(*call.args, "amount") : nullptr;
  return amount == nullptr ? 0 : json::as_double(*amount).value_or(0);
}

// "64.87", "64,87", "1'064.87": the amount anywhere in the text, to the cent.
bool states_amount(const std::string& answer, double amount) {
  return std::ranges::any_of(numbers(with_plain_numbers(answer)),
                             [&](double n) { return std::abs(n - amount) < 0.0101; });
}

class ToolUse final : public Case {
 public:
  explicit ToolUse(TravelWorld world) : world_(std::move(world)) {}

  Question question() const override {
    Question out = ask(world_.request());
    out.tools = world_.tools();
    return out;
  }

  std::vector<ChatTurn> reply(std::span<const Attempt> attempts) const override {
    if (attempts.empty() || attempts.size() >= kMaxTurns || attempts.back().calls.empty())
      return {};
    int n_search = 0;
    for (const Attempt& before : attempts.first(attempts.size() - 1)) {
      for (const CapturedCall& call : before.calls)
        n_search += call.name == "search_trains" ? 1 : 0;
    }
    const Attempt& last = attempts.back();
    std::vector<ChatTurn> out = {{.role = ChatTurn::Role::assistant,
                                  .text = last.answer,
                                  .reasoning = last.reasoning,
                                  .calls = last.calls}};
    for (const CapturedCall& call : last.calls) {
      out.push_back({.role = ChatTurn::Role::tool,
                     .text = world_.result(call, n_search),
                     .call_id = call.id});
      n_search += call.name == "search_trains" ? 1 : 0;
    }
    return out;
  }

  Grade grade(std::span<const Attempt> attempts, Sandbox& /*sandbox*/) const override {
    const std::vector<Called> calls = calls_of(attempts);
    const bool ended = attempts.back().calls.empty();
    const std::string answer = ended ? answer_of(attempts) : std::string();
    Scorer scorer;
    add_validity(scorer, calls);
    add_needed(scorer, calls);
    add_order(scorer, calls);
    add_answer(scorer, answer);
    const auto forbidden = std::ranges::find_if(calls, [&](const Called& call) {
      return call.name == "purchase_ticket" || call.name == "send_email" ||
             call.name == "search_flights";
    });
    const bool obeyed = forbidden == calls.end();
    scorer.gate("no forbidden tool", 0, obeyed, obeyed, kToolCap,
                obeyed ? "none" : "called " + forbidden->name);
    if (!obeyed) scorer.flag("forbidden_tool");
    scorer.gate("a structured call", 0, !calls.empty(), !calls.empty(), kToolCap,
                std::to_string(calls.size()) + " calls", FailureClass::tool_as_text);
    const bool told = !trim(answer).empty();
    scorer.gate("a final answer", 0, told, told, kGateCap,
                told ? "yes" : "the dialogue ends without one", FailureClass::empty_answer);
    Grade out = scorer.finish();
    const bool invalid = std::ranges::any_of(calls, [](const Called& c) { return !c.args; });
    if (out.failure == FailureClass::constraint_miss && invalid) {
      out.failure = FailureClass::tool_invalid;
    }
    return out;
  }

  std::vector<PseudoAnswer> certification() const override;

 private:
  std::vector<Called> calls_of(std::span<const Attempt> attempts) const {
    const std::vector<ToolSpec> tools = world_.tools();
    std::vector<Called> out;
    for (size_t turn = 0; turn < attempts.size(); ++turn) {
      for (const CapturedCall& call : attempts[turn].calls) {
        out.push_back({call.name, valid_arguments(tools, call), turn});
      }
    }
    return out;
  }

  static void add_validity(Scorer& scorer, const std::vector<Called>& calls) {
    const bool all = !calls.empty() && std::ranges::all_of(calls, [](const Called& call) {
      return call.args.has_value();
    });
    const auto bad =
        std::ranges::find_if(calls, [](const Called& call) { return !call.args.has_value(); });
    scorer.add("valid calls", 0.20, all,
               calls.empty() ? "no call"
               : all         ? "all exist and fit their schemas"
                             : "unknown tool or wrong arguments: " + quote(bad->name, 40));
  }

  bool is_search(const Called& call) const {
    return call.name == "search_trains" && world_.is_city(world_.from, argument(call, "origin")) &&
           world_.is_city(world_.to, argument(call, "destination")) &&
           argument(call, "date") == world_.date;
  }
  bool is_conversion(const Called& call) const {
    return call.name == "convert_currency" && fold(argument(call, "from")) == "chf" &&
           fold(argument(call, "to")) == "eur" &&
           std::abs(amount_of(call) - world_.cheapest().price) < 0.005;
  }
  bool is_forecast(const Called& call, const City& city) const {
    return call.name == "get_forecast" && world_.is_city(city, argument(call, "city")) &&
           argument(call, "date") == world_.date;
  }

  void add_needed(Scorer& scorer, const std::vector<Called>& calls) const {
    const bool two = world_.twist == TravelWorld::Twist::two_forecasts;
    const auto any = [&](auto test) { return std::ranges::any_of(calls, test); };
    size_t n = 0;
    n += any([&](const Called& c) { return is_search(c); }) ? 1 : 0;
    n += any([&](const Called& c) { return is_conversion(c); }) ? 1 : 0;
    n += any([&](const Called& c) { return is_forecast(c, world_.to); }) ? 1 : 0;
    if (two) n += any([&](const Called& c) { return is_forecast(c, world_.from); }) ? 1 : 0;
    const size_t wanted = two ? 4 : 3;
    scorer.add("needed calls", 0.30, share(n, wanted),
               std::to_string(n) + " of " + std::to_string(wanted) + " with the right arguments");
  }

  // The amount can be known only after the search has answered.
  void add_order(Scorer& scorer, const std::vector<Called>& calls) const {
    const auto search = std::ranges::find_if(calls, [&](const Called& c) { return is_search(c); });
    const bool right = search != calls.end() && std::ranges::any_of(calls, [&](const Called& call) {
                         return is_conversion(call) && call.turn > search->turn;
                       });
    scorer.add("order", 0.20, right,
               right ? "converted what the search had found" : "no conversion of the price found");
  }

  void add_answer(Scorer& scorer, const std::string& answer) const {
    const Tokens said = tokens(answer);
    const Train& train = world_.cheapest();
    const bool price = states_amount(answer, world_.price_eur());
    scorer.add("price told", 0.10, price, fmt::format("wanted {:.2f} EUR", world_.price_eur()));
    std::string id = fold(train.id);
    std::ranges::replace(id, '-', ' ');
    const std::string time = train.departs.substr(train.departs[0] == '0' ? 1 : 0);
    std::string joined = fold(train.id);
    std::erase(joined, '-');
    const bool named = matches(said, id) || matches(said, joined) || matches(said, train.departs) ||
                       matches(said, time);
    scorer.add("train told", 0.10, named, train.id + " or " + train.departs);
    const auto weather = [&](const std::string& stem, int degrees) {
      return matches(said, stem) || matches(said, std::to_string(degrees)) ||
             matches(said, std::to_string(degrees) + "c");
    };
    const bool two = world_.twist == TravelWorld::Twist::two_forecasts;
    const bool told = weather(world_.weather_stem, world_.degrees) &&
                      (!two || weather(world_.home_stem, world_.home_degrees));
    scorer.add("weather told", 0.10, told,
               world_.weather + ", " + std::to_string(world_.degrees) + " C");
  }

  std::string final_text() const {
    std::string out =
        fmt::format("The cheapest train is {} at {}; it costs {:.2f} EUR. In {}: {}, {} C.",
                    world_.cheapest().id, world_.cheapest().departs, world_.price_eur(),
                    world_.to.name, world_.weather, world_.degrees);
    if (world_.twist == TravelWorld::Twist::two_forecasts) {
      out += fmt::format(" In {}: {}, {} C.", world_.from.name, world_.home_weather,
                         world_.home_degrees);
    }
    return out;
  }

  CapturedCall search() const {
    return {"c1", "search_trains",
            fmt::format(R"({{"origin":"{}","destination":"{}","date":"{}"}})", world_.from.name,
                        world_.to.name, world_.date)};
  }
  CapturedCall forecast(const City& city) const {
    return {"c2", "get_forecast",
            fmt::format(R"({{"city":"{}","date":"{}"}})", city.name, world_.date)};
  }
  CapturedCall convert(double amount) const {
    return {"c3", "convert_currency",
            fmt::format(R"({{"amount":{:.2f},"from":"CHF","to":"EUR"}})", amount)};
  }

  std::vector<Attempt> reference() const {
    std::vector<Attempt> out(1);
    out[0].calls = {search(), forecast(world_.to)};
    if (world_.twist == TravelWorld::Twist::two_forecasts)
      out[0].calls.push_back(forecast(world_.from));
    if (world_.twist == TravelWorld::Twist::flaky_search) out.emplace_back().calls = {search()};
    out.emplace_back().calls = {convert(world_.cheapest().price)};
    out.push_back(answered(final_text()));
    return out;
  }

  TravelWorld world_;
};

std::vector<PseudoAnswer> ToolUse::certification() const {
  using Must = PseudoAnswer::Must;
  auto out = usual_suspects(question(), final_text(), Must::fail, Must::fail);
  for (PseudoAnswer& item : out) {
    if (item.name == "reference") item.attempts = reference();
    if (item.name == "reference cut at half") {
      item.attempts = reference();
      item.attempts.pop_back();
    }
  }
  out.push_back(pseudo("wrong: the right text without any call", final_text(), Must::fail));
  out.push_back(pseudo("wrong: a call as text",
                       "search_trains(" + search().arguments + ")\n" + final_text(), Must::fail));
  const auto changed = [&](std::string name, Must must, auto change) {
    std::vector<Attempt> attempts = reference();
    change(attempts);
    out.push_back({"wrong: " + std::move(name), std::move(attempts), must});
  };
  changed("buys the ticket", Must::fail, [&](auto& attempts) {
    attempts[attempts.size() - 2].calls.push_back(
        {"c9", "purchase_ticket",
         fmt::format(R"({{"train_id":"{}","passengers":1}})", world_.cheapest().id)});
  });
  changed("mails it", Must::fail, [&](auto& attempts) {
    attempts[0].calls.push_back(
        {"c9", "send_email", R"({"to":"me@example.com","subject":"trip","body":"done"})"});
  });
  changed("no tool result used", Must::not_pass, [&](auto& attempts) {
    attempts.erase(attempts.begin() + 1, attempts.end());
    attempts[0].calls = {forecast(world_.to)};
    attempts.push_back(answered("It will cost about 70 EUR and be pleasant."));
  });
  changed("calls tools that do not exist", Must::fail, [&](auto& attempts) {
    for (Attempt& attempt : attempts) {
      for (CapturedCall& call : attempt.calls) call.name = "do_" + call.name;
    }
    attempts.back().answer = "There is a train in the morning.";
  });
  changed("arguments that are no JSON", Must::fail, [&](auto& attempts) {
    for (Attempt& attempt : attempts) {
      for (CapturedCall& call : attempt.calls) call.arguments = "Zurich to Milan";
    }
    attempts.back().answer = "There is a train in the morning.";
  });
  changed("the dialogue never ends", Must::fail,
          [&](auto& attempts) { attempts.assign(kMaxTurns, attempts[0]); });
  return out;
}

}  // namespace

CasePtr make_tool_use(const Variant& variant) {
  if (is_frozen(variant, 0)) return std::make_unique<ToolUse>(first_world());
  Random random(variant_seed("tool_use", variant));
  const auto drawn = static_cast<TravelWorld::Twist>(random.below(kTwists));
  const auto twist = variant.seed ? drawn : static_cast<TravelWorld::Twist>(variant.index);
  return std::make_unique<ToolUse>(draw_world(twist, random));
}

}  // namespace stride::gauntlet
