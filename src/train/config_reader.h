// SPDX-License-Identifier: Apache-2.0
// Reads the members of a JSON object one by one with their ranges, and knows which were asked for:
// whatever is left over is a mistake of the user's. Errors name the member by its line and path.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "json/json.h"

namespace stride::train {

class ConfigReader {
 public:
  using Lines = std::map<std::string, uint32_t, std::less<>>;  // of json::lines()

  // `value` and `lines` must outlive the reader. path: "" for the root, else with a slash at its
  // end.
  ConfigReader(const Json& value, std::string path, const Lines& lines)
      : value_(&value), path_(std::move(path)), lines_(&lines) {}

  // Members with a default may be absent.
  Result<std::string> text(std::string_view key, std::optional<std::string> otherwise = {});
  Result<double> number(std::string_view key, double least, double most,
                        std::optional<double> otherwise = {});
  Result<uint32_t> count(std::string_view key, uint32_t least, uint32_t most,
                         std::optional<uint32_t> otherwise = {});
  Result<bool> flag(std::string_view key, std::optional<bool> otherwise = {});
  Result<std::vector<double>> numbers(std::string_view key, double least, double most,
                                      std::optional<std::vector<double>> otherwise = {});
  Result<ConfigReader> object(std::string_view key);
  Result<std::vector<ConfigReader>> objects(std::string_view key);

  // Fails if the object has members that nobody asked for.
  Result<> nothing_else() const;

  // The failure of one member: "line 7: stages/0/length must be ...".
  std::unexpected<Error> wrong(std::string_view key, std::string_view wanted) const;

 private:
  // The member, or nullptr where it may be absent and is.
  Result<const Json*> member(std::string_view key, bool required);
  // "line 7: ", of the member or, where it is missing, of the object.
  std::string line_of(std::string_view key) const;

  const Json* value_;
  std::string path_;
  const Lines* lines_;
  std::vector<std::string> known_;
};

}  // namespace stride::train
