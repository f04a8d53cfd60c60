// SPDX-License-Identifier: Apache-2.0
#include "net/sse_parser.h"

#include <gmock/gmock.h>

#include <vector>

namespace stride::net {
namespace {

using Kind = SseItem::Kind;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<SseItem> parse(const std::vector<std::string_view>& parts) {
  SseParser parser;
  std::vector<SseItem> items;
  const auto keep = [&](SseItem item) { items.push_back(std::move(item)); };
  for (const std::string_view part : parts) EXPECT_TRUE(parser.push(part, keep));
  if (auto last = parser.finish()) items.push_back(std::move(*last));
  return items;
}

TEST(SseParser, ReadsEventsWithEveryKindOfLineEnd) {
  for (const char* text : {"event: a\ndata: 1\ndata:2\n\ndata: 3\n\n",
                           "event: a\r\ndata: 1\r\ndata:2\r\n\r\ndata: 3\r\n\r\n",
                           "event: a\rdata: 1\rdata:2\r\rdata: 3\r\r",
                           "\xef\xbb\xbf"
                           "event: a\ndata: 1\ndata:2\r\rdata: 3\n\n"})
    EXPECT_THAT(parse({text}),
                ElementsAre(SseItem{Kind::event, "a", "1\n2"}, SseItem{Kind::event, "", "3"}));
}

TEST(SseParser, DropsOneSpaceAndKeepsTheRest) {
  EXPECT_THAT(parse({"data:  x\n\ndata:\n\ndata\n\n"}),
              ElementsAre(SseItem{Kind::event, "", " x"}, SseItem{Kind::event, "", ""},
                          SseItem{Kind::event, "", ""}));
}

TEST(SseParser, ReportsCommentsAndStrayJson) {
  EXPECT_THAT(parse({": ping\n:\nid: 7\nretry: 5\nother: x\n{\"error\":1}\n\n"}),
              ElementsAre(SseItem{Kind::comment, "", "ping"}, SseItem{Kind::comment, "", ""},
                          SseItem{Kind::stray, "", "{\"error\":1}"}));
  EXPECT_THAT(parse({"error: {\"code\":500}\n\nerror: no value\n\n"}),
              ElementsAre(SseItem{Kind::stray, "error", "{\"code\":500}"}));
}

TEST(SseParser, GivesWhatTheEndCutOff) {
  EXPECT_THAT(parse({"data: {\"a\""}), ElementsAre(SseItem{Kind::event, "", "{\"a\""}));
  EXPECT_THAT(parse({"data: x\n"}), ElementsAre(SseItem{Kind::event, "", "x"}));
  EXPECT_THAT(parse({"event: x\n"}), IsEmpty());
}

TEST(SseParser, GivesTheSameForEverySplit) {
  const std::string text =
      "\xef\xbb\xbf: hi\r\n\r\nevent: m\rdata: a\xc3\xa9\ndata:b\r\n\r\n\n\n{x}\rdata: "
      "last\n\ndata:cut";
  const auto whole = parse({text});
  ASSERT_EQ(whole.size(), 5U);
  for (size_t i = 0; i <= text.size(); ++i)
    for (size_t j = i; j <= text.size(); ++j) {
      const std::string_view view = text;
      ASSERT_EQ(parse({view.substr(0, i), view.substr(i, j - i), view.substr(j)}), whole)
          << i << " " << j;
    }
}

TEST(SseParser, BoundsWhatOneEventMayHold) {
  SseParser parser(100);
  const auto ignore = [](SseItem) {};
  EXPECT_TRUE(parser.push("data: " + std::string(60, 'a') + "\n", ignore));
  EXPECT_FALSE(parser.push("data: " + std::string(60, 'a'), ignore));
  EXPECT_FALSE(parser.push("\n\n", ignore));
  EXPECT_FALSE(parser.finish());
}

}  // namespace
}  // namespace stride::net
