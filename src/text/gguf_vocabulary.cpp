// SPDX-License-Identifier: Apache-2.0
#include "text/gguf_vocabulary.h"

#include <limits>
#include <utility>

#include "text/pre_tokenizer.h"

namespace stride::text {
namespace {

constexpr std::string_view kModelKey = "tokenizer.ggml.model";
constexpr std::string_view kPreKey = "tokenizer.ggml.pre";
constexpr std::string_view kTokensKey = "tokenizer.ggml.tokens";
constexpr std::string_view kKindsKey = "tokenizer.ggml.token_type";
constexpr std::string_view kMergesKey = "tokenizer.ggml.merges";
constexpr std::string_view kBosKey = "tokenizer.ggml.bos_token_id";
constexpr std::string_view kEosKey = "tokenizer.ggml.eos_token_id";
constexpr std::string_view kPadKey = "tokenizer.ggml.padding_token_id";
constexpr std::string_view kAddBosKey = "tokenizer.ggml.add_bos_token";
constexpr std::string_view kByteLevelBpe = "gpt2";

// Token types as GGUF numbers them.
enum : int64_t { kNormal = 1, kUnknown, kControl, kUserDefined, kUnused, kByte };

Result<TokenKind> kind_of(size_t token, int64_t type) {
  switch (type) {
    case kNormal:
      return TokenKind::normal;
    case kUnknown:
    case kControl:
      return TokenKind::control;
    case kUserDefined:
      return TokenKind::user_defined;
    case kUnused:
      return TokenKind::unused;
    case kByte:
      return TokenKind::byte;
    default:
      return fail(Errc::format, "{}: token {} has the unknown type {}", kKindsKey, token, type);
  }
}

int64_t type_of(TokenKind kind) {
  switch (kind) {
    case TokenKind::normal:
      return kNormal;
    case TokenKind::control:
      return kControl;
    case TokenKind::byte:
      return kByte;
    case TokenKind::unused:
      return kUnused;
    case TokenKind::user_defined:
      return kUserDefined;
  }
  return kUnused;
}

// -1 if the key is absent.
Result<Token> read_id(const format::Metadata& metadata, std::string_view key) {
  if (!metadata.contains(key)) return -1;
  const int64_t id = STRIDE_TRY(metadata.integer(key));
  if (id < 0 || id > std::numeric_limits<Token>::max()) {
    return fail(Errc::format, "{}: {} is no token", key, id);
  }
  return static_cast<Token>(id);
}

Result<> check_model(const format::Metadata& metadata) {
  const std::string_view model = STRIDE_TRY(metadata.string(kModelKey));
  if (model != kByteLevelBpe) {
    return fail(Errc::unsupported, "{} is '{}'; only {} (byte-level BPE) is known", kModelKey,
                model, kByteLevelBpe);
  }
  const std::string_view pre = STRIDE_TRY(metadata.string(kPreKey));
  if (pre != kDeepseekV3) {
    return fail(Errc::unsupported,
                "{} is '{}'; only {} is known, and another one would give wrong tokens", kPreKey,
                pre, kDeepseekV3);
  }
  return {};
}

}  // namespace

Result<Vocabulary> read_vocabulary(const format::Metadata& metadata) {
  STRIDE_TRY(check_model(metadata));
  Vocabulary vocabulary;
  vocabulary.pre = kDeepseekV3;
  const auto tokens = STRIDE_TRY(metadata.strings(kTokensKey));
  const auto merges = STRIDE_TRY(metadata.strings(kMergesKey));
  const auto types = STRIDE_TRY(metadata.integers(kKindsKey));
  if (types.size() != tokens.size()) {
    return fail(Errc::format, "{}: {} entries for {} tokens", kKindsKey, types.size(),
                tokens.size());
  }
  vocabulary.tokens.assign(tokens.begin(), tokens.end());
  vocabulary.merges.assign(merges.begin(), merges.end());
  vocabulary.kinds.reserve(types.size());
  for (size_t i = 0; i < types.size(); ++i) {
    vocabulary.kinds.push_back(STRIDE_TRY(kind_of(i, types[i])));
  }
  vocabulary.bos = STRIDE_TRY(read_id(metadata, kBosKey));
  vocabulary.eos = STRIDE_TRY(read_id(metadata, kEosKey));
  vocabulary.pad = STRIDE_TRY(read_id(metadata, kPadKey));
  if (metadata.contains(kAddBosKey)) vocabulary.add_bos = STRIDE_TRY(metadata.boolean(kAddBosKey));
  return vocabulary;
}

void write_vocabulary(const Vocabulary& vocabulary, format::Metadata& metadata) {
  metadata.set_string(std::string(kModelKey), std::string(kByteLevelBpe));
  metadata.set_string(std::string(kPreKey), vocabulary.pre);
  metadata.set_strings(std::string(kTokensKey), vocabulary.tokens);
  std::vector<int64_t> types;
  for (const TokenKind kind : vocabulary.kinds) types.push_back(type_of(kind));
  metadata.set_i32s(std::string(kKindsKey), std::move(types));
  metadata.set_strings(std::string(kMergesKey), vocabulary.merges);
  const auto set_id = [&](std::string_view key, Token id) {
    if (id >= 0) metadata.set_u32(std::string(key), static_cast<uint32_t>(id));
  };
  set_id(kBosKey, vocabulary.bos);
  set_id(kEosKey, vocabulary.eos);
  set_id(kPadKey, vocabulary.pad);
  metadata.set_bool(std::string(kAddBosKey), vocabulary.add_bos);
}

}  // namespace stride::text
