// SPDX-License-Identifier: Apache-2.0
#include "format/hf_tokenizer.h"

#include <algorithm>
#include <utility>

#include "json/json.h"

namespace stride::format {
namespace {

class Vocabulary {
 public:
  explicit Vocabulary(size_t n) : tokens_(n), kinds_(n, static_cast<int64_t>(TokenKind::unused)) {}

  Result<> add(const Json& id_value, const std::string& token, TokenKind kind) {
    const auto id = json::as_int64(id_value);
    if (!id || *id < 0 || static_cast<size_t>(*id) >= tokens_.size())
      return fail(Errc::format, "a token has an id outside the vocabulary of {}", tokens_.size());
    const auto at = static_cast<size_t>(*id);
    const bool taken = kinds_[at] != static_cast<int64_t>(TokenKind::unused);
    // Added tokens may repeat an entry of the base vocabulary; its kind is the added one's.
    if (taken && tokens_[at] != token) return fail(Errc::format, "two tokens have the id {}", at);
    tokens_[at] = token;
    kinds_[at] = static_cast<int64_t>(kind);
    return {};
  }

  int64_t id_of(std::string_view token) const {
    const auto it = std::ranges::find(tokens_, token);
    return it == tokens_.end() ? -1 : it - tokens_.begin();
  }

  void write(Metadata& out) && {
    for (size_t i = 0; i < tokens_.size(); ++i) {
      if (kinds_[i] == static_cast<int64_t>(TokenKind::unused))
        tokens_[i] = fmt::format("[PAD{}]", i);
    }
    out.set_strings("tokenizer.ggml.tokens", std::move(tokens_));
    out.set_i32s("tokenizer.ggml.token_type", std::move(kinds_));
  }

 private:
  std::vector<std::string> tokens_;
  std::vector<int64_t> kinds_;
};

Result<> add_added_tokens(const Json& tokenizer, Vocabulary& vocabulary) {
  const Json* added = json::member(tokenizer, "added_tokens");
  if (!added || !added->is_array()) return {};
  for (const Json& token : *added) {
    const Json* id = json::member(token, "id");
    const std::string* content = json::string_member(token, "content");
    if (!id || !content)
      return fail(Errc::format, "an added token has no \"id\" or no \"content\"");
    const Json* special = json::member(token, "special");
    const bool control = special && special->is_boolean() && special->get<bool>();
    STRIDE_TRY(
        vocabulary.add(*id, *content, control ? TokenKind::control : TokenKind::user_defined));
  }
  return {};
}

// "a b", or ["a", "b"] as newer files have it.
Result<std::vector<std::string>> read_merges(const Json& model) {
  const Json* merges = json::member(model, "merges");
  if (!merges || !merges->is_array()) return fail(Errc::format, "\"merges\" is missing");
  std::vector<std::string> out;
  out.reserve(merges->size());
  for (const Json& merge : *merges) {
    if (const auto* text = merge.get_ptr<const std::string*>()) {
      out.push_back(*text);
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
               merge[1].is_string()) {
      out.push_back(merge[0].get_ref<const std::string&>() + " " +
                    merge[1].get_ref<const std::string&>());
    } else {
      return fail(Errc::format, "merge {} is not a pair", out.size());
    }
  }
  return out;
}

// Whether the pre-tokenizer is the one named deepseek-v3, told by two of its patterns.
bool is_deepseek_v3(const Json& tokenizer) {
  const Json* pre = json::member(tokenizer, "pre_tokenizer");
  if (!pre) return false;
  const std::string text = json::dump(*pre);
  return text.find(R"(\\p{N}{1,3})") != std::string::npos &&
         text.find("[\xe4\xb8\x80-\xe9\xbe\xa5") != std::string::npos;
}

void add_special_ids(const HfConfig& config, const Vocabulary& vocabulary, size_t n_vocab,
                     Metadata& out) {
  const auto set = [&](std::string_view key, int64_t id) {
    if (id >= 0 && static_cast<size_t>(id) < n_vocab)
      out.set_u32(fmt::format("tokenizer.ggml.{}_token_id", key), static_cast<uint32_t>(id));
  };
  set("bos", config.bos_id);
  // A file names one end token: the one that ends a turn of a conversation.
  const int64_t turn_end = vocabulary.id_of("<|im_end|>");
  if (std::ranges::find(config.eos_ids, turn_end) != config.eos_ids.end()) {
    set("eos", turn_end);
  } else if (!config.eos_ids.empty()) {
    set("eos", config.eos_ids.front());
  }
  set("padding", config.pad_id >= 0 ? config.pad_id : 1);
}

}  // namespace

Result<> read_hf_tokenizer(const Json& tokenizer, const Json& settings, const HfConfig& config,
                           Metadata& out, std::vector<std::string>& warnings) {
  const Json* model = json::member(tokenizer, "model");
  const Json* vocab = model ? json::member(*model, "vocab") : nullptr;
  if (!vocab || !vocab->is_object()) return fail(Errc::format, "\"model\" has no \"vocab\"");
  if (const std::string* type = json::string_member(*model, "type"); type && *type != "BPE")
    return fail(Errc::unsupported, "the model's type is not BPE");
  Vocabulary vocabulary(config.n_vocab);
  for (const auto& [token, id] : vocab->items())
    STRIDE_TRY(vocabulary.add(id, token, TokenKind::normal));
  STRIDE_TRY(add_added_tokens(tokenizer, vocabulary));

  out.set_string("tokenizer.ggml.model", "gpt2");
  // A wrong name would make wrong tokens without a word; "unknown" is refused by whoever wants to
  // read text.
  const bool known = is_deepseek_v3(tokenizer);
  out.set_string("tokenizer.ggml.pre", known ? "deepseek-v3" : "unknown");
  if (!known) {
    warnings.emplace_back(
        "tokenizer.json: its pre-tokenizer is not deepseek-v3; the model can be computed, but not "
        "with text");
  }
  add_special_ids(config, vocabulary, config.n_vocab, out);
  std::move(vocabulary).write(out);
  out.set_strings("tokenizer.ggml.merges", STRIDE_TRY(read_merges(*model)));
  const Json* add_bos = json::member(settings, "add_bos_token");
  out.set_bool("tokenizer.ggml.add_bos_token",
               add_bos && add_bos->is_boolean() ? add_bos->get<bool>() : true);
  if (const std::string* text = json::string_member(settings, "chat_template"))
    out.set_string("tokenizer.chat_template", *text);
  return {};
}

}  // namespace stride::format
