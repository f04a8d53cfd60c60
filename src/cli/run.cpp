// SPDX-License-Identifier: Apache-2.0
// stride run: one prompt, one answer, for scripts. The answer goes to standard output, everything
// else to standard error.
#include <fmt/core.h>

#include <cstdio>
#include <optional>

#include "chat/tool_schemas.h"
#include "cli/commands.h"
#include "cli/generation_flags.h"
#include "cli/model_flags.h"
#include "cli/report.h"
#include "cli/talk_interrupts.h"
#include "cli/terminal.h"
#include "cli/text_file.h"
#include "json/json.h"

namespace stride::cli {
namespace {

struct Options {
  ModelFlags model;
  GenerationFlags generation;
  std::optional<std::string> prompt;
  std::optional<std::string> file;
  std::string tools;
  bool raw = false;
  bool json = false;
  bool show_thinking = false;
  bool quiet = false;
};

// -p, then the file; standard input if there is neither.
Result<std::string> read_prompt(const Options& options) {
  if (!options.prompt && !options.file && is_terminal(stdin))
    return fail(Errc::invalid_argument,
                "there is no prompt; give one with -p TEXT or -f FILE, or on standard input");
  std::string out = options.prompt.value_or("");
  if (options.prompt && !options.file) return out;
  if (!out.empty()) out += "\n\n";
  std::string text = STRIDE_TRY(read_text(options.file.value_or("-")));
  // The newline at a file's end is the editor's, not the writer's.
  if (!options.raw && text.ends_with('\n')) text.pop_back();
  return out + text;
}

Result<std::vector<std::string>> read_tools(const std::string& path) {
  std::vector<std::string> out;
  if (path.empty()) return out;
  const Json tools = STRIDE_TRY_AT(
      path, json::parse(STRIDE_TRY(read_text(path)), {.numbers = json::Numbers::exact}));
  if (!tools.is_array()) return fail(Errc::format, "{}: an array of tools was expected", path);
  for (const Json& tool : tools) out.push_back(json::dump(tool));
  return out;
}

// Shows an answer while it comes.
class Printer {
 public:
  explicit Printer(const Options& options)
      : options_(options),
        draw_(can_draw(stderr) && !options.quiet),
        colour_(wants_colour(stderr)),
        safe_(is_terminal(stdout)) {}

  engine::Listener listener() {
    return {.on_prefill = [this](const auto& p) { on_prefill(p); },
            .on_delta = [this](const auto& d) { on_delta(d); }};
  }

  void finish(const engine::Generated& generated) {
    end_reasoning();
    if (!options_.json) {
      if (!line_start_) fmt::print("\n");
      for (const chat::ParsedCall& call : generated.output.calls) {
        Json shown;
        shown["name"] = call.name;
        shown["arguments"] = call.arguments;
        fmt::print("{}\n", json::dump(shown));
      }
    }
    std::fflush(stdout);
    if (!options_.quiet) fmt::print(stderr, "{}\n", summary(generated));
  }

 private:
  void on_prefill(const engine::PrefillProgress& p) {
    if (!draw_ || (p.seconds < 0.5 && p.eta_seconds < 0.5)) return;
    const uint32_t done = p.reused + p.processed;
    if (done == p.total) {
      fmt::print(stderr, "\r\x1b[K");
    } else {
      fmt::print(stderr, "\r\x1b[Kreading: {} of {} tokens, {} left", done, p.total,
                 duration_text(p.eta_seconds));
    }
  }

  void on_delta(const chat::Delta& delta) {
    if (delta.kind == chat::Delta::Kind::reasoning && options_.show_thinking) {
      if (!in_reasoning_ && colour_) fmt::print(stderr, "\x1b[2m");
      in_reasoning_ = true;
      fmt::print(stderr, "{}", safe_text(delta.text));
    }
    if (delta.kind != chat::Delta::Kind::content) return;
    end_reasoning();
    if (options_.json) return;
    const std::string text = safe_ ? safe_text(delta.text) : delta.text;
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
    line_start_ = text.ends_with('\n');
  }

  void end_reasoning() {
    if (!in_reasoning_) return;
    in_reasoning_ = false;
    fmt::print(stderr, "{}\n", colour_ ? "\x1b[0m" : "");
  }

