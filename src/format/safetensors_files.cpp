// SPDX-License-Identifier: Apache-2.0
#include "format/safetensors_files.h"

#include <algorithm>
#include <set>
#include <utility>

#include "json/json.h"

namespace stride::format {
namespace {

constexpr std::string_view kIndexSuffix = ".safetensors.index.json";
constexpr std::string_view kSuffix = ".safetensors";

// Only names of files in the folder itself: an index must not lead elsewhere.
bool is_plain_file_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && name.ends_with(kSuffix) &&
         name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

using WeightMap = std::unordered_map<std::string, std::string>;

Result<WeightMap> read_index(const std::filesystem::path& path) {
  const Json index = STRIDE_TRY(read_json_file(path));
  const std::string name = path.filename().string();
  const Json* map = json::member(index, "weight_map");
  if (!map || !map->is_object()) return fail(Errc::format, "{}: has no \"weight_map\"", name);
  WeightMap out;
  for (const auto& [tensor, file] : map->items()) {
    const auto* text = file.get_ptr<const std::string*>();
    if (!text || !is_plain_file_name(*text))
      return fail(Errc::format, "{}: tensor {} is in a file that is no *.safetensors of its folder",
                  name, tensor);
    out.emplace(tensor, *text);
  }
  return out;
}

// The index of a folder, or its only *.safetensors file.
Result<std::filesystem::path> find_entry(const std::filesystem::path& folder) {
  std::error_code error;
  auto index = folder / "model.safetensors.index.json";
  if (std::filesystem::exists(index, error)) return index;
  std::vector<std::filesystem::path> found;
  for (auto it = std::filesystem::directory_iterator(folder, error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    if (it->path().filename().string().ends_with(kSuffix)) found.push_back(it->path());
  }
  if (error) return fail(Errc::io, "{}: {}", folder.string(), error.message());
  if (found.size() == 1) return found[0];
  if (found.empty())
    return fail(Errc::not_found, "{}: holds no model (no *.safetensors and no index of them)",
                folder.string());
  return fail(Errc::not_found,
              "{}: holds {} *.safetensors files but no model.safetensors.index.json",
              folder.string(), found.size());
}

}  // namespace

Result<Json> read_json_file(const std::filesystem::path& path) {
  const MappedFile file = STRIDE_TRY(MappedFile::open(path));
  const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()), file.size());
  return STRIDE_TRY_AT(path.filename().string(), json::parse(text));
}

Result<SafetensorsFiles> SafetensorsFiles::open(const std::filesystem::path& path) {
  std::error_code ignored;
  const bool is_folder = std::filesystem::is_directory(path, ignored);
  const auto entry = is_folder ? STRIDE_TRY(find_entry(path)) : path;
  SafetensorsFiles out;
  out.folder_ = entry.parent_path();
  if (!entry.filename().string().ends_with(kIndexSuffix)) {
    STRIDE_TRY(out.add(entry.filename().string()));
    return out;
  }
  const WeightMap map = STRIDE_TRY(read_index(entry));
  std::set<std::string> names;  // sorted, so that the order of tensors does not depend on hashing
  for (const auto& [tensor, file] : map) names.insert(file);
  for (const std::string& name : names) STRIDE_TRY(out.add(name));
  STRIDE_TRY(out.check_index(map));
  return out;
}

Result<> SafetensorsFiles::add(const std::string& file_name) {
  auto file = std::make_unique<File>();
  file->mapping = STRIDE_TRY(MappedFile::open(folder_ / file_name));
  file->content = STRIDE_TRY_AT(file_name, parse_safetensors(file->mapping.bytes()));
  for (const SafeTensor& tensor : file->content.tensors) {
    if (!by_name_.try_emplace(tensor.name, entries_.size()).second)
      return fail(Errc::format, "tensor {} is in {} and in {}", tensor.name, file_of_[tensor.name],
                  file_name);
    file_of_[tensor.name] = file_name;
    entries_.push_back(
        {&tensor, file->mapping.bytes().subspan(tensor.offset, tensor.bytes), &file->mapping});
  }
  files_.push_back(std::move(file));
  return {};
}

Result<> SafetensorsFiles::check_index(const WeightMap& wanted) const {
  for (const auto& [tensor, file] : wanted) {
    const auto it = file_of_.find(tensor);
    if (it == file_of_.end() || it->second != file)
      return fail(Errc::format, "tensor {} is not in {}, where the index places it", tensor, file);
  }
  return {};
}

const SafetensorsFiles::Entry* SafetensorsFiles::find(std::string_view name) const {
  const auto it = by_name_.find(std::string(name));
  return it == by_name_.end() ? nullptr : &entries_[it->second];
}

}  // namespace stride::format
