// SPDX-License-Identifier: Apache-2.0
// stride gauntlet run: plans a run, stores it and works it off.
#include <fmt/core.h>

#include <charconv>
#include <chrono>

#include "base/version.h"
#include "cli/gauntlet_commands.h"
#include "cli/gauntlet_knowledge.h"
#include "cli/gauntlet_published.h"
#include "cli/gauntlet_session.h"
#include "gauntlet/pacer.h"
#include "gauntlet/pack.h"
#include "gauntlet/readiness.h"

namespace stride::cli {
namespace {

using namespace gauntlet;

struct Options {
  EndpointFlags endpoint;
  PaceFlags pace;
  std::string size = "standard", variants = "frozen", envs = "warm", profile = "general",
              database = kDefaultDatabase, pack{kPack}, answer_budget = "auto";
  std::optional<std::string> tests, today, load_levels, load_rates, prompts, json;
  std::optional<uint64_t> repeats, n_variants;
  uint64_t seed = 1;
  bool no_seed = false, no_contract = false;
};

std::string date_of_today() {
  const auto day = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
  const std::chrono::year_month_day date(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

bool is_date(const std::string& text) {
  int year = 0;
  unsigned month = 0, day = 0;
  char more = 0;
  if (text.size() != 10 ||
      std::sscanf(text.c_str(), "%4d-%2u-%2u%c", &year, &month, &day, &more) != 3)  // NOLINT
    return false;
  return std::chrono::year_month_day(std::chrono::year(year), std::chrono::month(month),
                                     std::chrono::day(day))
      .ok();
}

template <class Number>
Result<Number> parse_number(const std::string& text, std::string_view option) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return fail(Errc::invalid_argument, "{} is {}; a whole number is wanted", option, text);
  return value;
}

Result<std::vector<double>> parse_numbers(const std::string& list, std::string_view option) {
  std::vector<double> values;
  for (const std::string& word : split_list(list)) {
    double value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size())
      return fail(Errc::invalid_argument, "{} has {}; numbers with commas are wanted", option,
                  word);
    values.push_back(value);
  }
  return values;
}

Result<uint32_t> small(uint64_t value, std::string_view option) {
  if (value > 1000) return fail(Errc::invalid_argument, "{} must be at most 1000", option);
  return static_cast<uint32_t>(value);
}

// quick: one variant of each test; standard: the five frozen ones; full: four repeats of each.
Result<> apply_size(const Options& options, RunPlan& plan) {
  if (options.size == "quick") plan.n_variants = 1;
  if (options.size == "full") plan.repeats = 4;
  if (options.repeats) plan.repeats = STRIDE_TRY(small(*options.repeats, "--repeats"));
  if (options.n_variants) plan.n_variants = STRIDE_TRY(small(*options.n_variants, "--n-variants"));
  constexpr std::string_view kFresh = "fresh:";
  if (options.variants.starts_with(kFresh))
    plan.fresh_seed =
        STRIDE_TRY(parse_number<uint64_t>(options.variants.substr(kFresh.size()), "--variants"));
  else if (options.variants != "frozen")
    return fail(Errc::invalid_argument, "--variants is {}; it must be frozen or fresh:SEED",
                options.variants);
  return {};
}

Result<RunPlan> plan_of(const Options& options) {
  if (options.pack != kPack)
    return fail(Errc::invalid_argument, "there is no pack \"{}\"; there are {}, {} and {}",
                options.pack, kPack, kPublishedPack, kFactsPack);
  RunPlan plan;
  STRIDE_TRY(apply_size(options, plan));
  if (options.tests) plan.tests = split_list(*options.tests);
  plan.envs = split_list(options.envs);
  plan.profile = options.profile;
  plan.today = options.today.value_or(date_of_today());
  if (!is_date(plan.today))
    return fail(Errc::invalid_argument, "--today is {}; it must be YYYY-MM-DD", plan.today);
  plan.seed = options.seed;
  plan.send_seed = !options.no_seed;
  plan.run_contract = !options.no_contract;
  if (options.load_levels)
    plan.load_levels = STRIDE_TRY(parse_numbers(*options.load_levels, "--load-levels"));
  if (options.load_rates)
    plan.load_rates = STRIDE_TRY(parse_numbers(*options.load_rates, "--load-rates"));
  plan.nonce_seed = static_cast<uint64_t>(real_clock().now() * 1000);
  if (options.answer_budget != "auto")
    plan.answer_budget =
        STRIDE_TRY(parse_number<uint32_t>(options.answer_budget, "--answer-budget"));
  STRIDE_TRY(apply(options.pace, plan));
  return plan;
}

// The packs whose questions the user brings along; they are not stored as runs.
Result<int> run_other_pack(const Options& options, const EndpointOptions& endpoint) {
  if (!options.prompts)
    return fail(Errc::invalid_argument,
                "the pack {} needs --prompts FILE: its questions are not part of Stride",
                options.pack);
  const StopOnInterrupt interrupt;
  if (options.pack == kFactsPack)
    return run_dated_facts(*options.prompts, options.today.value_or(date_of_today()), endpoint,
                           interrupt);
  return run_published_pack({*options.prompts, options.json}, endpoint, interrupt);
}

Result<int> run(const Options& options) {
  if (options.endpoint.url.empty())
    return fail(Errc::invalid_argument, "--endpoint is missing: which URL is to be asked?");
  const EndpointOptions endpoint = STRIDE_TRY(endpoint_options(options.endpoint));
  if (options.pack == kPublishedPack || options.pack == kFactsPack)
    return run_other_pack(options, endpoint);
  if (options.prompts || options.json)
    return fail(Errc::invalid_argument, "--prompts and --json belong to the packs {} and {}",
                kPublishedPack, kFactsPack);
  const RunPlan plan = STRIDE_TRY(plan_of(options));
  RunStore store = STRIDE_TRY(RunStore::open(options.database, false));
  const RunRecord record{.created = real_clock().now(),
                         .tool_version = std::string(version()),
                         .pack = options.pack,
                         .pack_sha = pack_sha(),
                         .plan_json = to_json(plan),
                         .endpoint_json = to_json(endpoint),
                         .model = endpoint.model,
                         .sampling_json = to_json(endpoint.sampling),
                         .env = options.envs,
                         .host_json = host_json()};
  const int64_t id = STRIDE_TRY(store.create(record));
  STRIDE_TRY(store.add_cells(id, planned_cells(plan)));
  fmt::print(stderr, "run {} in {}: {} cells\n", id, options.database, planned_cells(plan).size());
  const StopOnInterrupt interrupt;
  return work_off(store, id, plan, endpoint, interrupt);
}

}  // namespace

int gauntlet_run(Arguments args) {
  Options options;
  CommandLine line("gauntlet run",
                   "Asks an endpoint the fifteen tests and keeps every answer in a database. A run "
                   "that ends early goes on with `stride gauntlet resume`.");
  std::vector<std::string> profile_names;
  for (const Profile& profile : profiles()) profile_names.emplace_back(profile.name);
  line.option("--endpoint", options.endpoint.url, "URL of the endpoint, with or without /v1");
  add_endpoint_flags(line, options.endpoint);
  line.option("--pack", options.pack,
              "the questions: core15@1; smf15 for the published series' own prompts on its own "
              "scale; facts for the dated facts of a file")
      .option("--prompts", options.prompts, "JSON file with the questions of smf15 or facts")
      .option("--json", options.json, "of smf15: also write the result; - is standard output")
      .choice("--size", options.size, {"quick", "standard", "full"},
              "15, 75 or 300 cells: 1 or 5 variants of each test, 1 or 4 repeats")
      .option("--repeats", options.repeats, "repeats of each variant, instead of the size's")
      .option("--n-variants", options.n_variants, "variants of each test, instead of the size's")
      .option("--variants", options.variants, "frozen, or fresh:SEED to draw new ones")
      .option("--tests", options.tests, "only these, comma separated")
      .option(
          "--env", options.envs,
          "comma separated: warm and cold ask the tests; sustained and recovery probe; json_object "
          "and json_schema ask structured_output in those modes; rag_2k, rag_32k and rag_100k "
          "ask long_context_rag over so many words; plain_words asks edge_case_handling in plain "
          "English")
      .choice("--profile", options.profile, profile_names,
              "what the endpoint is for: weights and limits of the readiness score")
      .option("--answer-budget", options.answer_budget,
              "tokens of an answer: auto for each test's own, or a number")
      .option("--seed", options.seed, "of the endpoint's sampling; each cell adds its own number")
      .flag("--no-seed", options.no_seed, "send no seed")
      .option("--load-levels", options.load_levels,
              "clients of the environment sustained, comma separated; 1,2,4,8,16")
      .option("--load-rates", options.load_rates,
              "random arrivals a second of the same, comma separated; none")
      .flag("--no-contract", options.no_contract, "leave the contract battery out")
      .option("--today", options.today, "the date that test 15 tells the model, YYYY-MM-DD")
      .option("--db", options.database, "where runs are kept");
  add_pace_flags(line, options.pace);
  line.example("stride gauntlet run --endpoint http://127.0.0.1:8080 --model step-nano",
               "the standard 75 cells")
      .example(
          "stride gauntlet run --endpoint https://openrouter.ai/api --model stepfun/step-3.7-"
          "flash --size quick --price 0.1,0.3 --max-cost 0.50",
          "a quick look that spends at most 50 cents; the key comes from the environment")
      .example(
          "stride gauntlet run --endpoint URL --model M --env warm,cold,sustained,recovery "
          "--profile agent --record casts",
          "everything, with every byte recorded")
      .example("stride gauntlet run --endpoint URL --model M --replay casts",
               "the same from the recording, without a network");
  if (const auto stop = parse_gauntlet(line, args)) return *stop;
  const auto code = run(options);
  return code ? *code : report_gauntlet("run", code.error());
}

}  // namespace stride::cli
