// SPDX-License-Identifier: Apache-2.0
#include "base/output_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace stride {
namespace {

class OutputFileTest : public testing::Test {
 protected:
  OutputFileTest() { std::filesystem::create_directories(folder_); }
  ~OutputFileTest() override { std::filesystem::remove_all(folder_); }

  static std::string content(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  size_t n_files() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }

  std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) /
                                  ("stride-output-file-" + std::to_string(::getpid()));
  std::filesystem::path path_ = folder_ / "out";
};

TEST_F(OutputFileTest, AppearsWithCommit) {
  auto file = OutputFile::create(path_);
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_TRUE(file->reserve(1'000'000));
  ASSERT_TRUE(file->write("first "));
  ASSERT_TRUE(file->write("second"));
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_EQ(file->written(), 12U);
  ASSERT_TRUE(file->commit());
  EXPECT_EQ(content(path_), "first second");
  EXPECT_EQ(n_files(), 1U);
  EXPECT_FALSE(file->commit());
}

TEST_F(OutputFileTest, LeavesTheOldFileUnlessCommitted) {
  std::ofstream(path_) << "old";
  {
    auto file = OutputFile::create(path_);
    ASSERT_TRUE(file && file->write("new"));
    EXPECT_EQ(n_files(), 2U);
    OutputFile moved = std::move(*file);
    ASSERT_TRUE(moved.write("er"));
  }
  EXPECT_EQ(content(path_), "old");
  EXPECT_EQ(n_files(), 1U);
}

TEST_F(OutputFileTest, TwoWritersDoNotMeet) {
  auto a = OutputFile::create(path_);
  auto b = OutputFile::create(path_);
  ASSERT_TRUE(a && b && a->write("a") && b->write("b"));
  ASSERT_TRUE(a->commit() && b->commit());
  EXPECT_EQ(content(path_), "b");
}

// A limit on file sizes fails writes as a full disk does.
TEST_F(OutputFileTest, FullDiskLeavesTheOldFile) {
  std::ofstream(path_) << "old";
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{10'000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  Result<> written;
  {
    auto file = OutputFile::create(path_);
    const std::vector<std::byte> block(4096);
    for (int i = 0; i < 4 && written; ++i) written = file->write(block);
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Errc::exhausted);
  EXPECT_EQ(content(path_), "old");
  EXPECT_EQ(n_files(), 1U);
}

TEST_F(OutputFileTest, ReserveNamesBothSizes) {
  auto file = OutputFile::create(path_);
  const auto reserved = file->reserve(uint64_t{1} << 60);
  ASSERT_FALSE(reserved);
  EXPECT_EQ(reserved.error().code, Errc::exhausted);
  EXPECT_NE(reserved.error().message.find("needs 1152921504.61 GB, the disk has"),
            std::string::npos);
}

TEST_F(OutputFileTest, RefusesWhatIsNoFile) {
  EXPECT_EQ(OutputFile::create(folder_).error().code, Errc::invalid_argument);
  EXPECT_EQ(OutputFile::create("/dev/null").error().code, Errc::invalid_argument);
  EXPECT_EQ(OutputFile::create(folder_ / "no" / "such").error().code, Errc::not_found);
}

}  // namespace
}  // namespace stride
