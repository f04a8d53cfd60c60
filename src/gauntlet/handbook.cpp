// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/handbook.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/random.h"
#include "gauntlet/cases.h"
#include "gauntlet/prose.h"

namespace stride::gauntlet {
namespace {

const std::vector<std::string> kPlants = {
    "Harrow Weir", "Tollen Bank", "Upper Sill",  "Marl Cross",   "Fenny Drift", "Oxter Ridge",
    "Pale Locks",  "Quern Hill",  "Sallow Mere", "Brindle Foot", "Candle Moor", "Dapple Head"};
const std::vector<std::string> kEngineers = {
    "Ines Karlo",   "Tobias Wren", "Mina Dahlberg", "Oskar Pell",   "Rhea Santori",
    "Jonas Achter", "Leda Moreau", "Samir Kovac",   "Nell Furlong", "Viktor Aldous"};
const std::vector<std::string> kBirds = {"HERON",  "PLOVER", "KESTREL", "DIPPER",
                                         "OSPREY", "AVOCET", "CURLEW",  "MARTIN"};
const std::vector<std::string> kValves = {"Corvane", "Teltow", "Brusk", "Ondine", "Varsel"};

constexpr std::array<std::string_view, 16> kTopics = {"Rounds of the shift",
                                                      "Keys and passes",
                                                      "Paint and rust",
                                                      "Noise at night",
                                                      "Letters to neighbours",
                                                      "Spare parts",
                                                      "Winter duty",
                                                      "Training days",
                                                      "Lifting gear",
                                                      "Care of the screens",
                                                      "Visitors",
                                                      "Tools on loan",
                                                      "Reports to the board",
                                                      "Grass and hedges",
                                                      "Lamps and batteries",
                                                      "Waste and recycling"};

constexpr std::array<std::string_view, 18> kFiller = {
    "The {role} checks the {thing} at the beginning of every {time} and signs the {paper}.",
    "If the {thing} is damp, it is wiped with a dry cloth and left open for a while.",
    "Nobody works alone near the {thing} after dark, and the {role} decides about exceptions.",
    "A copy of the {paper} goes to the {role}, who keeps it until the end of the {time}.",
    "Loose parts of the {thing} are put into a labelled box and handed to the {role}.",
    "The {paper} names the person who closed the {thing} and the person who opened it again.",
    "During the {time} the {thing} is inspected twice, once from above and once from the side.",
    "Complaints are written into the {paper}; the {role} answers them in plain words.",
    "When the {thing} makes an unusual sound, the {role} is told before anything else is done.",
    "New colleagues walk the whole site with the {role} before they touch the {thing}.",
    "The {thing} may be painted only in dry weather, and the {paper} says with which colour.",
    "Ladders stay locked unless the {role} has signed the {paper} for that {time}.",
    "At the end of the {time} the {role} reads the {paper} aloud to the next shift.",
    "Visitors stay behind the yellow line and may not lean on the {thing}.",
    "Grease for the {thing} is kept in the cool store, away from the {paper}.",
    "The {role} writes down what was borrowed, and the {paper} is checked after each {time}.",
    "In frost the {thing} is covered with a blanket, which the {role} takes off in the morning.",
    "A short {time} without any entry in the {paper} is a reason to ask the {role}."};
constexpr std::array<std::string_view, 10> kRoles = {
    "shift leader", "store keeper", "gate keeper",  "duty officer", "safety warden",
    "caretaker",    "clerk",        "site manager", "fitter",       "watchman"};
constexpr std::array<std::string_view, 12> kThings = {
    "inlet screen", "sluice gate", "oil tray",    "stair rail",   "cable duct", "tool cabinet",
    "boat hook",    "rain gauge",  "weir bridge", "filter house", "hand pump",  "fence post"};
constexpr std::array<std::string_view, 6> kTimes = {"week",   "shift",   "month",
                                                    "season", "quarter", "round"};
constexpr std::array<std::string_view, 8> kPapers = {"log book",   "green form", "duty sheet",
                                                     "key list",   "daily card", "wall chart",
                                                     "site diary", "check list"};

class Maker {
 public:
  Maker(uint64_t seed, size_t n_word) : random_(seed), n_word_(n_word) {}

