// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

#include "base/random.h"
#include "gauntlet/readiness.h"
#include "json/json.h"

namespace stride::gauntlet {
namespace {

constexpr std::array<std::string_view, 10> kEnvs = {
    "warm",        "cold",   "sustained", "recovery", "json_object",
    "json_schema", "rag_2k", "rag_32k",   "rag_100k", "plain_words"};
constexpr uint32_t kMaxVariants = 1000, kMaxRepeats = 1000, kMaxConcurrency = 256;

template <class Value>
Json optional_json(const std::optional<Value>& value) {
  return value ? Json(*value) : Json();
}

// Members of a stored object: the defaults stay where one is absent, as older versions leave it.
class Reader {
 public:
  explicit Reader(const Json& object) : object_(object) {}

  void text(std::string_view key, std::string& value) const {
    if (const std::string* found = json::string_member(object_, key)) value = *found;
  }
  void flag(std::string_view key, bool& value) const {
    const Json* found = json::member(object_, key);
    if (found != nullptr && found->is_boolean()) value = found->get<bool>();
  }
  template <class Number>
  void number(std::string_view key, Number& value) const {
    if (const auto found = read<Number>(key)) value = *found;
  }
  template <class Number>
  void number(std::string_view key, std::optional<Number>& value) const {
    if (const auto found = read<Number>(key)) value = found;
  }
  void texts(std::string_view key, std::vector<std::string>& values) const {
    const Json* found = json::member(object_, key);
    if (found == nullptr || !found->is_array()) return;
    values.clear();
    for (const Json& value : *found)
      if (value.is_string()) values.push_back(value.get<std::string>());
  }
  void numbers(std::string_view key, std::vector<double>& values) const {
    const Json* found = json::member(object_, key);
    if (found == nullptr || !found->is_array()) return;
    values.clear();
    for (const Json& value : *found)
      if (const auto number = json::as_double(value)) values.push_back(*number);
  }

 private:
  template <class Number>
  std::optional<Number> read(std::string_view key) const {
    const Json* found = json::member(object_, key);
    if (found == nullptr || !found->is_number()) return std::nullopt;
    if constexpr (std::is_same_v<Number, double>) {
      return found->get<double>();
    } else {
      const bool negative = !found->is_number_unsigned() && json::as_int64(*found).value_or(-1) < 0;
      if (!found->is_number_integer() || negative) return std::nullopt;
      const auto value = found->get<uint64_t>();
      if (value > std::numeric_limits<Number>::max()) return std::nullopt;
      return static_cast<Number>(value);
    }
  }

