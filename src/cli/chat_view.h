// SPDX-License-Identifier: Apache-2.0
// How an answer looks while it comes: progress, reasoning (dimmed, folded into one line, or left
// out), the answer as the model wrote it, calls. The answer goes to `out`; on a terminal the rest
// does too, otherwise notes go to `err`, so that a script gets the answers alone.
#pragma once

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

#include "engine/generate.h"

namespace stride::cli {

enum class ThinkingView { show, fold };

class ChatView {
 public:
  struct Style {
    bool draw = false;  // the cursor may be moved
    bool colour = false;
  };

  ChatView(std::FILE* out, std::FILE* err, Style style, ThinkingView thinking)
      : out_(out), err_(err), style_(style), thinking_(thinking) {}

  ThinkingView thinking() const { return thinking_; }
  void set_thinking(ThinkingView thinking) { thinking_ = thinking; }

  // To be given to generate(); valid until end_answer().
  engine::Listener begin_answer();
  // Also after a failure, without a result.
  void end_answer(const engine::Generated* generated);

  // What a command prints.
  void say(std::string_view text);
  // About what happens, dimmed.
  void note(std::string_view text);
  void error(std::string_view text);

 private:
  enum class Shown { nothing, reasoning, content, call };

  void on_prefill(const engine::PrefillProgress& progress);
  void on_delta(const chat::Delta& delta);
  void on_reasoning(std::string_view text);
  void turn_to(Shown what);
  void status(std::string_view text);
  void clear_status();
  std::string dimmed(std::string_view text) const;
  double seconds() const;

  std::FILE* out_;
  std::FILE* err_;
  Style style_;
  ThinkingView thinking_;
  Shown shown_ = Shown::nothing;
  bool at_line_start_ = true;
  bool status_shown_ = false;
  uint32_t n_thought_ = 0;  // tokens, for the folded line
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_status_;
};

}  // namespace stride::cli
