// SPDX-License-Identifier: Apache-2.0
// The paths that need the tokenizer and the template, but not the model.
#include "api/endpoints.h"
#include "api/fields.h"
#include "api/json_text.h"
#include "api/openai_chat_request.h"
#include "api/prepare.h"
#include "api/request_common.h"
#include "json/json.h"

namespace stride::api {
namespace {

// Counting is no promise that the prompt fits.
constexpr uint32_t kNoLimit = UINT32_MAX;

void write_tokens(JsonText& out, std::span<const engine::Token> tokens) {
  out.array();
  for (const engine::Token token : tokens) out.value(token);
  out.end();
}

// llama.cpp's form: {"content", "add_special", "parse_special", "with_pieces"}.
Outcome<std::string> tokenize_content(const Fields& fields, const text::Tokenizer& tokenizer) {
  const std::string content = STRIDE_TRY(fields.text("content")).value_or("");
  const bool parse = STRIDE_TRY(fields.boolean("parse_special")).value_or(false);
  std::vector<engine::Token> tokens;
  if (STRIDE_TRY(fields.boolean("add_special")).value_or(false) && tokenizer.bos() >= 0)
    tokens.push_back(tokenizer.bos());
  tokenizer.encode(content, parse ? text::Special::allow : text::Special::forbid, tokens);
  JsonText out;
  out.object().key("tokens");
  if (STRIDE_TRY(fields.boolean("with_pieces")).value_or(false)) {
    out.array();
    for (const engine::Token token : tokens)
      out.object().field("id", token).field("piece", tokenizer.piece(token)).end();
    out.end();
  } else {
    write_tokens(out, tokens);
  }
  return out.end().take();
}

}  // namespace

Outcome<std::string> Endpoints::count_tokens(Incoming& in) {
  ChatCall call = STRIDE_TRY(read_call(in));
  turns_.restore(in.client, call);
  const auto inputs = STRIDE_TRY(encode_call(call, engine_, kNoLimit));
  JsonText out;
  out.object();
  if (call.dialect != Dialect::messages) out.field("object", "response.input_tokens");
  return out.field("input_tokens", inputs.front().prompt.size()).end().take();
}

// vLLM's form has `prompt` or `messages` and tells the count and the limit, too.
Outcome<std::string> Endpoints::tokenize(Incoming& in) {
  Json body = STRIDE_TRY(parse_body(in.request.body));
  const Fields fields(body);
  if (fields.has("content")) return tokenize_content(fields, engine_.tokenizer());
  std::vector<engine::Token> tokens;
  if (fields.has("messages")) {
    const ChatCall call = STRIDE_TRY(read_chat_request(std::move(body), defaults_for_call()));
    tokens = STRIDE_TRY(encode_call(call, engine_, kNoLimit)).front().prompt;
  } else {
    const auto prompt = STRIDE_TRY(fields.text("prompt"));
    if (!prompt) return refuse("content", "one of content, prompt and messages is needed");
    const bool special = STRIDE_TRY(fields.boolean("add_special_tokens")).value_or(true);
    tokens = special ? engine_.encode_raw(*prompt).prompt
                     : engine_.tokenizer().encode(*prompt, text::Special::forbid);
  }
  JsonText out;
  out.object().field("count", tokens.size()).field("max_model_len", options_.n_context);
  out.key("tokens");
  write_tokens(out, tokens);
  return out.end().take();
}

Outcome<std::string> Endpoints::detokenize(Incoming& in) {
  const Json body = STRIDE_TRY(parse_body(in.request.body));
  const Json* list = STRIDE_TRY(Fields(body).array("tokens"));
  if (list == nullptr) return refuse("tokens", "tokens must be a list of token ids");
  const auto n_vocab = static_cast<int64_t>(engine_.tokenizer().size());
  std::vector<engine::Token> tokens;
  for (size_t i = 0; i < list->size(); ++i) {
    const auto id = json::as_int64((*list)[i]);
    if (!id || *id < 0 || *id >= n_vocab)
      return refuse("tokens", fmt::format("tokens[{}] is {}; ids are from 0 to {}", i,
                                          json::dump((*list)[i]), n_vocab - 1));
    tokens.push_back(static_cast<engine::Token>(*id));
  }
  const std::string text = engine_.tokenizer().decode(tokens);
  return JsonText().object().field("content", text).field("prompt", text).end().take();
}

Outcome<std::string> Endpoints::apply_template(Incoming& in) {
  Json body = STRIDE_TRY(parse_body(in.request.body));
  const ChatCall call = STRIDE_TRY(read_chat_request(std::move(body), defaults_for_call()));
  const chat::Prompt prompt = STRIDE_TRY(render_call(call));
  return JsonText().object().field("prompt", prompt.text()).end().take();
}

}  // namespace stride::api
