// SPDX-License-Identifier: Apache-2.0
// Model files for the tests of conversions.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

#include "format/tensor_catalog.h"

namespace stride::format {

inline std::unique_ptr<TensorCatalog> open(const std::filesystem::path& path) {
  auto catalog = open_model(path);
  EXPECT_TRUE(catalog) << catalog.error().message;
  return *std::move(catalog);
}

inline std::unique_ptr<TensorCatalog> golden(std::string_view name) {
  return open(std::filesystem::path(STRIDE_GOLDEN) / "tiny" / name);
}

}  // namespace stride::format
