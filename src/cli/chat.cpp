// SPDX-License-Identifier: Apache-2.0
// stride chat: a conversation at the terminal, or line by line from a script.
#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <optional>

#include "cli/chat_input.h"
#include "cli/chat_talk.h"
#include "cli/chat_view.h"
#include "cli/commands.h"
#include "cli/generation_flags.h"
#include "cli/model_flags.h"
#include "cli/report.h"
#include "cli/talk_interrupts.h"
#include "cli/terminal.h"

namespace stride::cli {
namespace {

struct Options {
  ModelFlags model;
  GenerationFlags generation;
  std::string thoughts = "auto";
  std::string load;
};

void greet(const engine::Engine& engine, uint32_t context) {
  const std::string& name = engine.model().config().name;
  fmt::print("{}, {} tokens of context. /help shows what can be typed.\n",
             name.empty() ? "A model without a name" : safe_text(name), context);
}

ThinkingView first_thinking_view(const std::string& thoughts, bool terminal) {
  if (thoughts == "auto") return terminal ? ThinkingView::show : ThinkingView::fold;
  return thoughts == "show" ? ThinkingView::show : ThinkingView::fold;
}

// Reads messages until the input ends. The exit code.
int converse(ChatTalk& talk, ChatInput& input, ChatView& view, bool interactive,
             const bool& interrupted) {
  bool leaving = false;  // a Ctrl-C on an empty line has been seen
  bool failed = false;
  while (true) {
    const ChatLine line = read_message(input);
    if (line.kind == ChatLine::Kind::end) break;
    if (line.kind == ChatLine::Kind::interrupted) {
      if (!interactive || (leaving && line.text.empty())) return 130;
      leaving = line.text.empty();
      if (leaving) view.note("[Ctrl-C once more, or /quit, leaves]");
      continue;
    }
    leaving = false;
    if (talk.handle(line.text) == TalkState::quit) return failed && !interactive ? 1 : 0;
    failed |= talk.failed();
    if (interrupted && !interactive) return 130;
  }
  if (interactive) fmt::print("\n");
  return failed && !interactive ? 1 : 0;
}

Result<int> chat(const Options& options) {
  const auto engine = STRIDE_TRY(open_engine(options.model));
  const uint32_t context =
      STRIDE_TRY(choose_context(engine->model(), options.model.context, memory_info()));
  report_long_context(engine->model().config(), context);
  auto generation = STRIDE_TRY(generation_options(options.generation, *engine));
  generation.chunk = options.model.batch;
  auto session = STRIDE_TRY(engine::Session::make(engine->model(), context));

  const Interrupts interrupts = STRIDE_TRY(Interrupts::install());
  const bool interactive = is_terminal(stdin) && is_terminal(stdout);
  const auto input = interactive
                         ? STRIDE_TRY(make_terminal_input(default_history_file(), interrupts))
                         : make_stream_input(STDIN_FILENO, &interrupts);
  ChatView view(stdout, stderr, {can_draw(stdout), wants_colour(stdout)},
                first_thinking_view(options.thoughts, is_terminal(stdout)));
  ChatTalk talk(*engine, std::move(session), view, std::move(generation),
                start_conversation(options.generation));
  bool interrupted = false;
  talk.set_runner([&](const std::function<void(std::stop_token)>& generate) {
    const InterruptWatch watch(interrupts);
    generate(watch.token());
    interrupts.take();
    interrupted = watch.interrupted();
  });
  if (interactive) greet(*engine, context);
  if (!options.load.empty()) {
    talk.handle("/load " + options.load);
    if (talk.failed()) return 1;
  }
  return converse(talk, *input, view, interactive, interrupted);
}

}  // namespace

int chat_command(Arguments args) {
  Options options;
  CommandLine line("chat",
                   "Talks with a model. On a terminal with line editing and history; otherwise "
                   "each line of standard input is a message and the answers go to standard "
                   "output.");
  declare(line, options.model);
  declare(line, options.generation);
  line.choice("--thoughts", options.thoughts, {"auto", "show", "fold"},
              "show thoughts dimmed, or fold them into a line; auto folds them in scripts")
      .option("--load", options.load, "go on with a conversation that /save wrote")
      .example("stride chat", "talk with the bundled model")
      .example("stride chat -m model.gguf -c 16384 --temp 0.7", "another model and temperature")
      .example("printf 'Hello\\n/stats\\n' | stride chat -m model.gguf", "in a script");
  const std::vector<std::string> completed = complete_flash_flag(args);
  if (const auto stop = line.parse(completed)) return *stop;
  const auto code = chat(options);
  return code ? *code : report(code.error());
}

}  // namespace stride::cli
