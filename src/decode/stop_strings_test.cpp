// SPDX-License-Identifier: Apache-2.0
#include "decode/stop_strings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "base/random.h"

namespace stride::decode {
namespace {

struct Found {
  std::string before;
  std::optional<size_t> which;
  bool operator==(const Found&) const = default;
};

// The definition: the match that ends first, the longest of those.
Found plain(const std::string& text, const std::vector<std::string>& stops) {
  for (size_t end = 1; end <= text.size(); ++end) {
    std::optional<size_t> best;
    for (size_t i = 0; i < stops.size(); ++i) {
      const bool here = text.substr(0, end).ends_with(stops[i]);
      if (here && (!best || stops[i].size() > stops[*best].size())) best = i;
    }
    if (best) return {text.substr(0, end - stops[*best].size()), best};
  }
  return {text, std::nullopt};
}

Found stream(const std::vector<std::string>& pieces, const std::vector<std::string>& stops) {
  auto matcher = StopStrings::make(stops);
  EXPECT_TRUE(matcher);
  std::string out;
  for (const std::string& piece : pieces) out += matcher->feed(piece);
  out += matcher->flush();
  return {out, matcher->matched()};
}

TEST(StopStrings, EqualTheDefinitionHoweverTheTextIsCut) {
  Random random(17);
  const auto word = [&](size_t longest) {
    std::string out(1 + random.below(longest), 'a');
    for (char& c : out) c = static_cast<char>('a' + random.below(2));
    return out;
  };
  for (int round = 0; round < 400; ++round) {
    std::vector<std::string> stops(1 + random.below(4));
    for (std::string& s : stops) s = word(7);
    const std::string text = word(40);
    const Found expected = plain(text, stops);
    for (size_t cut = 0; cut <= text.size(); ++cut)
      ASSERT_EQ(stream({text.substr(0, cut), text.substr(cut)}, stops), expected)
          << text << " cut at " << cut;
    std::vector<std::string> bytes;
    for (const char c : text) bytes.emplace_back(1, c);
    ASSERT_EQ(stream(bytes, stops), expected) << text;
  }
}

TEST(StopStrings, HoldsOnlyWhatMayBecomeAMatch) {
  auto matcher = StopStrings::make({"END", "\n\nUser:"});
  EXPECT_EQ(matcher->feed("abc"), "abc");
  EXPECT_EQ(matcher->feed("dE"), "d");
  EXPECT_EQ(matcher->feed("NE"), "EN");
  EXPECT_EQ(matcher->feed("x\n"), "Ex");
  EXPECT_EQ(matcher->feed("\n"), "");
  EXPECT_EQ(matcher->feed("\nUs"), "\n");
  EXPECT_EQ(matcher->flush(), "\n\nUs");
  EXPECT_FALSE(matcher->matched());
}

TEST(StopStrings, IgnoresEverythingAfterAMatch) {
  auto matcher = StopStrings::make({"stop"});
  EXPECT_EQ(matcher->feed("a stop b"), "a ");
  EXPECT_EQ(matcher->feed("more"), "");
  EXPECT_EQ(matcher->flush(), "");
  EXPECT_EQ(matcher->matched(), 0U);
}

TEST(StopStrings, WithoutStringsPassesEverything) {
  auto matcher = StopStrings::make({});
  EXPECT_EQ(matcher->feed("anything"), "anything");
  EXPECT_FALSE(matcher->matched());
}

TEST(StopStrings, RefusesWhatCannotBeAStopString) {
  EXPECT_FALSE(StopStrings::make({"a", ""}));
  EXPECT_FALSE(StopStrings::make({std::string(StopStrings::kMaxBytes + 1, 'x')}));
  EXPECT_FALSE(StopStrings::make(std::vector<std::string>(StopStrings::kMaxStrings + 1, "x")));
  EXPECT_TRUE(StopStrings::make({std::string(StopStrings::kMaxBytes, 'x')}));
}

TEST(StopStrings, IsLinearOnTextThatNearlyMatches) {
  auto matcher = StopStrings::make({std::string(255, 'a') + "b"});
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(matcher->feed(std::string(500'000, 'a')).size(), 500'000U - 255);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
}  // namespace stride::decode
