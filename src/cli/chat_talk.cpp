// SPDX-License-Identifier: Apache-2.0
// Messages and answers. The commands are in chat_commands.cpp.
#include "cli/chat_talk.h"

#include <utility>

#include "chat/render.h"

namespace stride::cli {

ChatTalk::ChatTalk(const engine::Engine& engine, engine::Session session, ChatView& view,
                   engine::GenerationOptions options, chat::Conversation start)
    : engine_(engine),
      session_(std::move(session)),
      view_(view),
      options_(std::move(options)),
      conversation_(std::move(start)),
      runner_([](const auto& generation) { generation({}); }) {}

TalkState ChatTalk::handle(const std::string& message) {
  failed_ = false;
  if (message.find_first_not_of(" \t\r\n") == std::string::npos) return TalkState::go_on;
  if (message.starts_with('/') && !message.starts_with("//")) return command(message);
  const bool escaped = message.starts_with("//");
  conversation_.messages.push_back(
      chat::text_message(chat::Role::user, escaped ? message.substr(1) : message));
  answer();
  return TalkState::go_on;
}

void ChatTalk::fail_with(std::string_view text) {
  failed_ = true;
  view_.error(text);
}

// What was asked but not answered leaves the conversation, so that the next prompt is as if it had
// never been asked.
void ChatTalk::take_back_question() {
  auto& messages = conversation_.messages;
  if (!messages.empty() && messages.back().role == chat::Role::user) messages.pop_back();
}

void ChatTalk::answer() {
  // What the user typed and what was said here is trimmed, as white space left at the edges of a
  // history drives the model into endless reasoning.
  const auto prompt =
      chat::render(conversation_, {.trim = chat::Trim::foreign, .images = chat::Images::refuse});
  if (!prompt) {
    take_back_question();
    return fail_with(prompt.error().message);
  }
  auto input = engine_.encode(*prompt);
  if (!input) {
    take_back_question();
    return fail_with(input.error().message);
  }
  if (tools_) input->tools = &*tools_;
  runner_([&](const std::stop_token& stop) {
    engine::GenerationOptions options = options_;
    options.sampling.seed += n_turn_;  // the same question again may have another answer
    const auto listener = view_.begin_answer();
    auto generated = engine::generate(engine_, session_, *input, options, listener, stop);
    view_.end_answer(generated ? &*generated : nullptr);
    if (generated) return keep(*generated);
    take_back_question();
    fail_with(generated.error().message);
  });
}

void ChatTalk::keep(const engine::Generated& generated) {
  ++n_turn_;
  n_prompt_ += generated.usage.prompt_tokens;
  n_reused_ += generated.usage.reused_tokens;
  n_written_ += generated.usage.completion_tokens();
  read_seconds_ += generated.timings.prefill_seconds;
  write_seconds_ += generated.timings.decode_seconds;
  last_ = generated;

  const chat::ParsedOutput& output = generated.output;
  if (!output.content && !output.reasoning && output.calls.empty()) {
    take_back_question();
    if (generated.finish_cause == engine::FinishCause::cancelled)
      view_.note("[your message is taken back, as nothing was answered]");
    return;
  }
  chat::Message said = chat::text_message(chat::Role::assistant, output.content.value_or(""));
  said.reasoning = output.reasoning.value_or("");
  for (const chat::ParsedCall& call : output.calls)
    said.tool_calls.push_back({.name = call.name, .arguments = call.arguments});
  conversation_.messages.push_back(std::move(said));
}

}  // namespace stride::cli
