// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/booking_messages.h"

namespace stride::gauntlet::booking {
namespace {

std::string thousands(int n) {
  std::string out = std::to_string(n);
  if (out.size() > 3) out.insert(out.size() - 3, ",");
  return out;
}

std::vector<Message> first_messages() {
  return {
      {.text = "Team offsite on 14 May 2027 for 18 people, budget 4000, vegetarian please, nobody "
               "wants to fly.",
       .ask = {"city", "currency"}},
      {.text = "Lisbon, 3 June 2027, 25 people, 6,500 EUR.",
       .city = "Lisbon",
       .date = {2027, 6, 3},
       .headcount = 25,
       .budget = 6500,
       .currency = "EUR"},
      {.text = "Ghent, 30 February 2027, 12 people, 2000 EUR.", .ask = {"date"}},
      {.text = "Book Porto on 9 July 2027 for a few of us, 1500 EUR.", .ask = {"headcount"}}};
}

class MessageMaker {
 public:
  explicit MessageMaker(Random& random) : random_(random) {}

  std::vector<Message> four() {
    std::vector<Message> out = {complete(), missing_two(), impossible_date(), vague()};
    return draw(random_, out, out.size());
  }

 private:
  Message base() {
    static constexpr std::array<std::string_view, 10> kCities = {
        "Lisbon", "Ghent", "Porto",  "Bergen",  "Turin",
        "Aarhus", "Graz",  "Bilbao", "Utrecht", "Cork"};
    static constexpr std::array<std::string_view, 6> kCurrencies = {"EUR", "CHF", "GBP",
                                                                    "SEK", "PLN", "DKK"};
    Message m;
    m.city = pick(random_, kCities);
    m.date = {2027 + static_cast<int>(random_.below(2)), 1 + static_cast<int>(random_.below(12)),
              1 + static_cast<int>(random_.below(28))};
    m.headcount = 6 + static_cast<int>(random_.below(50));
    m.budget = 100 * (9 + static_cast<int>(random_.below(80)));
    m.currency = pick(random_, kCurrencies);
    return m;
  }

  Message complete() {
    Message m = base();
    const std::string people = std::to_string(m.headcount);
    const std::string money = thousands(m.budget) + ' ' + m.currency;
    switch (random_.below(3)) {
      case 0:
        m.text = m.city + ", " + spelled(m.date) + ", " + people + " people, " + money + '.';
        break;
      case 1:
        m.text = "We are " + people + " and would like to meet in " + m.city + " on " +
                 spelled(m.date) + "; " + money + " at most.";
        break;
      default:
        m.text = "Budget " + money + ". " + people + " guests. " + spelled(m.date) + ", " + m.city +
                 ", a room with a view would be nice.";
    }
    return m;
  }

  Message missing_two() {
    const Message m = base();
    const std::string people = std::to_string(m.headcount);
    switch (random_.below(3)) {
      case 0:
        return {.text = "Team offsite on " + spelled(m.date) + " for " + people +
                        " people, budget " + std::to_string(m.budget) + ", one guest needs a ramp.",
                .ask = {"city", "currency"}};
      case 1:
        return {.text = "Workshop in " + m.city + " on " + spelled(m.date) + ", paid in " +
                        m.currency + ", flipcharts please.",
                .ask = {"headcount", "budget"}};
      default:
        return {.text = "Dinner in " + m.city + " for " + people + " people, no more than " +
                        thousands(m.budget) + ", the date is flexible.",
                .ask = {"date", "currency"}};
    }
  }

  Message impossible_date() {
    static constexpr std::array<std::string_view, 5> kDates = {
        "30 February 2027", "31 April 2027", "31 June 2028", "32 August 2027", "29 February 2027"};
    const Message m = base();
    return {.text = m.city + ", " + std::string(pick(random_, kDates)) + ", " +
                    std::to_string(m.headcount) + " people, " + std::to_string(m.budget) + ' ' +
                    m.currency + '.',
            .ask = {"date"}};
  }

  Message vague() {
    const Message m = base();
    const std::string money = std::to_string(m.budget) + ' ' + m.currency;
    switch (random_.below(4)) {
      case 0:
        return {.text = "Book " + m.city + " on " + spelled(m.date) + " for a few of us, " + money +
                        '.',
                .ask = {"headcount"}};
      case 1:
        return {.text = m.city + " on " + spelled(m.date) + " for " + std::to_string(m.headcount) +
                        " people. We can spend something in " + m.currency + ", not too much.",
                .ask = {"budget"}};
      case 2:
        return {.text = "We are " + std::to_string(m.headcount) + " and want to be in " + m.city +
                        " some time in autumn 2027; " + money + '.',
                .ask = {"date"}};
      default:
        return {.text = "Either Bern or " + m.city + ", we cannot agree, on " + spelled(m.date) +
                        ", " + std::to_string(m.headcount) + " people, " + money + '.',
                .ask = {"city"}};
    }
  }

  Random& random_;
};

}  // namespace

std::string spelled(const Date& date) {
  return std::to_string(date.day) + ' ' +
         std::string(kMonths[static_cast<size_t>(date.month - 1)]) + ' ' +
         std::to_string(date.year);
}

std::vector<Message> messages_for(const Variant& variant) {
  if (is_frozen(variant, 0)) return first_messages();
  Random random(variant_seed("edge_case_handling", variant));
  return MessageMaker(random).four();
}

}  // namespace stride::gauntlet::booking
