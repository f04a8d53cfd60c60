// SPDX-License-Identifier: Apache-2.0
// A request after its dialect has been read: one form for all of them. The request parsers
// (*_request.h) make it, prepare.h turns it into what the engine runs, and the encoders (encoder.h)
// look at it to answer in the dialect it came in.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "api/dialect.h"
#include "chat/message.h"
#include "engine/generate.h"
#include "engine/service.h"

namespace stride::api {

// The form that the answer's content must have.
struct ConstraintSpec {
  enum class Kind : uint8_t { none, json_object, json_schema, regex, choice, grammar };

  Kind kind = Kind::none;
  std::string text{};                  // the schema as JSON, the expression or the grammar
  std::vector<std::string> choices{};  // the content is one of them

  bool operator==(const ConstraintSpec&) const = default;
};

enum class ToolChoice : uint8_t { automatic, none, required };

struct ToolRules {
  ToolChoice choice = ToolChoice::automatic;
  std::vector<std::string> allowed{};  // the functions that may be called; empty: all declared
  bool parallel = true;                // more than one call in an answer

  bool operator==(const ToolRules&) const = default;
};

// Under which names reasoning is sent in the chat dialect.
enum class ReasoningField : uint8_t { both, reasoning_content, reasoning, none, in_content };

struct OutputSettings {
  bool stream = false;
  bool include_usage = false;     // a last chunk with the usage
  bool continuous_usage = false;  // in every chunk
  bool return_progress = false;   // of reading the prompt
  bool timings_per_token = false;
  bool return_token_ids = false;
  bool logprobs = false;
  bool echo = false;                          // begin with the text that is continued
  std::optional<uint32_t> prompt_logprobs{};  // alternatives for each token of the prompt
  ReasoningField reasoning = ReasoningField::both;
};

using RawPrompt = std::variant<std::string, std::vector<engine::Token>>;

struct CompletionsPart {
  std::vector<RawPrompt> prompts{};
  std::optional<uint32_t> logprobs{};
};

// A function that a client knows by a name inside a namespace.
struct ToolOrigin {
  std::string space{};
  std::string name{};
  bool custom = false;  // free text instead of arguments
};

struct ResponsesPart {
  bool store = true;
  bool background = false;
  bool encrypted_reasoning = false;                          // include: reasoning.encrypted_content
  bool summaries = false;                                    // reasoning.summary was asked for
  std::string previous{};                                    // previous_response_id
  std::string conversation{};                                // that the answer is added to
  std::map<std::string, ToolOrigin, std::less<>> origins{};  // by the name in the prompt
  std::map<std::string, std::string, std::less<>> echo{};    // fields the answer repeats, as JSON
  std::string input_items{};  // the input as a JSON array, for the store
};

struct MessagesPart {
  bool omit_thinking = false;  // thinking.display: only signatures are sent
  bool store_thread = false;
  std::string previous{};  // of a thread
};

struct ChatCall {
  Dialect dialect = Dialect::chat;
  std::string model{};  // as the client named it; repeated in the answer
  chat::Conversation conversation{};
  // Functions that may be called although the prompt's list of tools does not have them.
  std::vector<std::string> deferred_tools{};
  // What the client handed back in place of reasoning, by the index of its message.
  std::map<size_t, std::string> reasoning_handles{};
  bool continue_final = false;  // the last assistant message is to be continued
  engine::GenerationOptions options{};
  uint32_t n = 1;
  OutputSettings output{};
  ConstraintSpec constraint{};
  ToolRules rules{};
  engine::Lane lane = engine::Lane::interactive;
  std::optional<std::chrono::milliseconds> deadline{};
  std::string cache_salt{};
  std::vector<std::string> ignored{};  // fields that nothing was done with
  CompletionsPart completions{};
  ResponsesPart responses{};
  MessagesPart messages{};
};

// What a server presumes where a request says nothing.
struct CallDefaults {
  engine::GenerationOptions options{};  // its seed is added to that of each request
  chat::Thinking thinking = chat::Thinking::on;
  std::optional<chat::Effort> effort{};
  ReasoningField reasoning = ReasoningField::both;
  std::string model = "stride";  // the served model's own name
  uint64_t random_seed = 0;      // for a request that brings none
};

}  // namespace stride::api
