// SPDX-License-Identifier: Apache-2.0
// Puts the tokenizer, the output parser and the stop strings in a row.
#include "engine/output_stream.h"

#include <utility>

namespace stride::engine {

namespace {

chat::Delta content(std::string text) {
  chat::Delta delta;
  delta.kind = chat::Delta::Kind::content;
  delta.text = std::move(text);
  return delta;
}

}  // namespace

Result<OutputStream> OutputStream::make(const text::Tokenizer& tokenizer,
                                        const GenerationInput& input,
                                        std::vector<std::string> stop_strings) {
  auto stops = STRIDE_TRY(decode::StopStrings::make(std::move(stop_strings)));
  return OutputStream(tokenizer, input, std::move(stops));
}

OutputStream::OutputStream(const text::Tokenizer& tokenizer, const GenerationInput& input,
                           decode::StopStrings stops)
    : tokenizer_(&tokenizer), decoder_(tokenizer), stops_(std::move(stops)) {
  if (!input.start) return;
  chat::ParserOptions options;
  options.tools = input.tools;
  options.start = *input.start;
  options.exact_calls = input.grammar != nullptr;
  parser_.emplace(std::move(options));
}

std::vector<chat::Delta> OutputStream::push(Token token) {
  if (parser_) return cut(parser_->push(tokenizer_->piece(token)));
  return cut({content(decoder_.push(token))});
}

std::vector<chat::Delta> OutputStream::finish(chat::FinishReason reason) {
  std::vector<chat::Delta> out;
  if (parser_) {
    out = cut(parser_->finish(reason));
  } else {
    out = cut({content(decoder_.finish())});
  }
  if (std::string rest = stops_.flush(); !rest.empty()) out.push_back(content(std::move(rest)));
  return out;
}

// Holds content back while it may be the beginning of a stop string; a call between two pieces of
// content parts them. Nothing comes after a match but the ends of calls that began before it.
std::vector<chat::Delta> OutputStream::cut(std::vector<chat::Delta> deltas) {
  std::vector<chat::Delta> out;
  for (chat::Delta& delta : deltas) {
    if (delta.kind == chat::Delta::Kind::content) {
      delta.text = stops_.feed(delta.text);
      if (!delta.text.empty()) out.push_back(std::move(delta));
      continue;
    }
    if (delta.kind == chat::Delta::Kind::call_begin) {
      if (stopped()) break;
      if (std::string rest = stops_.flush(); !rest.empty()) out.push_back(content(std::move(rest)));
    }
    out.push_back(std::move(delta));
  }
  return out;
}

}  // namespace stride::engine
