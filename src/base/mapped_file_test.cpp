// SPDX-License-Identifier: Apache-2.0
#include "base/mapped_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <string>

namespace stride {
namespace {

std::filesystem::path write_file(const std::string& name, std::string_view text) {
  const auto path = std::filesystem::path(testing::TempDir()) / name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

std::string text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.size()};
}

TEST(MappedFile, ShowsTheBytes) {
  const auto file = MappedFile::open(write_file("mapped", "some bytes"));
  ASSERT_TRUE(file);
  EXPECT_EQ(text_of(*file), "some bytes");
  file->advise(MappedFile::Advice::will_need);
  file->advise(MappedFile::Advice::dont_need, 3, 1'000'000);
  file->advise(MappedFile::Advice::random, 1'000'000, 1);
  EXPECT_EQ(text_of(*file), "some bytes");
}

TEST(MappedFile, MovesItsMapping) {
  auto first = MappedFile::open(write_file("first", "first"));
  auto second = MappedFile::open(write_file("second", "second"));
  ASSERT_TRUE(first && second);
  MappedFile moved = std::move(*first);
  EXPECT_EQ(first->size(), 0U);
  moved = std::move(*second);
  EXPECT_EQ(text_of(moved), "second");
}

TEST(MappedFile, OutlivesTheName) {
  const auto path = write_file("short-lived", "still here");
  const auto file = MappedFile::open(path);
  ASSERT_TRUE(file);
  std::filesystem::remove(path);
  EXPECT_EQ(text_of(*file), "still here");
}

TEST(MappedFile, EmptyFileIsAnEmptySpan) {
  const auto file = MappedFile::open(write_file("empty", ""));
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->bytes().empty());
  file->advise(MappedFile::Advice::sequential);
}

TEST(MappedFile, SaysWhatCannotBeOpened) {
  const auto missing = MappedFile::open("no/such/file");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::not_found);
  EXPECT_EQ(missing.error().message, "no/such/file: No such file or directory");
  const auto folder = MappedFile::open(testing::TempDir());
  ASSERT_FALSE(folder);
  EXPECT_NE(folder.error().message.find("is a directory"), std::string::npos);
}

}  // namespace
}  // namespace stride
