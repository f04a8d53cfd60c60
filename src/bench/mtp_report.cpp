// SPDX-License-Identifier: Apache-2.0
#include "bench/mtp_report.h"

#include <fmt/core.h>

#include <algorithm>

#include "bench/digits.h"
#include "bench/spread_json.h"
#include "json/json.h"

namespace stride::bench {
namespace {

engine::SpeculationStats stats_of(const MtpMeasurement& m) {
  engine::SpeculationStats sum;
  for (const MtpPair& pair : m.pairs) sum += pair.stats;
  return sum;
}

// "0.89/0.76/0.69"
std::string list_text(const std::vector<double>& values) {
  std::string text;
  for (const double value : values) text += fmt::format("{}{:.2f}", text.empty() ? "" : "/", value);
  return text;
}

std::string depth_text(const MtpPlan& plan) {
  return plan.depth ? fmt::format("{}", *plan.depth) : "auto";
}

Json pair_json(const MtpPair& pair) {
  Json out = Json::object();
  out["plain_seconds"] = pair.plain_seconds;
  out["drafting_seconds"] = pair.drafting_seconds;
  out["ratio"] = pair.ratio();
  out["passes"] = pair.stats.n_pass;
  out["draft_seconds"] = pair.stats.draft_seconds;
  out["heads"] = Json::array();
  for (const auto& head : pair.stats.heads) {
    Json counts = Json::object();
    counts["drafted"] = head.n_draft;
    counts["accepted"] = head.n_accepted;
    counts["refused"] = head.n_refused;
    out["heads"].push_back(counts);
  }
  return out;
}

Json class_json(const MtpMeasurement& m) {
  const MtpFigures f = figures_of(m);
  Json out = Json::object();
  out["class"] = m.name;
  out["prompts"] = m.n_prompt;
  out["tokens"] = m.n_token;
  out["plain_tokens_per_second"] = to_json(f.plain);
  out["tokens_per_second"] = to_json(f.drafting);
  out["ratio"] = to_json(f.ratio);
  out["acceptance"] = f.acceptance;
  out["tokens_per_pass"] = f.tokens_per_pass;
  out["depth_share"] = f.depth_share;
  out["draft_time_share"] = f.draft_share;
  out["pairs"] = Json::array();
  for (const MtpPair& pair : m.pairs) out["pairs"].push_back(pair_json(pair));
  return out;
}

std::string row(const MtpMeasurement& m) {
  const MtpFigures f = figures_of(m);
  std::string depths;
  for (const double share : f.depth_share)
    depths += fmt::format("{}{:.0f}", depths.empty() ? "" : "/", 100 * share);
  return fmt::format("{:14} {:>7} {:>24} {:>24} {:>20} {:>16} {:>6.2f} {:>12} {:>8.0f}\n", m.name,
                     m.n_token, spread_text(f.plain), spread_text(f.drafting), spread_text(f.ratio),
                     list_text(f.acceptance), f.tokens_per_pass, depths, 100 * f.draft_share);
}

}  // namespace

MtpFigures figures_of(const MtpMeasurement& m) {
  MtpFigures f;
  std::vector<double> plain, drafting, ratio;
  double seconds = 0;
  for (const MtpPair& pair : m.pairs) {
    plain.push_back(static_cast<double>(m.n_token) / pair.plain_seconds);
    drafting.push_back(static_cast<double>(m.n_token) / pair.drafting_seconds);
    ratio.push_back(pair.ratio());
    seconds += pair.drafting_seconds;
  }
  f.plain = spread_of(plain);
  f.drafting = spread_of(drafting);
  f.ratio = spread_of(ratio);
  const engine::SpeculationStats stats = stats_of(m);
  f.tokens_per_pass = stats.tokens_per_pass();
  f.draft_share = seconds > 0 ? stats.draft_seconds / seconds : 0;
  uint32_t n_deeper = stats.n_pass;  // passes with at least so many drafts
  for (const auto& head : stats.heads) {
    const uint32_t n_judged = head.n_accepted + head.n_refused;
    f.acceptance.push_back(n_judged > 0 ? static_cast<double>(head.n_accepted) / n_judged : 0);
    f.depth_share.push_back(static_cast<double>(n_deeper - head.n_draft) / stats.n_pass);
    n_deeper = head.n_draft;
  }
  if (stats.n_pass > 0) f.depth_share.push_back(static_cast<double>(n_deeper) / stats.n_pass);
  return f;
}

MtpSummary summary_of(const MtpOutcome& outcome) {
  MtpSummary s;
  for (const MtpMeasurement& m : outcome.classes) {
    const double ratio = figures_of(m).ratio.median;
    s.mean_ratio += ratio / static_cast<double>(outcome.classes.size());
    if (!s.slowest.empty() && ratio >= s.least_ratio) continue;
    s.least_ratio = ratio;
    s.slowest = m.name;
  }
  return s;
}

std::string table(const MtpReport& report) {
  const MtpPlan& plan = report.plan;
  std::string out = fmt::format(
      "{}, {} layers; {}, {} thread{}, {} kernels, KV {}\n"
      "drafts {}, {}; answers of up to {} tokens at temperature {}, seed {}; medians of {} "
      "pairs\n\n",
      report.model_name, report.n_layer, report.machine.processor, report.n_threads,
      report.n_threads == 1 ? "" : "s", report.kernels, report.kv_type, depth_text(plan),
      report.simulated.empty() ? "by the model's heads"
                               : "accepted as if heads were right " + list_text(report.simulated),
      plan.n_gen, plan.temperature, plan.seed, plan.n_pair);
  out += fmt::format("{:14} {:>7} {:>24} {:>24} {:>20} {:>16} {:>6} {:>12} {:>8}\n", "class",
                     "tokens", "without, tokens/s", "with drafts, tokens/s", "ratio", "acceptance",
                     "t/pass", "depths %", "drafting");
  for (const MtpMeasurement& m : report.outcome.classes) out += row(m);
  const MtpSummary s = summary_of(report.outcome);
  if (!s.slowest.empty())
    out += fmt::format(
        "\nratio, mean of {} class{}: {:.2f}; least: {:.2f} ({})\n", report.outcome.classes.size(),
        report.outcome.classes.size() == 1 ? "" : "es", s.mean_ratio, s.least_ratio, s.slowest);
  out +=
      "median (min - max) of pairs that ran in turns. acceptance: of each head where those before "
      "it were right.\n"
      "depths: passes with 0, 1, ... drafts. drafting: % of the time that the heads took.\n";
  return out;
}

std::string to_json(const MtpReport& report) {
  Json out = Json::object();
  out["stride"] = report.version;
  Json& machine = out["machine"] = Json::object();
  machine["processor"] = report.machine.processor;
  machine["cores"] = report.machine.n_core;
  machine["threads"] = report.n_threads;
  machine["kernels"] = report.kernels;
  Json& model = out["model"] = Json::object();
  model["file"] = report.model_file;
  model["name"] = report.model_name;
  model["layers"] = report.n_layer;
  model["kv_type"] = report.kv_type;
  out["depth"] = depth_text(report.plan);
  out["answer_tokens"] = report.plan.n_gen;
  out["temperature"] = report.plan.temperature;
  out["seed"] = report.plan.seed;
  out["simulated_acceptance"] = report.simulated.empty() ? Json(nullptr) : Json(report.simulated);
  out["complete"] = report.outcome.complete;
  out["seconds"] = report.outcome.seconds;
  const MtpSummary s = summary_of(report.outcome);
  out["mean_ratio"] = s.mean_ratio;
  out["least_ratio"] = s.least_ratio;
  out["slowest_class"] = s.slowest;
  out["classes"] = Json::array();
  for (const MtpMeasurement& m : report.outcome.classes) out["classes"].push_back(class_json(m));
  return json::dump(out) + '\n';
}

}  // namespace stride::bench
