// SPDX-License-Identifier: Apache-2.0
// Bytes pass four stages: whole characters (Impl::push), the end marker, reasoning or content, and
// for content the call parser and the stop strings.
//
// A call inside reasoning is tried out: its text is held and read by a CallParser of its own. Text
// behind the calls, or </think>, shows that it was a thought; the end of the turn makes it real.
#include "chat/output_parser.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/utf8.h"
#include "chat/call_parser.h"
#include "chat/stop_matcher.h"
#include "chat/tool_schemas.h"

namespace stride::chat {

class OutputParser::Impl {
 public:
  explicit Impl(ParserOptions options)
      : options_(without_empty_tools(std::move(options))),
        end_marker_({options_.end_marker}),
        stop_strings_(options_.stop_strings),
        calls_(options_),
        trial_options_(options_) {
    trial_options_.exact_calls = false;  // no grammar reaches into the reasoning
    after_opening_ = options_.start == OutputStart::reasoning ? Channel::reasoning
                     : options_.start == OutputStart::content ? Channel::content
                                                              : Channel::after_close;
    closed_ = options_.start == OutputStart::after_think_close;
    something_after_close_ = options_.start == OutputStart::content;
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  std::vector<Delta> push(std::string_view bytes) {
    if (done_) return {};
    std::string text = std::exchange(cut_character_, {});
    text += bytes;
    const size_t n_cut = incomplete_utf8_tail(text);
    cut_character_ = text.substr(text.size() - n_cut);
    text.resize(text.size() - n_cut);
    if (!is_utf8(text)) text = to_valid_utf8(text);
    take(text);
    return std::exchange(out_, {});
  }

  std::vector<Delta> finish(FinishReason reason) {
    if (done_) return {};
    take(to_valid_utf8(std::exchange(cut_character_, {})));
    if (!done_) end(reason);
    return std::exchange(out_, {});
  }

  bool in_reasoning() const {
    const Channel channel = channel_ == Channel::opening ? after_opening_ : channel_;
    return channel == Channel::reasoning || channel == Channel::trial;
  }
  bool reasoning_ended() const { return something_after_close_; }
  bool stopped() const { return stopped_; }
  size_t n_call() const { return n_call_; }

  bool ends_in_calls() const {
    if (channel_ != Channel::trial || !trial_character_.empty()) return false;
    CallParser copy = *trial_;
    std::vector<Delta> deltas = trial_deltas_;
    copy.finish(FinishReason::stop, deltas);
    return are_valid(deltas);
  }

 private:
  static ParserOptions without_empty_tools(ParserOptions options) {
    if (options.tools != nullptr && options.tools->empty()) options.tools = nullptr;
    return options;
  }

  enum class Channel {
    opening,  // at the very start, where <think> may stand
    reasoning,
    trial,        // in reasoning, behind a call that may be real
    after_close,  // directly behind </think>
    content,
  };

  void take(std::string_view text) {
    std::string passed;
    const bool ended = end_marker_.push(text, passed);
    route(passed);
    if (!ended || done_) return;
    stopped_ = true;
    end(FinishReason::stop);
  }

  void end(FinishReason reason) {
    route(end_marker_.flush());
    if (channel_ == Channel::opening) leave_opening();
    if (channel_ == Channel::trial) end_trial(reason);
    if (channel_ == Channel::reasoning) {
      reasoning(std::exchange(begun_tag_, {}));
      reasoning_newline(Newline::keep);
    }
    if (channel_ == Channel::after_close && !begun_tag_.empty()) {
      channel_ = Channel::content;
      take_content(std::exchange(begun_tag_, {}));
    }
    if (channel_ == Channel::content && !done_) {
      std::vector<Delta> deltas;
      calls_.finish(reason, deltas);
      deliver(std::move(deltas));
      if (!done_) content(stop_strings_.flush());
    }
    done_ = true;
  }

  void route(std::string_view text) {
    while (!text.empty() && !done_) {
      switch (channel_) {
        case Channel::opening:
          text = take_opening(text);
          break;
        case Channel::reasoning:
          text = take_reasoning(text);
          break;
        case Channel::trial:
          text = take_trial(text);
          break;
        case Channel::after_close:
          text = take_after_close(text);
          break;
        case Channel::content:
          something_after_close_ = something_after_close_ || closed_;
          take_content(text);
          return;
      }
    }
  }

  // <think> at the start is dropped, with white space before it; anything else belongs to where the
  // prompt ended.
  std::string_view take_opening(std::string_view text) {
    size_t at = 0;
    for (; at < text.size(); ++at) {
      begun_tag_ += text[at];
      const size_t n_space = std::min(begun_tag_.find_first_not_of(" \t\r\n"), begun_tag_.size());
      const std::string_view tag = std::string_view(begun_tag_).substr(n_space);
      if (tag == token::kThinkBegin) {
        if (options_.reasoning_format == ReasoningFormat::raw) content(begun_tag_);
        begun_tag_.clear();
        channel_ = Channel::reasoning;
        closed_ = something_after_close_ = false;
        return text.substr(at + 1);
      }
      if (n_space > syntax::kMaxSpace || !token::kThinkBegin.starts_with(tag)) {
        leave_opening();
        return text.substr(at + 1);
      }
    }
    return {};
  }

  void leave_opening() {
    channel_ = after_opening_;
    const std::string held = std::exchange(begun_tag_, {});
    route(held);
  }

  std::string_view take_reasoning(std::string_view text) {
    if (!begun_tag_.empty()) return take_begun_tag(text);
    const size_t at = std::min(text.find('<'), text.size());
    reasoning(text.substr(0, at));
    if (at == text.size()) return {};
    begun_tag_.assign(1, '<');
    return text.substr(at + 1);
  }

  // One byte more of what may be a tag. A tag has '<' only at its front, so where it fails only the
  // last byte can begin another.
  std::string_view take_begun_tag(std::string_view text) {
    begun_tag_ += text[0];
    const syntax::Input in{begun_tag_, false};
    const syntax::Match close = syntax::match_literal(in, token::kThinkEnd);
    const syntax::Match call = options_.tools != nullptr
                                   ? syntax::match_literal(in, token::kCallBegin)
                                   : syntax::Match::no;
    const std::string_view rest = text.substr(1);
    if (close == syntax::Match::more || call == syntax::Match::more) return rest;
    const std::string tag = std::exchange(begun_tag_, {});
    if (close == syntax::Match::yes) {
      close_reasoning();
    } else if (call == syntax::Match::yes) {
      begin_trial();
    } else {
      const bool again = tag.back() == '<';
      reasoning(std::string_view(tag).substr(0, tag.size() - (again ? 1 : 0)));
      if (again) begun_tag_.assign(1, '<');
    }
    return rest;
  }

  void begin_trial() {
    channel_ = Channel::trial;
    trial_ = std::make_unique<CallParser>(trial_options_);
    trial_deltas_.clear();
    trial_text_.clear();
    for (const char c : token::kCallBegin) try_byte(c);
  }

  void try_byte(char c) {
    trial_text_ += c;
    // A whole character at a time, as CallParser wants them.
    trial_character_ += c;
    if (incomplete_utf8_tail(trial_character_) > 0) return;
    trial_->feed(std::exchange(trial_character_, {}), trial_deltas_);
  }

  // True where the deltas from `first` on show text behind the calls.
  bool is_thought(size_t first) const {
    return trial_text_.size() > options_.max_held_bytes ||
           std::any_of(trial_deltas_.begin() + static_cast<ptrdiff_t>(first), trial_deltas_.end(),
                       [](const Delta& d) { return d.kind == Delta::Kind::content; });
  }

  // Byte by byte, so that what is found does not depend on how the text was cut.
  std::string_view take_trial(std::string_view text) {
    for (size_t at = 0; at < text.size(); ++at) {
      const size_t n_delta = trial_deltas_.size();
      try_byte(text[at]);
      if (trial_text_.ends_with(token::kThinkEnd)) {
        trial_text_.resize(trial_text_.size() - token::kThinkEnd.size());
        leave_trial();
        reasoning(trial_text_);
        close_reasoning();
        return text.substr(at + 1);
      }
      if (is_thought(n_delta)) {
        release_trial();
        return text.substr(at + 1);
      }
    }
    return {};
  }

  void leave_trial() {
    trial_.reset();
    trial_deltas_.clear();
    trial_character_.clear();
    channel_ = Channel::reasoning;
  }

  // The calls, or the tag that was none, are reasoning; what follows is looked at again.
  void release_trial() {
    const bool too_long = trial_text_.size() > options_.max_held_bytes;
    size_t n = std::max(trial_->after_last_call(), token::kCallBegin.size());
    if (too_long) n = trial_text_.size();
    leave_trial();
    const std::string text = std::exchange(trial_text_, {});
    reasoning(std::string_view(text).substr(0, n));
    route(std::string_view(text).substr(n));
  }

  void end_trial(FinishReason reason) {
    trial_->finish(reason, trial_deltas_);
    if (reason != FinishReason::stop || !are_valid(trial_deltas_)) {
      const std::string text = trial_text_;
      leave_trial();
      reasoning(text);
      return;
    }
    std::vector<Delta> deltas = std::move(trial_deltas_);
    leave_trial();
    reasoning_newline(options_.reasoning_format == ReasoningFormat::raw ? Newline::keep
                                                                        : Newline::drop);
    channel_ = Channel::content;
    deliver(std::move(deltas));
  }

  // Nothing but calls, each of which may be run.
  bool are_valid(std::span<const Delta> deltas) const {
    std::string name;
    std::string arguments;
    bool any = false;
    for (const Delta& delta : deltas) {
      switch (delta.kind) {
        case Delta::Kind::reasoning:
        case Delta::Kind::content:
          return false;
        case Delta::Kind::call_begin:
          name = delta.text;
          arguments.clear();
          break;
        case Delta::Kind::call_arguments:
          arguments += delta.text;
          break;
        case Delta::Kind::call_end:
          any = true;
          if (delta.ending != CallEnding::closed) return false;
          if (!options_.tools->is_valid_call(name, arguments)) return false;
      }
    }
    return any;
  }

  void close_reasoning() {
    closed_ = true;
    if (options_.reasoning_format == ReasoningFormat::raw) {
      reasoning_newline(Newline::keep);
      content(token::kThinkEnd);
      channel_ = Channel::content;
      return;
    }
    reasoning_newline(Newline::drop);
    channel_ = Channel::after_close;
  }

  // One newline behind </think> belongs to it.
  std::string_view take_after_close(std::string_view text) {
    something_after_close_ = something_after_close_ || closed_;
    channel_ = Channel::content;
    if (!begun_tag_.empty()) {  // a carriage return
      begun_tag_.clear();
      if (text[0] == '\n') return text.substr(1);
      take_content("\r");
      return text;
    }
    if (text[0] == '\n') return text.substr(1);
    if (text[0] != '\r') return text;
    begun_tag_.assign(1, '\r');
    channel_ = Channel::after_close;
    return text.substr(1);
  }

  void take_content(std::string_view text) {
    std::vector<Delta> deltas;
    calls_.feed(text, deltas);
    deliver(std::move(deltas));
  }

  // Holds the last newline back: before </think> it belongs to the tag.
  void reasoning(std::string_view text) {
    if (text.empty()) return;
    std::string joined = std::exchange(newline_, {});
    joined += text;
    size_t n_held = joined.ends_with('\n') || joined.ends_with('\r') ? 1 : 0;
    if (joined.ends_with("\r\n")) n_held = 2;
    newline_ = joined.substr(joined.size() - n_held);
    joined.resize(joined.size() - n_held);
    write_reasoning(joined);
  }

  enum class Newline { drop, keep };

  void reasoning_newline(Newline what) {
    const std::string held = std::exchange(newline_, {});
    // A carriage return alone is no newline.
    if (what == Newline::keep || held == "\r") write_reasoning(held);
  }

  void write_reasoning(std::string_view text) {
    if (options_.reasoning_format == ReasoningFormat::raw) {
      content(text);
    } else {
      emit(Delta::Kind::reasoning, text);
    }
  }

  void content(std::string_view text) { emit(Delta::Kind::content, text); }

  void emit(Delta::Kind kind, std::string_view text) {
    if (text.empty()) return;
    if (out_.empty() || out_.back().kind != kind) out_.push_back({.kind = kind});
    out_.back().text += text;
  }

  // Content passes the stop strings; a call ends what they hold back.
  void deliver(std::vector<Delta> deltas) {
    for (Delta& delta : deltas) {
      if (delta.kind == Delta::Kind::content) {
        std::string passed;
        const bool stop = stop_strings_.push(delta.text, passed);
        content(passed);
        if (!stop) continue;
        stopped_ = done_ = true;
        return;
      }
      if (delta.kind == Delta::Kind::call_begin) {
        content(stop_strings_.flush());
        ++n_call_;
      }
      out_.push_back(std::move(delta));
    }
  }

  ParserOptions options_;
  StopMatcher end_marker_;
  StopMatcher stop_strings_;
  CallParser calls_;
  ParserOptions trial_options_;

  Channel channel_ = Channel::opening;
  Channel after_opening_ = Channel::reasoning;
  std::string cut_character_;  // the beginning of a character
  std::string begun_tag_;      // the beginning of a tag, or "\r" behind </think>
  std::string newline_;        // the end of the reasoning so far
  bool closed_ = false;        // </think> was read
  bool something_after_close_ = false;
  bool stopped_ = false;
  bool done_ = false;
  size_t n_call_ = 0;

  std::unique_ptr<CallParser> trial_;
  std::vector<Delta> trial_deltas_;
  std::string trial_text_;  // from the first <tool_call> on
  std::string trial_character_;

  std::vector<Delta> out_;
};

OutputParser::OutputParser(ParserOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
OutputParser::~OutputParser() = default;
OutputParser::OutputParser(OutputParser&&) noexcept = default;
OutputParser& OutputParser::operator=(OutputParser&&) noexcept = default;

std::vector<Delta> OutputParser::push(std::string_view bytes) {
  return impl_->push(bytes);
}
std::vector<Delta> OutputParser::finish(FinishReason reason) {
  return impl_->finish(reason);
}
bool OutputParser::in_reasoning() const {
  return impl_->in_reasoning();
}
bool OutputParser::reasoning_ended() const {
  return impl_->reasoning_ended();
}
bool OutputParser::ends_in_calls() const {
  return impl_->ends_in_calls();
}
bool OutputParser::stopped() const {
  return impl_->stopped();
}
size_t OutputParser::n_call() const {
  return impl_->n_call();
}

void ParsedOutput::add(const Delta& delta) {
  const auto append = [&delta](std::optional<std::string>& to) {
    if (!delta.text.empty()) to = std::move(to).value_or("") + delta.text;
  };
  switch (delta.kind) {
    case Delta::Kind::reasoning:
      return append(reasoning);
    case Delta::Kind::content:
      return append(content);
    case Delta::Kind::call_begin:
      calls.push_back({.id = delta.id, .name = delta.text, .arguments = {}});
      return;
    case Delta::Kind::call_arguments:
      calls.back().arguments += delta.text;
      return;
    case Delta::Kind::call_end:
      calls.back().ending = delta.ending;
  }
}

ParsedOutput parse_output(std::string_view text, const ParserOptions& options,
                          FinishReason reason) {
  ParsedOutput out;
  OutputParser parser(options);
  for (const Delta& delta : parser.push(text)) out.add(delta);
  for (const Delta& delta : parser.finish(reason)) out.add(delta);
  return out;
}

namespace {

OutputStart start_after(std::string_view last_tag, bool at_the_end) {
  if (last_tag == token::kThinkBegin) return OutputStart::reasoning;
  if (last_tag == token::kThinkEnd && at_the_end) return OutputStart::after_think_close;
  return OutputStart::content;
}

}  // namespace

OutputStart start_of(const Prompt& prompt) {
  for (size_t i = prompt.segments.size(); i-- > 0;) {
    const Segment& segment = prompt.segments[i];
    if (!segment.control) continue;
    if (segment.text == token::kTurnBegin) break;
    if (segment.text == token::kThinkBegin || segment.text == token::kThinkEnd) {
      return start_after(segment.text, i + 1 == prompt.segments.size());
    }
  }
  return OutputStart::content;
}

OutputStart start_of(std::string_view prompt) {
  const size_t turn = prompt.rfind(token::kTurnBegin);
  if (turn != std::string_view::npos) prompt.remove_prefix(turn);
  const auto last = [prompt](std::string_view tag) {
    const size_t at = prompt.rfind(tag);
    return at == std::string_view::npos ? 0 : at + tag.size();
  };
  const size_t begin = last(token::kThinkBegin);
  const size_t end = last(token::kThinkEnd);
  if (begin == end) return OutputStart::content;
  return start_after(begin > end ? token::kThinkBegin : token::kThinkEnd, end == prompt.size());
}

}  // namespace stride::chat
