// SPDX-License-Identifier: Apache-2.0
// Test 14: an article in exactly 100 words, nothing lost, nothing added, nothing turned round.
#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <set>

#include "gauntlet/cases.h"
#include "gauntlet/pattern.h"
#include "gauntlet/prose.h"
#include "gauntlet/scorer.h"
#include "gauntlet/summary_articles.h"

namespace stride::gauntlet {
namespace {

constexpr int kWanted = 100;

using Slots = std::vector<std::pair<std::string, std::string>>;

constexpr std::array<std::string_view, 13> kYearWords = {"zero", "one",    "two",   "three", "four",
                                                         "five", "six",    "seven", "eight", "nine",
                                                         "ten",  "eleven", "twelve"};

double word_value(int off) {
  off = std::abs(off);
  return off == 0 ? 1 : off <= 5 ? 0.8 : off <= 10 ? 0.5 : off <= 20 ? 0.2 : 0;
}

// Words that may begin a sentence without being a name of something.
bool is_common(const std::string& word) {
  static const std::set<std::string_view> kWords = {
      "a",           "about",   "according",    "after",   "all",       "also",      "although",
      "among",       "an",      "and",          "another", "as",        "at",        "backed",
      "because",     "before",  "besides",      "both",    "but",       "by",        "chief",
      "company",     "critics", "data",         "despite", "due",       "during",    "each",
      "effects",     "even",    "experts",      "few",     "finally",   "first",     "following",
      "for",         "from",    "further",      "funds",   "given",     "half",      "he",
      "head",        "her",     "his",          "how",     "however",   "if",        "in",
      "income",      "instead", "it",           "its",     "just",      "last",      "later",
      "like",        "long",    "management",   "many",    "meanwhile", "money",     "moreover",
      "most",        "near",    "nevertheless", "new",     "next",      "no",        "none",
      "nonetheless", "not",     "now",          "of",      "off",       "officials", "on",
      "once",        "one",     "only",         "or",      "other",     "others",    "our",
      "out",         "output",  "over",         "overall", "owner",     "parent",    "per",
      "plans",       "power",   "prices",       "profit",  "questions", "rather",    "results",
      "revenue",     "sales",   "scientists",   "second",  "seed",      "several",   "she",
      "shares",      "since",   "so",           "some",    "still",     "stock",     "such",
      "that",        "the",     "their",        "then",    "there",     "therefore", "these",
      "they",        "this",    "those",        "though",  "three",     "through",   "thus",
      "to",          "today",   "two",          "under",   "unlike",    "until",     "use",
      "visitors",    "was",     "we",           "were",    "what",      "when",      "where",
      "whereas",     "whether", "which",        "while",   "who",       "why",       "wildlife",
      "will",        "with",    "within",       "without", "work",      "yet",       "you"};
  if (kWords.contains(word)) return true;
  // Participles, adverbs and abstract or plural nouns are no names.
  return word.size() > 4 &&
         std::ranges::any_of(
             std::array{"ing", "ly", "ed", "ion", "ions", "ists", "ers", "ors", "ment", "ance",
                        "ence", "ity", "ness", "ies", "ists", "als"},
             [&](const char* end) { return word.ends_with(end); });
}

// The parts of a word that hyphens, slashes and possessives join.
std::vector<std::string> parts_of(std::string_view word) {
  std::vector<std::string> out(1);
  for (const char c : word) {
    if (c == '-' || c == '/' || c == '\'') {
      out.emplace_back();
    } else if (static_cast<unsigned char>(c) >= 0x80 ||
               std::isalnum(static_cast<unsigned char>(c)) != 0) {
      out.back() += c;
    }
  }
  return out;
}

class Source {
 public:
  Source(const std::string& text, const std::vector<double>& derived) : numbers_(numbers(text)) {
    for (const std::string& word : words(text)) {
      for (const std::string& part : parts_of(word)) known_.insert(fold(part));
    }
    numbers_.insert(numbers_.end(), derived.begin(), derived.end());
    numbers_.insert(numbers_.end(), {0, 1, 100});
  }

