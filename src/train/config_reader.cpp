// SPDX-License-Identifier: Apache-2.0
#include "train/config_reader.h"

#include <algorithm>
#include <cmath>

namespace stride::train {

Result<const Json*> ConfigReader::member(std::string_view key, bool required) {
  if (!value_->is_object())
    return fail(Errc::format, "{}{} must be an object", line_of(key),
                path_.empty() ? "the configuration" : path_.substr(0, path_.size() - 1));
  known_.emplace_back(key);
  const Json* found = json::member(*value_, key);
  if (found == nullptr && required)
    return fail(Errc::not_found, "{}{}{} is missing", line_of(key), path_, key);
  return found;
}

Result<std::string> ConfigReader::text(std::string_view key, std::optional<std::string> otherwise) {
  const Json* found = STRIDE_TRY(member(key, !otherwise));
  if (found == nullptr) return *otherwise;
  if (!found->is_string()) return wrong(key, "a text");
  return found->get<std::string>();
}

Result<double> ConfigReader::number(std::string_view key, double least, double most,
                                    std::optional<double> otherwise) {
  const Json* found = STRIDE_TRY(member(key, !otherwise));
  if (found == nullptr) return *otherwise;
  const auto value = json::as_double(*found);
  if (!value || !(*value >= least && *value <= most))
    return wrong(key, fmt::format("a number from {:g} to {:g}", least, most));
  return *value;
}

Result<uint32_t> ConfigReader::count(std::string_view key, uint32_t least, uint32_t most,
                                     std::optional<uint32_t> otherwise) {
  const Json* found = STRIDE_TRY(member(key, !otherwise));
  if (found == nullptr) return *otherwise;
  const auto value = json::as_int64(*found);
  if (!value || *value < int64_t{least} || *value > int64_t{most})
    return wrong(key, fmt::format("a whole number from {} to {}", least, most));
  return static_cast<uint32_t>(*value);
}

Result<bool> ConfigReader::flag(std::string_view key, std::optional<bool> otherwise) {
  const Json* found = STRIDE_TRY(member(key, !otherwise));
  if (found == nullptr) return *otherwise;
  if (!found->is_boolean()) return wrong(key, "true or false");
  return found->get<bool>();
}

Result<std::vector<double>> ConfigReader::numbers(std::string_view key, double least, double most,
                                                  std::optional<std::vector<double>> otherwise) {
  const Json* found = STRIDE_TRY(member(key, !otherwise));
  if (found == nullptr) return *otherwise;
  const std::string wanted = fmt::format("a list of numbers from {:g} to {:g}", least, most);
  if (!found->is_array()) return wrong(key, wanted);
  std::vector<double> values;
  for (const Json& item : *found) {
    const auto value = json::as_double(item);
    if (!value || !(*value >= least && *value <= most)) return wrong(key, wanted);
    values.push_back(*value);
  }
  return values;
}

Result<ConfigReader> ConfigReader::object(std::string_view key) {
  const Json* found = STRIDE_TRY(member(key, true));
  if (!found->is_object()) return wrong(key, "an object");
  return ConfigReader(*found, fmt::format("{}{}/", path_, key), *lines_);
}

Result<std::vector<ConfigReader>> ConfigReader::objects(std::string_view key) {
  const Json* found = STRIDE_TRY(member(key, true));
  if (!found->is_array()) return wrong(key, "a list of objects");
  std::vector<ConfigReader> readers;
  for (const Json& item : *found)
    readers.emplace_back(item, fmt::format("{}{}/{}/", path_, key, readers.size()), *lines_);
  return readers;
}

Result<> ConfigReader::nothing_else() const {
  for (const auto& [key, value] : value_->items())
    if (std::ranges::find(known_, key) == known_.end())
      return fail(Errc::format, "{}{}{} is not a setting that the trainer knows", line_of(key),
                  path_, key);
  return {};
}

std::unexpected<Error> ConfigReader::wrong(std::string_view key, std::string_view wanted) const {
  return fail(Errc::format, "{}{}{} must be {}", line_of(key), path_, key, wanted);
}

std::string ConfigReader::line_of(std::string_view key) const {
  auto found = lines_->find(fmt::format("{}{}", path_, key));
  if (found == lines_->end())
    found = lines_->find(std::string_view(path_).substr(0, path_.empty() ? 0 : path_.size() - 1));
  return found == lines_->end() ? "" : fmt::format("line {}: ", found->second);
}

}  // namespace stride::train
