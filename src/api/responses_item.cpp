// SPDX-License-Identifier: Apache-2.0
#include "api/responses_item.h"

#include "api/json_text.h"
#include "api/responses_tools.h"
#include "json/json.h"

namespace stride::api {
namespace {

std::string_view status_of(const OutputItem& item) {
  if (!item.done) return "in_progress";
  return item.cut ? "incomplete" : "completed";
}

void write_reasoning(JsonText& out, const OutputItem& item) {
  const bool whole = item.done && !item.text.empty();
  out.field("type", "reasoning").field("status", status_of(item)).key("summary").array();
  if (whole && item.summarised) out.raw(write_part(item, item.text));
  out.end().key("content").array();
  if (whole && !item.summarised) out.raw(write_part(item, item.text));
  out.end();
  if (item.handle.empty()) {
    out.null_field("encrypted_content");
  } else {
    out.field("encrypted_content", item.handle);
  }
}

void write_message(JsonText& out, const OutputItem& item) {
  out.field("type", "message").field("status", status_of(item)).field("role", "assistant");
  out.key("content").array();
  if (item.done) out.raw(write_part(item, item.text));
  out.end();
}

void write_call(JsonText& out, const OutputItem& item) {
  const bool custom = item.kind == OutputItem::Kind::custom;
  out.field("type", custom ? "custom_tool_call" : "function_call");
  out.field("status", status_of(item)).field("call_id", item.call_id).field("name", item.name);
  if (!item.space.empty()) out.field("namespace", item.space);
  if (custom) {
    out.field("input", item.done ? custom_input(item.text) : "");
  } else {
    out.field("arguments", item.done ? item.text : "");
  }
}

}  // namespace

std::string write_item(const OutputItem& item) {
  JsonText out;
  out.object().field("id", item.id);
  switch (item.kind) {
    case OutputItem::Kind::none:
      break;
    case OutputItem::Kind::reasoning:
      write_reasoning(out, item);
      break;
    case OutputItem::Kind::message:
      write_message(out, item);
      break;
    case OutputItem::Kind::call:
    case OutputItem::Kind::custom:
      write_call(out, item);
      break;
  }
  return out.end().take();
}

std::string write_part(const OutputItem& item, std::string_view text) {
  JsonText out;
  out.object();
  if (item.kind == OutputItem::Kind::reasoning) {
    out.field("type", item.summarised ? "summary_text" : "reasoning_text").field("text", text);
  } else {
    out.field("type", "output_text").field("text", text).key("annotations").array().end();
    out.key("logprobs").array();
    if (!text.empty() && !item.logprobs.empty()) out.raw(item.logprobs);
    out.end();
  }
  return out.end().take();
}

std::string custom_input(const std::string& arguments) {
  const auto parsed = json::parse(arguments, {.numbers = json::Numbers::exact});
  if (!parsed) return arguments;
  const std::string* input = json::string_member(*parsed, kCustomParameter);
  return input != nullptr ? *input : arguments;
}

}  // namespace stride::api
