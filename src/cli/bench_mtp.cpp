// SPDX-License-Identifier: Apache-2.0
// stride bench mtp: what the drafts of a model's MTP heads bring.
#include <fmt/core.h>

#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>
#include <sstream>

#include "base/memory_info.h"
#include "base/version.h"
#include "bench/mtp_report.h"
#include "cli/bench_progress.h"
#include "cli/bench_prompts.h"
#include "cli/commands.h"
#include "cli/find_model.h"
#include "cli/human.h"
#include "cli/interrupt.h"
#include "cli/load_tokenizer.h"
#include "cli/model_flags.h"
#include "cli/report.h"
#include "cli/text_file.h"
#include "cli/write_output.h"
#include "kernels/kernels.h"

namespace stride::cli {
namespace {

constexpr uint32_t kMostPrompts = 10'000, kMostTokens = 1 << 20;

struct Options {
  ModelFlags model;
  std::vector<std::string> skills;
  std::optional<std::string> prompts, acceptance, json;
  std::optional<double> temperature;
  std::string depth = "auto";
  uint32_t n_each = 6, n_prompt = 128, n_gen = 128, n_pair = 5;
  uint64_t seed = 1;
};

Result<std::vector<double>> read_acceptance(const std::optional<std::string>& text) {
  std::vector<double> values;
  std::istringstream in(text.value_or(""));
  for (std::string item; std::getline(in, item, ',');) {
    double value = 0;
    const char* end = item.data() + item.size();
    const auto [stop, error] = std::from_chars(item.data(), end, value);
    if (error != std::errc{} || stop != end || !(value >= 0 && value <= 1))
      return fail(Errc::invalid_argument,
                  "--acceptance holds \"{}\"; it needs a number from 0 to 1 for each head", item);
    values.push_back(value);
  }
  if (text && values.empty())
    return fail(Errc::invalid_argument, "--acceptance needs a number from 0 to 1 for each head");
  return values;
}

Result<bench::MtpPlan> read_plan(const Options& options) {
  bench::MtpPlan plan{.n_pair = options.n_pair, .n_gen = options.n_gen, .seed = options.seed};
  // The greedy text of random weights goes round in circles, whose tokens share their experts.
  plan.temperature = options.temperature.value_or(options.acceptance ? 1 : 0);
  plan.ignore_end = options.acceptance.has_value();
  if (options.depth != "auto") plan.depth = static_cast<uint32_t>(options.depth[0] - '0');
  const auto in_range = [](std::string_view name, uint32_t value, uint32_t most) -> Result<> {
    if (value >= 1 && value <= most) return {};
    return fail(Errc::invalid_argument, "{} is {}; it must be 1 to {}", name, value, most);
  };
  STRIDE_TRY(in_range("--count", options.n_each, kMostPrompts));
  STRIDE_TRY(in_range("--n-prompt", options.n_prompt, kMostTokens));
  STRIDE_TRY(in_range("--n-gen", options.n_gen, kMostTokens));
  if (options.prompts && !options.skills.empty())
    return fail(Errc::invalid_argument, "--prompts and --skill cannot both choose the prompts");
  return plan;
}

// Random weights are asked about random tokens unless something else is wished for.
Result<std::vector<bench::PromptClass>> read_prompts(const Options& options,
                                                     const engine::Engine& engine) {
  if (options.prompts) {
    const std::string text = STRIDE_TRY(read_text(*options.prompts));
    return std::vector{STRIDE_TRY_AT(*options.prompts, line_prompts(engine, text))};
  }
  if (!options.acceptance || !options.skills.empty())
    return nano_prompts(engine, options.skills, options.n_each, options.seed);
  return std::vector{random_prompts(engine.model().config().n_vocab, options.n_each,
                                    options.n_prompt, options.seed)};
}

// Two sessions stand beside each other.
Result<> check_memory(const model::Model& model, uint64_t n_token) {
  if (n_token > UINT32_MAX)
    return fail(Errc::exhausted, "prompts and answers of {} tokens are too long", n_token);
  const uint64_t needed = 2 * model.sequence_bytes(static_cast<uint32_t>(n_token));
  const auto memory = memory_info();
  if (!memory || needed <= memory->available) return {};
  return fail(Errc::exhausted,
              "two sequences of {} tokens need {} of memory for keys and values, but {} are free",
              n_token, human_bytes(needed), human_bytes(memory->available));
}

bench::MtpReport describe(const Options& options, const engine::Engine& engine,
                          const bench::MtpPlan& plan, const std::string& file) {
  bench::MtpReport report;
  report.version = version();
  report.machine = bench::this_machine();
  report.kernels = options.model.path == "fast" ? kernels::best_kernels().name : "reference";
  report.n_threads = options.model.threads > 0 ? options.model.threads : report.machine.n_core;
  report.model_file = file;
  report.model_name = printable(engine.model().config().name);
  if (report.model_name.empty()) report.model_name = file;
  report.n_layer = engine.model().config().n_layer;
  report.kv_type = options.model.path == "fast" ? options.model.kv : "f32";
  report.plan = plan;
  return report;
}

Result<bench::MtpReport> measure(const Options& options, const Interrupt& interrupt) {
  const bench::MtpPlan plan = STRIDE_TRY(read_plan(options));
  const auto acceptance = STRIDE_TRY(read_acceptance(options.acceptance));
  auto engine = STRIDE_TRY(open_engine(options.model));
  const auto path =
      STRIDE_TRY(find_model(options.model.model, bundled_places(executable_folder())));
  bench::MtpReport report = describe(options, *engine, plan, path.string());
  report.simulated = acceptance;
  const auto classes = STRIDE_TRY(read_prompts(options, *engine));
  STRIDE_TRY(check_memory(engine->model(), bench::capacity_of(plan, classes)));

  std::optional<engine::Engine> simulating;
  bench::SimulatedHeads* simulated = nullptr;
  if (!acceptance.empty()) {
    auto heads = STRIDE_TRY(bench::SimulatedHeads::create(engine->model(), acceptance));
    simulated = heads.get();
    simulating.emplace(std::move(heads), STRIDE_TRY(load_tokenizer(path)));
  }
  const BenchProgress progress;
  report.outcome = STRIDE_TRY(bench::run_mtp(simulating ? *simulating : *engine, simulated, plan,
                                             classes, [&](const bench::Progress& p) {
                                               progress.show(p);
                                               return !interrupt.requested();
                                             }));
  return report;
}

Result<int> run(const Options& options) {
  const Interrupt interrupt;
  const bench::MtpReport report = STRIDE_TRY(measure(options, interrupt));
  if (options.json != "-") fmt::print("{}", bench::table(report));
  STRIDE_TRY(write_output(options.json, bench::to_json(report)));
  if (report.outcome.complete) return 0;
  fmt::print(stderr, "interrupted: the figures cover what was measured so far\n");
  return 130;
}

}  // namespace

int bench_mtp(Arguments args) {
  Options options;
  CommandLine line(
      "bench mtp",
      "Measures what the drafts of a model's MTP heads bring: answers with drafts and without, in "
      "turns, whose text is the same. Without --prompts, the prompts are exercises of step-nano, a "
      "class for each skill; with --acceptance alone they are random tokens.");
  line.option("-m,--model", options.model.model,
              "GGUF file or folder of safetensors; without it the bundled model")
      .option("--mtp", options.model.mtp, "MTP blocks in a file of their own")
      .option("--prompts", options.prompts,
              "a file with a prompt in each line; - is standard input")
      .option("-s,--skill", options.skills, "only this skill, again for more")
      .option("-n,--count", options.n_each, "prompts of a class; not with --prompts")
      .option(
          "--acceptance", options.acceptance,
          "for random weights: let each head be right this often where those before it were, as "
          "in .89,.76,.69; the heads and all passes are run as ever")
      .option("-npp,--n-prompt", options.n_prompt, "tokens of a random prompt")
      .option("-ntg,--n-gen", options.n_gen, "tokens of an answer at most")
      .choice("--mtp-depth", options.depth, {"auto", "1", "2", "3"}, "drafts of a step")
      .option("-r,--pairs", options.n_pair, "pairs of each class")
      .option("--temp", options.temperature, "0 = greedy (default: 0, with --acceptance 1)")
      .option("--seed", options.seed, "of the prompts, the sampler and simulated heads")
      .option("-t,--threads", options.model.threads, "threads; 0 = one per core")
      .choice("--kv,--kv-type", options.model.kv, {"f16", "int8"}, "type of the key-value cache")
      .choice("--path", options.model.path, {"fast", "reference"}, "which implementation computes")
      .option("--json", options.json, "write every pair to this file; - is standard output");
  declare_weights(line, options.model.weights);
  declare_activations(line, options.model.activations);
  line.example("stride bench mtp", "the bundled model on its sixteen skills")
      .example("stride bench mtp -m slab.gguf --acceptance .89,.76,.69",
               "random weights (stride synth --mtp 3) at a published acceptance")
      .example("stride bench mtp -m model.gguf --prompts prompts.txt -ntg 256",
               "prompts of your own");
  if (const auto stop = line.parse(args)) return *stop;
  const auto code = run(options);
  return code ? *code : report(code.error());
}

}  // namespace stride::cli