  Handbook make() {
    plants_ = draw(random_, kPlants, kPlants.size());
    engineers_ = draw(random_, kEngineers, kEngineers.size());
    pressure();
    interval();
    bay();
    call_sign();
    readings();
    out_.questions.push_back(
        {.text = "Which company painted the cooling tower at " + plants_[11] + "?",
         .answer = "NOT FOUND",
         .depth = 100});
    write();
    return std::move(out_);
  }

 private:
  int at(int percent) const { return std::max(1, kHandbookSections * percent / 100); }
  int number(int low, int high) {
    return low + static_cast<int>(random_.below(static_cast<uint64_t>(high - low + 1)));
  }
  void put(int section, std::string sentence) { facts_[section].push_back(std::move(sentence)); }
  // A section that holds no fact yet.
  int elsewhere() {
    for (;;) {
      const int section = number(2, kHandbookSections - 1);
      if (!facts_.contains(section)) return section;
    }
  }

  void pressure() {
    const int value = number(611, 884);
    const auto bar = [](int hundredths) {
      return fmt::format("{}.{:02}", hundredths / 100, hundredths % 100);
    };
    const auto sentence = [&](const std::string& plant, int year, int v) {
      return fmt::format("In {} the relief pressure at {} was set to {} bar.", year, plant, bar(v));
    };
    const int other_year = value - number(11, 60);
    const int other_plant = value + number(11, 60);
    put(at(4), sentence(plants_[0], 2024, value));
    put(elsewhere(), sentence(plants_[0], 2023, other_year));
    put(elsewhere(), sentence(plants_[1], 2024, other_plant));
    out_.questions.push_back(
        {.text = "To how many bar was the relief pressure at " + plants_[0] + " set in 2024?",
         .answer = bar(value) + " bar",
         .accepted = {bar(value), bar(value) + "bar"},
         .distractors = {bar(other_year), bar(other_plant)},
         .sections = {at(4)},
         .depth = 4});
  }

  void interval() {
    const int value = number(9, 24);
    const auto sentence = [&](const std::string& plant, int year, int weeks) {
      return fmt::format(
          "From {} on, the crane in the pump hall of {} is inspected every {} weeks.", year, plant,
          weeks);
    };
    const int other_year = value + number(2, 9);
    const int other_plant = value - number(2, 6);
    put(at(40), sentence(plants_[2], 2025, value));
    put(elsewhere(), sentence(plants_[2], 2021, other_year));
    put(elsewhere(), sentence(plants_[3], 2025, other_plant));
    const std::string text = std::to_string(value);
    out_.questions.push_back(
        {.text = "Since 2025, every how many weeks is the pump hall crane of " + plants_[2] +
                 " inspected?",
         .answer = text + " weeks",
         .accepted = {text},
         .distractors = {std::to_string(other_year), std::to_string(other_plant)},
         .sections = {at(40)},
         .depth = 40});
  }

  void bay() {
    const std::string letters = "BCDFGHKLMNPRTV";
    const auto code = [&] {
      return fmt::format("{}-{}", letters[random_.below(letters.size())], number(11, 97));
    };
    const std::string right = code();
    std::string first = code();
    std::string second = code();
    while (first == right) first = code();
    while (second == right) second = code();
    const auto sentence = [&](const std::string& plant, std::string_view part,
                              const std::string& where) {
      return fmt::format("The {} of {} is stored in bay {}.", part, plant, where);
    };
    put(at(80), sentence(plants_[4], "spare rotor", right));
    put(elsewhere(), sentence(plants_[5], "spare rotor", first));
    put(elsewhere(), sentence(plants_[4], "spare gearbox", second));
    const auto pattern = [](std::string text) {
      std::ranges::replace(text, '-', ' ');
      return fold(text);
    };
    std::string joined = right;
    std::erase(joined, '-');
    out_.questions.push_back(
        {.text = "In which bay is the spare rotor of " + plants_[4] + " stored?",
         .answer = "bay " + right,
         .accepted = {pattern(right), fold(joined)},
         .distractors = {pattern(first), pattern(second)},
         .sections = {at(80)},
         .depth = 80});
  }

