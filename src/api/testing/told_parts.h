// SPDX-License-Identifier: Apache-2.0
// The parts of bodies and events that the readers of told_answer.h share.
#pragma once

#include "api/testing/told_answer.h"
#include "json/json.h"

namespace stride::api::testing {

// Numbers as they are written.
Result<Json> parse_told(std::string_view text);

// Empty where there is no such text or list.
std::string text_at(const Json& from, std::string_view pointer);
const Json& list_at(const Json& from, std::string_view pointer);

// Behind the last block, if that is of the same kind.
void add_text(ToldBlock::Kind kind, std::string_view text, ToldAnswer& out);
void add_reasoning(const Json& from, ToldAnswer& out);
void add_openai_logprobs(const Json& choice, ToldAnswer& out);
// A block for an item of Responses that is done.
void add_item(const Json& item, ToldAnswer& out);

Result<ToldUsage> openai_usage(const Json& body);
Result<ToldUsage> messages_usage(const Json& body);
Result<ToldUsage> responses_usage(const Json& body);

}  // namespace stride::api::testing
