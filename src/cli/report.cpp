// SPDX-License-Identifier: Apache-2.0
#include "cli/report.h"

#include <fmt/core.h>

#include "cli/terminal.h"
#include "json/json.h"

namespace stride::cli {

namespace {

Json to_json(const engine::Usage& usage) {
  Json out;
  out["prompt_tokens"] = usage.prompt_tokens;
  out["reused_tokens"] = usage.reused_tokens;
  out["reasoning_tokens"] = usage.reasoning_tokens;
  out["answer_tokens"] = usage.answer_tokens;
  out["completion_tokens"] = usage.completion_tokens();
  return out;
}

Json to_json(const engine::Timings& timings) {
  Json out;
  out["prompt_seconds"] = timings.prefill_seconds;
  out["prompt_tokens_per_second"] = timings.prompt_tokens_per_second;
  out["generation_seconds"] = timings.decode_seconds;
  out["generated_tokens_per_second"] = timings.generated_tokens_per_second;
  return out;
}

double draft_share(const engine::Generated& g) {
  return g.timings.decode_seconds > 0 ? g.speculation.draft_seconds / g.timings.decode_seconds : 0;
}

// Null where nothing could be drafted.
Json mtp_to_json(const engine::Generated& g) {
  if (g.speculation.heads.empty()) return nullptr;
  Json out;
  out["heads"] = Json::array();
  for (const auto& head : g.speculation.heads) {
    Json counts;
    counts["drafted"] = head.n_draft;
    counts["accepted"] = head.n_accepted;
    out["heads"].push_back(std::move(counts));
  }
  out["passes"] = g.speculation.n_pass;
  out["tokens_per_pass"] = g.speculation.tokens_per_pass();
  out["draft_time_share"] = draft_share(g);
  return out;
}

// "; drafts accepted: 40/50, 30/40, 20/30, 2.80 tokens a pass, drafting took 5% of the time"
std::string mtp_summary(const engine::Generated& g) {
  if (g.speculation.heads.empty()) return {};
  std::string counts;
  for (const auto& head : g.speculation.heads) {
    if (!counts.empty()) counts += ", ";
    counts += fmt::format("{}/{}", head.n_accepted, head.n_draft);
  }
  return fmt::format(
      "; drafts accepted: {}, {:.2f} tokens a pass, drafting took {:.0f}% of the time", counts,
      g.speculation.tokens_per_pass(), 100 * draft_share(g));
}

Json to_json(const chat::ParsedCall& call) {
  Json out;
  out["id"] = call.id;
  out["type"] = "function";
  out["function"]["name"] = call.name;
  out["function"]["arguments"] = call.arguments;
  return out;
}

}  // namespace

int report(const Error& error) {
  fmt::print(stderr, "stride: {}\n", error.message);
  if (error.code == Errc::invalid_argument) return 2;
  return error.code == Errc::cancelled ? 130 : 1;
}

void report_warnings(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) fmt::print(stderr, "warning: {}\n", warning);
}

std::string summary(const engine::Generated& g) {
  const engine::Usage& u = g.usage;
  std::string out = fmt::format("read {} tokens", u.prompt_tokens);
  if (u.reused_tokens > 0) out += fmt::format(" ({} reused)", u.reused_tokens);
  out += fmt::format(" in {}, {:.1f}/s; wrote {}", duration_text(g.timings.prefill_seconds),
                     g.timings.prompt_tokens_per_second, u.completion_tokens());
  if (u.reasoning_tokens > 0) out += fmt::format(" ({} thinking)", u.reasoning_tokens);
  out += fmt::format(" in {}, {:.1f}/s; {}", duration_text(g.timings.decode_seconds),
                     g.timings.generated_tokens_per_second, engine::name(g.finish_cause));
  for (const decode::Intervention& i : g.interventions)
    out += fmt::format(", guard: {}", decode::name(i.guard));
  return out + mtp_summary(g);
}

Json to_json(const engine::Generated& g, std::string_view model, uint64_t seed) {
  Json out;
  out["model"] = std::string(model);
  out["content"] = g.output.content ? Json(*g.output.content) : Json(nullptr);
  out["reasoning"] = g.output.reasoning ? Json(*g.output.reasoning) : Json(nullptr);
  out["tool_calls"] = Json::array();
  for (const chat::ParsedCall& call : g.output.calls) out["tool_calls"].push_back(to_json(call));
  out["usage"] = to_json(g.usage);
  out["timings"] = to_json(g.timings);
  out["mtp"] = mtp_to_json(g);
  out["finish_reason"] = std::string(engine::name(g.finish_reason));
  out["finish_cause"] = std::string(engine::name(g.finish_cause));
  out["guards"] = Json::array();
  for (const decode::Intervention& i : g.interventions) {
    Json guard;
    guard["name"] = std::string(decode::name(i.guard));
    guard["at_token"] = i.at;
    out["guards"].push_back(std::move(guard));
  }
  out["seed"] = seed;
  return out;
}

}  // namespace stride::cli