  const Options& options_;
  bool draw_;
  bool colour_;
  bool safe_;
  bool in_reasoning_ = false;
  bool line_start_ = true;
};

Result<engine::GenerationInput> encode(const engine::Engine& engine, const Options& options,
                                       const std::string& prompt,
                                       const std::vector<std::string>& tools) {
  if (options.raw) return engine.encode_raw(prompt);
  chat::Conversation conversation = start_conversation(options.generation);
  conversation.messages.push_back(chat::text_message(chat::Role::user, prompt));
  conversation.tools = tools;
  return engine.encode(STRIDE_TRY(chat::render(conversation)));
}

// A raw prompt has no turns in which these could be told.
Result<> check_raw(const Options& options) {
  const GenerationFlags& generation = options.generation;
  const std::string_view wrong = !options.tools.empty()           ? "--tools"
                                 : !generation.system.empty()     ? "--system"
                                 : generation.effort != "default" ? "--effort"
                                 : generation.think != "on"       ? "--think"
                                                                  : "";
  if (!options.raw || wrong.empty()) return {};
  return fail(Errc::invalid_argument, "--raw has no chat template, so {} has no place", wrong);
}

Result<int> run(const Options& options) {
  STRIDE_TRY(check_raw(options));
  const std::string prompt = STRIDE_TRY(read_prompt(options));
  const auto tools = STRIDE_TRY(read_tools(options.tools));
  const auto schemas = STRIDE_TRY(chat::ToolSchemas::parse(tools));
  const auto engine = STRIDE_TRY(open_engine(options.model));
  const uint32_t context =
      STRIDE_TRY(choose_context(engine->model(), options.model.context, memory_info()));
  report_long_context(engine->model().config(), context);
  auto generation = STRIDE_TRY(generation_options(options.generation, *engine));
  generation.chunk = options.model.batch;
  auto session = STRIDE_TRY(engine::Session::make(engine->model(), context));
  auto input = STRIDE_TRY(encode(*engine, options, prompt, tools));
  if (!tools.empty()) input.tools = &schemas;

  const Interrupts interrupts = STRIDE_TRY(Interrupts::install());
  const InterruptWatch watch(interrupts);
  Printer printer(options);
  const auto generated = STRIDE_TRY(
      engine::generate(*engine, session, input, generation, printer.listener(), watch.token()));
  if (options.json)
    fmt::print("{}\n", json::dump(to_json(generated, engine->model().config().name,
                                          generation.sampling.seed)));
  printer.finish(generated);
  return generated.finish_cause == engine::FinishCause::cancelled ? 130 : 0;
}

}  // namespace

int run_command(Arguments args) {
  Options options;
  CommandLine line("run",
                   "Answers one prompt. The answer goes to standard output, figures and the rest "
                   "to standard error.");
  declare(line, options.model);
  line.option("-p,--prompt", options.prompt, "the prompt")
      .option("-f,--file", options.file, "file with the prompt, put after -p; - = standard input")
      .flag("--raw", options.raw, "continue the prompt as it is, without the chat template")
      .option("--tools", options.tools, "JSON file with tools in the OpenAI form")
      .flag("--json", options.json,
            "print one JSON object: content, reasoning, tool_calls, usage, timings, mtp, reasons")
      .flag("--show-thinking", options.show_thinking, "reasoning on standard error")
      .flag("-q,--quiet", options.quiet, "no figures, no progress");
  declare(line, options.generation);
  line.example("stride run -m model.gguf -p 'What is 17 * 23?'", "one question")
      .example("stride run -m model.gguf -p 'Summarise:' -f notes.txt --temp 0", "about a file")
      .example("stride run -m model.gguf -p 'Once upon a time' --raw -n 64", "plain continuation")
      .example("stride run -m model.gguf -p 'Count to 50.' --mtp-depth 3",
               "three drafts a step, whether they pay or not");
  const std::vector<std::string> completed = complete_flash_flag(args);
  if (const auto stop = line.parse(completed)) return *stop;
  const auto code = run(options);
  return code ? *code : report(code.error());
}

}  // namespace stride::cli