  void call_sign() {
    const std::vector<std::string> birds = draw(random_, kBirds, 3);
    const std::vector<std::string> valves = draw(random_, kValves, 3);
    std::array<std::string, 3> signs;
    for (size_t i = 0; i < 3; ++i) signs[i] = birds[i] + ' ' + std::to_string(number(2, 9));
    const std::array<int, 3> valve_sections = {at(20), elsewhere(), elsewhere()};
    const std::array<int, 3> sign_sections = {at(96), elsewhere(), elsewhere()};
    for (size_t i = 0; i < 3; ++i) {
      put(valve_sections[i],
          fmt::format("The plant at {} runs on the valve type {}; its engineer is {}.",
                      plants_[6 + i], valves[i], engineers_[i]));
      put(sign_sections[i],
          fmt::format("On the radio {} answers to the call sign {}.", engineers_[i], signs[i]));
    }
    out_.questions.push_back(
        {.text = "What is the call sign of the engineer whose plant runs on the valve type " +
                 valves[0] + "?",
         .answer = signs[0],
         .accepted = {fold(signs[0])},
         .distractors = {fold(signs[1]), fold(signs[2])},
         .sections = {at(20), at(96)},
         .depth = 20});
  }

  void readings() {
    static constexpr std::array<std::string_view, 3> kGauges = {"inner", "middle", "outer"};
    const std::array<int, 3> sections = {at(60), at(33), at(72)};
    int sum = 0;
    int wrong = 0;
    for (size_t i = 0; i < 3; ++i) {
      const int right = number(210, 690);
      const int april = number(210, 690);
      sum += right;
      wrong += april;
      const auto sentence = [&](std::string_view month, const std::string& plant, int litres) {
        return fmt::format("In {} 2025 the {} gauge at {} showed {} litres.", month, kGauges[i],
                           plant, litres);
      };
      put(sections[i], sentence("March", plants_[9], right));
      put(elsewhere(), sentence("April", plants_[9], april));
      put(elsewhere(), sentence("March", plants_[10], number(210, 690)));
    }
    out_.questions.push_back(
        {.text =
             "What is the sum of the March 2025 readings of the inner, middle and outer gauge at " +
             plants_[9] + ", in litres?",
         .answer = std::to_string(sum) + " litres",
         .accepted = {std::to_string(sum)},
         .distractors = {std::to_string(wrong == sum ? sum + 1 : wrong)},
         .sections = {sections.begin(), sections.end()},
         .depth = 60});
  }

  std::string filler() {
    const auto any = [&](const auto& list) { return std::string(pick(random_, list)); };
    return filled(pick(random_, kFiller), {{"role", any(kRoles)},
                                           {"thing", any(kThings)},
                                           {"time", any(kTimes)},
                                           {"paper", any(kPapers)}});
  }

  void write() {
    const size_t per_section = n_word_ / static_cast<size_t>(kHandbookSections);
    out_.text = "Handbook of the Lower Marne Water Company\n";
    for (int section = 1; section <= kHandbookSections; ++section) {
      std::vector<std::string> lines;
      size_t n = 4;
      for (const std::string& fact : facts_[section]) n += words(fact).size();
      while (n < per_section) {
        lines.push_back(filler());
        n += static_cast<size_t>(std::ranges::count(lines.back(), ' ')) + 1;
      }
      for (const std::string& fact : facts_[section]) {
        lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(random_.below(lines.size() + 1)),
                     fact);
      }
      out_.text += fmt::format("\n\xc2\xa7{} {}\n", section, pick(random_, kTopics));
      for (const std::string& line : lines) out_.text += line + ' ';
      out_.text += '\n';
    }
  }

  Random random_;
  size_t n_word_;
  std::vector<std::string> plants_{}, engineers_{};
  std::map<int, std::vector<std::string>> facts_{};
  Handbook out_{};
};

}  // namespace

Handbook make_handbook(uint64_t seed, size_t n_word) {
  return Maker(seed, n_word).make();
}

}  // namespace stride::gauntlet
