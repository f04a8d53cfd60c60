// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/cast.h"

#include <gmock/gmock.h>

#include "gauntlet/cast_testing.h"
#include "gauntlet/encoding.h"

namespace stride::gauntlet {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "stride-casts-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

Cast cast_of(std::string sha, std::string body) {
  Cast cast{.request_sha = std::move(sha), .status = 200};
  cast.pieces.push_back({5, std::move(body)});
  return cast;
}

TEST(Encoding, Base64HasOneSpelling) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
    bytes += static_cast<char>(i * 37);
  }
  EXPECT_EQ(to_base64("ab"), "YWI=");
  for (const char* text : {"YWI", "YWJ=", "YW=I", "Y===", "====", "YWI\n", "YW I", "YWI=YWI="})
    EXPECT_FALSE(from_base64(text)) << text;
}

TEST(Encoding, Sha256OfTheStandardsExamples) {
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Cast, NamesTheLineThatIsWrong) {
  const std::string good = write_cast(cast_of("any", "x"));
  const std::string header = good.substr(0, good.find('\n') + 1);
  const auto error = [](const std::string& text) {
    const auto cast = read_cast(text);
    return cast ? std::string() : cast.error().message;
  };
  EXPECT_EQ(error(good), "");
  EXPECT_THAT(error(""), HasSubstr("line 1"));
  EXPECT_THAT(error("[]"), HasSubstr("line 1"));
  EXPECT_THAT(error("{\"version\": 2}"), HasSubstr("version 1"));
  EXPECT_THAT(error(header + "[5]\n"), HasSubstr("line 2"));
  EXPECT_THAT(error(header + "[5, \"!\"]\n"), HasSubstr("line 2: is not base64"));
  EXPECT_THAT(error(header + "[-5, \"\"]\n"), HasSubstr("line 2"));
  EXPECT_THAT(error(header + "[5, \"\"]\n[4, \"\"]\n"), HasSubstr("line 3: time goes backwards"));
  EXPECT_THAT(error(header + "[1e300, \"\"]\n"), HasSubstr("line 2"));
}

TEST(Cast, KeepsNoSecret) {
  Cast cast{.status = 401, .headers = {{"x-request-id", "sk-secret-1"}}};
  for (const char* part : {"Incorrect key: sk-se", "cret", "-1, again sk-secret-1."})
    cast.pieces.push_back({0, part});
  redact(cast, "sk-secret-1");
  const std::string text = write_cast(cast);
  EXPECT_EQ(cast.pieces[0].bytes, "Incorrect key: xxxxx");
  EXPECT_EQ(cast.pieces[1].bytes, "xxxx");
  EXPECT_EQ(cast.pieces[2].bytes, "xx, again xxxxxxxxxxx.");
  EXPECT_EQ(cast.headers[0].second, "xxxxxxxxxxx");
  EXPECT_THAT(cast.redactions, testing::ElementsAre("key"));
  Cast clean = cast_of("any", "x");
  redact(clean, "sk-secret-1");
  EXPECT_TRUE(clean.redactions.empty());
}

TEST(Cast, KeepsOnlyHeadersThatAreKnown) {
  const auto kept =
      allowed_headers({{"Content-Type", "a"}, {"Set-Cookie", "b"}, {"RETRY-AFTER", "3"}});
  EXPECT_THAT(kept,
              testing::ElementsAre(std::pair("content-type", "a"), std::pair("retry-after", "3")));
}

TEST(CastFolder, GivesTheCastsOfARequestInTheirOrder) {
  const Folder folder;
  for (const char* body : {"first", "second"})
    ASSERT_TRUE(save_cast(folder.path(), cast_of("0123456789abcdef0", body)));
  ASSERT_TRUE(save_cast(folder.path(), cast_of("any", "other")));
  const auto casts = CastFolder::open(folder.path());
  ASSERT_TRUE(casts) << casts.error().message;
  const auto next = [&](const char* sha) {
    return casts->next(sha).value().second.pieces[0].bytes;
  };
  EXPECT_EQ(next("0123456789abcdef0"), "first");
  EXPECT_EQ(next("0123456789abcdef0"), "second");
  EXPECT_EQ(next("0123456789abcdef0"), "second");
  EXPECT_EQ(next("none"), "other");
}

TEST(CastFolder, MayBeOneCastAlone) {
  const Folder folder;
  const std::string name = save_cast(folder.path(), cast_of("0123", "x")).value();
  ASSERT_TRUE(save_cast(folder.path(), cast_of("any", "y")));
  const auto casts = CastFolder::open(folder.path() / name);
  ASSERT_TRUE(casts) << casts.error().message;
  EXPECT_EQ(casts->next("0123")->second.pieces[0].bytes, "x");
  EXPECT_FALSE(casts->next("4567"));
}

TEST(CastFolder, SaysWhatItLacks) {
  const Folder folder;
  EXPECT_FALSE(CastFolder::open(folder.path()));
  EXPECT_FALSE(CastFolder::open(folder.path() / "missing"));
  ASSERT_TRUE(save_cast(folder.path(), cast_of("0123", "x")));
  EXPECT_EQ(CastFolder::open(folder.path())->next("4567").error().code, Errc::not_found);
}

}  // namespace
}  // namespace stride::gauntlet
