// SPDX-License-Identifier: Apache-2.0
// Typed, range-checked members of a request's JSON object. A member that is absent or null is not
// set; one of another type or out of its range is refused by name, with the range.
//
// Copies remember together which members were looked for: what is left at the end was passed over.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/errors.h"
#include "json/json_fwd.h"

namespace stride::api {

class Fields {
 public:
  // `prefix` is put before the names in messages: "reasoning." for a nested object.
  explicit Fields(const Json& object, std::string prefix = {})
      : object_(&object), prefix_(std::move(prefix)) {}

  // nullptr where absent or null.
  const Json* find(std::string_view name) const;
  // The members that are set and that nobody has looked for, in their order.
  std::vector<std::string> unread() const;
  bool has(std::string_view name) const { return find(name) != nullptr; }
  std::string path(std::string_view name) const { return prefix_ + std::string(name); }

  Outcome<std::optional<bool>> boolean(std::string_view name) const;
  Outcome<std::optional<std::string>> text(std::string_view name) const;
  Outcome<std::optional<int64_t>> integer(std::string_view name, int64_t low, int64_t high) const;
  Outcome<std::optional<double>> number(std::string_view name, double low, double high) const;
  // A string, or an array of strings.
  Outcome<std::vector<std::string>> texts(std::string_view name) const;
  Outcome<const Json*> object(std::string_view name) const;  // nullptr where not set
  Outcome<const Json*> array(std::string_view name) const;

 private:
  const Json* object_;
  std::string prefix_;
  std::shared_ptr<std::set<std::string, std::less<>>> read_ =
      std::make_shared<std::set<std::string, std::less<>>>();
};

}  // namespace stride::api
