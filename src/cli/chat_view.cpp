// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_view.h"

#include <fmt/core.h>

#include "cli/human.h"
#include "cli/terminal.h"

namespace stride::cli {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kStatusEvery{150};
constexpr double kQuietSeconds = 0.5;  // shorter readings show no progress
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kPlain = "\x1b[0m";
constexpr std::string_view kClearLine = "\r\x1b[K";

void write(std::FILE* file, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
}

}  // namespace

double ChatView::seconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

std::string ChatView::dimmed(std::string_view text) const {
  return style_.colour ? fmt::format("{}{}{}", kDim, text, kPlain) : std::string(text);
}

void ChatView::say(std::string_view text) {
  write(out_, text);
  if (!text.ends_with('\n')) write(out_, "\n");
  std::fflush(out_);
}

void ChatView::note(std::string_view text) {
  std::FILE* file = style_.draw ? out_ : err_;
  write(file, dimmed(text) + "\n");
  std::fflush(file);
}

void ChatView::error(std::string_view text) {
  std::fflush(out_);
  write(err_, fmt::format("stride: {}\n", text));
}

void ChatView::status(std::string_view text) {
  const auto now = Clock::now();
  if (!style_.draw || (status_shown_ && now - last_status_ < kStatusEvery)) return;
  last_status_ = now;
  status_shown_ = true;
  write(out_, fmt::format("{}{}", kClearLine, dimmed(text)));
  std::fflush(out_);
}

void ChatView::clear_status() {
  if (!status_shown_) return;
  status_shown_ = false;
  write(out_, kClearLine);
}

engine::Listener ChatView::begin_answer() {
  shown_ = Shown::nothing;
  at_line_start_ = true;
  n_thought_ = 0;
  start_ = Clock::now();
  engine::Listener listener;
  listener.on_prefill = [this](const engine::PrefillProgress& p) { on_prefill(p); };
  listener.on_delta = [this](const chat::Delta& d) { on_delta(d); };
  listener.on_token = [this](const engine::GeneratedToken& t) {
    if (t.channel != decode::Channel::reasoning) return;
    ++n_thought_;
    if (thinking_ == ThinkingView::fold)
      status(
          fmt::format("thinking: {}, {}", counted(n_thought_, "token"), duration_text(seconds())));
  };
  return listener;
}

void ChatView::on_prefill(const engine::PrefillProgress& p) {
  if (p.seconds < kQuietSeconds && p.eta_seconds < kQuietSeconds) return;
  if (p.reused + p.processed == p.total) {
    clear_status();
    return;
  }
  status(fmt::format("reading: {} of {} tokens, {} left", p.reused + p.processed, p.total,
                     duration_text(p.eta_seconds)));
}

// Closes what stands and opens what comes.
void ChatView::turn_to(Shown what) {
  if (shown_ == what) return;
  clear_status();
  if (shown_ == Shown::reasoning) {
    if (style_.colour) write(out_, kPlain);
    write(out_, at_line_start_ ? "\n" : "\n\n");
  } else if (shown_ != Shown::nothing && !at_line_start_) {
    write(out_, "\n");
  } else if (shown_ == Shown::nothing && what != Shown::reasoning && n_thought_ > 1 &&
             style_.draw && thinking_ == ThinkingView::fold) {
    note(fmt::format("thought for {} tokens, {}", n_thought_, duration_text(seconds())));
  }
  if (what == Shown::reasoning && style_.colour) write(out_, kDim);
  shown_ = what;
  at_line_start_ = true;
}

void ChatView::on_reasoning(std::string_view text) {
  if (thinking_ == ThinkingView::fold) return;
  turn_to(Shown::reasoning);
  write(out_, text);
}

void ChatView::on_delta(const chat::Delta& delta) {
  const std::string text = style_.draw ? safe_text(delta.text) : delta.text;
  switch (delta.kind) {
    case chat::Delta::Kind::reasoning:
      if (thinking_ == ThinkingView::fold) return;
      on_reasoning(text);
      break;
    case chat::Delta::Kind::content:
      turn_to(Shown::content);
      write(out_, text);
      break;
    case chat::Delta::Kind::call_begin:
      turn_to(Shown::call);
      write(out_, dimmed(fmt::format("calls {} ", text)));
      break;
    case chat::Delta::Kind::call_arguments:
      write(out_, text);
      break;
    case chat::Delta::Kind::call_end:
      write(out_, "\n");
      break;
  }
  if (!text.empty()) at_line_start_ = text.ends_with('\n');
  if (delta.kind == chat::Delta::Kind::call_end) at_line_start_ = true;
  std::fflush(out_);
}

void ChatView::end_answer(const engine::Generated* generated) {
  clear_status();
  if (shown_ == Shown::reasoning && style_.colour) write(out_, kPlain);
  if (!at_line_start_) write(out_, "\n");
  std::fflush(out_);
  shown_ = Shown::nothing;
  at_line_start_ = true;
  if (generated == nullptr) return;
  switch (generated->finish_cause) {
    case engine::FinishCause::cancelled:
      return note("[stopped]");
    case engine::FinishCause::token_budget:
      return note("[the answer reached its number of tokens]");
    case engine::FinishCause::context_end:
      return note("[the context is full; /clear starts a new conversation]");
    case engine::FinishCause::loop:
      return note("[ended: the text went round in circles]");
    case engine::FinishCause::dead_end:
      return note("[ended: no token may follow]");
    case engine::FinishCause::deadline:
      return note("[the time was over]");
    case engine::FinishCause::end_of_turn:
    case engine::FinishCause::stop_string:
    case engine::FinishCause::stop_token:
      return;
  }
}

}  // namespace stride::cli
