// SPDX-License-Identifier: Apache-2.0
// Content with tool calls in it: the part of the output after the reasoning. Text goes in, deltas
// of content and calls come out; output_parser.h names the rules.
//
// The input is well-formed UTF-8 that is not cut inside a character. Every decision is made with
// all the text it needs or waits for it, so the joined result does not depend on the cuts.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/argument_writer.h"
#include "chat/call_syntax.h"
#include "chat/output_parser.h"

namespace stride::chat {

class CallParser {
 public:
  // Of the options: tools, exact_calls, call_id_prefix, stream_after_bytes, max_held_bytes. They
  // outlive this.
  explicit CallParser(const ParserOptions& options) : options_(options) {}

  void feed(std::string_view text, std::vector<Delta>& out);
  void finish(FinishReason reason, std::vector<Delta>& out);

  size_t n_call() const { return n_call_; }
  // How many bytes of the input lie before the end of the last call that ended; 0 without one.
  size_t after_last_call() const { return after_last_call_; }

 private:
  enum class State {
    text,            // outside of calls
    between,         // in a call, outside of values
    value_start,     // directly after a parameter's tag
    value,           // in a parameter's value
    after_function,  // after </function>, where </tool_call> may follow
  };

  // Each does one step and says whether there may be another without more input.
  bool step(std::vector<Delta>& out);
  bool step_text(std::vector<Delta>& out);
  bool step_between(std::vector<Delta>& out);
  bool step_value_start();
  bool step_value(std::vector<Delta>& out);
  bool step_value_tag(std::vector<Delta>& out);
  bool step_after_function();

  // In a value, at a '<' at scan_.
  enum class ValueTag {
    literal,        // part of the value
    more,           // not decided yet
    begun,          // the beginning of a closing tag, where the turn ended
    end,            // </parameter> with a tag of the form behind it
    next,           // the tag of the next parameter, where </parameter> is missing
    suspect_end,    // </parameter> with something else behind it
    suspect_close,  // </function> or </tool_call>
    opener          // another call, behind a suspect
  };
  ValueTag classify_value_tag() const;
  ValueTag classify_exact_tag(const syntax::Input& in) const;
  ValueTag classify_parameter_end(const syntax::Input& in) const;
  bool is_missing_end(const syntax::Tag& tag) const;
  bool only_closers_follow(size_t at) const;

  syntax::Match match_call(syntax::Opener& opener) const;
  syntax::Match match_first_tag(const syntax::Input& in, const syntax::Opener& opener) const;

  void begin_call(const syntax::Opener& opener, std::vector<Delta>& out);
  void begin_parameter(const syntax::Tag& tag, std::vector<Delta>& out);
  void flush_value(std::vector<Delta>& out);
  void value_text(std::string_view text, std::vector<Delta>& out);
  void write_value(std::string_view text, std::vector<Delta>& out);
  void end_value(std::vector<Delta>& out);
  void end_call(CallEnding ending, std::vector<Delta>& out);
  void end_value_at(size_t next, std::vector<Delta>& out);
  void resolve_suspect();
  void finish_value(FinishReason reason, std::vector<Delta>& out);
  void content(std::string_view text, std::vector<Delta>& out);
  void release_space(std::vector<Delta>& out);
  void take_stray(size_t n);
  void release_stray(std::vector<Delta>& out);
  // Fragments of one value are one delta within a push; those of a finished object stay apart.
  enum class Join { no, yes };
  void send(ArgumentWriter::Fragments& fragments, Join join, std::vector<Delta>& out);

  syntax::Input input(size_t at) const {
    return {std::string_view(buffer_).substr(at), finish_.has_value()};
  }
  bool is_exact() const { return options_.exact_calls && wrapper_ == syntax::Wrapper::present; }
  void consume(size_t n) { at_ += n; }
  void compact();

  const ParserOptions& options_;
  State state_ = State::text;
  std::string buffer_;
  size_t at_ = 0;    // everything before is dealt with
  size_t base_ = 0;  // bytes of the input before buffer_
  size_t after_last_call_ = 0;
  std::optional<FinishReason> finish_;

  // In text.
  bool blank_ = true;             // nothing visible since the start or the last call
  bool drop_last_space_ = false;  // white space up to the end of the turn is not content
  std::string space_;             // held back while blank_

  // In a call.
  size_t n_call_ = 0;
  syntax::Wrapper wrapper_ = syntax::Wrapper::present;
  std::string function_;
  ArgumentWriter writer_{0};
  std::string stray_;  // text since the last tag of the call

  // In a value.
  std::string key_;
  bool plain_ = true;           // a string that is passed on as it comes
  bool line_form_ = false;      // the value began on its own line
  bool at_line_start_ = false;  // of the text at scan_
  std::string newline_;         // held back, the form's own if the value ends here
  std::string value_;           // of a value that is not plain
  size_t scan_ = 0;             // looked at up to here
  // A tag at at_ that may have ended the value.
  enum class Suspect { none, parameter_end, close };
  Suspect suspect_ = Suspect::none;
  bool trust_suspect_ = false;  // the tag at at_ did end the value
};

}  // namespace stride::chat
