// SPDX-License-Identifier: Apache-2.0
#include "api/item_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "api/json_text.h"
#include "json/json.h"
#include "net/query.h"

namespace stride::api {
namespace {

constexpr size_t kMostPerPage = 100;

std::string list_object(const Json& items, bool has_more) {
  const auto name_of = [&](bool last) -> std::string {
    if (items.empty()) return {};
    const std::string* id = json::string_member(last ? items.back() : items.front(), "id");
    return id != nullptr ? *id : std::string();
  };
  return JsonText()
      .object()
      .field("object", "list")
      .raw_field("data", json::dump(items))
      .field("first_id", name_of(false))
      .field("last_id", name_of(true))
      .field("has_more", has_more)
      .end()
      .take();
}

Outcome<size_t> read_limit(const std::string& text) {
  size_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || out < 1 || out > kMostPerPage)
    return refuse("limit", fmt::format("limit must be an integer from 1 to {}", kMostPerPage));
  return out;
}

// Where the item of this name stands: the last such one, so that whoever pages comes to an end.
Outcome<size_t> place_of(const Json& items, const std::string& name, const char* param) {
  for (size_t i = items.size(); i-- > 0;) {
    const std::string* id = json::string_member(items[i], "id");
    if (id != nullptr && *id == name) return i;
  }
  return refuse(param, fmt::format("{}: there is no item with id '{}'", param, name));
}

}  // namespace

Outcome<PageQuery> read_page_query(std::string_view query) {
  const auto pairs = net::parse_query(query);
  if (!pairs) return refuse(FailureKind::invalid_request, "the query string cannot be read");
  PageQuery out;
  if (const auto* limit = net::find_query(*pairs, "limit"))
    out.limit = STRIDE_TRY(read_limit(*limit));
  if (const auto* order = net::find_query(*pairs, "order")) {
    if (*order != "asc" && *order != "desc") return refuse("order", "order can be asc or desc");
    out.newest_first = *order == "desc";
  }
  if (const auto* after = net::find_query(*pairs, "after")) out.after = *after;
  if (const auto* before = net::find_query(*pairs, "before")) out.before = *before;
  return out;
}

Outcome<std::string> item_page(Json items, const PageQuery& query) {
  if (query.newest_first) std::reverse(items.begin(), items.end());
  size_t begin = 0;
  size_t end = items.size();
  if (!query.after.empty()) begin = STRIDE_TRY(place_of(items, query.after, "after")) + 1;
  if (!query.before.empty()) end = STRIDE_TRY(place_of(items, query.before, "before"));
  end = std::max(begin, end);
  const bool has_more = end - begin > query.limit;
  if (has_more && query.after.empty() && !query.before.empty()) {
    begin = end - query.limit;
  } else if (has_more) {
    end = begin + query.limit;
  }
  Json page = Json::array();
  for (size_t i = begin; i < end; ++i) page.push_back(std::move(items[i]));
  return list_object(page, has_more);
}

std::string item_list(const Json& items) {
  return list_object(items, false);
}

}  // namespace stride::api
