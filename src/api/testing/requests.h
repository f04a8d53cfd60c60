// SPDX-License-Identifier: Apache-2.0
// For tests of the request parsers: bodies to calls, and calls to prompts.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "api/completions_request.h"
#include "api/messages_request.h"
#include "api/openai_chat_request.h"
#include "api/prepare.h"
#include "api/request_common.h"
#include "api/responses_request.h"
#include "json/json.h"

namespace stride::api::testing {

inline CallDefaults defaults() {
  CallDefaults out;
  out.model = "step";
  return out;
}

inline Outcome<ChatCall> read(Dialect dialect, const std::string& text) {
  Json body = STRIDE_TRY(parse_body(text));
  switch (dialect) {
    case Dialect::completions:
      return read_completions_request(body, defaults());
    case Dialect::responses:
      return read_responses_request(body, Json::array(), defaults());
    case Dialect::messages:
      return read_messages_request(body, defaults());
    case Dialect::chat:
      break;
  }
  return read_chat_request(std::move(body), defaults());
}

inline ChatCall good(Dialect dialect, const std::string& text) {
  auto call = read(dialect, text);
  EXPECT_TRUE(call) << text << ": " << call.error().message;
  return call ? *std::move(call) : ChatCall{};
}

inline Failure bad(Dialect dialect, const std::string& text) {
  auto call = read(dialect, text);
  EXPECT_FALSE(call) << text;
  return call ? Failure{} : call.error();
}

// A chat request with more fields.
inline std::string chat_body(const std::string& fields) {
  return R"({"messages":[{"role":"user","content":"Hi"}])" + (fields.empty() ? "" : "," + fields) +
         "}";
}

inline std::string messages_body(const std::string& fields) {
  return R"({"max_tokens":500,"messages":[{"role":"user","content":"Hi"}])" +
         (fields.empty() ? "" : "," + fields) + "}";
}

inline std::string rendered(const ChatCall& call) {
  const auto prompt = render_call(call);
  EXPECT_TRUE(prompt) << prompt.error().message;
  return prompt ? prompt->text() : "";
}

}  // namespace stride::api::testing
