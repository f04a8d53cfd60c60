// SPDX-License-Identifier: Apache-2.0
// stride gauntlet load and stride bench serve: an endpoint under load.
#include <fmt/core.h>
#include <unistd.h>

#include <charconv>
#include <sstream>

#include "cli/endpoint_flags.h"
#include "cli/gauntlet_commands.h"
#include "cli/human.h"
#include "cli/write_output.h"
#include "gauntlet/load.h"

namespace stride::cli {
namespace {

using gauntlet::LoadOptions;
using gauntlet::LoadProgress;

constexpr double kMostClients = 1024, kMostRate = 10'000;

struct Options {
  EndpointFlags endpoint;
  std::string concurrency = "1,2,4,8,16", rates, spaced;
  uint32_t n_request = 0, prompt_words = 100, n_output = 128, probe_every = 5, reasoning = 1024;
  uint64_t seed = 1;
  double timeout = 300;
  std::optional<double> slo_ttft, slo_ttfa, slo_total, slo_itl;
  std::optional<std::string> json, svg;
  bool no_warm_up = false;
};

// Numbers above zero, comma separated.
Result<std::vector<double>> read_list(std::string_view name, const std::string& text, double most) {
  std::vector<double> values;
  std::istringstream in(text);
  for (std::string item; std::getline(in, item, ',');) {
    double value = 0;
    const char* end = item.data() + item.size();
    const auto [stop, error] = std::from_chars(item.data(), end, value);
    if (error != std::errc{} || stop != end || !(value > 0 && value <= most))
      return fail(Errc::invalid_argument, "{} holds \"{}\"; it needs numbers above 0 up to {:g}",
                  name, item, most);
    values.push_back(value);
  }
  return values;
}

Result<LoadOptions> read_options(const Options& options) {
  LoadOptions load;
  for (const double level :
       STRIDE_TRY(read_list("--concurrency", options.concurrency, kMostClients))) {
    if (level != static_cast<uint32_t>(level))
      return fail(Errc::invalid_argument, "--concurrency holds {:g}, which is no whole number",
                  level);
    load.concurrency.push_back(static_cast<uint32_t>(level));
  }
  load.rates = STRIDE_TRY(read_list("--rate", options.rates, kMostRate));
  load.spaced = STRIDE_TRY(read_list("--spaced", options.spaced, kMostRate));
  if (load.concurrency.empty() && load.rates.empty() && load.spaced.empty())
    return fail(Errc::invalid_argument,
                "there is nothing to measure: give --concurrency or --rate");
  if (options.n_output == 0) return fail(Errc::invalid_argument, "--output-tokens must be above 0");
  if (options.prompt_words > 1'000'000)
    return fail(Errc::invalid_argument, "--prompt-words must be at most 1000000");
  load.n_request = options.n_request;
  load.prompt_words = options.prompt_words;
  load.probe_every = options.probe_every;
  load.warm_up = !options.no_warm_up;
  load.seed = options.seed;
  load.ask = {.answer_budget = options.n_output, .timeout_s = options.timeout};
  load.ask.reasoning_budget = options.reasoning;
  load.slo = {options.slo_ttft, options.slo_ttfa, options.slo_total, options.slo_itl};
  return load;
}

// One line that is written over on a terminal; elsewhere a line at the end of each level.
class LoadLine {
 public:
  LoadLine() : on_terminal_(::isatty(STDERR_FILENO) != 0) {}
  ~LoadLine() {
    if (on_terminal_) fmt::print(stderr, "\r\x1b[K");
  }
  LoadLine(const LoadLine&) = delete;
  LoadLine& operator=(const LoadLine&) = delete;

  void show(const LoadProgress& progress) const {
    const bool last = progress.n_done == progress.n_request;
    if (!on_terminal_ && !last) return;
    const double rate = progress.elapsed_s > 0
                            ? static_cast<double>(progress.n_output_token) / progress.elapsed_s
                            : 0;
    fmt::print(stderr, "{}load: {} {:g}, {} of {} done, {} delivered, {:.1f} tokens/s, {}{}",
               on_terminal_ ? "\r\x1b[K" : "", name(progress.arrival), progress.level,
               progress.n_done, progress.n_request, progress.n_delivered, rate,
               human_time(progress.elapsed_s), on_terminal_ ? "" : "\n");
    std::fflush(stderr);
  }