  const Json& object_;
};

Result<Json> parse_object(std::string_view text, std::string_view what) {
  Json value = STRIDE_TRY_AT(what, json::parse(text));
  if (!value.is_object()) return fail(Errc::format, "{} is not a JSON object", what);
  return value;
}

bool asks_all_tests(std::string_view env) {
  return env == "warm" || env == "cold";
}

std::string known(std::span<const std::string_view> words) {
  std::string out;
  for (const std::string_view word : words)
    out += fmt::format("{}{}", out.empty() ? "" : ", ", word);
  return out;
}

}  // namespace

Result<> check(const RunPlan& plan) {
  const auto between = [](uint32_t value, uint32_t most) { return value >= 1 && value <= most; };
  if (!between(plan.n_variants, plan.fresh_seed ? kMaxVariants : kFrozenVariants))
    return fail(Errc::invalid_argument,
                "{} variants: there are {} frozen ones, and --variants fresh:SEED draws up to {}",
                plan.n_variants, kFrozenVariants, kMaxVariants);
  if (!between(plan.repeats, kMaxRepeats))
    return fail(Errc::invalid_argument, "--repeats must be from 1 to {}", kMaxRepeats);
  if (!between(plan.concurrency, kMaxConcurrency))
    return fail(Errc::invalid_argument, "--concurrency must be auto or from 1 to {}",
                kMaxConcurrency);
  for (const std::string& test : plan.tests)
    if (find_test(test) == nullptr) {
      std::vector<std::string_view> ids;
      for (const TestInfo& info : tests()) ids.push_back(info.id);
      return fail(Errc::invalid_argument, "there is no test \"{}\"; there are {}", test,
                  known(ids));
    }
  if (plan.envs.empty()) return fail(Errc::invalid_argument, "--env names no environment");
  for (const std::string& env : plan.envs)
    if (std::ranges::find(kEnvs, env) == kEnvs.end())
      return fail(Errc::invalid_argument, "there is no environment \"{}\"; there are {}", env,
                  known(kEnvs));
  if (std::ranges::none_of(plan.envs, asks_all_tests))
    return fail(Errc::invalid_argument, "--env must name warm or cold, which ask the tests");
  STRIDE_TRY(find_profile(plan.profile));
  if (!(plan.deadline_scale > 0 && plan.deadline_scale <= 1000))
    return fail(Errc::invalid_argument, "--deadline-scale must be above 0, at most 1000");
  if (!(plan.cold_idle_s >= kLeastColdIdle))
    return fail(Errc::invalid_argument, "--cold-idle must be at least {} seconds", kLeastColdIdle);
  for (const double level : plan.load_levels)
    if (!(level >= 1 && level <= kMaxConcurrency && level == std::floor(level)))
      return fail(Errc::invalid_argument, "a load level is {}; it must be from 1 to {}", level,
                  kMaxConcurrency);
  for (const double rate : plan.load_rates)
    if (!(rate > 0 && rate <= 1000))
      return fail(Errc::invalid_argument, "a load rate is {}; it must be above 0, at most 1000",
                  rate);
  for (const std::optional<double>& limit : {plan.rpm, plan.tpm, plan.max_cost})
    if (limit && !(*limit > 0))
      return fail(Errc::invalid_argument, "--rpm, --tpm and --max-cost must be above 0");
  return {};
}

std::string to_json(const RunPlan& plan) {
  Json prices;
  if (plan.prices)
    prices = {{"input", plan.prices->input},
              {"cached", plan.prices->cached},
              {"output", plan.prices->output}};
  return json::dump(Json{{"n_variants", plan.n_variants},
                         {"repeats", plan.repeats},
                         {"fresh_seed", optional_json(plan.fresh_seed)},
                         {"tests", plan.tests},
                         {"envs", plan.envs},
                         {"profile", plan.profile},
                         {"today", plan.today},
                         {"seed", plan.seed},
                         {"send_seed", plan.send_seed},
                         {"nonce_seed", plan.nonce_seed},
                         {"answer_budget", optional_json(plan.answer_budget)},
                         {"deadline_scale", plan.deadline_scale},
                         {"cold_idle_s", plan.cold_idle_s},
                         {"cold_command", plan.cold_command},
                         {"concurrency", plan.concurrency},
                         {"adaptive", plan.adaptive},
                         {"rpm", optional_json(plan.rpm)},
                         {"tpm", optional_json(plan.tpm)},
                         {"max_cost", optional_json(plan.max_cost)},
                         {"prices", prices},
                         {"weak_sandbox", plan.weak_sandbox},
                         {"run_contract", plan.run_contract},
                         {"load_levels", plan.load_levels},
                         {"load_rates", plan.load_rates}});
}

Result<RunPlan> plan_from_json(std::string_view text) {
  const Json object = STRIDE_TRY(parse_object(text, "the stored plan"));
  const Reader in(object);
  RunPlan plan;
  in.number("n_variants", plan.n_variants);
  in.number("repeats", plan.repeats);
  in.number("fresh_seed", plan.fresh_seed);
  in.texts("tests", plan.tests);
  in.texts("envs", plan.envs);
  in.text("profile", plan.profile);
  in.text("today", plan.today);
  in.number("seed", plan.seed);
  in.flag("send_seed", plan.send_seed);
  in.number("nonce_seed", plan.nonce_seed);
  in.number("answer_budget", plan.answer_budget);
  in.number("deadline_scale", plan.deadline_scale);
  in.number("cold_idle_s", plan.cold_idle_s);
  in.text("cold_command", plan.cold_command);
  in.number("concurrency", plan.concurrency);
  in.flag("adaptive", plan.adaptive);
  in.number("rpm", plan.rpm);
  in.number("tpm", plan.tpm);
  in.number("max_cost", plan.max_cost);
  if (const Json* prices = json::member(object, "prices");
      prices != nullptr && prices->is_object()) {
    plan.prices.emplace();
    const Reader list(*prices);
    list.number("input", plan.prices->input);
    list.number("cached", plan.prices->cached);
    list.number("output", plan.prices->output);
  }
  in.flag("weak_sandbox", plan.weak_sandbox);
  in.flag("run_contract", plan.run_contract);
  in.numbers("load_levels", plan.load_levels);
  in.numbers("load_rates", plan.load_rates);
  STRIDE_TRY_AT("the stored plan", check(plan));
  return plan;
}

std::string to_json(const Sampling& sampling) {
  return json::dump(Json{{"name", sampling.name},
                         {"temperature", optional_json(sampling.temperature)},
                         {"top_p", optional_json(sampling.top_p)}});
}

std::string to_json(const EndpointOptions& options) {
  std::vector<std::string> opening, closing;
  for (const auto& [open, close] : options.tags) {
    opening.push_back(open);
    closing.push_back(close);
  }
  const std::string_view thinking = options.thinking == Thinking::on    ? "on"
                                    : options.thinking == Thinking::off ? "off"
                                                                        : "unset";
  return json::dump(Json{{"url", options.url},
                         {"api", name(options.api)},
                         {"model", options.model},
                         {"sampling", options.sampling.name},
                         {"temperature", optional_json(options.sampling.temperature)},
                         {"top_p", optional_json(options.sampling.top_p)},
                         {"reasoning_budget", options.reasoning_budget},
                         {"shared_budget", optional_json(options.shared_budget)},
                         {"thinking", thinking},
                         {"effort", options.effort},
                         {"extra_body", options.extra_body},
                         {"tags_open", opening},
                         {"tags_close", closing},
                         {"connect_timeout_s", options.connect_timeout_s},
                         {"first_event_timeout_s", options.first_event_timeout_s},
                         {"idle_timeout_s", options.idle_timeout_s},
                         {"use_proxy", options.use_proxy},
                         {"record_folder", options.record_folder.string()},
                         {"replay_folder", options.replay_folder.string()}});
}

Result<EndpointOptions> endpoint_from_json(std::string_view text) {
  const Json object = STRIDE_TRY(parse_object(text, "the stored endpoint"));
  const Reader in(object);
  EndpointOptions options;
  std::string api = "openai", thinking, record, replay;
  in.text("url", options.url);
  in.text("api", api);
  in.text("model", options.model);
  in.text("sampling", options.sampling.name);
  in.number("temperature", options.sampling.temperature);
  in.number("top_p", options.sampling.top_p);
  in.number("reasoning_budget", options.reasoning_budget);
  in.number("shared_budget", options.shared_budget);
  in.text("thinking", thinking);
  in.text("effort", options.effort);
  in.text("extra_body", options.extra_body);
  std::vector<std::string> opening, closing;
  in.texts("tags_open", opening);
  in.texts("tags_close", closing);
  for (size_t i = 0; i < std::min(opening.size(), closing.size()); ++i)
    options.tags.emplace_back(opening[i], closing[i]);
  in.number("connect_timeout_s", options.connect_timeout_s);
  in.number("first_event_timeout_s", options.first_event_timeout_s);
  in.number("idle_timeout_s", options.idle_timeout_s);
  in.flag("use_proxy", options.use_proxy);
  in.text("record_folder", record);
  in.text("replay_folder", replay);
  options.record_folder = record;
  options.replay_folder = replay;
  const auto parsed = parse_api(api);
  if (!parsed) return fail(Errc::format, "the stored endpoint has an unknown API \"{}\"", api);
  options.api = *parsed;
  if (thinking == "on") options.thinking = Thinking::on;
  if (thinking == "off") options.thinking = Thinking::off;
  return options;
}

std::vector<std::string> planned_tests(const RunPlan& plan) {
  std::vector<std::string> ids;
  for (const TestInfo& info : tests())
    if (plan.tests.empty() || std::ranges::find(plan.tests, info.id) != plan.tests.end())
      ids.emplace_back(info.id);
  return ids;
}

std::vector<CellKey> planned_cells(const RunPlan& plan) {
  std::vector<CellKey> cells;
  for (const std::string& env : plan.envs)
    for (const std::string& test : planned_tests(plan)) {
      const std::string_view only = env.starts_with("json_")  ? "structured_output"
                                    : env.starts_with("rag_") ? "long_context_rag"
                                    : env == "plain_words"    ? "edge_case_handling"
                                                              : "";
      if (!asks_all_tests(env) && test != only) continue;
      for (uint32_t variant = 0; variant < plan.n_variants; ++variant)
        for (uint32_t repeat = 0; repeat < plan.repeats; ++repeat)
          cells.push_back({test, variant, repeat, env});
    }
  return cells;
}

std::unique_ptr<Case> draw(const RunPlan& plan, const CellKey& cell) {
  const Variant variant = variant_of(plan, cell.variant);
  if (cell.env == "plain_words") return make_plain_edge_case(variant);
  if (cell.env == "rag_2k") return make_long_context_case(variant, 2'000);
  if (cell.env == "rag_32k") return make_long_context_case(variant, 32'000);
  if (cell.env == "rag_100k") return make_long_context_case(variant, 100'000);
  return make_case(cell.test, variant, plan.today);
}

AnswerFormat format_of(const CellKey& cell) {
  return cell.env == "json_object"   ? AnswerFormat::json_object
         : cell.env == "json_schema" ? AnswerFormat::json_schema
                                     : AnswerFormat::text;
}

Variant variant_of(const RunPlan& plan, uint32_t index) {
  if (!plan.fresh_seed) return {.index = index};
  return {.index = index, .seed = Random(*plan.fresh_seed + index).next()};
}

uint64_t seed_of(const RunPlan& plan, const CellKey& cell) {
  return plan.seed + cell.variant + uint64_t{1000} * cell.repeat;
}

}  // namespace stride::gauntlet
