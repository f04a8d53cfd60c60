// SPDX-License-Identifier: Apache-2.0
// The commands of a chat: one method each, found in one table that /help prints.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <vector>

#include "base/output_file.h"
#include "chat/from_json.h"
#include "cli/chat_talk.h"
#include "cli/command_line.h"
#include "cli/human.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "cli/text_file.h"

namespace stride::cli {

namespace {

constexpr uint64_t kMaxSavedBytes = uint64_t{64} << 20;

constexpr std::string_view kHelpEnd =
    "\nA backslash at a line's end goes on in the next line; \"\"\" begins and ends a block of "
    "lines.\n"
    "//TEXT sends a message that begins with a slash. Ctrl-C stops an answer, or clears the line;\n"
    "twice on an empty line, or Ctrl-D, leaves.\n";

std::string_view on_off(bool on) {
  return on ? "on" : "off";
}

std::string trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t") - begin + 1));
}

Result<> save_text(const std::string& path, std::string_view text) {
  auto file = STRIDE_TRY(OutputFile::create(path));
  STRIDE_TRY(file.write(text));
  return file.commit();
}

}  // namespace

struct ChatTalk::Command {
  std::string_view name;
  std::string_view arguments;
  std::string_view help;
  void (ChatTalk::*run)(const std::string& argument);  // null: leaves
};

std::span<const ChatTalk::Command> ChatTalk::commands() {
  static constexpr std::array kCommands = {
      Command{"/help", "", "what can be typed", &ChatTalk::help},
      Command{"/think", "on|off|show|fold|budget N",
              "think or not; show or fold thoughts; limit them", &ChatTalk::think},
      Command{"/effort", "low|medium|high|default", "how hard to think (Step-3.7)",
              &ChatTalk::effort},
      Command{"/system", "[TEXT|none]", "show, set or remove the system text", &ChatTalk::system},
      Command{"/save", "FILE", "write the conversation as JSON", &ChatTalk::save},
      Command{"/load", "FILE", "go on with a saved conversation", &ChatTalk::load},
      Command{"/retry", "", "answer the last message anew", &ChatTalk::retry},
      Command{"/stats", "", "context, speed, drafts, and what was reused", &ChatTalk::stats},
      Command{"/clear", "", "begin a new conversation, keeping the system text", &ChatTalk::clear},
      Command{"/quit", "", "leave (also /exit, Ctrl-D)", nullptr},
  };
  return kCommands;
}

TalkState ChatTalk::command(const std::string& line) {
  const size_t space = line.find_first_of(" \t\n");
  std::string name = line.substr(0, space);
  const std::string argument = space == std::string::npos
                                   ? std::string()
                                   : trimmed(std::string_view(line).substr(space + 1));
  if (name == "/exit") name = "/quit";
  std::vector<std::string> known;
  for (const Command& c : commands()) {
    known.emplace_back(c.name);
    if (name != c.name) continue;
    if (c.run == nullptr) return TalkState::quit;
    (this->*c.run)(argument);
    return TalkState::go_on;
  }
  const std::string nearest = nearest_name(name, known);
  fail_with(fmt::format("unknown command {}; {}", safe_text(name),
                        nearest.empty() ? "/help lists them" : "did you mean " + nearest + "?"));
  return TalkState::go_on;
}

void ChatTalk::help(const std::string&) {
  std::string text;
  for (const Command& c : commands())
    text += fmt::format("  {:<34}{}\n", fmt::format("{} {}", c.name, c.arguments), c.help);
  view_.say(text + std::string(kHelpEnd));
}

void ChatTalk::think(const std::string& argument) {
  constexpr std::string_view kBudget = "budget";
  if (argument == "on" || argument == "off") {
    conversation_.thinking = argument == "on" ? chat::Thinking::on : chat::Thinking::off;
  } else if (argument == "show" || argument == "fold") {
    view_.set_thinking(argument == "show" ? ThinkingView::show : ThinkingView::fold);
  } else if (argument.starts_with(kBudget)) {
    const std::string number = trimmed(std::string_view(argument).substr(kBudget.size()));
    uint32_t n = 0;
    const char* end = number.data() + number.size();
    const auto [at, error] = std::from_chars(number.data(), end, n);
    if (number == "none") {
      options_.thinking_budget.reset();
    } else if (error != std::errc{} || at != end) {
      return fail_with("/think budget takes a number of tokens, or none");
    } else {
      options_.thinking_budget = n;
    }
  } else if (!argument.empty()) {
    return fail_with("/think takes on, off, show, fold or budget N");
  }
  view_.note(fmt::format(
      "thinking is {}, thoughts are {}, budget: {}",
      on_off(conversation_.thinking == chat::Thinking::on),
      view_.thinking() == ThinkingView::show ? "shown" : "folded",
      options_.thinking_budget ? fmt::format("{} tokens", *options_.thinking_budget) : "none"));
}

