// SPDX-License-Identifier: Apache-2.0
#include "api/fields.h"

#include <fmt/format.h>

#include "json/json.h"

namespace stride::api {
namespace {

std::unexpected<Failure> wrong_type(const std::string& path, std::string_view wanted) {
  return refuse(path, fmt::format("{} must be {}", path, wanted));
}

}  // namespace

const Json* Fields::find(std::string_view name) const {
  read_->emplace(name);
  const Json* found = json::member(*object_, name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::vector<std::string> Fields::unread() const {
  std::vector<std::string> out;
  for (const auto& [name, value] : object_->get_ref<const Json::object_t&>()) {
    if (!value.is_null() && !read_->contains(name)) out.push_back(name);
  }
  return out;
}

Outcome<std::optional<bool>> Fields::boolean(std::string_view name) const {
  const Json* found = find(name);
  if (found == nullptr) return std::nullopt;
  if (!found->is_boolean()) return wrong_type(path(name), "true or false");
  return found->get<bool>();
}

Outcome<std::optional<std::string>> Fields::text(std::string_view name) const {
  const Json* found = find(name);
  if (found == nullptr) return std::nullopt;
  if (!found->is_string()) return wrong_type(path(name), "a string");
  return found->get<std::string>();
}

Outcome<std::optional<int64_t>> Fields::integer(std::string_view name, int64_t low,
                                                int64_t high) const {
  const Json* found = find(name);
  if (found == nullptr) return std::nullopt;
  const auto value = json::as_int64(*found);
  if (value && *value >= low && *value <= high) return *value;
  if (!json::is_number(*found)) return wrong_type(path(name), "an integer");
  return refuse(path(name), fmt::format("{} is {}; it must be an integer from {} to {}", path(name),
                                        json::dump(*found), low, high));
}

Outcome<std::optional<double>> Fields::number(std::string_view name, double low,
                                              double high) const {
  const Json* found = find(name);
  if (found == nullptr) return std::nullopt;
  const auto value = json::as_double(*found);
  if (value && *value >= low && *value <= high) return *value;
  if (!json::is_number(*found)) return wrong_type(path(name), "a number");
  return refuse(path(name), fmt::format("{} is {}; it must be from {} to {}", path(name),
                                        json::dump(*found), low, high));
}

Outcome<std::vector<std::string>> Fields::texts(std::string_view name) const {
  std::vector<std::string> out;
  const Json* found = find(name);
  if (found == nullptr) return out;
  if (found->is_string()) return std::vector{found->get<std::string>()};
  if (!found->is_array()) return wrong_type(path(name), "a string or an array of strings");
  for (size_t i = 0; i < found->size(); ++i) {
    const Json& entry = (*found)[i];
    if (!entry.is_string()) return wrong_type(fmt::format("{}[{}]", path(name), i), "a string");
    out.push_back(entry.get<std::string>());
  }
  return out;
}

Outcome<const Json*> Fields::object(std::string_view name) const {
  const Json* found = find(name);
  if (found != nullptr && !found->is_object()) return wrong_type(path(name), "an object");
  return found;
}

Outcome<const Json*> Fields::array(std::string_view name) const {
  const Json* found = find(name);
  if (found != nullptr && !found->is_array()) return wrong_type(path(name), "an array");
  return found;
}

}  // namespace stride::api
