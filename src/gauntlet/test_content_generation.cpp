// SPDX-License-Identifier: Apache-2.0
// Test 6: a text of exactly 200 words about one subject. Everything is counted: words, paragraphs,
// banned stems, four concepts, and four signs of the tone that was asked for.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "gauntlet/cases.h"
#include "gauntlet/content_texts.h"
#include "gauntlet/pattern.h"
#include "gauntlet/prose.h"
#include "gauntlet/scorer.h"

namespace stride::gauntlet {
namespace {

constexpr int kWanted = 200;

struct BannedWord {
  std::string_view word;  // as the prompt shows it
  std::string_view stem;  // what no word may begin with
};

const std::vector<BannedWord> kPool = {
    {"seamless", "seamless"}, {"robust", "robust"},     {"leverage", "leverag"},
    {"holistic", "holistic"}, {"utilize", "utiliz"},    {"streamline", "streamlin"},
    {"empower", "empower"},   {"paradigm", "paradigm"}, {"effortless", "effortless"},
    {"delve", "delv"},        {"unlock", "unlock"},     {"synergy", "synerg"}};

double word_value(int off) {
  off = std::abs(off);
  return off == 0 ? 1 : off <= 5 ? 0.9 : off <= 20 ? 0.6 : off <= 40 ? 0.3 : 0;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    out.push_back(trim(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// Runs of lines between blank ones; where there is no blank line every line is a paragraph.
size_t n_paragraph(const std::vector<std::string_view>& lines) {
  const bool blanks = std::ranges::any_of(lines, [](auto line) { return line.empty(); });
  size_t n = 0;
  bool inside = false;
  for (const std::string_view line : lines) {
    n += !line.empty() && (!inside || !blanks) ? 1 : 0;
    inside = !line.empty();
  }
  return n;
}

// A heading, a list item, or a line that is bold as a whole.
bool is_structure(std::string_view line) {
  if (line.starts_with('#') || line.starts_with("- ") || line.starts_with("* ") ||
      line.starts_with("\xe2\x80\xa2") || line.starts_with("```") || line.starts_with("|")) {
    return true;
  }
  if (line.size() > 4 && line.starts_with("**") && line.ends_with("**")) return true;
  size_t digits = 0;
  while (digits < line.size() && digits < 3 && line[digits] >= '0' && line[digits] <= '9') ++digits;
  return digits > 0 && digits + 1 < line.size() && (line[digits] == '.' || line[digits] == ')') &&
         line[digits + 1] == ' ';
}

size_t n_contraction(const Tokens& words) {
  return static_cast<size_t>(std::ranges::count_if(words, [](const std::string& word) {
    return std::ranges::any_of(std::array{"'s", "'t", "'re", "'ll", "'ve", "'d"},
                               [&](const char* end) { return word.ends_with(end); });
  }));
}

class ContentGeneration final : public Case {
 public:
  ContentGeneration(const ContentTopic& topic, std::vector<BannedWord> banned)
      : topic_(topic), banned_(std::move(banned)) {}

  Question question() const override {
    return ask("Write exactly 200 words, in exactly two paragraphs, explaining " +
               std::string(topic_.subject) +
               ". Audience: technical product managers. Tone: professional but conversational; "
               "address the reader as \"you\". Mention " +
               std::string(topic_.mention) +
               ", and include one worked example with a number in it. Do not use the words \"" +
               std::string(banned_[0].word) + "\", \"" + std::string(banned_[1].word) + "\" or \"" +
               std::string(banned_[2].word) + "\". No headings, no lists, no preamble.");
  }

  Grade grade(std::span<const Attempt> attempts, Sandbox& /*sandbox*/) const override {
    const std::string answer(trim(answer_of(attempts)));
    const std::vector<Tokens> said = sentence_tokens(answer);
    const Tokens all = tokens(strip_markdown(answer));
    const auto n = static_cast<int>(words(answer).size());
    const std::string banned = banned_in(all);
    const size_t concepts = n_concept(said);
    const bool prose = reads_as_text(said);
    Scorer scorer;
    scorer.gate("words", 0.25, word_value(n - kWanted), std::abs(n - kWanted) <= 20, kGateCap,
                std::to_string(n) + " words", FailureClass::constraint_miss);
    scorer.gate("banned words", 0.20, banned.empty(), banned.empty(), kGateCap,
                banned.empty() ? "none" : "uses " + banned, FailureClass::constraint_miss);
    add_layout(scorer, answer);
    scorer.gate("concepts", 0.20, share(concepts, topic_.concepts.size()), concepts >= 2, kGateCap,
                std::to_string(concepts) + " of " + std::to_string(topic_.concepts.size()));
    scorer.gate("is a text", 0, prose, prose, kGateCap,
                prose ? "yes" : "repeats itself or only lists words");
    add_tone(scorer, all, said, n);
    if (find_pattern(all, "sure|certainly|absolutely|here's") == 1 ||
        find_pattern(all, "here is|are") == 2) {
      scorer.penalty("preamble", 0.10, quote(answer, 30));
    }
    return scorer.finish();
  }

  std::vector<PseudoAnswer> certification() const override {
    using Must = PseudoAnswer::Must;
    const std::string reference(topic_.reference);
    auto out = usual_suspects(question(), reference);
    out.push_back(pseudo("wrong: a banned word",
                         reference + " It's " + std::string(banned_[0].word) + '.', Must::fail));
    out.push_back(pseudo("wrong: twice as long", reference + "\n\n" + reference, Must::fail));
    std::string keywords;
    for (int i = 0; i < 25; ++i)
      keywords += std::string(topic_.mention) + (i == 12 ? ".\n\n" : ". ");
    out.push_back(pseudo("wrong: keywords only", keywords, Must::fail));
    for (const ContentTopic& other : content_topics()) {
      if (n_concept(sentence_tokens(other.reference)) >= 2) continue;
      out.push_back(pseudo("wrong: another subject", std::string(other.reference), Must::fail));
      break;
    }
    return out;
  }

 private:
  std::string banned_in(const Tokens& all) const {
    for (const BannedWord& banned : banned_) {
      for (const std::string& token : all) {
        if (token.starts_with(banned.stem)) return token;
      }
    }
    return {};
  }

  size_t n_concept(const std::vector<Tokens>& said) const {
    return static_cast<size_t>(std::ranges::count_if(topic_.concepts, [&](const auto& concept_) {
      return std::ranges::any_of(said, [&](const Tokens& sentence) {
        return std::ranges::any_of(concept_.patterns, [&](auto p) { return matches(sentence, p); });
      });
    }));
  }

  static void add_layout(Scorer& scorer, const std::string& answer) {
    const std::vector<std::string_view> lines = lines_of(answer);
    const size_t n = n_paragraph(lines);
    const bool structured = std::ranges::any_of(lines, is_structure);
    scorer.add("two paragraphs", 0.15, n == 2 && !structured,
               std::to_string(n) + " paragraphs" + (structured ? ", with headings or lists" : ""));
  }

  static void add_tone(Scorer& scorer, const Tokens& all, const std::vector<Tokens>& said, int n) {
    const auto you = static_cast<size_t>(std::ranges::count_if(all, [](const std::string& token) {
      return token == "you" || token == "your" || token == "yours" || token == "yourself" ||
             token.starts_with("you'");
    }));
    scorer.add("second person", 0.05, you >= 2, std::to_string(you) + " words");
    const size_t contractions = n_contraction(all);
    scorer.add("contractions", 0.05, contractions >= 1, std::to_string(contractions));
    const double mean =
        said.empty() ? 0 : static_cast<double>(n) / static_cast<double>(said.size());
    scorer.add("sentence length", 0.05, mean >= 10 && mean <= 24,
               std::to_string(static_cast<int>(mean)) + " words on average");
    const bool digit = std::ranges::any_of(all, [](const std::string& token) {
      return token.find_first_of("0123456789") != std::string::npos;
    });
    scorer.add("a number", 0.05, digit, digit ? "yes" : "none");
  }

  const ContentTopic& topic_;
  std::vector<BannedWord> banned_;
};

}  // namespace

CasePtr make_content_generation(const Variant& variant) {
  if (is_frozen(variant, 0)) {
    return std::make_unique<ContentGeneration>(
        content_topics()[0], std::vector<BannedWord>{kPool[0], kPool[1], kPool[2]});
  }
  Random random(variant_seed("content_generation", variant));
  const size_t drawn = random.below(content_topics().size());
  const size_t topic = variant.seed ? drawn : variant.index;
  return std::make_unique<ContentGeneration>(content_topics()[topic], draw(random, kPool, 3));
}

}  // namespace stride::gauntlet
