// SPDX-License-Identifier: Apache-2.0
#include "net/content_coding.h"

#include <gtest/gtest.h>

namespace stride::net {
namespace {

constexpr size_t kMost = size_t{1} << 20;

const auto kAlways = [](size_t) { return true; };

Unpacking unpacked(std::string_view packed, size_t most, std::string& out) {
  out.clear();
  return unpack(packed, most, kAlways, out);
}

TEST(ContentCoding, UnpacksWhatItPacked) {
  std::string out;
  for (const size_t n : {0, 1, 1000, 65535, 65536, 65537, 1 << 20}) {
    std::string plain;
    for (size_t i = 0; i < n; ++i) plain += static_cast<char>(i * i >> 7);
    ASSERT_EQ(unpacked(pack(plain), kMost, out), Unpacking::done) << n;
    EXPECT_EQ(out, plain);
  }
  ASSERT_EQ(unpacked(pack("ab") + pack("cd"), kMost, out), Unpacking::done);
  EXPECT_EQ(out, "abcd");
  // The other form, by hand: a stored block in zlib's frame.
  using namespace std::string_view_literals;
  ASSERT_EQ(unpacked("\x78\x01\x01\x01\x00\xfe\xff\x61\x00\x62\x00\x62"sv, kMost, out),
            Unpacking::done);
  EXPECT_EQ(out, "a");
}

TEST(ContentCoding, ABombIsStopped) {
  const std::string bomb = pack(std::string(size_t{64} << 20, 'x'));
  EXPECT_LT(bomb.size(), size_t{1} << 20);
  std::string out;
  EXPECT_EQ(unpacked(bomb, kMost, out), Unpacking::too_large);
  EXPECT_LE(out.capacity(), 4 * kMost);
  size_t asked = 0;
  out.clear();
  const auto little = [&](size_t n) { return (asked = n) <= 200'000; };
  EXPECT_EQ(unpack(bomb, kMost, little, out), Unpacking::no_room);
  EXPECT_LT(asked, 400'000U);
  EXPECT_EQ(unpacked(pack(std::string(kMost, 'x')), kMost, out), Unpacking::done);
  EXPECT_EQ(unpacked(pack(std::string(kMost + 1, 'x')), kMost, out), Unpacking::too_large);
}

TEST(ContentCoding, WhatIsDamagedIsRefused) {
  const std::string good = pack("what is damaged is refused, wherever the damage is");
  std::string out;
  for (size_t n = 0; n < good.size(); ++n)
    EXPECT_EQ(unpacked(good.substr(0, n), kMost, out), Unpacking::malformed) << n;
  EXPECT_EQ(unpacked(good + "x", kMost, out), Unpacking::malformed);
  EXPECT_EQ(unpacked("{\"messages\":[]}", kMost, out), Unpacking::malformed);
  std::string wrong_sum = good;
  wrong_sum[good.size() - 6] ^= 1;
  EXPECT_EQ(unpacked(wrong_sum, kMost, out), Unpacking::malformed);
}

TEST(ContentCoding, ReadsWhatIsAccepted) {
  for (const char* yes : {"gzip", "gzip, deflate, br", "br;q=1, GZIP;q=0.5", "*", "*;q=0.1"})
    EXPECT_TRUE(accepts_gzip(yes)) << yes;
  for (const char* no : {"", "identity", "br", "gzip;q=0", "gzip; q=0.000, *", "*;q=0", "xgzip"})
    EXPECT_FALSE(accepts_gzip(no)) << no;
  EXPECT_TRUE(known_coding("GZip") && known_coding("deflate"));
  EXPECT_FALSE(known_coding("br") || known_coding("gzip, gzip") || known_coding(""));
}

}  // namespace
}  // namespace stride::net
