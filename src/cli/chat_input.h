// SPDX-License-Identifier: Apache-2.0
// Where the lines of a chat come from, and how lines become messages: a backslash at the end goes
// on in the next line, and three quotes open a block that three quotes at a line's end close.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "cli/talk_interrupts.h"

namespace stride::cli {

struct ChatLine {
  enum class Kind { text, interrupted, end };

  Kind kind = Kind::end;
  std::string text;  // without its newline; of an interrupted line what had been typed
};

class ChatInput {
 public:
  virtual ~ChatInput() = default;
  virtual ChatLine read_line(std::string_view prompt) = 0;
  // Remembers a whole message for the arrow keys.
  virtual void remember(const std::string& message) = 0;
};

// A file or a pipe, which stays open. Shows no prompt. `interrupts` may be null and outlives it.
std::unique_ptr<ChatInput> make_stream_input(int fd, const Interrupts* interrupts);

// The terminal, with line editing. The history is read from `history_file` and written to it as it
// grows, so that nothing is lost with the program; an empty path or a file that cannot be written
// makes a history of this run alone. `interrupts` outlives it.
Result<std::unique_ptr<ChatInput>> make_terminal_input(const std::filesystem::path& history_file,
                                                       const Interrupts& interrupts);

// $XDG_STATE_HOME/stride/history, or ~/.local/state/stride/history; empty without a home.
std::filesystem::path default_history_file();

// One message of one or more lines. An interrupt throws away what was typed. A slash at the front
// of a block is doubled, which keeps it from being taken for a command.
ChatLine read_message(ChatInput& input);

}  // namespace stride::cli
