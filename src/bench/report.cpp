// SPDX-License-Identifier: Apache-2.0
#include "bench/report.h"

#include <fmt/core.h>

#include "bench/digits.h"
#include "bench/spread_json.h"
#include "json/json.h"

namespace stride::bench {
namespace {

constexpr double kMega = 1e6, kGiga = 1e9;

std::string_view phase_name(Phase phase) {
  return phase == Phase::prefill ? "prefill" : "decode";
}

std::string_view bound_name(Bound bound) {
  return bound == Bound::memory ? "memory" : "arithmetic";
}

struct LimitSpreads {
  Spread read_bytes, int8_ops, float_ops;
};

LimitSpreads limit_spreads(const std::vector<Limits>& probes) {
  std::vector<double> read_bytes, int8_ops, float_ops;
  for (const Limits& probe : probes) {
    read_bytes.push_back(probe.read_bytes);
    int8_ops.push_back(probe.int8_ops);
    float_ops.push_back(probe.float_ops);
  }
  return {spread_of(read_bytes), spread_of(int8_ops), spread_of(float_ops)};
}

std::string memory_text(const std::optional<uint64_t>& bytes) {
  return bytes ? digits(static_cast<double>(*bytes) / kGiga) : "-";
}

std::string row(const Measurement& m, const Figures& f) {
  return fmt::format(
      "{:7} {:>7} {:>7} {:>5} {:>27} {:>7.1f} {:10} {:>7} {:>7} {:>9} {:>7} {:>11} {:>7}\n",
      phase_name(m.phase), m.n_prompt, m.depth,
      m.phase == Phase::prefill ? "" : fmt::format("{}", m.n_row), spread_text(f.tokens_per_second),
      100 * f.limit_share.median, bound_name(f.bound), digits(f.bytes_per_second / kGiga),
      digits(f.ops_per_second / kGiga), digits(f.weight_bytes_per_token / kMega),
      digits(f.kv_bytes_per_token / kMega),
      f.first_token_seconds ? digits(f.first_token_seconds->median) : "-",
      memory_text(f.peak_memory));
}

std::string types_text(const Report& report) {
  uint64_t all = 0;
  for (const auto& [type, bytes] : report.type_bytes) all += bytes;
  std::string text;
  for (const auto& [type, bytes] : report.type_bytes) {
    const double share = 100 * static_cast<double>(bytes) / static_cast<double>(all);
    if (share >= 0.05) text += fmt::format("{}{} {:.1f} %", text.empty() ? "" : ", ", type, share);
  }
  return text;
}

Json to_json(const Limits& limits) {
  Json out = Json::object();
  out["read_bytes_per_second"] = limits.read_bytes;
  out["int8_ops_per_second"] = limits.int8_ops;
  out["float_ops_per_second"] = limits.float_ops;
  return out;
}

Json machine_json(const Report& report) {
  const Machine& machine = report.machine;
  Json out = Json::object();
  out["processor"] = machine.processor;
  out["cores"] = machine.n_core;
  out["threads"] = report.n_threads;
  out["kernels"] = report.kernels;
  out["memory_bytes"] = machine.memory_bytes;
  out["last_cache_bytes"] = machine.last_cache_bytes;
  return out;
}

Json model_json(const Report& report) {
  Json out = Json::object();
  out["file"] = report.model_file;
  out["name"] = report.model_name;
  out["layers"] = report.n_layer;
  out["type_bytes"] = Json::object();
  for (const auto& [type, bytes] : report.type_bytes) out["type_bytes"][type] = bytes;
  out["kv_type"] = report.kv_type;
  out["step_rows"] = report.max_rows;
  return out;
}

Json limits_json(const Report& report) {
  const LimitSpreads spreads = limit_spreads(report.outcome.limits);
  Json out = Json::object();
  out["read_bytes_per_second"] = to_json(spreads.read_bytes);
  out["int8_ops_per_second"] = to_json(spreads.int8_ops);
  out["float_ops_per_second"] = to_json(spreads.float_ops);
  out["int8_instruction"] = report.int8_instruction;
  out["float_instruction"] = report.float_instruction;
  out["region_bytes"] = report.region_bytes;
  out["probes"] = Json::array();
  for (const Limits& probe : report.outcome.limits) out["probes"].push_back(to_json(probe));
  return out;
}

Json repetition_json(const Repetition& r) {
  Json out = Json::object();
  out["seconds"] = r.seconds;
  out["tokens"] = r.n_token;
  out["tokens_per_second"] = r.seconds > 0 ? static_cast<double>(r.n_token) / r.seconds : 0;
  out["first_token_seconds"] = r.first_token_seconds ? Json(*r.first_token_seconds) : Json(nullptr);
  out["weight_bytes"] = r.work.weight_bytes;
  out["kv_bytes"] = r.work.kv_bytes;
  out["int8_ops"] = r.work.int8_ops;
  out["float_ops"] = r.work.float_ops;
  out["peak_memory_bytes"] = r.peak_memory ? Json(*r.peak_memory) : Json(nullptr);
  out["limits"] = to_json(r.limits);
  return out;
}

Json measurement_json(const Measurement& m) {
  const Figures f = figures_of(m);
  Json out = Json::object();
  out["phase"] = std::string(phase_name(m.phase));
  out["prompt"] = m.n_prompt;
  out["depth"] = m.depth;
  out["rows"] = m.phase == Phase::decode ? Json(m.n_row) : Json(nullptr);
  out["tokens_per_second"] = to_json(f.tokens_per_second);
  out["first_token_seconds"] =
      f.first_token_seconds ? to_json(*f.first_token_seconds) : Json(nullptr);
  out["peak_memory_bytes"] = f.peak_memory ? Json(*f.peak_memory) : Json(nullptr);
  out["weight_bytes_per_token"] = f.weight_bytes_per_token;
  out["kv_bytes_per_token"] = f.kv_bytes_per_token;
  out["int8_ops_per_token"] = f.int8_ops_per_token;
  out["float_ops_per_token"] = f.float_ops_per_token;
  out["bytes_per_second"] = f.bytes_per_second;
  out["ops_per_second"] = f.ops_per_second;
  out["memory_share"] = f.memory_share;
  out["arithmetic_share"] = f.arithmetic_share;
  out["bound"] = std::string(bound_name(f.bound));
  out["limit_share"] = to_json(f.limit_share);
  out["repetitions"] = Json::array();
  for (const Repetition& r : m.repetitions) out["repetitions"].push_back(repetition_json(r));
  return out;
}

// A text field of CSV.
std::string csv_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + '"';
}

}  // namespace

