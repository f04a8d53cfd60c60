// SPDX-License-Identifier: Apache-2.0
// The invented articles of the summarization test, with a reference of exactly 100 words, the
// twelve facts a summary has to keep and the statements that turn one of them round. Numbers in
// braces are slots; a drawn variant fills them anew, in article, reference and facts alike.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stride::gauntlet {

struct SummaryArticle {
  struct Fact {
    std::string_view name;
    // Within one sentence, number words in digits: one pattern of every group.
    std::vector<std::vector<std::string_view>> groups;
  };
  struct Flip {
    std::string_view pattern;
    bool unless_negated = false;  // "blamed on the blades", but not "and not on the blades"
  };

  std::string_view text, reference;
  std::vector<std::pair<std::string, std::string>> slots;  // the first values
  std::vector<Fact> facts;
  std::vector<Flip> flips;
  std::vector<std::string_view> flipped;  // sentences that a wrong summary may say
  std::vector<double> derived;            // numbers that follow from those of the article
};

const std::vector<SummaryArticle>& summary_articles();

}  // namespace stride::gauntlet
