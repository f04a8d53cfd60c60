// SPDX-License-Identifier: Apache-2.0
// Vocabularies as files hold them: GGUF metadata and tokenizer.json.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "json/json.h"
#include "text/gguf_vocabulary.h"
#include "text/test_vocabulary.h"
#include "text/tokenizer_json.h"

namespace stride::text {
namespace {

using ::testing::HasSubstr;
using testing::small_vocabulary;

Vocabulary example() {
  Vocabulary v = small_vocabulary({{"a", "b"}, {"ab", " "}},
                                  {"<｜begin▁of▁sentence｜>", "<|im_end|>"}, {"<think>"});
  v.bos = 258;
  v.eos = 259;
  return v;
}

void expect_equal(const Vocabulary& a, const Vocabulary& b) {
  EXPECT_EQ(a.tokens, b.tokens);
  EXPECT_EQ(a.kinds, b.kinds);
  EXPECT_EQ(a.merges, b.merges);
  EXPECT_EQ(a.pre, b.pre);
  EXPECT_EQ(a.bos, b.bos);
  EXPECT_EQ(a.eos, b.eos);
  EXPECT_EQ(a.pad, b.pad);
  EXPECT_EQ(a.add_bos, b.add_bos);
}

format::Metadata metadata_of(const Vocabulary& v) {
  format::Metadata metadata;
  write_vocabulary(v, metadata);
  return metadata;
}

TEST(GgufVocabulary, ComesBack) {
  const auto read = read_vocabulary(metadata_of(example()));
  ASSERT_TRUE(read) << read.error().message;
  expect_equal(*read, example());
}

TEST(GgufVocabulary, RefusesWithTheKey) {
  const auto with = [](const std::function<void(format::Metadata&)>& change) {
    format::Metadata metadata = metadata_of(example());
    change(metadata);
    const auto read = read_vocabulary(metadata);
    return read ? "none" : read.error().message;
  };
  using M = format::Metadata;
  EXPECT_THAT(with([](M& m) { m.set_string("tokenizer.ggml.pre", "qwen2"); }),
              HasSubstr("tokenizer.ggml.pre is 'qwen2'; only deepseek-v3"));
  EXPECT_THAT(with([](M& m) { m.erase("tokenizer.ggml.pre"); }), HasSubstr("tokenizer.ggml.pre"));
  EXPECT_THAT(with([](M& m) { m.set_string("tokenizer.ggml.model", "llama"); }),
              HasSubstr("tokenizer.ggml.model is 'llama'"));
  EXPECT_THAT(with([](M& m) { m.erase("tokenizer.ggml.merges"); }), HasSubstr("ggml.merges"));
  EXPECT_THAT(with([](M& m) { m.set_u32("tokenizer.ggml.tokens", 3); }), HasSubstr("ggml.tokens"));
  EXPECT_THAT(with([](M& m) { m.set_i32s("tokenizer.ggml.token_type", {1, 2}); }),
              HasSubstr("token_type: 2 entries for 261 tokens"));
  EXPECT_THAT(with([](M& m) {
                std::vector<int64_t> types(261, 1);
                types[9] = 7;
                m.set_i32s("tokenizer.ggml.token_type", types);
              }),
              HasSubstr("token 9 has the unknown type 7"));
  EXPECT_THAT(with([](M& m) { m.set_u32("tokenizer.ggml.bos_token_id", 0xffffffff); }),
              HasSubstr("tokenizer.ggml.bos_token_id: 4294967295"));
}

Json tokenizer_json(const Vocabulary& v) {
  Json root;
  root["normalizer"] = {{"type", "Sequence"}, {"normalizers", Json::array()}};
  Json steps = Json::array();
  for (const char* regex :
       {"\\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+",
        "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}"
        "\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"}) {
    steps.push_back({{"type", "Split"},
                     {"pattern", {{"Regex", regex}}},
                     {"behavior", "Isolated"},
                     {"invert", false}});
  }
  steps.push_back({{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}});
  root["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", steps}};
  root["model"]["type"] = "BPE";
  root["added_tokens"] = Json::array();
  for (size_t i = 0; i < v.tokens.size(); ++i) {
    if (v.kinds[i] == TokenKind::normal) {
      root["model"]["vocab"][v.tokens[i]] = i;
    } else {
      root["added_tokens"].push_back(
          {{"id", i}, {"content", v.tokens[i]}, {"special", v.kinds[i] == TokenKind::control}});
    }
  }
  root["model"]["merges"] = v.merges;
  return root;
}

TEST(TokenizerJson, ComesBack) {
  Json root = tokenizer_json(example());
  for (const bool pairs : {false, true}) {
    if (pairs) root["model"]["merges"] = Json::parse(R"([["a", "b"], ["ab", "Ġ"]])");
    const auto read = read_tokenizer_json(json::dump(root));
    ASSERT_TRUE(read) << read.error().message;
    expect_equal(*read, example());
    EXPECT_TRUE(Tokenizer::create(*read));
  }
}

TEST(TokenizerJson, IsWrittenAsItIsRead) {
  const auto again = read_tokenizer_json(write_tokenizer_json(example()));
  ASSERT_TRUE(again) << again.error().message;
  expect_equal(*again, example());
}

TEST(TokenizerJson, AddedTokensMayBeInTheVocabularyToo) {
  Json root = tokenizer_json(example());
  root["model"]["vocab"]["<|im_end|>"] = 259;
  const auto read = read_tokenizer_json(json::dump(root));
  ASSERT_TRUE(read) << read.error().message;
  expect_equal(*read, example());
}

TEST(TokenizerJson, RefusesWhatItWouldGetWrong) {
  const auto with = [](const std::function<void(Json&)>& change) {
    Json root = tokenizer_json(example());
    change(root);
    const auto read = read_tokenizer_json(json::dump(root));
    return read ? "none" : read.error().message;
  };
  using J = Json;
  EXPECT_EQ(with([](J&) {}), "none");
  EXPECT_THAT(with([](J& r) { r.erase("model"); }), HasSubstr("no \"model\""));
  EXPECT_THAT(with([](J& r) { r["model"]["type"] = "Unigram"; }), HasSubstr("not BPE"));
  EXPECT_THAT(with([](J& r) { r["model"]["dropout"] = 0.1; }), HasSubstr("dropout"));
  EXPECT_THAT(with([](J& r) { r["model"]["byte_fallback"] = true; }), HasSubstr("byte_fallback"));
  EXPECT_THAT(with([](J& r) { r["model"]["ignore_merges"] = true; }), HasSubstr("ignore_merges"));
  EXPECT_THAT(with([](J& r) { r["model"]["end_of_word_suffix"] = "</w>"; }),
              HasSubstr("end_of_word_suffix"));
  EXPECT_THAT(with([](J& r) { r["normalizer"] = {{"type", "NFC"}}; }), HasSubstr("normalizer"));
  EXPECT_THAT(
      with([](J& r) { r["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = "\\d"; }),
      HasSubstr("deepseek-v3"));
  EXPECT_THAT(with([](J& r) { r["pre_tokenizer"]["pretokenizers"][1]["behavior"] = "Removed"; }),
              HasSubstr("deepseek-v3"));
  EXPECT_THAT(with([](J& r) { r["pre_tokenizer"]["pretokenizers"].erase(1); }),
              HasSubstr("deepseek-v3"));
  EXPECT_THAT(with([](J& r) { r["pre_tokenizer"] = nullptr; }), HasSubstr("deepseek-v3"));
  EXPECT_THAT(with([](J& r) { r["added_tokens"][0]["lstrip"] = true; }), HasSubstr("lstrip"));
  EXPECT_THAT(with([](J& r) { r["added_tokens"][0].erase("id"); }), HasSubstr("added_tokens[0]"));
  EXPECT_THAT(with([](J& r) { r["added_tokens"] = 3; }), HasSubstr("added_tokens"));
  EXPECT_THAT(with([](J& r) { r["model"]["vocab"]["a"] = 1000000; }), HasSubstr("\"a\""));
  EXPECT_THAT(with([](J& r) { r["model"]["vocab"]["a"] = -1; }), HasSubstr("\"a\""));
  EXPECT_THAT(with([](J& r) { r["model"]["vocab"]["a"] = "x"; }), HasSubstr("\"a\""));
  EXPECT_THAT(with([](J& r) { r["model"]["vocab"]["a"] = 98; }), HasSubstr("id 98 is both"));
  EXPECT_THAT(with([](J& r) { r["model"]["vocab"].erase("a"); }),
              HasSubstr("\"<think>\" has the id 260, but there are only 260"));
  EXPECT_THAT(with([](J& r) {
                r["added_tokens"].push_back(r["added_tokens"][0]);
                r["added_tokens"].erase(1);
              }),
              HasSubstr("no token has the id 259"));
  EXPECT_THAT(with([](J& r) { r["model"]["vocab"] = Json::array(); }), HasSubstr("model.vocab"));
  EXPECT_THAT(with([](J& r) { r["model"]["merges"] = nullptr; }), HasSubstr("model.merges"));
  EXPECT_THAT(with([](J& r) { r["model"]["merges"][0] = 5; }), HasSubstr("merge 0"));
  EXPECT_FALSE(read_tokenizer_json("{"));
  EXPECT_FALSE(read_tokenizer_json(""));
  EXPECT_FALSE(read_tokenizer_json("[]"));
  EXPECT_FALSE(read_tokenizer_json(std::string(100, '[')));
  EXPECT_FALSE(read_tokenizer_json(R"({"model": 1, "model": 2})"));
}

}  // namespace
}  // namespace stride::text