std::string table(const Report& report) {
  std::string out = fmt::format(
      "{} ({}), {} layers; {}, {} thread{}, {} kernels, KV {}, steps of {} rows\n"
      "random tokens (seed {}), {} decode steps, medians of {} repetitions\n\n",
      report.model_name, types_text(report), report.n_layer, report.machine.processor,
      report.n_threads, report.n_threads == 1 ? "" : "s", report.kernels, report.kv_type,
      report.max_rows, report.plan.seed, report.plan.n_gen, report.plan.repetitions);
  out += fmt::format(
      "{:7} {:>7} {:>7} {:>5} {:>27} {:>7} {:10} {:>7} {:>7} {:>9} {:>7} {:>11} {:>7}\n", "phase",
      "prompt", "depth", "rows", "tokens/s (min - max)", "limit %", "bound by", "GB/s", "GOP/s",
      "weights/t", "KV/t", "first token", "peak");
  for (const Measurement& m : report.outcome.measurements) out += row(m, figures_of(m));
  const LimitSpreads spreads = limit_spreads(report.outcome.limits);
  out += fmt::format(
      "\nlimits, median (min - max) of {} probes in this run: reads {} GB/s; int8 {} GOP/s ({}); "
      "fp32 {} GOP/s ({})\n",
      report.outcome.limits.size(), spread_text(spreads.read_bytes, kGiga),
      spread_text(spreads.int8_ops, kGiga), report.int8_instruction,
      spread_text(spreads.float_ops, kGiga), report.float_instruction);
  out +=
      "limit %: time that the bytes or the operations take at the limits probed before and after, "
      "the longer, over the time taken.\n"
      "rows: sequences that decode together. weights/t, KV/t: MB touched per token. "
      "first token: s. peak: GB.\n";
  return out;
}

std::string to_json(const Report& report) {
  Json out = Json::object();
  out["stride"] = report.version;
  out["machine"] = machine_json(report);
  out["model"] = model_json(report);
  out["tokens"] = "random";
  out["seed"] = report.plan.seed;
  out["decode_steps"] = report.plan.n_gen;
  out["complete"] = report.outcome.complete;
  out["seconds"] = report.outcome.seconds;
  out["limits"] = limits_json(report);
  out["measurements"] = Json::array();
  for (const Measurement& m : report.outcome.measurements)
    out["measurements"].push_back(measurement_json(m));
  return json::dump(out) + '\n';
}

std::string to_csv(const Report& report) {
  std::string out =
      "phase,prompt,depth,rows,repetitions,tokens_per_second,tokens_per_second_min,"
      "tokens_per_second_max,first_token_seconds,peak_memory_bytes,weight_bytes_per_token,"
      "kv_bytes_per_token,ops_per_token,bytes_per_second,ops_per_second,bound,limit_share,"
      "limit_share_min,limit_share_max,limit_read_bytes_per_second,limit_int8_ops_per_second,"
      "limit_float_ops_per_second,threads,kernels,kv_type,processor,model\n";
  for (const Measurement& m : report.outcome.measurements) {
    const Figures f = figures_of(m);
    const auto optional = [](const auto& value) {
      return value ? fmt::format("{}", *value) : std::string();
    };
    out += fmt::format("{},{},{},{},{},{},{},{},", phase_name(m.phase), m.n_prompt, m.depth,
                       m.phase == Phase::decode ? fmt::format("{}", m.n_row) : "",
                       m.repetitions.size(), f.tokens_per_second.median, f.tokens_per_second.min,
                       f.tokens_per_second.max);
    out += fmt::format(
        "{},{},{},{},{},{},{},{},{},{},{},",
        f.first_token_seconds ? fmt::format("{}", f.first_token_seconds->median) : "",
        optional(f.peak_memory), f.weight_bytes_per_token, f.kv_bytes_per_token,
        f.int8_ops_per_token + f.float_ops_per_token, f.bytes_per_second, f.ops_per_second,
        bound_name(f.bound), f.limit_share.median, f.limit_share.min, f.limit_share.max);
    out += fmt::format("{},{},{},{},{},{},{},{}\n", f.limits.read_bytes, f.limits.int8_ops,
                       f.limits.float_ops, report.n_threads, report.kernels, report.kv_type,
                       csv_text(report.machine.processor), csv_text(report.model_file));
  }
  return out;
}

}  // namespace stride::bench
