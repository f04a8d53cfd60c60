// SPDX-License-Identifier: Apache-2.0
// stride eval nano: scores one or more files of step-nano on held-out exercises, answered greedily
// by the engine with the guards that chats and servers have.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/eval_report.h"
#include "cli/find_model.h"
#include "cli/interrupt.h"
#include "cli/load_tokenizer.h"
#include "cli/model_flags.h"
#include "engine/engine.h"
#include "engine/generate.h"
#include "engine/session.h"
#include "format/tensor_catalog.h"
#include "model/model.h"
#include "nano/evaluate.h"
#include "nano/skills.h"

namespace stride::cli {
namespace {

struct Options {
  std::vector<std::string> models, skills;
  std::string path = "fast", failures;
  uint32_t n = 200, n_threads = 0, max_tokens = 1024, length = 2048;
  uint64_t seed = 1;
  bool json = false, no_mtp = false, kinds = false;
};

// One line on standard error that is written over: what is done, what it takes, how it goes.
class ItemProgress {
 public:
  explicit ItemProgress(std::string name)
      : name_(std::move(name)), shown_(isatty(STDERR_FILENO) != 0) {}
  ~ItemProgress() {
    if (shown_) fmt::print(stderr, "\r\033[K");
  }

  void show(const nano::Outcome& outcome, uint64_t n_done, uint64_t n_all) {
    n_right_ += outcome.correct ? 1 : 0;
    if (!shown_) return;
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
    const auto left = static_cast<uint64_t>(seconds / static_cast<double>(n_done) *
                                            static_cast<double>(n_all - n_done));
    fmt::print(stderr, "\r\033[K{}: {} {}/{}, {:.1f}% right, {}:{:02} left", name_,
               nano::skill_name(outcome.sample->skill), n_done, n_all,
               100.0 * static_cast<double>(n_right_) / static_cast<double>(n_done), left / 60,
               left % 60);
    std::fflush(stderr);
  }

