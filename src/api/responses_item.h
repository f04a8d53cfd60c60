// SPDX-License-Identifier: Apache-2.0
// The items that an answer of Responses is made of, as JSON.
#pragma once

#include <string>
#include <string_view>

namespace stride::api {

struct OutputItem {
  enum class Kind { none, reasoning, message, call, custom };

  Kind kind = Kind::none;
  std::string id{};
  std::string text{};     // of reasoning and messages; the arguments of a call
  std::string handle{};   // of reasoning: its encrypted_content, if the client wants it
  std::string call_id{};  // of a call
  std::string name{};
  std::string space{};      // the namespace of the function
  std::string logprobs{};   // of a message: entries, comma separated
  bool summarised = false;  // reasoning is told as a summary
  bool done = false;
  bool cut = false;  // by the limit of tokens
};

// As it is now: without content while it is not done.
std::string write_item(const OutputItem& item);
// The one part of a message or of reasoning, holding `text`.
std::string write_part(const OutputItem& item, std::string_view text);
// The text that a custom tool is given, out of the arguments of its function.
std::string custom_input(const std::string& arguments);

}  // namespace stride::api
