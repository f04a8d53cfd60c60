// SPDX-License-Identifier: Apache-2.0
// The conversation of `stride chat`: messages in, answers and the effects of commands out. Knows
// nothing of terminals or signals, so that tests can hold one with a scripted model.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "chat/message.h"
#include "chat/tool_schemas.h"
#include "cli/chat_view.h"
#include "engine/engine.h"
#include "engine/generate.h"
#include "engine/session.h"

namespace stride::cli {

enum class TalkState { go_on, quit };

class ChatTalk {
 public:
  // `start` holds the settings and perhaps a system text. The engine and the view outlive the talk.
  ChatTalk(const engine::Engine& engine, engine::Session session, ChatView& view,
           engine::GenerationOptions options, chat::Conversation start);

  // Runs a generation under something that can stop it.
  using Runner = std::function<void(const std::function<void(std::stop_token)>&)>;
  void set_runner(Runner runner) { runner_ = std::move(runner); }

  // A message or a command. False results of commands are shown, not returned.
  TalkState handle(const std::string& message);

  const chat::Conversation& conversation() const { return conversation_; }
  // Whether the last message or command failed, for the exit code of scripts.
  bool failed() const { return failed_; }

 private:
  struct Command;
  static std::span<const Command> commands();

  TalkState command(const std::string& line);
  void fail_with(std::string_view text);
  void answer();
  void keep(const engine::Generated& generated);
  void take_back_question();

  void help(const std::string& argument);
  void think(const std::string& argument);
  void effort(const std::string& argument);
  void system(const std::string& argument);
  void save(const std::string& argument);
  void load(const std::string& argument);
  void stats(const std::string& argument);
  void clear(const std::string& argument);
  void retry(const std::string& argument);

  const engine::Engine& engine_;
  engine::Session session_;
  ChatView& view_;
  engine::GenerationOptions options_;
  chat::Conversation conversation_;
  std::optional<chat::ToolSchemas> tools_;  // of a loaded conversation that has some
  Runner runner_;
  bool failed_ = false;

  std::optional<engine::Generated> last_;  // its output has been moved away
  uint64_t n_turn_ = 0;
  uint64_t n_prompt_ = 0, n_reused_ = 0, n_written_ = 0;
  double read_seconds_ = 0, write_seconds_ = 0;
};

}  // namespace stride::cli
