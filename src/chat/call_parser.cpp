// SPDX-License-Identifier: Apache-2.0
// buffer_ holds the input from at_ on that waits for a decision; text that cannot be part of a tag
// leaves it at once. In a value, scan_ runs ahead of at_ only behind a suspect: a tag that ends the
// value if no proper end follows. When that is known, either all of it is value or reading goes on
// at the suspect, so that each byte is looked at no more than twice.
#include "chat/call_parser.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "chat/render.h"

namespace stride::chat {

using syntax::Input;
using syntax::Match;
using syntax::Opener;
using syntax::Tag;
using syntax::Wrapper;

namespace {

// "</para": at the end of the turn a closing tag that was begun.
bool is_begun_end(std::string_view text) {
  if (text.size() < 2) return false;
  return syntax::kParameterEnd.starts_with(text) || syntax::kFunctionEnd.starts_with(text) ||
         token::kCallEnd.starts_with(text);
}

// Where the text ends once a tag that was only begun at its end is taken off.
size_t before_begun_tag(std::string_view text) {
  const size_t at = std::min(text.rfind('<'), text.size());
  const std::string_view tag = text.substr(at);
  constexpr std::string_view kParameter = "<parameter=";
  const bool begun =
      is_begun_end(tag) || kParameter.starts_with(tag) || tag.starts_with(kParameter);
  return begun ? at : text.size();
}

}  // namespace

void CallParser::feed(std::string_view text, std::vector<Delta>& out) {
  if (options_.tools == nullptr || options_.tools->empty()) return content(text, out);
  buffer_ += text;
  while (step(out)) {
  }
  compact();
}

void CallParser::finish(FinishReason reason, std::vector<Delta>& out) {
  finish_ = reason;
  while (step(out)) {
  }
  if (state_ == State::between) {
    end_call(reason == FinishReason::stop ? CallEnding::closed_by_end : CallEnding::cut, out);
    release_stray(out);
  } else if (state_ == State::value || state_ == State::value_start) {
    finish_value(reason, out);
  }
  if (drop_last_space_ && blank_) space_.clear();
  release_space(out);
}

void CallParser::compact() {
  constexpr size_t kWorthIt = 4096;
  if (at_ < kWorthIt || at_ < buffer_.size() / 2) return;
  buffer_.erase(0, at_);
  base_ += at_;
  scan_ -= std::min(scan_, at_);
  at_ = 0;
}

bool CallParser::step(std::vector<Delta>& out) {
  switch (state_) {
    case State::text:
      return step_text(out);
    case State::between:
      return step_between(out);
    case State::value_start:
      return step_value_start();
    case State::value:
      return step_value(out);
    case State::after_function:
      break;
  }
  return step_after_function();
}

bool CallParser::step_text(std::vector<Delta>& out) {
  const std::string_view rest = input(at_).text;
  const size_t n_plain = std::min(rest.find('<'), rest.size());
  content(rest.substr(0, n_plain), out);
  consume(n_plain);
  if (at_ == buffer_.size()) return false;
  Opener opener;
  switch (match_call(opener)) {
    case Match::more:
      return false;
    case Match::yes:
      begin_call(opener, out);
      return true;
    case Match::no:
      break;
  }
  content("<", out);
  consume(1);
  return true;
}

// A call is certain once the tag of its first parameter, or of its end, is there as well.
Match CallParser::match_call(Opener& opener) const {
  const Input in = input(at_);
  opener = syntax::read_opener(in, *options_.tools);
  if (opener.match != Match::yes) return opener.match;
  size_t at = opener.size;
  const Match space = syntax::skip_space(in, at);
  if (space == Match::yes) return match_first_tag(in.from(at), opener);
  if (space == Match::more) return space;
  // Only the end of the turn may follow a declared function that is wrapped.
  const bool ended = in.ended && at == in.text.size();
  return ended && opener.function.declared && opener.wrapper == Wrapper::present ? Match::yes
                                                                                 : Match::no;
}

Match CallParser::match_first_tag(const Input& in, const Opener& opener) const {
  const Tag parameter = syntax::read_parameter_tag(in, *options_.tools, opener.function.name);
  Match best = parameter.match;
  for (const std::string_view literal : {syntax::kFunctionEnd, token::kCallEnd}) {
    best = std::max(best, syntax::match_literal(in, literal));
  }
  if (opener.wrapper == Wrapper::present && opener.function.declared) {
    best = std::max(best, syntax::match_literal(in, token::kCallBegin));
  }
  return best;
}

void CallParser::content(std::string_view text, std::vector<Delta>& out) {
  if (blank_ && options_.tools != nullptr) {
    const auto visible = std::ranges::find_if_not(text, syntax::is_space);
    const auto n_space = static_cast<size_t>(visible - text.begin());
    space_ += text.substr(0, n_space);
    text.remove_prefix(n_space);
    if (text.empty() && space_.size() <= syntax::kMaxSpace) return;
    blank_ = false;
    release_space(out);
  }
  if (text.empty()) return;
  if (out.empty() || out.back().kind != Delta::Kind::content) {
    out.push_back({.kind = Delta::Kind::content});
  }
  out.back().text += text;
}

void CallParser::release_space(std::vector<Delta>& out) {
  if (space_.empty()) return;
  blank_ = false;
  const std::string space = std::exchange(space_, {});
  content(space, out);
}

void CallParser::begin_call(const Opener& opener, std::vector<Delta>& out) {
  space_.clear();
  wrapper_ = opener.wrapper;
  function_ = opener.function.name;
  writer_ = ArgumentWriter(options_.stream_after_bytes);
  out.push_back({.kind = Delta::Kind::call_begin,
                 .text = function_,
                 .index = n_call_,
                 .id = options_.call_id_prefix + std::to_string(n_call_)});
  ++n_call_;
  consume(opener.size);
  state_ = State::between;
}

bool CallParser::step_between(std::vector<Delta>& out) {
  const std::string_view rest = input(at_).text;
  take_stray(std::min(rest.find('<'), rest.size()));
  if (at_ == buffer_.size()) return false;
  const Input in = input(at_);
  const Tag parameter = syntax::read_parameter_tag(in, *options_.tools, function_);
  const Match function_end = syntax::match_literal(in, syntax::kFunctionEnd);
  const Match call_end = syntax::match_literal(in, token::kCallEnd);
  const Opener opener = syntax::read_opener(in, *options_.tools);
  if (parameter.match == Match::yes) {
    stray_.clear();
    begin_parameter(parameter, out);
    consume(parameter.size);
    state_ = State::value_start;
  } else if (function_end == Match::yes) {
    stray_.clear();
    consume(syntax::kFunctionEnd.size());
    end_call(CallEnding::closed, out);
    state_ = State::after_function;
  } else if (call_end == Match::yes || opener.match == Match::yes) {
    if (call_end == Match::yes) consume(token::kCallEnd.size());
    end_call(CallEnding::closed, out);
    drop_last_space_ = true;
    release_stray(out);
  } else if (std::max({parameter.match, function_end, call_end, opener.match}) == Match::more) {
    return false;
  } else {
    take_stray(1);
  }
  return true;
}

// Text between parameters has no place to go. But where neither a parameter nor </function>
// follows, that was forgotten, and the text is content behind the call.
void CallParser::take_stray(size_t n) {
  const size_t n_kept = std::min(n, options_.max_held_bytes - stray_.size());
  stray_ += input(at_).text.substr(0, n_kept);
  consume(n);
}

void CallParser::release_stray(std::vector<Delta>& out) {
  std::string stray = std::exchange(stray_, {});
  // What went beyond the limit may have been cut inside a character.
  stray.resize(stray.size() - incomplete_utf8_tail(stray));
  if (finish_) stray.resize(before_begun_tag(stray));
  if (!std::ranges::all_of(stray, syntax::is_space)) content(stray, out);
}

void CallParser::end_call(CallEnding ending, std::vector<Delta>& out) {
  ArgumentWriter::Fragments fragments;
  if (ending == CallEnding::cut) {
    writer_.cut(fragments);
  } else {
    writer_.finish(fragments);
  }
  send(fragments, Join::no, out);
  out.push_back({.kind = Delta::Kind::call_end, .index = n_call_ - 1, .ending = ending});
  after_last_call_ = base_ + at_;
  state_ = State::text;
  blank_ = true;
  drop_last_space_ = wrapper_ == Wrapper::present;
}

bool CallParser::step_after_function() {
  const Input in = input(at_);
  size_t at = 0;
  Match match = syntax::skip_space(in, at);
  if (match == Match::yes) match = syntax::match_literal(in.from(at), token::kCallEnd);
  if (match == Match::more) return false;
  if (match == Match::yes) {
    consume(at + token::kCallEnd.size());
    after_last_call_ = base_ + at_;
    drop_last_space_ = true;
  }
  state_ = State::text;
  return true;
}

void CallParser::send(ArgumentWriter::Fragments& fragments, Join join, std::vector<Delta>& out) {
  for (std::string& fragment : fragments) {
    if (join == Join::yes && !out.empty() && out.back().kind == Delta::Kind::call_arguments) {
      out.back().text += fragment;
      continue;
    }
    out.push_back(
        {.kind = Delta::Kind::call_arguments, .text = std::move(fragment), .index = n_call_ - 1});
  }
}

void CallParser::begin_parameter(const Tag& tag, std::vector<Delta>& out) {
  key_ = tag.name;
  plain_ = options_.tools->is_plain_string(function_, key_);
  value_.clear();
  newline_.clear();
  trust_suspect_ = false;
  if (!plain_) return;
  ArgumentWriter::Fragments fragments;
  writer_.begin_string(key_, fragments);
  send(fragments, Join::yes, out);
}

// One newline after the tag belongs to the form.
bool CallParser::step_value_start() {
  const Input in = input(at_);
  const Match wide = syntax::match_literal(in, "\r\n");
  if (in.text.empty() || wide == Match::more) return false;
  line_form_ = in.text[0] == '\n' || wide == Match::yes;
  consume(wide == Match::yes ? 2 : line_form_ ? 1 : 0);
  // The newline behind the tag is not the one that </parameter> begins with.
  at_line_start_ = line_form_ && !is_exact();
  scan_ = at_;
  state_ = State::value;
  return true;
}

bool CallParser::step_value(std::vector<Delta>& out) {
  const size_t next = std::min(buffer_.find('<', scan_), buffer_.size());
  if (next > scan_) at_line_start_ = buffer_[next - 1] == '\n';
  scan_ = next;
  if (suspect_ != Suspect::none && scan_ - at_ > options_.max_held_bytes) {
    resolve_suspect();
    return true;
  }
  if (scan_ < buffer_.size()) return step_value_tag(out);
  const bool decided = finish_ == FinishReason::stop ||
                       (finish_ == FinishReason::length && only_closers_follow(at_));
  if (suspect_ != Suspect::none && decided) {
    resolve_suspect();
    return true;
  }
  flush_value(out);
  return false;
}

bool CallParser::step_value_tag(std::vector<Delta>& out) {
  const ValueTag tag = classify_value_tag();
  switch (tag) {
    case ValueTag::more:
      flush_value(out);
      return false;
    case ValueTag::begun:
      buffer_.resize(scan_);
      return true;
    case ValueTag::end:
      end_value_at(scan_ + syntax::kParameterEnd.size(), out);
      return true;
    case ValueTag::next:
      if (suspect_ == Suspect::parameter_end) {
        resolve_suspect();
      } else {
        end_value_at(scan_, out);
      }
      return true;
    case ValueTag::suspect_end:
    case ValueTag::suspect_close:
      if (trust_suspect_) {
        const bool whole = tag == ValueTag::suspect_end;
        end_value_at(scan_ + (whole ? syntax::kParameterEnd.size() : 0), out);
        return true;
      }
      if (suspect_ == Suspect::none) {
        flush_value(out);
        suspect_ = tag == ValueTag::suspect_end ? Suspect::parameter_end : Suspect::close;
      }
      break;
    case ValueTag::opener:
      resolve_suspect();
      return true;
    case ValueTag::literal:
      break;
  }
  ++scan_;
  at_line_start_ = false;
  return true;
}

// Passes on what is certainly value; behind a suspect nothing is.
void CallParser::flush_value(std::vector<Delta>& out) {
  if (suspect_ != Suspect::none) return;
  value_text(std::string_view(buffer_).substr(at_, scan_ - at_), out);
  at_ = scan_;
}

CallParser::ValueTag CallParser::classify_value_tag() const {
  const Input in = input(scan_);
  if (is_exact()) return classify_exact_tag(in);
  const Match parameter_end = syntax::match_literal(in, syntax::kParameterEnd);
  if (parameter_end == Match::yes) return classify_parameter_end(in);
  const Match close = std::max(syntax::match_literal(in, syntax::kFunctionEnd),
                               syntax::match_literal(in, token::kCallEnd));
  if (close == Match::yes) return ValueTag::suspect_close;
  if (in.ended && is_begun_end(in.text)) return ValueTag::begun;
  const Tag next = syntax::read_parameter_tag(in, *options_.tools, function_);
  if (next.match == Match::yes && is_missing_end(next)) return ValueTag::next;
  bool more = parameter_end == Match::more || close == Match::more || next.match == Match::more;
  // Behind a suspect the beginning of another call decides too.
  if (suspect_ != Suspect::none) {
    const Match opener = syntax::read_opener(in, *options_.tools).match;
    if (opener == Match::yes) return ValueTag::opener;
    more = more || opener == Match::more;
  }
  return more ? ValueTag::more : ValueTag::literal;
}

// Only a line of its own ends the value, or the end of the turn in it.
CallParser::ValueTag CallParser::classify_exact_tag(const Input& in) const {
  if (!at_line_start_) return ValueTag::literal;
  if (in.ended && in.text == syntax::kParameterEnd) return ValueTag::end;
  if (in.ended && is_begun_end(in.text) && syntax::kParameterEnd.starts_with(in.text))
    return ValueTag::begun;
  switch (syntax::match_literal(in, "</parameter>\n")) {
    case Match::yes:
      return ValueTag::end;
    case Match::more:
      return ValueTag::more;
    case Match::no:
      break;
  }
  return ValueTag::literal;
}

// What stands behind </parameter> decides whether it is one.
CallParser::ValueTag CallParser::classify_parameter_end(const Input& in) const {
  size_t at = syntax::kParameterEnd.size();
  const Match space = syntax::skip_space(in, at);
  if (space == Match::more) return ValueTag::more;
  if (space == Match::no) {
    return in.ended && at == in.text.size() ? ValueTag::end : ValueTag::suspect_end;
  }
  const Input rest = in.from(at);
  // At the end of the turn the beginning of a tag is as good as the tag.
  const Input open{rest.text, false};
  Match best = syntax::read_parameter_tag(open, *options_.tools, function_).match;
  for (const std::string_view literal : {syntax::kFunctionEnd, token::kCallEnd}) {
    best = std::max(best, syntax::match_literal(open, literal));
  }
  best = std::max(best, syntax::read_opener(open, *options_.tools).match);
  if (best == Match::more && !in.ended) return ValueTag::more;
  return best == Match::no ? ValueTag::suspect_end : ValueTag::end;
}

// A parameter's tag inside a value shows that </parameter> is missing only where that is likely: a
// declared key that is not given yet, on a line of its own if the value began on one.
bool CallParser::is_missing_end(const Tag& tag) const {
  return tag.declared && !writer_.has(tag.name) && tag.name != key_ &&
         (!line_form_ || at_line_start_);
}

// True where from `at` to the end of the buffer there are only closing tags and white space.
bool CallParser::only_closers_follow(size_t at) const {
  std::string_view rest = input(at).text;
  while (!rest.empty()) {
    if (syntax::is_space(rest[0])) {
      rest.remove_prefix(1);
    } else if (rest.starts_with(syntax::kFunctionEnd)) {
      rest.remove_prefix(syntax::kFunctionEnd.size());
    } else if (rest.starts_with(token::kCallEnd)) {
      rest.remove_prefix(token::kCallEnd.size());
    } else {
      return false;
    }
  }
  return true;
}

// No proper end of the value came: reading goes on at the suspect, which did end it.
void CallParser::resolve_suspect() {
  scan_ = at_;
  suspect_ = Suspect::none;
  trust_suspect_ = true;
}

// The value ends at scan_; reading goes on at `next`.
void CallParser::end_value_at(size_t next, std::vector<Delta>& out) {
  suspect_ = Suspect::none;
  flush_value(out);
  at_ = next;
  end_value(out);
  state_ = State::between;
}

// Holds the last newline back: if the value ends there it belongs to the form.
void CallParser::value_text(std::string_view text, std::vector<Delta>& out) {
  if (text.empty()) return;
  std::string joined = std::exchange(newline_, {});
  joined += text;
  size_t n_held = joined.ends_with('\n') || joined.ends_with('\r') ? 1 : 0;
  if (joined.ends_with("\r\n")) n_held = 2;
  newline_ = joined.substr(joined.size() - n_held);
  joined.resize(joined.size() - n_held);
  write_value(joined, out);
}

void CallParser::write_value(std::string_view text, std::vector<Delta>& out) {
  if (text.empty()) return;
  if (!plain_) {
    value_ += text;
    return;
  }
  ArgumentWriter::Fragments fragments;
  writer_.append_string(text, fragments);
  send(fragments, Join::yes, out);
}

void CallParser::end_value(std::vector<Delta>& out) {
  // A carriage return alone is no newline.
  if (newline_ == "\r") write_value(newline_, out);
  ArgumentWriter::Fragments fragments;
  if (plain_) {
    writer_.end_string(fragments);
  } else {
    writer_.add(key_, options_.tools->coerce(function_, key_, value_), fragments);
  }
  send(fragments, Join::yes, out);
}

// The turn ended inside a value.
void CallParser::finish_value(FinishReason reason, std::vector<Delta>& out) {
  suspect_ = Suspect::none;
  scan_ = buffer_.size();
  flush_value(out);
  if (reason == FinishReason::length) return end_call(CallEnding::cut, out);
  end_value(out);
  end_call(CallEnding::closed_by_end, out);
}

}  // namespace stride::chat
