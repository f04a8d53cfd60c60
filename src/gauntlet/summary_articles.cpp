// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/summary_articles.h"

namespace stride::gauntlet {
namespace {

constexpr std::string_view kTidewellArticle =
    "Tidewell, a 210-person maker of tidal turbines based in Oban, said on Monday that its "
    "second-generation rotor, the Kelda 2, ran for {days} days without an unplanned stop off "
    "the coast of Islay. The 14-metre machine fed 3.8 gigawatt-hours into the island grid, "
    "about a quarter less than the 5 gigawatt-hours the company had forecast in March. Chief "
    "engineer Marta Oduya blamed the gap on a late grid connection, not on the blades. Tidewell "
    "will not raise new money this year; instead it has signed a {years}-year supply contract "
    "with the ferry operator Corran Line, starting in October. Two marine biologists who "
    "reviewed the trial noted that only one porpoise season has been observed, so effects on "
    "wildlife remain unproven. Shares in the parent company Nordmere fell {down}% after the "
    "announcement but are still {up}% above their January level.";

constexpr std::string_view kTidewellReference =
    "Oban turbine maker Tidewell said its Kelda 2 rotor ran {days} days off Islay without an "
    "unplanned stop. It delivered 3.8 gigawatt-hours, about a quarter below the 5 forecast in "
    "March, which chief engineer Marta Oduya blamed on a late grid connection rather than on "
    "the blades. The 210-person company will not raise new money this year and has signed a "
    "{years}-year supply contract with ferry operator Corran Line from October. However, two "
    "marine biologists cautioned that only one porpoise season was observed, leaving wildlife "
    "effects unproven. Shares in parent Nordmere fell {down}% but remain {up}% above their "
    "January level.";

constexpr std::string_view kCaveArticle =
    "Brindlecote, a cheese maker with 85 employees in Ludlow, said on Tuesday that its new "
    "ripening cave stored {days} tonnes of hard cheese in its first winter. The cave, dug 22 "
    "metres into a limestone hill, used 46% less electricity than the company's old cold store, "
    "although the plan had promised 60%. Operations head Ilse Varga put the gap down to a "
    "faulty humidity sensor, not to the rock. Brindlecote will not raise its prices this year; "
    "it has agreed a {years}-year lease on a second cave near Craven Arms, to open in April. A "
    "food inspector who visited in February warned that only one batch has been tested for "
    "mould, so shelf life remains uncertain. Sales in shops rose {up}% in the first quarter, "
    "but exports to Norway fell {down}%, which the company linked to new tariffs.";

constexpr std::string_view kCaveReference =
    "Ludlow cheese maker Brindlecote said its ripening cave held {days} tonnes of hard cheese "
    "in its first winter. It used 46% less electricity than the old store, short of the "
    "promised 60%, which operations head Ilse Varga put down to a faulty humidity sensor, not "
    "the rock. It will not raise prices this year and has agreed a {years}-year lease on a "
    "second cave near Craven Arms from April. A food inspector warned that only one batch has "
    "been tested for mould, so shelf life remains uncertain. Shop sales rose {up}%, but exports "
    "to Norway fell {down}% after new tariffs.";

constexpr std::string_view kClockArticle =
    "The Aldmoor Museum in Whitby said on Friday that its restored tide clock, built in 1846, "
    "kept time to within 8 seconds a week during a trial of {days} days. The repair cost "
    "310,000 pounds, about a fifth more than the 260,000 pounds that had been planned. Curator "
    "Femi Castellane attributed the overrun to a cracked bronze gear, not to the volunteers who "
    "took the clock apart. The museum will not charge for entry; instead it has signed a "
    "{years}-year sponsorship with the instrument maker Dorrit Hale, starting in May. Two "
    "clockmakers who examined the work noted that the clock has run through only one spring "
    "tide, so its behaviour in storms remains untested. Visitor numbers fell {down}% during the "
    "repair but are still {up}% above those of the year before.";

constexpr std::string_view kClockReference =
    "Whitby's Aldmoor Museum said its restored 1846 tide clock kept time to within 8 seconds a "
    "week in a {days}-day trial. The repair cost 310,000 pounds, about a fifth above the "
    "planned 260,000, which curator Femi Castellane attributed to a cracked bronze gear, not to "
    "the volunteers who took it apart. The museum will not charge for entry and has signed a "
    "{years}-year sponsorship with instrument maker Dorrit Hale from May. Two clockmakers noted "
    "that it has run through only one spring tide, so storms remain untested. Visitor numbers "
    "fell {down}% during the repair but are {up}% above last year's.";

constexpr std::string_view kBarleyArticle =
    "Polder Seeds, a 64-person plant breeder in Leiden, reported on Thursday that its salt- "
    "tolerant barley, Marsa 7, yielded 5.2 tonnes a hectare in {days} flooded test fields near "
    "Vlissingen. That is about a third less than the 7.8 tonnes it gives on dry land, but twice "
    "what ordinary barley managed. Research director Noor Adeyemi blamed the difference on late "
    "sowing, not on the salt. The breeder will not sell seed before 2029; meanwhile it has "
    "licensed Marsa 7 to the brewer Hallvik for {years} years, beginning in August. Three soil "
    "scientists who reviewed the data cautioned that only one season has been measured, so the "
    "effect on the soil remains unclear. A grant from the province was cut by {down}%, yet the "
    "research budget is still {up}% larger than in the year before.";

constexpr std::string_view kBarleyReference =
    "Leiden breeder Polder Seeds said its salt-tolerant barley Marsa 7 yielded 5.2 tonnes a "
    "hectare in {days} flooded test fields near Vlissingen. That is a third less than the 7.8 "
    "tonnes on dry land but twice what ordinary barley managed; research director Noor Adeyemi "
    "blamed late sowing, not the salt. Seed will not be sold before 2029, but the brewer "
    "Hallvik has licensed it for {years} years from August. Three soil scientists cautioned "
    "that only one season has been measured, so effects on soil remain unclear. A provincial "
    "grant was cut by {down}%, yet the research budget is {up}% larger.";

constexpr std::string_view kTrainArticle =
    "Sundrop Rail, which carries 48,000 passengers a day between Porto Vero and Castel Lido, "
    "said on Monday that its first hydrogen train, the Alba, covered {days},000 kilometres "
    "without a breakdown. It used 0.31 kilograms of hydrogen per kilometre, about a tenth more "
    "than the 0.28 promised by the maker. Fleet manager Tomas Reuel blamed steep gradients, not "
    "the fuel cells, for the difference. Sundrop will not order more trains this year; instead "
    "it has signed a {years}-year fuel contract with the utility Enervale, starting in January. "
    "A safety board that inspected the depot noted that only one cold winter has been covered, "
    "so starting in frost remains unproven. Ticket income dropped {down}% during the trial but "
    "is still {up}% above its level in March.";

constexpr std::string_view kTrainReference =
    "Sundrop Rail, which carries 48,000 passengers a day, said its first hydrogen train, the "
    "Alba, covered {days},000 kilometres without a breakdown. It used 0.31 kilograms of "
    "hydrogen per kilometre, about a tenth more than the promised 0.28, which fleet manager "
    "Tomas Reuel blamed on steep gradients, not the fuel cells. It will not order more trains "
    "this year but has signed a {years}-year fuel contract with the utility Enervale from "
    "January. A safety board noted that only one cold winter has been covered, so starting in "
    "frost remains unproven. Ticket income dropped {down}% but is {up}% above its March level.";

// What several articles share.
constexpr std::string_view kFall =
    "fell|fall*|drop*|declin*|slip*|down|lost|dip*|decreas*|lower|shed|slid|cut|reduc*|less|shrank|"
    "sank";
constexpr std::string_view kAbove =
    "above|higher|up|over|exceed*|ahead|gain*|more|larger|bigger|increas*|greater|ris*|rose|grew|"
    "beyond";
constexpr std::string_view kRise = "rose|rise*|up|grew|grow*|increas*|gain*|climb*|higher|jump*";
constexpr std::string_view kNo =
    "no|not|without|won't|never|n't|rule*|instead|avoid*|forgo*|isn't|free|waiv*|refus*";
constexpr std::string_view kDown = "{down} %|percent|pct|per";
constexpr std::string_view kUp = "{up} %|percent|pct|per";
constexpr std::string_view kYears = "{years_n} year*|yr";

SummaryArticle tidewell() {
  return {kTidewellArticle,
          kTidewellReference,
          {{"days", "61"}, {"years", "nine"}, {"down", "4"}, {"up", "31"}},
          {{"the company", {{"tidewell*"}}},
           {"the rotor", {{"kelda 2"}}},
           {"how long it ran", {{"{days} ...2 day*"}}},
           {"where", {{"islay*"}}},
           {"the energy", {{"3.8*"}}},
           {"the forecast",
            {{"5|5gwh"},
             {"forecast*|expected|predicted|projected|gwh|gigawatt*|5gwh|anticipated|planned|"
              "target*|estimate*|quarter"}}},
           {"the cause", {{"grid connection", "oduya ...14 grid", "grid ...14 oduya"}}},
           {"no new money", {{kNo}, {"rais*|money|fund*|capital|financ*|invest*"}}},
           {"the contract", {{kYears}, {"corran line"}}},
           {"the open question", {{"porpoise*|wildlife"}}},
           {"the fall", {{kFall}, {kDown}}},
           {"the rise", {{kUp}, {kAbove}}}},
          {{"share*|stock*|nordmere ...6 rose|gained|jumped|climbed|surged|increased ...2 {down} "
            "%|percent"},
           {"blame*|blaming|due|because|attribut*|caus* ...6 blade*", true},
           {"blade* were|was|are ...2 blame*|responsible", true},
           {"will|plans|intends ...1 raise|raises|to ...2 raise|new money|capital|funds", true},
           {"{up} %|percent ...3 below|under|beneath", true},
           {"proving|proved|proven|confirm*|harmless ...5 wildlife|porpoise*", true},
           {"wildlife ...4 proven|harmless|safe|unaffected", true}},
          {"Shares rose {down}% after the announcement.",
           "She blamed the faulty blades of the machine for the gap.",
           "Tidewell will raise new money this year."},
          {1.2, 24, 25, 76}};
}

SummaryArticle cave() {
  return {kCaveArticle,
          kCaveReference,
          {{"days", "140"}, {"years", "six"}, {"down", "9"}, {"up", "12"}},
          {{"the company", {{"brindlecote*"}}},
           {"the cave", {{"cave*"}, {"ripen*|matur*|ag*|chees*|new|stor*"}}},
           {"how much it held", {{"{days} ton*|t|metric"}}},
           {"the saving", {{"46 %|percent|pct|per"}}},
           {"the promise", {{"60 %|percent|pct|per", "60"}}},
           {"the cause", {{"humidity", "sensor*"}}},
           {"no higher prices", {{kNo}, {"price*"}}},
           {"the lease", {{kYears}, {"leas*|rent*"}}},
           {"where the second cave is", {{"craven arms"}}},
           {"the open question", {{"mould|mold|shelf|batch"}}},
           {"sales", {{kUp}, {kRise}}},
           {"exports", {{"export*"}, {kDown}, {kFall}}}},
          {{"sales ...6 fell|dropped|declined ...2 {up} %|percent"},
           {"export* ...6 rose|grew|increased|gained ...2 {down} %|percent"},
           {"blame*|due|because|attribut*|caus*|put ...8 rock|limestone|hill", true},
           {"will ...1 raise|increase ...2 price*", true},
           {"shelf life ...4 proven|certain|confirmed|assured", true}},
          {"Exports to Norway rose {down}%.", "She blamed the rock of the hill for the gap.",
           "Brindlecote will raise its prices this year."},
          {14, 54, 40}};
}

SummaryArticle clock() {
  return {kClockArticle,
          kClockReference,
          {{"days", "75"}, {"years", "five"}, {"down", "6"}, {"up", "18"}},
          {{"the museum", {{"aldmoor*"}}},
           {"the clock", {{"tide clock*"}}},
           {"its accuracy", {{"8 second*|sec|s"}}},
           {"the trial", {{"{days} ...1 day*"}}},
           {"the cost", {{"310000|310k"}}},
           {"the plan", {{"260000|260k"}}},
           {"the cause", {{"gear*"}}},
           {"no entry charge", {{kNo}, {"charg*|entry|admission|fee*|entrance"}}},
           {"the sponsorship", {{kYears}, {"dorrit hale"}}},
           {"the open question", {{"storm*", "spring tide*"}}},
           {"the fall", {{kFall}, {kDown}}},
           {"the rise", {{kUp}, {kAbove}}}},
          {{"visitor*|number*|attendance ...6 rose|grew|increased|gained ...2 {down} %|percent"},
           {"blame*|due|because|attribut*|caus* ...8 volunteer*", true},
           {"will|plans ...1 charge|to ...1 charge|entry", true},
           {"{up} %|percent ...3 below|under|beneath", true},
           {"storm* ...6 proven|tested|confirmed", true}},
          {"Visitor numbers rose {down}% during the repair.",
           "The overrun was caused by careless volunteers.", "The museum will charge for entry."},
          {50000, 19, 20}};
}

SummaryArticle barley() {
  return {
      kBarleyArticle,
      kBarleyReference,
      {{"days", "26"}, {"years", "eight"}, {"down", "15"}, {"up", "22"}},
      {{"the company", {{"polder*"}}},
       {"the barley", {{"marsa 7"}}},
       {"the yield", {{"5.2*"}}},
       {"where", {{"vlissingen*"}}},
       {"dry land", {{"7.8*"}}},
       {"ordinary barley",
        {{"twice|double*|2"}, {"ordinary|normal|conventional|regular|standard|common|usual"}}},
       {"the cause", {{"late*|delay* ...2 sow*|plant*", "sow*|planted ...3 late|delay*"}}},
       {"no seed yet", {{"2029"}, {"no|not|until|before|won't|from|earliest|wait*|hold*|never"}}},
       {"the licence", {{kYears}, {"hallvik*"}}},
       {"the open question",
        {{"soil*"}, {"unclear|unknown|uncertain|season*|unproven|open|undetermined|remain*"}}},
       {"the grant", {{"grant*|subsidy|province*|provincial"}, {kDown}}},
       {"the budget", {{"budget*"}, {kUp}}}},
      {{"grant* ...5 rose|increased|raised|grew ...2 {down} %|percent"},
       {"budget ...5 cut|smaller|fell|shrank ...3 {up} %|percent"},
       {"blame*|due|because|attribut*|caus* ...6 salt", true},
       {"will ...1 sell ...2 seed|seeds before", true},
       {"{up} %|percent ...3 smaller|less|lower|below", true}},
      {"The grant was raised by {down}% this year.", "The difference was caused by too much salt.",
       "The breeder will sell seed before 2029."},
      {2.6, 33, 33.3, 67}};
}

SummaryArticle train() {
  return {kTrainArticle,
          kTrainReference,
          {{"days", "27"}, {"years", "twelve"}, {"down", "3"}, {"up", "14"}},
          {{"the company", {{"sundrop*"}}},
           {"the train", {{"alba*"}}},
           {"the distance", {{"{days}000*"}}},
           {"no breakdown",
            {{"breakdown*|fail*|fault*|broke|breaking|incident*"},
             {"without|no|0|zero|free|not|never"}}},
           {"the use", {{"0.31*"}}},
           {"the promise", {{"0.28*"}}},
           {"the cause", {{"gradient*|slope*|steep*|hill*|incline*"}}},
           {"no more trains", {{kNo}, {"order*|train*|buy*|purchas*"}}},
           {"the contract", {{kYears}, {"enervale*"}}},
           {"the open question", {{"winter*|frost*|cold"}}},
           {"the fall", {{kFall}, {kDown}}},
           {"the rise", {{kUp}, {kAbove}}}},
          {{"income|revenue*|ticket* ...6 rose|grew|increased|gained ...2 {down} %|percent"},
           {"blame*|due|because|attribut*|caus* ...6 fuel cell*", true},
           {"will|plans ...1 order|to ...1 order|more ...1 train*|more", true},
           {"{up} %|percent ...3 below|under|beneath", true},
           {"frost|winter ...6 proven|confirmed", true}},
          {"Ticket income rose {down}% during the trial.",
           "The difference was caused by weak fuel cells.",
           "Sundrop will order more trains this year."},
          {0.03, 10, 11, 10.7}};
}

}  // namespace

const std::vector<SummaryArticle>& summary_articles() {
  static const std::vector<SummaryArticle> kArticles = {tidewell(), cave(), clock(), barley(),
                                                        train()};
  return kArticles;
}

}  // namespace stride::gauntlet