void ChatTalk::effort(const std::string& argument) {
  if (argument == "default") {
    conversation_.effort.reset();
  } else if (const auto level = chat::parse_effort(argument)) {
    conversation_.effort = level;
  } else if (!argument.empty()) {
    return fail_with("/effort takes low, medium, high or default");
  }
  view_.note(fmt::format("effort: {}", conversation_.effort
                                           ? chat::effort_name(*conversation_.effort)
                                           : std::string_view("default")));
}

void ChatTalk::system(const std::string& argument) {
  auto& messages = conversation_.messages;
  const bool has = !messages.empty() && messages.front().role == chat::Role::system;
  if (argument.empty()) {
    return view_.say(has ? safe_text(chat::content_text(messages.front()))
                         : "there is no system text; /system TEXT sets one");
  }
  if (has) messages.erase(messages.begin());
  if (argument != "none")
    messages.insert(messages.begin(), chat::text_message(chat::Role::system, argument));
  view_.note(argument == "none" ? "the system text is removed" : "the system text is set");
}

void ChatTalk::save(const std::string& argument) {
  if (argument.empty()) return fail_with("/save takes the name of a file");
  const auto saved = save_text(argument, chat::conversation_to_text(conversation_) + "\n");
  if (!saved) return fail_with(saved.error().message);
  view_.note(fmt::format("{} messages saved to {}", conversation_.messages.size(), argument));
}

void ChatTalk::load(const std::string& argument) {
  if (argument.empty()) return fail_with("/load takes the name of a file");
  const auto text = read_regular_file(argument, kMaxSavedBytes);
  if (!text) return fail_with(text.error().message);
  auto conversation = chat::conversation_from_text(*text);
  if (!conversation)
    return fail_with(fmt::format("{}: {}", argument, conversation.error().message));
  conversation->add_generation_prompt = true;
  // Nothing is taken over that could not be answered.
  const auto prompt = chat::render(*conversation, {.images = chat::Images::refuse});
  if (!prompt) return fail_with(fmt::format("{}: {}", argument, prompt.error().message));
  auto tools = chat::ToolSchemas::parse(conversation->tools);
  if (!tools) return fail_with(fmt::format("{}: {}", argument, tools.error().message));
  tools_.reset();
  if (!tools->empty()) tools_ = *std::move(tools);
  conversation_ = *std::move(conversation);
  view_.note(fmt::format("{} messages loaded from {}", conversation_.messages.size(), argument));
}

void ChatTalk::retry(const std::string&) {
  auto& messages = conversation_.messages;
  const auto asked = std::find_if(messages.rbegin(), messages.rend(), [](const chat::Message& m) {
    return m.role == chat::Role::user;
  });
  if (asked == messages.rend()) return fail_with("there is no message to answer anew");
  messages.erase(asked.base(), messages.end());
  answer();
}

void ChatTalk::clear(const std::string&) {
  auto& messages = conversation_.messages;
  const bool has_system = !messages.empty() && messages.front().role == chat::Role::system;
  messages.erase(messages.begin() + (has_system ? 1 : 0), messages.end());
  view_.note("a new conversation");
}

void ChatTalk::stats(const std::string&) {
  std::string text =
      fmt::format("context: {} of {} tokens in the cache, {} of memory, {} for points of return\n",
                  session_.size(), session_.capacity(),
                  human_bytes(engine_.model().sequence_bytes(session_.capacity())),
                  human_bytes(session_.mark_bytes()));
  text += fmt::format("messages: {}\n", conversation_.messages.size());
  if (last_) {
    text += fmt::format("last answer: {}\n", summary(*last_));
    text += fmt::format(
        "in all: {} answers; {} prompt tokens, {} of them reused; {} written; reading {}, "
        "writing {}\n",
        n_turn_, n_prompt_, n_reused_, n_written_, duration_text(read_seconds_),
        duration_text(write_seconds_));
  }
  view_.say(text);
}

}  // namespace stride::cli
