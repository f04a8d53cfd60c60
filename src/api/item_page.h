// SPDX-License-Identifier: Apache-2.0
// Lists of items as clients read them: some at a time, the newest first unless they ask otherwise,
// going on after or before an item they have.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "api/errors.h"
#include "json/json_fwd.h"

namespace stride::api {

struct PageQuery {
  size_t limit = 20;
  bool newest_first = true;
  // Names of items that the page lies between, neither of them in it; may be empty.
  std::string after{};
  std::string before{};
};

// From a query string: limit (1 to 100), order (asc or desc), after, before.
Outcome<PageQuery> read_page_query(std::string_view query);

// The list object with the page of `items`, which are given oldest first. With `before` alone these
// are the last ones before it, otherwise the first; has_more tells whether there are more of them.
Outcome<std::string> item_page(Json items, const PageQuery& query);

// All of them, as they are.
std::string item_list(const Json& items);

}  // namespace stride::api
