// SPDX-License-Identifier: Apache-2.0
// The files of a checkpoint folder: found through the index or by name, mapped and checked. Knows
// nothing of what the tensors mean.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/mapped_file.h"
#include "format/safetensors.h"
#include "json/json_fwd.h"

namespace stride::format {

class SafetensorsFiles {
 public:
  struct Entry {
    const SafeTensor* tensor;
    std::span<const std::byte> bytes;
    const MappedFile* file;  // that holds the bytes, from tensor->offset on
  };

  // `path` as for open_safetensors().
  static Result<SafetensorsFiles> open(const std::filesystem::path& path);

  const std::filesystem::path& folder() const { return folder_; }
  const std::vector<Entry>& entries() const { return entries_; }  // in the order of the files
  const Entry* find(std::string_view name) const;
  const std::string& file_name(const Entry& entry) const { return file_of_.at(entry.tensor->name); }

 private:
  struct File {
    MappedFile mapping;
    SafetensorsFile content;
  };

  Result<> add(const std::string& file_name);
  Result<> check_index(const std::unordered_map<std::string, std::string>& wanted) const;

  std::filesystem::path folder_;
  std::vector<std::unique_ptr<File>> files_;
  std::vector<Entry> entries_;
  std::unordered_map<std::string, size_t> by_name_;
  std::unordered_map<std::string, std::string> file_of_;
};

// A JSON file of the folder; not_found where there is none.
Result<Json> read_json_file(const std::filesystem::path& path);

}  // namespace stride::format
