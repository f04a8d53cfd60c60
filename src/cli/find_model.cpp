// SPDX-License-Identifier: Apache-2.0
#include "cli/find_model.h"

#include <algorithm>

namespace stride::cli {

namespace fs = std::filesystem;

namespace {

constexpr const char* kBundled = "step-nano.gguf";
constexpr int kBuildDepth = 4;  // build/<preset>/src/cli below a checkout

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

}  // namespace

fs::path executable_folder() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path();
}

std::vector<fs::path> bundled_places(const fs::path& folder) {
  std::vector<fs::path> out{folder / kBundled, folder / "models" / kBundled,
                            folder.parent_path() / "share" / "stride" / kBundled};
  fs::path up = folder;
  for (int i = 0; i < kBuildDepth && up.has_relative_path(); ++i) {
    up = up.parent_path();
    out.push_back(up / "models" / kBundled);
  }
  return out;
}

Result<fs::path> find_model(const std::string& given, const std::vector<fs::path>& bundled) {
  if (!given.empty()) {
    if (is_there(given)) return fs::path(given);
    return fail(Errc::not_found,
                "there is no model at {}; a GGUF file (any part of a split one) or a folder of "
                "safetensors of Step-3.5-Flash or Step-3.7-Flash is wanted",
                given);
  }
  for (const fs::path& place : bundled) {
    if (is_there(place)) return place;
  }
  // In a checkout its models/ is the place, elsewhere the folder of the program.
  const auto place = std::ranges::find_if(bundled, [](const fs::path& path) {
    return path.parent_path().filename() == "models" && is_there(path.parent_path());
  });
  const fs::path best = place != bundled.end() ? *place
                        : bundled.empty()      ? fs::path(kBundled)
                                               : bundled.front();
  return fail(Errc::not_found,
              "no model was named and {} is not there; name one with -m FILE, or put one at {}",
              kBundled, best.string());
}

}  // namespace stride::cli
