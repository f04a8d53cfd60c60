// SPDX-License-Identifier: Apache-2.0
#include "api/item_page.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "json/json.h"

namespace stride::api {
namespace {

Json items_up_to(int n) {
  Json out = Json::array();
  for (int i = 0; i < n; ++i) out.push_back({{"id", fmt::format("i{}", i)}});
  return out;
}

// What a page of 45 items holds: "first last count has_more", or the parameter that is wrong.
std::string page(const std::string& query, const Json& items = items_up_to(45)) {
  const auto read = read_page_query(query);
  if (!read) return read.error().param;
  const auto text = item_page(items, *read);
  if (!text) return text.error().param;
  const Json list = *json::parse(*text);
  EXPECT_EQ(list["object"], "list");
  if (!list["data"].empty()) {
    EXPECT_EQ(list["first_id"], list["data"].front()["id"]);
    EXPECT_EQ(list["last_id"], list["data"].back()["id"]);
  }
  return fmt::format("{} {} {} {}", *json::string_member(list, "first_id"),
                     *json::string_member(list, "last_id"), list["data"].size(),
                     list["has_more"].get<bool>());
}

TEST(ItemPage, HoldsTheNewestTwentyByItself) {
  EXPECT_EQ(page(""), "i44 i25 20 true");
  EXPECT_EQ(page("after=i25"), "i24 i5 20 true");
  EXPECT_EQ(page("after=i5"), "i4 i0 5 false");
  EXPECT_EQ(page("after=i0"), "  0 false");
  EXPECT_EQ(page("", Json::array()), "  0 false");
}

TEST(ItemPage, FollowsItsParameters) {
  EXPECT_EQ(page("order=asc"), "i0 i19 20 true");
  EXPECT_EQ(page("order=desc&limit=1"), "i44 i44 1 true");
  EXPECT_EQ(page("limit=45"), "i44 i0 45 false");
  EXPECT_EQ(page("limit=44&order=asc&include=x"), "i0 i43 44 true");
  EXPECT_EQ(page("order=asc&limit=3&after=i41"), "i42 i44 3 false");
  // The page before one, and what lies between two.
  EXPECT_EQ(page("order=asc&limit=3&before=i41"), "i38 i40 3 true");
  EXPECT_EQ(page("order=asc&limit=3&before=i3"), "i0 i2 3 false");
  EXPECT_EQ(page("before=i44"), "  0 false");
  EXPECT_EQ(page("limit=3&before=i40"), "i43 i41 3 true");
  EXPECT_EQ(page("order=asc&limit=3&after=i2&before=i10"), "i3 i5 3 true");
  EXPECT_EQ(page("order=asc&after=i2&before=i5"), "i3 i4 2 false");
  EXPECT_EQ(page("order=asc&after=i5&before=i2"), "  0 false");
}

TEST(ItemPage, NamesTheParameterThatIsWrong) {
  for (const char* value : {"", "0", "-1", "101", "1.5", "2x", "99999999999999999999"})
    EXPECT_EQ(page(std::string("limit=") + value), "limit") << value;
  EXPECT_EQ(page("order=newest"), "order");
  EXPECT_EQ(page("after=i45"), "after");
  EXPECT_EQ(page("before=x"), "before");
  EXPECT_FALSE(read_page_query("after=%2"));
}

// Also where clients gave several items one name.
TEST(ItemPage, LeadsThroughAllItems) {
  const Json items = *json::parse(
      R"([{"id":"a"},{"id":"b"},{"id":"a"},{"id":"c"},{"id":"c"},{"id":"d"},{"id":"e"}])");
  for (const std::string order : {"asc", "desc"}) {
    std::string after;
    size_t n_page = 0;
    for (bool more = true; more && n_page < 10; ++n_page) {
      const auto query = *read_page_query("limit=2&order=" + order + after);
      const Json list = *json::parse(*item_page(items, query));
      more = list["has_more"].get<bool>();
      after = "&after=" + *json::string_member(list, "last_id");
    }
    EXPECT_LT(n_page, 10U) << order;
  }
}

}  // namespace
}  // namespace stride::api
