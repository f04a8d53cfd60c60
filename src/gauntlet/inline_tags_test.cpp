// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/inline_tags.h"

#include <gtest/gtest.h>

namespace stride::gauntlet {
namespace {

struct Channels {
  std::string reasoning{}, answer{}, calls{};
  bool late_open = false, tag_leak = false;

  bool operator==(const Channels&) const = default;
};

Channels split(std::string_view text, bool reasoning_seen = false) {
  const InlineSplit split = split_inline(text, default_tags(), reasoning_seen);
  Channels channels{.late_open = split.late_open, .tag_leak = split.tag_leak};
  size_t at = 0;
  for (const InlineSplit::Piece& piece : split.pieces) {
    EXPECT_EQ(piece.begin, at);
    EXPECT_GT(piece.end, piece.begin);
    at = piece.end;
    const std::string_view part = text.substr(piece.begin, piece.end - piece.begin);
    if (piece.channel == Channel::reasoning) channels.reasoning += part;
    if (piece.channel == Channel::answer) channels.answer += part;
    if (piece.channel == Channel::tool_name) channels.calls += std::string(part) + "(";
    if (piece.channel == Channel::tool_args) channels.calls += std::string(part) + ")";
  }
  EXPECT_EQ(at, text.size());
  return channels;
}

TEST(InlineTags, CountOnlyAtTheStart) {
  EXPECT_EQ(split("yes"), (Channels{.answer = "yes"}));
  EXPECT_EQ(split(""), Channels{});
  EXPECT_EQ(split(" \n<think>a</think>\n b"), (Channels{.reasoning = "a", .answer = "b"}));
  EXPECT_EQ(split("[THINK]a[/THINK]b"), (Channels{.reasoning = "a", .answer = "b"}));
  EXPECT_EQ(split("b <think>a</think>"),
            (Channels{.answer = "b <think>a</think>", .tag_leak = true}));
  EXPECT_EQ(split("<think>a</think>b<think>c</think>"),
            (Channels{.reasoning = "a", .answer = "b<think>c</think>", .tag_leak = true}));
  EXPECT_EQ(split("<thin"), (Channels{.answer = "<thin"}));
  EXPECT_EQ(split("<think>"), Channels{});
}

TEST(InlineTags, MayBeNestedInTheirOwnKind) {
  EXPECT_EQ(split("<think>a<think>b</think>c</think>d"),
            (Channels{.reasoning = "a<think>b</think>c", .answer = "d"}));
  EXPECT_EQ(split("<think>a<think>b</think>c"), (Channels{.reasoning = "a<think>b</think>c"}));
  EXPECT_EQ(split("<think>a</thinking>b</think>c"),
            (Channels{.reasoning = "a</thinking>b", .answer = "c"}));
}

TEST(InlineTags, AClosingTagAloneRelabelsWhatIsBeforeIt) {
  EXPECT_EQ(split("a</think>\n\nb"),
            (Channels{.reasoning = "a", .answer = "b", .late_open = true}));
  EXPECT_EQ(split("</think>b"), (Channels{.answer = "b", .late_open = true}));
  EXPECT_EQ(
      split("a</think>b</think>c"),
      (Channels{.reasoning = "a", .answer = "b</think>c", .late_open = true, .tag_leak = true}));
  EXPECT_EQ(split("a</think>b", true),
            (Channels{.reasoning = "a", .answer = "b", .late_open = true}));
  EXPECT_EQ(split("</think>\n\nb", true), (Channels{.answer = "b", .late_open = true}));
  EXPECT_EQ(split("a</think>\n", true), (Channels{.answer = "a</think>\n", .tag_leak = true}));
}

TEST(InlineTags, ReadHarmony) {
  EXPECT_EQ(split("<|start|>assistant<|channel|>analysis<|message|>a<|end|><|start|>assistant"
                  "<|channel|>final<|message|>b<|return|>"),
            (Channels{.reasoning = "a", .answer = "b"}));
  EXPECT_EQ(split("<|channel|>analysis<|message|>cut"), (Channels{.reasoning = "cut"}));
  EXPECT_EQ(split("<|channel|>fin"), Channels{});
  EXPECT_EQ(split("<|channel|>final<|message|>b"), (Channels{.answer = "b"}));
  EXPECT_EQ(split("<|channel|>commentary to=functions.f <|constrain|>json<|message|>{}<|call|>"
                  "<|start|>assistant to=functions.g<|channel|>commentary<|message|>{1}<|call|>"),
            (Channels{.calls = "f({})g({1})"}));
}

TEST(InlineTags, AreLinearOnHostileText) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "<think>";
  for (int i = 0; i < 100'000; ++i) text += "</think>";
  EXPECT_EQ(split(text + "x").answer, "x");
  std::string harmony;
  for (int i = 0; i < 100'000; ++i) harmony += "<|channel|>analysis<|message|>a<|start|>";
  EXPECT_EQ(split(harmony).answer, "");
}

}  // namespace
}  // namespace stride::gauntlet