  bool knows(double number) const {
    return std::ranges::any_of(numbers_, [&](double n) { return std::abs(n - number) < 1e-9; });
  }
  bool knows(const std::string& word) const {
    return known_.contains(word) || known_.contains(word + 's') ||
           (word.ends_with('s') && known_.contains(word.substr(0, word.size() - 1)));
  }

 private:
  std::vector<double> numbers_;
  std::set<std::string> known_{};
};

// Numbers and names that the article does not have.
std::vector<std::string> added(const std::string& answer, const Source& source) {
  static const std::set<std::string_view> kUnits = {"gwh", "mwh", "kg",  "km", "ceo", "i",  "s",
                                                    "t",   "gbp", "eur", "uk", "q1",  "co", "ltd"};
  std::vector<std::string> out;
  for (const double number : numbers(strip_markdown(answer))) {
    if (!source.knows(number)) out.push_back(fmt::format("{:g}", number));
  }
  for (const std::string& sentence : sentences(answer)) {
    bool first = true;
    for (const std::string& word : words(sentence)) {
      for (const std::string& part : parts_of(word)) {
        if (part.empty()) continue;
        const std::string flat = fold(part);
        const bool capital = part[0] >= 'A' && part[0] <= 'Z';
        const bool fine = source.knows(flat) || kUnits.contains(flat) || (first && is_common(flat));
        if (capital && !fine) out.push_back(part);
        first = false;
      }
    }
  }
  return out;
}

class Summarization final : public Case {
 public:
  Summarization(const SummaryArticle& article, Slots slots)
      : article_(article), slots_(std::move(slots)) {
    for (const auto& [name, value] : slots_) {
      if (name != "years") continue;
      const auto at = std::ranges::find(kYearWords, value) - kYearWords.begin();
      slots_.emplace_back("years_n", std::to_string(at));
      break;
    }
  }

  Question question() const override {
    return ask(
        "Summarize the article in exactly 100 words. Keep all key facts and add nothing.\n\n" +
        filled(article_.text, slots_));
  }

  Grade grade(std::span<const Attempt> attempts, Sandbox& /*sandbox*/) const override {
    const std::string answer = answer_of(attempts);
    std::vector<Tokens> said;
    for (const std::string& sentence : sentences(answer))
      said.push_back(tokens(with_digits(sentence)));
    const auto n = static_cast<int>(words(answer).size());
    std::string lost;
    const size_t kept = n_fact(said, lost);
    const double fact_share = share(kept, article_.facts.size());
    const std::vector<std::string> bad =
        added(answer, Source(filled(article_.text, slots_), article_.derived));
    const std::string flip = flip_in(said);
    const bool prose = reads_as_text(said);
    Scorer scorer;
    scorer.gate("words", 0.20, word_value(n - kWanted), std::abs(n - kWanted) <= 20, kGateCap,
                std::to_string(n) + " words", FailureClass::constraint_miss);
    scorer.gate("facts", 0.50, fact_share, fact_share >= 0.5, kGateCap,
                std::to_string(kept) + " of 12" + (lost.empty() ? "" : "; without: " + lost));
    const double fidelity =
        fact_share < 0.25 ? 0 : std::max(0.0, 1 - static_cast<double>(bad.size()) / 3);
    scorer.gate("fidelity", 0.30, fidelity, bad.size() < 3, kGateCap,
                bad.empty() ? "nothing added" : "not in the article: " + quote(joined(bad)));
    scorer.gate("nothing turned round", 0, flip.empty(), flip.empty(), kGateCap,
                flip.empty() ? "yes" : quote(flip));
    scorer.gate("is a text", 0, prose, prose, kGateCap,
                prose ? "yes" : "repeats itself or only lists words");
    if (!bad.empty() && fact_share >= 0.25) scorer.flag("hallucinated");
    return scorer.finish();
  }

