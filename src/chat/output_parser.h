// SPDX-License-Identifier: Apache-2.0
// What the model writes, taken apart while it arrives: reasoning, content and tool calls.
//
//   OutputParser parser({.tools = &tools, .start = start_of(prompt)});
//   while (...) for (const Delta& d : parser.push(bytes)) send(d);
//   for (const Delta& d : parser.finish(FinishReason::stop)) send(d);
//
// The joined result is the same for every way of cutting the stream, also inside a character or a
// tag. Nothing fails: what is not a call is text. Every delta is whole, well-formed UTF-8
// (ill-formed bytes become U+FFFD). Time is linear; memory holds a possible tag, a value that is
// not a string, and at most `max_held_bytes` where a decision must wait.
//
// Decisions where the format leaves room:
// - Reasoning ends at the first </think>. One newline on each side of it belongs to the tag. Any
//   </think> after that is content. <think> at the very start is dropped, with white space before
//   it.
// - A call inside reasoning was a thought if anything but further calls follows it, be it text or
//   </think>. If the turn ends there (not by length) and every such call is closed and valid by its
//   schema, reasoning ended before the first of them and they are calls.
// - A call begins for the caller when its first parameter's tag or its end is complete, since only
//   then is it certain that it is one; a call cut before that is text.
// - A well-formed call of an undeclared function inside <tool_call> is a call (the client answers
//   that there is no such tool); it is never repaired, and bare it is text.
// - </parameter> ends a value if a tag of the form or the end of the turn follows it. Any other
//   </parameter>, and </function> or </tool_call> inside a value, are part of the value if a proper
//   end of the value still follows before another call begins; otherwise the first of them ended
//   it.
// - Text between parameters is dropped; but if neither a parameter nor </function> follows it, that
//   was forgotten, and the text is content behind the call.
// - A repeated key: the last value, at the place of the first. Once a call's arguments pass
//   `stream_after_bytes` they are sent as they arrive and a later repetition is written again,
//   which JSON readers resolve the same way.
// - White space between calls, before the first call and, after </tool_call>, at the end of the
//   turn is not content where nothing visible stands with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/render.h"

namespace stride::chat {

class ToolSchemas;

// Where the output begins: decided by the end of the prompt, never by a flag.
enum class OutputStart {
  reasoning,          // the prompt ends inside an open <think>
  content,            // no reasoning is open
  after_think_close,  // directly after </think>: one newline still belongs to the tag
};

OutputStart start_of(const Prompt& prompt);
// The same for a prompt given as text (completion of raw text).
OutputStart start_of(std::string_view prompt);

enum class FinishReason {
  stop,    // an end token of the model or a stop string
  length,  // the token budget or the context ended
};

enum class CallEnding {
  closed,         // by its own tags, repaired where they were damaged
  closed_by_end,  // the turn ended inside it; the arguments are a complete object all the same
  cut,            // by length: the arguments are not complete, it must not be run
};

struct Delta {
  enum class Kind { reasoning, content, call_begin, call_arguments, call_end };

  Kind kind = Kind::content;
  std::string text{};                      // of call_begin the name of the function
  size_t index = 0;                        // of the call, from 0
  std::string id{};                        // of call_begin
  CallEnding ending = CallEnding::closed;  // of call_end

  bool operator==(const Delta&) const = default;
};

enum class ReasoningFormat {
  separate,
  raw,  // everything the model wrote as content, tags and newlines included; calls are still found
};

struct ParserOptions {
  const ToolSchemas* tools = nullptr;  // none: tags of calls pass as text. Outlives the parser
  OutputStart start = OutputStart::reasoning;
  ReasoningFormat reasoning_format = ReasoningFormat::separate;
  // Ends the output where one of them appears in content; it is not part of the content.
  std::vector<std::string> stop_strings{};
  // Text of the end token where the caller passes it on ("<|im_end|>"); ends the output anywhere.
  std::string end_marker{};
  // Wrapped calls keep to the form by the letter, as under a grammar: only the line </parameter>
  // ends a value, and every other tag in it is part of it.
  bool exact_calls = false;
  std::string call_id_prefix = "call_";  // ids are the prefix and a number
  size_t stream_after_bytes = 1024;
  size_t max_held_bytes = size_t{16} << 20;
};

class OutputParser {
 public:
  explicit OutputParser(ParserOptions options);
  ~OutputParser();
  OutputParser(OutputParser&&) noexcept;
  OutputParser& operator=(OutputParser&&) noexcept;

  // Any bytes. After finish(), a stop string or the end marker they are ignored.
  std::vector<Delta> push(std::string_view bytes);

  // The end of the turn: everything held back is decided and given out. Once; later calls give
  // nothing.
  std::vector<Delta> finish(FinishReason reason);

  // True while the model is inside its reasoning (a budget counts these tokens).
  bool in_reasoning() const;
  // True once something follows </think>, and from the start where the prompt left no reasoning
  // open; a grammar for the content starts there.
  bool reasoning_ended() const;
  // True where the output, if it ended now, would end in calls that were begun in the reasoning.
  bool ends_in_calls() const;
  // True after a stop string or the end marker: generation should end.
  bool stopped() const;
  // Calls begun so far.
  size_t n_call() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

struct ParsedCall {
  std::string id{};
  std::string name{};
  std::string arguments{};  // a JSON object unless cut
  CallEnding ending = CallEnding::closed;

  bool operator==(const ParsedCall&) const = default;
};

struct ParsedOutput {
  std::optional<std::string> reasoning{};  // nothing instead of empty
  std::optional<std::string> content{};    // nothing instead of empty
  std::vector<ParsedCall> calls{};

  void add(const Delta& delta);

  bool operator==(const ParsedOutput&) const = default;
};

// The whole output at once, by the same machine.
ParsedOutput parse_output(std::string_view text, const ParserOptions& options,
                          FinishReason reason = FinishReason::stop);

}  // namespace stride::chat
