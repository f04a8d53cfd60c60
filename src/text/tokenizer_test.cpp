// SPDX-License-Identifier: Apache-2.0
#include "text/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "base/utf8.h"
#include "text/test_vocabulary.h"

namespace stride::text {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::small_vocabulary;

Tokenizer make(Vocabulary vocabulary) {
  auto tokenizer = Tokenizer::create(std::move(vocabulary));
  if (!tokenizer) ADD_FAILURE() << tokenizer.error().message;
  return *std::move(tokenizer);
}

std::string error_of(Vocabulary vocabulary) {
  const auto tokenizer = Tokenizer::create(std::move(vocabulary));
  return tokenizer ? "none" : tokenizer.error().message;
}

const std::vector<std::pair<std::string, std::string>> kMerges = {
    {"h", "e"}, {"l", "l"}, {"he", "ll"}, {"hell", "o"}, {" ", "he"}};
constexpr Token kHello = 259;

TEST(Tokenizer, MergesByRank) {
  const Tokenizer t = make(small_vocabulary(kMerges));
  EXPECT_THAT(t.encode("hello", Special::forbid), ElementsAre(kHello));
  // "h e" comes before " he" and "he ll" before " he": the space is left alone.
  EXPECT_THAT(t.encode(" hello", Special::forbid), ElementsAre(' ', kHello));
  EXPECT_THAT(t.encode(" hex", Special::forbid), ElementsAre(260, 'x'));
  EXPECT_THAT(t.encode("lll", Special::forbid), ElementsAre(257, 'l'));
  EXPECT_TRUE(t.encode("", Special::allow).empty());
}

TEST(Tokenizer, SpecialTokensAreLongestMatchesWhereAllowed) {
  const Tokenizer t = make(small_vocabulary(kMerges, {"<a>", "<a><b>", "<|im_end|>"}, {"<a"}));
  const Token a = *t.find_special("<a>");
  const Token ab = *t.find_special("<a><b>");
  const Token part = *t.find_special("<a");
  EXPECT_THAT(t.encode("<a><b><a><a<ax", Special::allow), ElementsAre(ab, a, part, part, 'x'));
  EXPECT_THAT(t.encode("x<a>hello<", Special::allow), ElementsAre('x', a, kHello, '<'));
  EXPECT_THAT(t.encode("<a>", Special::forbid), ElementsAre('<', 'a', '>'));
  EXPECT_TRUE(t.is_control(a));
  EXPECT_FALSE(t.is_control(part));
  EXPECT_TRUE(t.is_special(part));
  EXPECT_FALSE(t.is_special('<'));
  EXPECT_EQ(t.find_special("<b>"), std::nullopt);
  EXPECT_EQ(t.find_special("hello"), std::nullopt);
}

TEST(Tokenizer, PlainTextRunsOnAcrossSegments) {
  const Tokenizer t = make(small_vocabulary(kMerges, {"<end>"}));
  const Token end = *t.find_special("<end>");
  const std::vector<Segment> prompt = {
      {"<end>he", Special::allow}, {"llo<end>he", Special::forbid}, {"llo<end>", Special::allow}};
  EXPECT_THAT(t.encode(prompt), ElementsAre(end, kHello, '<', 'e', 'n', 'd', '>', kHello, end));
  // Nor can parts of different kinds form a special token together.
  const std::vector<Segment> split = {{"<e", Special::allow}, {"nd>", Special::forbid}};
  for (const Token token : t.encode(split)) EXPECT_FALSE(t.is_special(token));
}

TEST(Tokenizer, EveryByteStringComesBack) {
  const Tokenizer t = make(small_vocabulary(kMerges, {"<end>"}));
  Random random(7);
  for (int round = 0; round < 500; ++round) {
    std::string text;
    const size_t n = random.below(60);
    for (size_t i = 0; i < n; ++i) {
      if (random.below(3) == 0) {
        append_utf8(text, static_cast<char32_t>(random.below(0x3100)));
      } else {
        text += static_cast<char>(random.below(256));
      }
    }
    EXPECT_EQ(t.decode(t.encode(text, Special::forbid)), text);
    EXPECT_EQ(t.decode(t.encode(text + "<end>" + text, Special::allow)), text + "<end>" + text);
  }
}

TEST(Tokenizer, IdsOutOfRangeAreNothing) {
  const Tokenizer t = make(small_vocabulary());
  const std::vector<Token> ids = {'a', -1, 256, 1 << 30, 'b'};
  EXPECT_EQ(t.decode(ids), "ab");
  EXPECT_EQ(t.kind(-5), TokenKind::unused);
  EXPECT_FALSE(t.is_end(-1));
}

TEST(Tokenizer, EndTokensAreLookedUpByName) {
  Vocabulary v = small_vocabulary(
      {}, {"<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜▁pad▁｜>", "<|im_end|>"});
  v.bos = 256;
  v.eos = 259;
  const Tokenizer t = make(v);
  EXPECT_THAT(t.end_tokens(), ElementsAre(257, 258, 259));
  EXPECT_TRUE(t.is_end(258));
  EXPECT_FALSE(t.is_end(256));
  EXPECT_EQ(t.bos(), 256);
  EXPECT_TRUE(t.add_bos());
  v.bos = -1;
  EXPECT_FALSE(make(v).add_bos());
  EXPECT_TRUE(make(small_vocabulary()).end_tokens().empty());
}

TEST(Tokenizer, RefusesContradictions) {
  EXPECT_EQ(error_of(small_vocabulary(kMerges)), "none");
  const auto with = [](auto change) {
    Vocabulary v = small_vocabulary(kMerges, {"<end>"});
    change(v);
    return error_of(std::move(v));
  };
  using V = Vocabulary;
  EXPECT_THAT(with([](V& v) { v.pre = "llama-bpe"; }), HasSubstr("'llama-bpe'; only deepseek-v3"));
  EXPECT_THAT(with([](V& v) { v.pre.clear(); }), HasSubstr("only deepseek-v3"));
  EXPECT_THAT(with([](V& v) { v.tokens.clear(); }), HasSubstr("0 tokens"));
  EXPECT_THAT(with([](V& v) { v.kinds.pop_back(); }), HasSubstr("262 tokens but 261"));
  EXPECT_THAT(with([](V& v) { v.tokens[256] = "a b"; }), HasSubstr("token 256 'a b' is not"));
  EXPECT_THAT(with([](V& v) { v.tokens[256].clear(); }), HasSubstr("token 256 ''"));
  EXPECT_THAT(with([](V& v) { v.tokens[256] = "a"; }), HasSubstr("tokens 97 and 256 are both"));
  EXPECT_THAT(with([](V& v) { v.tokens[65] = "AA"; }), HasSubstr("byte 0x41 has no token"));
  EXPECT_THAT(with([](V& v) { v.kinds[65] = TokenKind::control; }), HasSubstr("byte 0x41"));
  EXPECT_THAT(with([](V& v) { v.kinds[65] = TokenKind::byte; }), HasSubstr("no byte such as"));
  EXPECT_THAT(with([](V& v) { v.merges[0] = "he"; }), HasSubstr("merge 0 'he' is not two"));
  EXPECT_THAT(with([](V& v) { v.merges[0] = "h e l"; }), HasSubstr("is not two"));
  EXPECT_THAT(with([](V& v) { v.merges[0] = " he"; }), HasSubstr("no normal token"));
  EXPECT_THAT(with([](V& v) { v.merges[1] = "x y"; }), HasSubstr("needs 'xy'"));
  EXPECT_THAT(with([](V& v) { v.merges[1] = "h e"; }), HasSubstr("merge 1 'h e' is there twice"));
  EXPECT_THAT(with([](V& v) { v.kinds[256] = TokenKind::control; }), HasSubstr("no normal token"));
  EXPECT_THAT(with([](V& v) { v.bos = 262; }), HasSubstr("bos is token 262"));
  EXPECT_THAT(with([](V& v) { v.eos = -2; }), HasSubstr("eos is token -2"));
  EXPECT_THAT(with([](V& v) { v.pad = 1 << 30; }), HasSubstr("pad is token"));
  EXPECT_THAT(with([](V& v) { v.tokens[261] = std::string(300, '<'); }), HasSubstr("300 bytes"));
  EXPECT_THAT(with([](V& v) {
                v.tokens.push_back("<end>");
                v.kinds.push_back(TokenKind::user_defined);
              }),
              HasSubstr("261 and 262 are both '<end>'"));
}

TEST(Tokenizer, ByteAndUnusedTokensAreOnlyDecoded) {
  Vocabulary v = small_vocabulary();
  v.tokens.insert(v.tokens.end(), {"<0x0A>", "[PAD]", "[PAD]"});
  v.kinds.insert(v.kinds.end(), {TokenKind::byte, TokenKind::unused, TokenKind::unused});
  const Tokenizer t = make(v);
  EXPECT_EQ(t.piece(256), "\n");
  EXPECT_EQ(t.piece(258), "[PAD]");
  EXPECT_EQ(t.encode("[PAD]<0x0A>\n", Special::allow).size(), 12u);
}

TEST(StreamDecoder, GivesWholeCharacters) {
  const Tokenizer t = make(small_vocabulary());
  StreamDecoder stream(t);
  EXPECT_EQ(stream.push('a'), "a");
  EXPECT_EQ(stream.push(0xe4), "");
  EXPECT_EQ(stream.push(0xb8), "");
  EXPECT_EQ(stream.push(0xad), "中");
  EXPECT_EQ(stream.push(0xf0), "");
  EXPECT_EQ(stream.push('b'), "\uFFFDb");
  EXPECT_EQ(stream.push(0xff), "\uFFFD");
  EXPECT_EQ(stream.push(0xf0), "");
  EXPECT_EQ(stream.push(0x9f), "");
  EXPECT_EQ(stream.finish(), "\uFFFD");
  EXPECT_EQ(stream.finish(), "");
  EXPECT_EQ(stream.push(0xa9), "\uFFFD");
}

// However the bytes are cut, the outputs joined are the whole text made valid at once.
TEST(StreamDecoder, AnyCutGivesTheSameText) {
  const Tokenizer t = make(small_vocabulary());
  Random random(3);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    for (size_t i = random.below(12); i > 0; --i) {
      if (random.below(2) == 0) {
        append_utf8(bytes, static_cast<char32_t>(random.below(0x110000)));
      } else {
        bytes += static_cast<char>(random.below(256));
      }
    }
    StreamDecoder stream(t);
    std::string joined;
    for (size_t at = 0; at < bytes.size();) {
      const size_t n = 1 + random.below(4);
      const std::string out = stream.push_bytes(std::string_view(bytes).substr(at, n));
      ASSERT_TRUE(is_utf8(out));
      joined += out;
      at += n;
    }
    joined += stream.finish();
    ASSERT_EQ(joined, to_valid_utf8(bytes));
  }
}

}  // namespace
}  // namespace stride::text