  std::vector<PseudoAnswer> certification() const override {
    using Must = PseudoAnswer::Must;
    const std::string reference = filled(article_.reference, slots_);
    auto out = usual_suspects(question(), reference, Must::fail, Must::fail);
    out.push_back(pseudo("wrong: the pasted article", filled(article_.text, slots_), Must::fail));
    const size_t stop = reference.rfind(". ");
    for (size_t i = 0; i < article_.flipped.size(); ++i) {
      out.push_back(pseudo("wrong: turned round " + std::to_string(i + 1),
                           reference.substr(0, stop + 2) + filled(article_.flipped[i], slots_),
                           Must::fail));
    }
    out.push_back(
        pseudo("wrong: invents",
               reference.substr(0, stop + 2) + "Siemens and Airbus paid 77 million for it in 2031.",
               Must::fail));
    std::string keywords;
    for (const std::string& word : words(reference)) {
      if (word[0] >= 'A' && word[0] <= 'Z') keywords += word + ", ";
    }
    out.push_back(pseudo("wrong: names only", keywords + keywords + keywords, Must::fail));
    return out;
  }

 private:
  static std::string joined(const std::vector<std::string>& list) {
    std::string out;
    for (const std::string& item : list) out += (out.empty() ? "" : ", ") + item;
    return out;
  }

  size_t n_fact(const std::vector<Tokens>& said, std::string& lost) const {
    size_t n = 0;
    for (const SummaryArticle::Fact& fact : article_.facts) {
      std::vector<std::vector<std::string>> groups;
      for (const auto& group : fact.groups) {
        groups.emplace_back();
        for (const std::string_view pattern : group) {
          groups.back().push_back(filled(pattern, slots_));
        }
      }
      const bool kept = std::ranges::any_of(said, [&](const Tokens& sentence) {
        return std::ranges::all_of(groups, [&](const std::vector<std::string>& group) {
          return matches_any(sentence, group);
        });
      });
      n += kept ? 1 : 0;
      if (!kept) lost += (lost.empty() ? "" : ", ") + std::string(fact.name);
    }
    return n;
  }

  std::string flip_in(const std::vector<Tokens>& said) const {
    std::vector<std::string> patterns;
    for (const auto& flip : article_.flips) patterns.push_back(filled(flip.pattern, slots_));
    for (const Tokens& sentence : said) {
      for (size_t i = 0; i < patterns.size(); ++i) {
        const size_t end = find_pattern(sentence, patterns[i]);
        if (end == kNoMatch) continue;
        if (article_.flips[i].unless_negated && is_negated(sentence, patterns[i], end)) continue;
        return patterns[i];
      }
    }
    return {};
  }

  // A negation inside the match or directly before it: "blamed the grid, not the blades", "rather
  // than blaming the blades". One behind it denies something else.
  static bool is_negated(const Tokens& sentence, std::string_view pattern, size_t end) {
    size_t begin = 0;
    while (find_pattern(sentence, pattern, begin + 1) == end) ++begin;
    constexpr size_t kBefore = 3;
    const auto from = static_cast<std::ptrdiff_t>(begin > kBefore ? begin - kBefore : 0);
    const Tokens part(sentence.begin() + from, sentence.begin() + static_cast<std::ptrdiff_t>(end));
    return matches(part,
                   "not|rather|instead|never|nor|no|wasn't|isn't|didn't|weren't|without|than");
  }

  const SummaryArticle& article_;
  Slots slots_;
};

Slots draw_slots(Random& random) {
  const auto number = [&](int low, int high) {
    return std::to_string(low +
                          static_cast<int>(random.below(static_cast<uint64_t>(high - low + 1))));
  };
  return {{"days", number(33, 95)},
          {"years", std::string(kYearWords[4 + random.below(9)])},
          {"down", number(3, 9)},
          {"up", number(16, 29)}};
}

}  // namespace

CasePtr make_summarization(const Variant& variant) {
  if (!variant.seed) {
    const SummaryArticle& article = summary_articles()[variant.index];
    return std::make_unique<Summarization>(article, article.slots);
  }
  Random random(variant_seed("summarization", variant));
  const SummaryArticle& article = pick(random, summary_articles());
  return std::make_unique<Summarization>(article, draw_slots(random));
}

}  // namespace stride::gauntlet