 private:
  std::string name_;
  bool shown_;
  uint64_t n_right_ = 0;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

Result<std::vector<nano::Skill>> read_skills(const std::vector<std::string>& names) {
  std::vector<nano::Skill> skills;
  for (const std::string& name : names) {
    const auto skill = nano::skill_from_name(name);
    if (!skill) {
      std::string known;
      for (int s = 0; s < nano::kSkills; ++s)
        known +=
            fmt::format("{}{}", s > 0 ? ", " : "", nano::skill_name(static_cast<nano::Skill>(s)));
      return fail(Errc::invalid_argument, "there is no skill \"{}\"; there are {}", name, known);
    }
    skills.push_back(*skill);
  }
  return skills;
}

void write_failure(std::ofstream& out, const std::string& model, const nano::Outcome& outcome) {
  if (outcome.correct && outcome.split) return;
  const nano::Sample& sample = *outcome.sample;
  out << fmt::format("=== {} {}/{} {}\n", model, nano::skill_name(sample.skill), sample.kind,
                     sample.key);
  for (const nano::Turn& turn : std::span(sample.turns).first(sample.turns.size() - 1)) {
    const std::string_view who = turn.role == nano::Role::user   ? "user"
                                 : turn.role == nano::Role::tool ? "tool"
                                                                 : "assistant";
    out << fmt::format("{}: {}\n", who, turn.content);
  }
  out << fmt::format("--- {}\n{}\n", outcome.why, outcome.output);
}

Result<nano::Answer> answer_greedily(const engine::Engine& engine, engine::Session& session,
                                     uint32_t max_tokens, const chat::Prompt& prompt,
                                     const chat::ToolSchemas* tools) {
  engine::GenerationInput input = STRIDE_TRY(engine.encode(prompt));
  input.tools = tools;
  STRIDE_TRY(session.clear());
  const engine::Generated generated = STRIDE_TRY(engine::generate(
      engine, session, input, {.sampling = {.temperature = 0}, .max_tokens = max_tokens}, {}, {}));
  nano::Answer answer{.ids = std::move(input.prompt),
                      .ended = generated.finish_reason != engine::FinishReason::length};
  answer.n_prompt = static_cast<uint32_t>(answer.ids.size());
  for (const engine::GeneratedToken& token : generated.tokens) answer.ids.push_back(token.id);
  return answer;
}

Result<nano::Evaluation> evaluate_file(const std::string& path, const Options& options,
                                       const Interrupt& interrupt, std::ofstream* failures) {
  STRIDE_TRY(check_threads(options.n_threads));
  const auto catalog = STRIDE_TRY(format::open_model(STRIDE_TRY(find_model(path, {}))));
  text::Tokenizer tokenizer = STRIDE_TRY(load_tokenizer(path));
  std::vector<std::string> warnings;
  model::LoadOptions load{.n_threads = options.n_threads};
  if (options.path == "reference") load.path = model::Path::reference;
  const engine::Engine engine(STRIDE_TRY_AT(path, model::Model::load(*catalog, load, warnings)),
                              std::move(tokenizer));
  for (const std::string& warning : warnings)
    fmt::print(stderr, "warning: {}: {}\n", path, warning);
  const nano::EvaluateOptions wanted{.skills = STRIDE_TRY(read_skills(options.skills)),
                                     .n = options.n,
                                     .seed = options.seed,
                                     .sample_length = options.length,
                                     .mtp = !options.no_mtp};
  // Chat templates and questions come on top of the context of an exercise.
  const uint32_t capacity = 2 * options.length + options.max_tokens;
  auto session = STRIDE_TRY(engine::Session::make(engine.model(), capacity));
  ItemProgress progress(path);
  return nano::evaluate(
      engine.model(), engine.tokenizer(), wanted,
      [&](const chat::Prompt& prompt, const chat::ToolSchemas* tools) {
        return answer_greedily(engine, session, options.max_tokens, prompt, tools);
      },
      [&](const nano::Outcome& outcome, uint64_t n_done, uint64_t n_all) {
        progress.show(outcome, n_done, n_all);
        if (failures != nullptr) write_failure(*failures, path, outcome);
        return !interrupt.requested();
      });
}

Result<int> run(const Options& options) {
  std::optional<std::ofstream> failures;
  if (!options.failures.empty()) {
    failures.emplace(options.failures, std::ios::trunc);
    if (!*failures) return fail(Errc::io, "{} cannot be written", options.failures);
  }
  std::vector<std::string> models = options.models;
  if (models.empty())
    models.push_back(STRIDE_TRY(find_model("", bundled_places(executable_folder()))));
  const Interrupt interrupt;
  std::vector<NamedEvaluation> results;
  for (const std::string& path : models) {
    if (interrupt.requested()) break;
    results.push_back({path, STRIDE_TRY(evaluate_file(path, options, interrupt,
                                                      failures ? &*failures : nullptr))});
  }
  fmt::print("{}", options.json
                       ? evaluation_json(results)
                       : evaluation_table(results, options.kinds ? Detail::kinds : Detail::skills));
  if (failures && !failures->flush())
    return fail(Errc::io, "{} cannot be written", options.failures);
  if (!interrupt.requested()) return 0;
  fmt::print(stderr, "interrupted: the figures cover what was done so far\n");
  return 130;
}

}  // namespace

int eval_command(Arguments args) {
  Options options;
  std::string what;
  CommandLine line("eval",
                   "Scores a model on held-out exercises, answered greedily as a server would.");
  line.positional("WHAT", what, "which exercises: nano")
      .option("-m,--model", options.models,
              "model file, again for each one to compare; without it the bundled model")
      .option("-s,--skill", options.skills, "only this skill, again for more")
      .option("-n,--count", options.n, "items of each skill")
      .option("--seed", options.seed, "seed of the items")
      .option("--max-tokens", options.max_tokens, "longest answer in tokens")
      .option("--length", options.length, "tokens that the longest exercises fill")
      .option("-t,--threads", options.n_threads, "threads, 0 for one per core")
      .choice("--path", options.path, {"fast", "reference"}, "implementation of the model")
      .option("--failures", options.failures, "file for the answers that were wrong")
      .flag("--kinds", options.kinds, "also a line for each kind of exercise")
      .flag("--no-mtp", options.no_mtp, "leave the MTP heads out")
      .flag("--json", options.json, "print JSON");
  line.example("stride eval nano", "all skills of the bundled model")
      .example("stride eval nano -m f32.gguf -m q8.gguf -m q4.gguf", "what quantisation costs")
      .example("stride eval nano -s recall -n 500 --failures wrong.txt",
               "one skill, keeping what went wrong");
  if (const auto stop = line.parse(args)) return *stop;
  if (what != "nano") {
    fmt::print(stderr, "stride eval: there are no exercises called \"{}\"; did you mean nano?\n",
               what);
    return 2;
  }
  if (options.n == 0 || options.max_tokens == 0 || options.length < 256) {
    fmt::print(stderr,
               "stride eval: --count and --max-tokens must be at least 1, --length at least 256\n");
    return 2;
  }
  const auto code = run(options);
  if (code) return *code;
  fmt::print(stderr, "stride eval: {}\n", code.error().message);
  return 1;
}

}  // namespace stride::cli
