// SPDX-License-Identifier: Apache-2.0
#include "web/assets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

namespace stride::web {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string text_at(std::string_view path) {
  const Asset* asset = find_asset(path);
  return asset ? text_of(asset->plain) : std::string();
}

bool is_ours(const Asset& asset) {
  return !asset.path.starts_with("/web/lib/");
}

uint32_t crc32(std::span<const std::byte> bytes) {
  uint32_t crc = 0xffffffff;
  for (const std::byte byte : bytes) {
    crc ^= static_cast<uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

uint32_t little_endian(std::span<const std::byte> bytes) {
  uint32_t out = 0;
  for (size_t i = 0; i < 4; ++i) out |= static_cast<uint32_t>(bytes[i]) << (8 * i);
  return out;
}

TEST(WebAssets, HoldThePageAndItsParts) {
  ASSERT_NE(find_asset("/"), nullptr);
  EXPECT_EQ(find_asset("/")->content_type, "text/html; charset=utf-8");
  EXPECT_THAT(text_at("/"), testing::StartsWith("<!DOCTYPE html>"));
  EXPECT_EQ(find_asset("/web/js/main.mjs")->content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(find_asset("/web/no-such-file"), nullptr);
  EXPECT_EQ(find_asset(""), nullptr);
  EXPECT_EQ(find_asset("/web/../index.html"), nullptr);
}

// gzip ends with the checksum and the length of what it packed.
TEST(WebAssets, ArePackedFromTheSameBytes) {
  for (const Asset& asset : assets()) {
    SCOPED_TRACE(asset.path);
    ASSERT_GT(asset.plain.size(), 0u);
    ASSERT_GT(asset.packed.size(), 18u);
    EXPECT_EQ(asset.packed[0], std::byte{0x1f});
    EXPECT_EQ(asset.packed[1], std::byte{0x8b});
    EXPECT_EQ(little_endian(asset.packed.last(8)), crc32(asset.plain));
    EXPECT_EQ(little_endian(asset.packed.last(4)), asset.plain.size());
  }
}

TEST(WebAssets, HavePathsAndTagsOfTheirOwn) {
  std::set<std::string_view> paths;
  std::set<std::string_view> tags;
  for (const Asset& asset : assets()) {
    EXPECT_TRUE(paths.insert(asset.path).second) << asset.path;
    EXPECT_TRUE(tags.insert(asset.etag).second) << asset.path;
    EXPECT_THAT(std::string(asset.etag), testing::MatchesRegex("\"[0-9a-f]{20}\""));
  }
}

// What the page and its style sheets name, and what modules import, is there.
TEST(WebAssets, NameNothingThatIsMissing) {
  const std::regex reference(
      R"re((?:href|src)="(web/[^"]+)"|url\((fonts/[^)]+\.woff2)\)|(?:from|import\(?|load_global\() ?"(\.\.?/[^"]+)")re");
  size_t n_reference = 0;
  for (const Asset& asset : assets()) {
    if (!is_ours(asset) && !asset.path.ends_with(".css")) continue;
    const std::string text = text_of(asset.plain);
    for (std::sregex_iterator it(text.begin(), text.end(), reference), end; it != end; ++it) {
      const std::filesystem::path folder = std::filesystem::path(asset.path).parent_path();
      std::string named;
      for (size_t i = 1; i < it->size(); ++i) named += (*it)[i].str();
      const std::string path = (folder / named).lexically_normal().string();
      EXPECT_NE(find_asset(path), nullptr) << asset.path << " names " << path;
      ++n_reference;
    }
  }
  EXPECT_GT(n_reference, 100u);
}

TEST(WebAssets, HoldEveryModuleOfTheFolder) {
  for (const auto& entry : std::filesystem::directory_iterator(STRIDE_WEB "/js")) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with("_test.mjs")) continue;
    EXPECT_NE(find_asset("/web/js/" + name), nullptr) << name << " is not in web/assets.txt";
  }
}

TEST(WebAssets, AskNoOtherServer) {
  for (const Asset& asset : assets()) {
    if (!is_ours(asset)) continue;
    SCOPED_TRACE(asset.path);
    const std::string text =
        std::regex_replace(text_of(asset.plain), std::regex("http://www.w3.org/2000/svg"), "");
    EXPECT_THAT(text, Not(ContainsRegex("https?://[a-z]")));
  }
}

TEST(WebAssets, HaveNoMarkupThatThePolicyForbids) {
  EXPECT_THAT(text_at("/"),
              AllOf(Not(HasSubstr("style=")), Not(HasSubstr("<style")),
                    Not(ContainsRegex("<script>")), Not(ContainsRegex(" on[a-z]+="))));
  for (const Asset& asset : assets()) {
    if (!is_ours(asset) || !asset.path.ends_with("mjs")) continue;
    SCOPED_TRACE(asset.path);
    EXPECT_THAT(text_of(asset.plain),
                Not(ContainsRegex("innerHTML|outerHTML|insertAdjacentHTML|eval\\(")));
  }
}

TEST(WebAssets, LoadLittleAtFirst) {
  size_t first = 0;
  for (const Asset& asset : assets()) {
    if (is_ours(asset)) first += asset.packed.size();
  }
  EXPECT_LT(first, 80u << 10);
}

TEST(WebHeaders, KeepThePageToItself) {
  std::string policy;
  for (const Header& header : headers()) {
    EXPECT_FALSE(header.name.empty());
    EXPECT_FALSE(header.value.empty());
    if (header.name == "Content-Security-Policy") policy = header.value;
  }
  EXPECT_THAT(policy, AllOf(HasSubstr("default-src 'none'"), HasSubstr("script-src 'self'"),
                            HasSubstr("frame-ancestors 'none'"), Not(HasSubstr("unsafe")),
                            Not(HasSubstr("http"))));
}

}  // namespace
}  // namespace stride::web
