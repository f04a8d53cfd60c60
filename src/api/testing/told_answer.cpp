// SPDX-License-Identifier: Apache-2.0
#include "api/testing/told_answer.h"

#include <algorithm>

#include "api/testing/told_parts.h"

namespace stride::api::testing {
namespace {

constexpr json::ParseOptions kExact{.numbers = json::Numbers::exact};
constexpr const char* kOfReasoning = "reasoning: ";

std::string arguments_text(const Json& input) {
  // What was cut is told as text inside an object.
  const std::string* cut = input.size() == 1 ? json::string_member(input, "partial_json") : nullptr;
  return cut != nullptr ? *cut : json::dump(input);
}

Result<> read_openai(const Json& body, ToldAnswer& out) {
  const Json* choice = json::find(body, "/choices/0");
  if (choice == nullptr) return fail(Errc::format, "there is no choice");
  if (const Json* message = json::member(*choice, "message")) {
    add_reasoning(*message, out);
    add_text(ToldBlock::Kind::content, text_at(*message, "/content"), out);
    for (const Json& call : list_at(*message, "/tool_calls"))
      out.blocks.push_back({ToldBlock::Kind::call, text_at(call, "/function/name"),
                            text_at(call, "/function/arguments")});
  } else {
    add_text(ToldBlock::Kind::content, text_at(*choice, "/text"), out);
  }
  add_openai_logprobs(*choice, out);
  out.finish_reason = text_at(*choice, "/finish_reason");
  out.stop = text_at(*choice, "/stop_reason");
  out.usage = STRIDE_TRY(openai_usage(body));
  return {};
}

Result<> read_messages(const Json& body, ToldAnswer& out) {
  for (const Json& block : list_at(body, "/content")) {
    const std::string type = text_at(block, "/type");
    if (type == "thinking") {
      add_text(ToldBlock::Kind::reasoning, text_at(block, "/thinking"), out);
    } else if (type == "text") {
      add_text(ToldBlock::Kind::content, text_at(block, "/text"), out);
    } else if (const Json* input = json::member(block, "input"); type == "tool_use" && input) {
      out.blocks.push_back(
          {ToldBlock::Kind::call, text_at(block, "/name"), arguments_text(*input)});
    } else {
      return fail(Errc::format, "a block of the type \"{}\"", type);
    }
  }
  out.finish_reason = text_at(body, "/stop_reason");
  out.stop = text_at(body, "/stop_sequence");
  out.usage = STRIDE_TRY(messages_usage(body));
  return {};
}

Result<> read_responses(const Json& body, ToldAnswer& out) {
  for (const Json& item : list_at(body, "/output")) add_item(item, out);
  out.finish_reason = text_at(body, "/status");
  out.usage = STRIDE_TRY(responses_usage(body));
  if (text_at(body, "/output_text") != out.joined(ToldBlock::Kind::content))
    return fail(Errc::format, "output_text is not the text of the messages");
  return {};
}

uint64_t count_at(const Json& from, std::string_view pointer, bool& there) {
  const Json* value = json::find(from, pointer);
  const auto n = value != nullptr ? json::as_int64(*value) : std::nullopt;
  there &= n.has_value() && *n >= 0;
  return static_cast<uint64_t>(n.value_or(0));
}

Result<ToldUsage> checked(const ToldUsage& usage, bool there, uint64_t total) {
  if (!there) return fail(Errc::format, "the usage is not whole");
  if (total != usage.prompt + usage.completion)
    return fail(Errc::format, "the total of the usage is wrong");
  return usage;
}

}  // namespace

Result<Json> parse_told(std::string_view text) {
  return json::parse(text, kExact);
}

std::string text_at(const Json& from, std::string_view pointer) {
  const Json* text = json::find(from, pointer);
  return text != nullptr && text->is_string() ? text->get<std::string>() : std::string();
}

const Json& list_at(const Json& from, std::string_view pointer) {
  static const Json kNone = Json::array();
  const Json* list = json::find(from, pointer);
  return list != nullptr && list->is_array() ? *list : kNone;
}

void add_text(ToldBlock::Kind kind, std::string_view text, ToldAnswer& out) {
  if (text.empty()) return;
  const bool goes_on = !out.blocks.empty() && out.blocks.back().kind == kind;
  if (!goes_on) out.blocks.push_back({.kind = kind});
  out.blocks.back().text += text;
}

void add_reasoning(const Json& from, ToldAnswer& out) {
  const std::string text = text_at(from, "/reasoning_content");
  add_text(ToldBlock::Kind::reasoning, text.empty() ? text_at(from, "/reasoning") : text, out);
}

void add_openai_logprobs(const Json& choice, ToldAnswer& out) {
  for (const Json& entry : list_at(choice, "/logprobs/reasoning_content"))
    out.logprobs.push_back(kOfReasoning + json::dump(entry));
  for (const Json& entry : list_at(choice, "/logprobs/content"))
    out.logprobs.push_back(json::dump(entry));
  const Json& tokens = list_at(choice, "/logprobs/tokens");
  for (size_t i = 0; i < tokens.size(); ++i) {
    Json entry = Json::array({tokens[i]});
    for (const char* list : {"token_logprobs", "top_logprobs", "text_offset"})
      entry.push_back(choice.at("logprobs").at(list).at(i));
    out.logprobs.push_back(json::dump(entry));
  }
}

void add_item(const Json& item, ToldAnswer& out) {
  const std::string type = text_at(item, "/type");
  if (type == "function_call" || type == "custom_tool_call") {
    const char* text = type == "function_call" ? "/arguments" : "/input";
    out.blocks.push_back({ToldBlock::Kind::call, text_at(item, "/name"), text_at(item, text)});
    return;
  }
  const auto kind = type == "message" ? ToldBlock::Kind::content : ToldBlock::Kind::reasoning;
  std::string text;
  for (const char* list : {"/summary", "/content"})
    for (const Json& part : list_at(item, list)) {
      text += text_at(part, "/text");
      for (const Json& entry : list_at(part, "/logprobs"))
        out.logprobs.push_back(json::dump(entry));
    }
  out.blocks.push_back({.kind = kind, .text = std::move(text)});
}

Result<ToldUsage> openai_usage(const Json& body) {
  bool there = true;
  const ToldUsage out{
      .prompt = count_at(body, "/usage/prompt_tokens", there),
      .completion = count_at(body, "/usage/completion_tokens", there),
      .reasoning = count_at(body, "/usage/completion_tokens_details/reasoning_tokens", there)};
  const uint64_t total = count_at(body, "/usage/total_tokens", there);
  return checked(out, there, total);
}

Result<ToldUsage> messages_usage(const Json& body) {
  bool there = true;
  const ToldUsage out{.prompt = count_at(body, "/usage/input_tokens", there) +
                                count_at(body, "/usage/cache_read_input_tokens", there) +
                                count_at(body, "/usage/cache_creation_input_tokens", there),
                      .completion = count_at(body, "/usage/output_tokens", there)};
  return checked(out, there, out.prompt + out.completion);
}

Result<ToldUsage> responses_usage(const Json& body) {
  bool there = true;
  const ToldUsage out{
      .prompt = count_at(body, "/usage/input_tokens", there),
      .completion = count_at(body, "/usage/output_tokens", there),
      .reasoning = count_at(body, "/usage/output_tokens_details/reasoning_tokens", there)};
  const uint64_t total = count_at(body, "/usage/total_tokens", there);
  return checked(out, there, total);
}

std::string ToldAnswer::joined(ToldBlock::Kind kind) const {
  std::string out;
  for (const ToldBlock& block : blocks)
    if (block.kind == kind) out += block.text;
  return out;
}

std::vector<ToldBlock> ToldAnswer::calls() const {
  std::vector<ToldBlock> out;
  for (const ToldBlock& block : blocks)
    if (block.kind == ToldBlock::Kind::call) out.push_back(block);
  return out;
}

ToldAnswer merged(const ToldAnswer& answer) {
  ToldAnswer out = answer;
  out.blocks.clear();
  for (const auto kind : {ToldBlock::Kind::reasoning, ToldBlock::Kind::content})
    add_text(kind, answer.joined(kind), out);
  const auto calls = answer.calls();
  out.blocks.insert(out.blocks.end(), calls.begin(), calls.end());
  std::ranges::stable_partition(
      out.logprobs, [](const std::string& entry) { return entry.starts_with(kOfReasoning); });
  return out;
}

Result<ToldAnswer> read_whole(Dialect dialect, std::string_view text) {
  const Json body = STRIDE_TRY(parse_told(text));
  ToldAnswer out;
  out.finish_cause = text_at(body, "/timings/finish_cause");
  if (dialect == Dialect::messages) {
    STRIDE_TRY(read_messages(body, out));
  } else if (dialect == Dialect::responses) {
    STRIDE_TRY(read_responses(body, out));
  } else {
    STRIDE_TRY(read_openai(body, out));
  }
  return out;
}

}  // namespace stride::api::testing
