// SPDX-License-Identifier: Apache-2.0
#include "text/tokenizer_json.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "json/json.h"
#include "text/pre_tokenizer.h"
#include "text/special_names.h"

namespace stride::text {
namespace {

constexpr size_t kMaxFileBytes = size_t{256} << 20;
constexpr size_t kMaxDepth = 16;

// The three passes as the file spells them; line ends may be escaped or not.
constexpr std::array<std::string_view, 3> kPasses = {
    R"(\p{N}{1,3})", "[一-龥぀-ゟ゠-ヿ]+",
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+)"
    R"(|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+)"
    R"(| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"};

std::string with_escaped_line_ends(std::string_view regex) {
  std::string out;
  for (const char c : regex) {
    if (c == '\r') {
      out += "\\r";
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

bool is_absent(const Json* value) {
  return value == nullptr || value->is_null();
}
bool is_true(const Json& object, std::string_view key) {
  const Json* value = json::member(object, key);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}
bool is_named(const Json& object, std::string_view key, std::string_view name) {
  const std::string* text = json::string_member(object, key);
  return text != nullptr && *text == name;
}

std::unexpected<Error> unsupported(std::string_view what) {
  return fail(Errc::unsupported, "tokenizer.json: {}", what);
}

Result<> check_normalizer(const Json& root) {
  const Json* normalizer = json::member(root, "normalizer");
  if (is_absent(normalizer)) return {};
  const Json* steps = json::member(*normalizer, "normalizers");
  if (is_named(*normalizer, "type", "Sequence") && steps != nullptr && steps->is_array() &&
      steps->empty()) {
    return {};
  }
  return unsupported("a normalizer changes the text before it is split, which is not supported");
}

bool is_pass(const Json& step, std::string_view regex) {
  const Json* pattern = json::member(step, "pattern");
  const std::string* text = pattern ? json::string_member(*pattern, "Regex") : nullptr;
  return is_named(step, "type", "Split") && is_named(step, "behavior", "Isolated") &&
         !is_true(step, "invert") && text != nullptr && with_escaped_line_ends(*text) == regex;
}

Result<> check_pre_tokenizer(const Json& root) {
  const Json* steps = json::find(root, "/pre_tokenizer/pretokenizers");
  bool known = steps != nullptr && steps->is_array() && steps->size() == kPasses.size() + 1;
  for (size_t i = 0; known && i < kPasses.size(); ++i) known = is_pass((*steps)[i], kPasses[i]);
  if (known) {
    const Json& last = steps->back();
    known = is_named(last, "type", "ByteLevel") && !is_true(last, "add_prefix_space") &&
            !is_true(last, "use_regex");
  }
  if (known) return {};
  return unsupported(
      "the pre-tokenizer is not that of deepseek-v3, the only one known, and another one would "
      "give "
      "wrong tokens");
}

Result<> check_model(const Json& model) {
  if (!is_named(model, "type", "BPE")) return unsupported("the model is not BPE");
  if (!is_absent(json::member(model, "dropout"))) return unsupported("the model uses dropout");
  for (const std::string_view key : {"byte_fallback", "ignore_merges"}) {
    if (is_true(model, key)) return unsupported(fmt::format("the model uses {}", key));
  }
  for (const std::string_view key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const Json* value = json::member(model, key);
    if (!is_absent(value) && !is_named(model, key, "")) {
      return unsupported(fmt::format("the model uses {}", key));
    }
  }
  return {};
}

// The tokens by id while they are collected: a file may list them in any order.
class TokenTable {
 public:
  // No id can be larger than the number of entries the file has, as there may be no holes.
  explicit TokenTable(size_t n_entry) : tokens_(n_entry), kinds_(n_entry), set_(n_entry) {}

  Result<> add(const Json& id, const std::string& text, TokenKind kind) {
    const auto value = json::as_int64(id);
    if (!value || *value < 0) {
      return fail(Errc::format, "tokenizer.json: the id of \"{}\" is no number from 0 on", text);
    }
    if (static_cast<size_t>(*value) >= tokens_.size()) {
      return fail(Errc::format,
                  "tokenizer.json: \"{}\" has the id {}, but there are only {} tokens and ids must "
                  "have no holes",
                  text, *value, tokens_.size());
    }
    const auto i = static_cast<size_t>(*value);
    // Added tokens may also be listed in the vocabulary, with the same text.
    if (set_[i] && (tokens_[i] != text || kind == TokenKind::normal)) {
      return fail(Errc::format, "tokenizer.json: id {} is both \"{}\" and \"{}\"", i, tokens_[i],
                  text);
    }
    if (!set_[i]) ++n_set_;
    set_[i] = true;
    tokens_[i] = text;
    kinds_[i] = kind;
    return {};
  }

  Result<> give_to(Vocabulary& vocabulary) {
    const auto hole = std::find(set_.begin(), set_.begin() + static_cast<ptrdiff_t>(n_set_), false);
    if (hole != set_.begin() + static_cast<ptrdiff_t>(n_set_)) {
      return fail(Errc::format, "tokenizer.json: no token has the id {}", hole - set_.begin());
    }
    tokens_.resize(n_set_);
    kinds_.resize(n_set_);
    vocabulary.tokens = std::move(tokens_);
    vocabulary.kinds = std::move(kinds_);
    return {};
  }

 private:
  std::vector<std::string> tokens_;
  std::vector<TokenKind> kinds_;
  std::vector<bool> set_;
  size_t n_set_ = 0;
};

Result<> add_special(TokenTable& table, const Json& added, size_t i) {
  const std::string* text = json::string_member(added, "content");
  const Json* id = json::member(added, "id");
  if (text == nullptr || id == nullptr) {
    return fail(Errc::format, "tokenizer.json: added_tokens[{}] has no id or no content", i);
  }
  for (const std::string_view key : {"lstrip", "rstrip", "single_word"}) {
    if (is_true(added, key)) {
      return unsupported(fmt::format("added token \"{}\" uses {}", *text, key));
    }
  }
  return table.add(*id, *text,
                   is_true(added, "special") ? TokenKind::control : TokenKind::user_defined);
}

Result<> read_tokens(const Json& root, const Json& model, Vocabulary& vocabulary) {
  const Json* vocab = json::member(model, "vocab");
  const Json* added = json::member(root, "added_tokens");
  if (vocab == nullptr || !vocab->is_object()) {
    return fail(Errc::format, "tokenizer.json: model.vocab is missing or no object");
  }
  if (!is_absent(added) && !added->is_array()) {
    return fail(Errc::format, "tokenizer.json: added_tokens is no array");
  }
  TokenTable table(vocab->size() + (is_absent(added) ? 0 : added->size()));
  for (const auto& [text, id] : vocab->get_ref<const Json::object_t&>()) {
    STRIDE_TRY(table.add(id, text, TokenKind::normal));
  }
  for (size_t i = 0; !is_absent(added) && i < added->size(); ++i) {
    STRIDE_TRY(add_special(table, (*added)[i], i));
  }
  return table.give_to(vocabulary);
}

// "a b" or ["a", "b"].
Result<std::string> read_merge(const Json& merge, size_t rank) {
  if (merge.is_string()) return merge.get_ref<const std::string&>();
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
    return merge[0].get_ref<const std::string&>() + ' ' + merge[1].get_ref<const std::string&>();
  }
  return fail(Errc::format, "tokenizer.json: merge {} is neither \"a b\" nor a pair", rank);
}

Result<> read_merges(const Json& model, Vocabulary& vocabulary) {
  const Json* merges = json::member(model, "merges");
  if (merges == nullptr || !merges->is_array()) {
    return fail(Errc::format, "tokenizer.json: model.merges is missing or no array");
  }
  vocabulary.merges.reserve(merges->size());
  for (size_t rank = 0; rank < merges->size(); ++rank) {
    vocabulary.merges.push_back(STRIDE_TRY(read_merge((*merges)[rank], rank)));
  }
  return {};
}

}  // namespace

Result<Vocabulary> read_tokenizer_json(std::string_view text) {
  const Json root =
      STRIDE_TRY_AT("tokenizer.json", json::parse(text, {.max_depth = kMaxDepth,
                                                         .max_bytes = kMaxFileBytes,
                                                         .duplicates = json::Duplicates::refuse}));
  const Json* model = json::member(root, "model");
  if (is_absent(model)) return fail(Errc::format, "tokenizer.json: there is no \"model\"");
  STRIDE_TRY(check_model(*model));
  STRIDE_TRY(check_normalizer(root));
  STRIDE_TRY(check_pre_tokenizer(root));
  Vocabulary vocabulary;
  vocabulary.pre = kDeepseekV3;
  STRIDE_TRY(read_tokens(root, *model, vocabulary));
  STRIDE_TRY(read_merges(*model, vocabulary));
  set_roles_by_name(vocabulary);
  return vocabulary;
}

std::string write_tokenizer_json(const Vocabulary& vocabulary) {
  Json root = Json::object(), passes = Json::array(), added = Json::array();
  for (const std::string_view regex : kPasses) {
    Json step = Json::object();
    step["type"] = "Split";
    step["pattern"]["Regex"] = regex;
    step["behavior"] = "Isolated";
    step["invert"] = false;
    passes.push_back(std::move(step));
  }
  Json bytes = Json::object();
  bytes["type"] = "ByteLevel";
  bytes["add_prefix_space"] = false;
  bytes["trim_offsets"] = true;
  bytes["use_regex"] = false;
  passes.push_back(bytes);
  Json vocab = Json::object();
  for (size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    if (vocabulary.kinds[i] == TokenKind::normal) {
      vocab[vocabulary.tokens[i]] = i;
      continue;
    }
    Json token = Json::object();
    token["id"] = i;
    token["content"] = vocabulary.tokens[i];
    for (const char* key : {"single_word", "lstrip", "rstrip", "normalized"}) token[key] = false;
    token["special"] = vocabulary.kinds[i] == TokenKind::control;
    added.push_back(std::move(token));
  }
  root["version"] = "1.0";
  root["added_tokens"] = std::move(added);
  root["normalizer"] = nullptr;
  root["pre_tokenizer"]["type"] = "Sequence";
  root["pre_tokenizer"]["pretokenizers"] = std::move(passes);
  root["decoder"] = std::move(bytes);
  root["model"]["type"] = "BPE";
  root["model"]["vocab"] = std::move(vocab);
  root["model"]["merges"] = vocabulary.merges;
  return json::dump(root) + '\n';
}

}  // namespace stride::text
