// SPDX-License-Identifier: Apache-2.0
// stride bench: how fast a model runs here, and how far that is from what the machine allows.
#include <fmt/core.h>

#include <cstdio>
#include <optional>

#include "base/version.h"
#include "bench/report.h"
#include "bench/runner.h"
#include "cache/kv_pages.h"
#include "cli/bench_progress.h"
#include "cli/commands.h"
#include "cli/find_model.h"
#include "cli/gauntlet_commands.h"
#include "cli/human.h"
#include "cli/interrupt.h"
#include "cli/model_flags.h"
#include "cli/report.h"
#include "cli/write_output.h"
#include "format/tensor_catalog.h"
#include "kernels/kernels.h"
#include "kernels/peaks.h"
#include "model/model.h"

namespace stride::cli {
namespace {

constexpr uint32_t kMostTokens = INT32_MAX;

struct Options {
  std::string model, prompts = "512", depths = "0", rows = "1", kv = "f16", path = "fast",
                     weights = "auto", activations = "auto";
  uint32_t n_gen = 32, repetitions = 5, n_threads = 0, n_ubatch = 512;
  uint64_t seed = 1;
  std::optional<std::string> json, csv, svg;
};

Result<bench::Plan> read_plan(const Options& options) {
  bench::Plan plan;
  plan.prompts = STRIDE_TRY(bench::parse_list("-npp", options.prompts, 0, kMostTokens));
  plan.depths = STRIDE_TRY(bench::parse_list("-d", options.depths, 0, kMostTokens));
  plan.rows = STRIDE_TRY(bench::parse_list("-npl", options.rows, 1, model::kMaxRows));
  plan.n_gen = options.n_gen;
  plan.repetitions = options.repetitions;
  plan.seed = options.seed;
  return plan;
}

// What can be refused before the model is loaded.
Result<> check_options(const Options& options) {
  STRIDE_TRY(check_threads(options.n_threads));
  if (options.n_ubatch == 0 || options.n_ubatch > model::kMaxRows)
    return fail(Errc::invalid_argument, "--ubatch-size is {}; it must be 1 to {}", options.n_ubatch,
                model::kMaxRows);
  if (options.json == "-" && options.csv == "-")
    return fail(Errc::invalid_argument, "--json and --csv cannot both go to standard output");
  if (options.svg == "-") return fail(Errc::invalid_argument, "--svg needs the name of a file");
  return {};
}

Result<> check_memory(const model::Model& model, const bench::Plan& plan) {
  const uint64_t capacity = bench::capacity_of(plan);
  const auto n_token = static_cast<uint32_t>(capacity);
  // Each further sequence has windows and, behind what it shares, pages of its own.
  const uint64_t n_page = (plan.n_gen + 2 * cache::kPageTokens - 1) / cache::kPageTokens;
  const uint64_t branch = model.window_bytes(n_token) + n_page * model.page_bytes();
  const uint64_t needed = model.sequence_bytes(n_token) + (plan.rows.back() - 1) * branch;
  const auto memory = memory_info();
  if (!memory || needed <= memory->available) return {};
  return fail(Errc::exhausted,
              "the longest combination has {} tokens and needs {} of memory for keys and values, "
              "but {} are free",
              capacity, human_bytes(needed), human_bytes(memory->available));
}

bench::Report describe(const Options& options, const std::string& file,
                       const format::TensorCatalog& catalog, const model::Config& config) {
  bench::Report report;
  report.version = version();
  report.machine = bench::this_machine();
  report.kernels = options.path == "fast" ? kernels::best_kernels().name : "reference";
  report.int8_instruction = kernels::best_peaks().int8_instruction;
  report.float_instruction = kernels::best_peaks().float_instruction;
  report.model_file = file;
  report.model_name = printable(config.name.empty() ? file : config.name);
  report.n_layer = config.n_layer;
  for (const format::Tensor& tensor : catalog.tensors())
    report.type_bytes[std::string(quant::type_name(tensor.type))] += tensor.bytes;
  report.kv_type = options.path == "fast" ? options.kv : "f32";
  report.max_rows = options.n_ubatch;
  return report;
}

Result<> write_results(const Options& options, const bench::Report& report) {
  if (options.json != "-" && options.csv != "-") fmt::print("{}", bench::table(report));
  STRIDE_TRY(write_output(options.json, bench::to_json(report)));
  STRIDE_TRY(write_output(options.csv, bench::to_csv(report)));
  return write_output(options.svg, bench::to_svg(report));
}

Result<bench::Report> measure(const Options& options, const Interrupt& interrupt) {
  STRIDE_TRY(check_options(options));
  const bench::Plan plan = STRIDE_TRY(read_plan(options));
  STRIDE_TRY(bench::check(plan, options.n_ubatch));
  const auto path = STRIDE_TRY(find_model(options.model, bundled_places(executable_folder())));
  const auto catalog = STRIDE_TRY(format::open_model(path));
  std::vector<std::string> warnings;
  model::LoadOptions load{.n_threads = options.n_threads, .max_rows = options.n_ubatch};
  if (options.path == "reference") load.path = model::Path::reference;
  if (options.kv == "int8") load.kv_type = model::KvType::int8;
  load.placement = placement_of(options.weights);
  load.activations = activations_of(options.activations);
  const auto model = STRIDE_TRY_AT(path.string(), model::Model::load(*catalog, load, warnings));
  report_warnings(warnings);
  STRIDE_TRY(check_memory(*model, plan));
  const auto counter =
      STRIDE_TRY(bench::WorkCounter::create(model->config(), *catalog, load.kv_type));

  bench::Report report = describe(options, path.string(), *catalog, model->config());
  auto probe = STRIDE_TRY(bench::LimitProbe::create(
      options.n_threads,
      bench::choose_region_bytes(report.machine.last_cache_bytes, memory_info())));
  report.n_threads = probe.n_threads();
  report.region_bytes = probe.region_bytes();
  report.plan = plan;
  const BenchProgress progress;
  report.outcome = STRIDE_TRY(
      bench::run(*model, counter, probe, plan, options.n_ubatch, [&](const bench::Progress& p) {
        progress.show(p);
        return !interrupt.requested();
      }));
  return report;
}

Result<int> run(const Options& options) {
  const Interrupt interrupt;
  const bench::Report report = STRIDE_TRY(measure(options, interrupt));
  STRIDE_TRY(write_results(options, report));
  if (report.outcome.complete) return 0;
  fmt::print(stderr, "interrupted: the figures cover what was measured so far\n");
  return 130;
}

}  // namespace

int bench_command(Arguments args) {
  if (!args.empty() && args[0] == "serve") return bench_serve(args.subspan(1));
  if (!args.empty() && args[0] == "mtp") return bench_mtp(args.subspan(1));
  Options options;
  CommandLine line(
      "bench",
      "Measures prefill and decode for every combination of prompt length, depth and rows, on "
      "random tokens, against the limits of this machine, which are probed in the same run. "
      "Repeated values of a list are dropped; the others are run in ascending order. `stride bench "
      "serve URL` measures a server under load instead, `stride bench mtp` what drafts bring.");
  line.option("-m,--model", options.model,
              "GGUF file or folder of safetensors; without it the bundled model")
      .option("-npp,--n-prompt", options.prompts, "prompt lengths in tokens, comma separated")
      .option("-ntg,--n-gen", options.n_gen, "decode steps after each prompt")
      .option("-npl,--n-parallel", options.rows,
              "sequences that decode together, comma separated; they share the prompt")
      .option("-d,--n-depth", options.depths,
              "tokens that the cache holds before the prompt, comma separated")
      .option("-r,--repetitions", options.repetitions, "of each measurement")
      .option("-t,--threads", options.n_threads, "threads; 0 = one per core")
      .option("-ub,--ubatch-size", options.n_ubatch, "rows of one internal step")
      .choice("--kv,--kv-type", options.kv, {"f16", "int8"}, "type of the key-value cache")
      .choice("--path", options.path, {"fast", "reference"}, "which implementation computes")
      .option("--seed", options.seed, "of the random tokens")
      .option("--json", options.json, "write every repetition to this file; - is standard output")
      .option("--csv", options.csv, "write a line for each measurement; - is standard output")
      .option("--svg", options.svg, "draw each measurement against the limit");
  declare_weights(line, options.weights);
  declare_activations(line, options.activations);
  line.example("stride bench -m model.gguf", "a prompt of 512 tokens, 32 decode steps")
      .example("stride bench -m model.gguf -npp 0,2048 -ntg 128 -npl 1,2,4 -d 0,4096,16384",
               "several depths, and the cost of verifying drafts")
      .example("stride bench -m model.gguf --json - | jq '.measurements[].limit_share.median'",
               "for scripts");
  if (const auto stop = line.parse(args)) return *stop;
  const auto code = run(options);
  return code ? *code : report(code.error());
}

}  // namespace stride::cli