 private:
  bool on_terminal_;
};

Result<int> run(const Options& options) {
  LoadOptions load = STRIDE_TRY(read_options(options));
  const auto endpoint =
      STRIDE_TRY(gauntlet::Endpoint::make(STRIDE_TRY(endpoint_options(options.endpoint))));
  const StopOnInterrupt interrupt;
  const auto measure = [&] {
    const LoadLine line;
    load.on_progress = [&](const LoadProgress& progress) { line.show(progress); };
    return gauntlet::run_load(endpoint, load, interrupt.token());
  };
  const gauntlet::LoadReport report = measure();
  if (options.json != "-") fmt::print("{}", gauntlet::to_text(report));
  STRIDE_TRY(write_output(options.json, gauntlet::to_json(report)));
  STRIDE_TRY(write_output(options.svg, gauntlet::to_svg(report)));
  if (report.complete) return kGauntletOk;
  if (!interrupt.requested()) return kGauntletUnusable;
  fmt::print(stderr, "interrupted: the figures cover what was measured so far\n");
  return kGauntletIncomplete;
}

int load_command(const char* command, Arguments args) {
  Options options;
  CommandLine line(
      command,
      "Measures an endpoint under load: a ladder of concurrent clients, and arrivals at "
      "given rates, whose times run from the intended start. Some requests are questions "
      "with one right answer.");
  line.positional("URL", options.endpoint.url, "the endpoint, with or without /v1");
  add_endpoint_flags(line, options.endpoint);
  line.option("-c,--concurrency", options.concurrency,
              "numbers of clients, comma separated; \"\": none")
      .option("-r,--rate", options.rates, "requests a second at random times, comma separated")
      .option("--spaced", options.spaced, "requests a second at even distances, comma separated")
      .option("-n,--requests", options.n_request, "of each level; 0: 20, and four for each client")
      .option("--prompt-words", options.prompt_words, "words of each prompt")
      .option("--output-tokens", options.n_output, "limit of each answer")
      .option("--load-reasoning", options.reasoning,
              "tokens for reasoning in each request, instead of --reasoning-budget")
      .option("--probe-every", options.probe_every,
              "every so many requests has a known answer; 0: none")
      .option("--timeout", options.timeout, "seconds for each request")
      .option("--slo-ttft", options.slo_ttft, "goal in seconds: the first token")
      .option("--slo-ttfa", options.slo_ttfa, "goal in seconds: the first token of the answer")
      .option("--slo-total", options.slo_total, "goal in seconds: the whole answer")
      .option("--slo-itl", options.slo_itl, "goal in seconds: 95 % of the gaps between tokens")
      .option("--seed", options.seed, "of the prompts and of the random times")
      .flag("--no-warm-up", options.no_warm_up, "count the first request too")
      .option("--json", options.json, "write the figures to this file; - is standard output")
      .option("--svg", options.svg, "draw them into this file")
      .example(fmt::format("stride {} http://127.0.0.1:8080 -m step -c 1,4,16", command),
               "three levels of concurrency")
      .example(
          fmt::format("stride {} http://127.0.0.1:8080 -m step -c \"\" -r 0.5,1,2 --slo-ttft 2",
                      command),
          "open loop: which rate still meets the goal?");
  if (const auto stop = line.parse(args)) return *stop == 0 ? kGauntletOk : kGauntletUsage;
  const auto code = run(options);
  if (code) return *code;
  fmt::print(stderr, "stride {}: {}\n", command, printable(code.error().message, 400));
  return kGauntletUsage;
}

}  // namespace

int gauntlet_load(Arguments args) {
  return load_command("gauntlet load", args);
}
// With the exit codes of the other commands instead of the gauntlet's.
int bench_serve(Arguments args) {
  switch (load_command("bench serve", args)) {
    case kGauntletOk:
      return 0;
    case kGauntletUsage:
      return 2;
    case kGauntletIncomplete:
      return 130;
    default:
      return 1;
  }
}

}  // namespace stride::cli
