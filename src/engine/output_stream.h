// SPDX-License-Identifier: Apache-2.0
// From tokens to what a reader sees: bytes, then reasoning, content and calls, then content cut at
// a stop string. Deltas are whole UTF-8 and do not depend on how tokens arrive.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chat/output_parser.h"
#include "decode/stop_strings.h"
#include "engine/engine.h"
#include "text/tokenizer.h"

namespace stride::engine {

class OutputStream {
 public:
  // Raw input (no start) makes everything content. The tokenizer and the input's tools outlive the
  // stream. Fails on stop strings that are empty, too long or too many.
  static Result<OutputStream> make(const text::Tokenizer& tokenizer, const GenerationInput& input,
                                   std::vector<std::string> stop_strings);

  std::vector<chat::Delta> push(Token token);

  // The end: everything held back is given out. Once.
  std::vector<chat::Delta> finish(chat::FinishReason reason);

  bool in_reasoning() const { return parser_ && parser_->in_reasoning(); }
  // See chat::OutputParser.
  bool ends_in_calls() const { return parser_ && parser_->ends_in_calls(); }
  bool stopped() const { return stops_.matched().has_value(); }
  std::optional<size_t> stop_string() const { return stops_.matched(); }

 private:
  OutputStream(const text::Tokenizer& tokenizer, const GenerationInput& input,
               decode::StopStrings stops);
  std::vector<chat::Delta> cut(std::vector<chat::Delta> deltas);

  const text::Tokenizer* tokenizer_;
  text::StreamDecoder decoder_;  // of raw output
  std::optional<chat::OutputParser> parser_;
  decode::StopStrings stops_;
};

}  // namespace stride::engine
