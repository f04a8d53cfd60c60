// SPDX-License-Identifier: Apache-2.0
#include "cli/eval_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "json/json.h"
#include "nano/skills.h"

namespace stride::cli {
namespace {

using nano::Evaluation;
using nano::Skill;
using nano::SkillScore;
using nano::Tally;

constexpr std::string_view kEfforts[] = {"unset", "low", "medium", "high"};

// " 98.5 [96.1, 99.5]"
std::string percent(const Tally& tally) {
  if (tally.n == 0) return fmt::format("{:>20}", "-");
  const nano::Interval interval = tally.interval();
  return fmt::format("{:>20}", fmt::format("{:.1f} [{:.1f}, {:.1f}]", 100 * tally.share(),
                                           100 * interval.low, 100 * interval.high));
}

std::string short_name(const std::string& path) {
  std::string name = path.substr(path.find_last_of('/') + 1);
  if (name.ends_with(".gguf")) name.resize(name.size() - 5);
  return name.size() > 19 ? name.substr(name.size() - 19) : name;
}

std::string head_line(std::string_view first, std::span<const NamedEvaluation> models) {
  std::string line = fmt::format("{:24}", first);
  for (const NamedEvaluation& model : models)
    line += fmt::format(" {:>20}", short_name(model.name));
  return line + '\n';
}

template <class Get>
std::string row(std::string_view name, std::span<const NamedEvaluation> models, Get get) {
  std::string line = fmt::format("{:24}", name);
  for (const NamedEvaluation& model : models) line += ' ' + percent(get(model.result));
  return line + '\n';
}

Tally sum(const Evaluation& result, Tally SkillScore::* member) {
  Tally all;
  for (const auto& [skill, score] : result.skills) {
    all.n += (score.*member).n;
    all.n_right += (score.*member).n_right;
  }
  return all;
}

template <class Map, class Key>
Tally at(const Map& map, const Key& key) {
  const auto place = map.find(key);
  return place == map.end() ? Tally{} : place->second;
}

std::string skill_rows(std::span<const NamedEvaluation> models, Detail detail) {
  std::set<Skill> skills;
  for (const NamedEvaluation& model : models)
    for (const auto& [skill, score] : model.result.skills) skills.insert(skill);
  std::string out;
  for (const Skill skill : skills) {
    const auto score_of = [&](const Evaluation& result) {
      const auto place = result.skills.find(skill);
      return place == result.skills.end() ? SkillScore{} : place->second;
    };
    out += row(nano::skill_name(skill), models,
               [&](const Evaluation& r) { return score_of(r).correct; });
    if (detail == Detail::skills) continue;
    std::set<std::string> kinds;
    for (const NamedEvaluation& model : models)
      for (const auto& [kind, tally] : score_of(model.result).kinds) kinds.insert(kind);
    for (const std::string& kind : kinds)
      out += row("  " + kind, models,
                 [&](const Evaluation& r) { return at(score_of(r).kinds, kind); });
  }
  out +=
      row("all skills", models, [](const Evaluation& r) { return sum(r, &SkillScore::correct); });
  out += row("split of reasoning", models,
             [](const Evaluation& r) { return sum(r, &SkillScore::split); });
  for (const auto& [skill, name] :
       {std::pair(Skill::tools, "tool syntax"), std::pair(Skill::json, "JSON parses")})
    if (skills.contains(skill))
      out += row(name, models, [&](const Evaluation& r) {
        const auto place = r.skills.find(skill);
        return place == r.skills.end() ? Tally{} : place->second.well_formed;
      });
  for (const char* bucket : {"to 256", "to 512", "to 1024", "to 1500", "above 1500"}) {
    const auto get = [&](const Evaluation& r) { return at(r.recall_by_length, bucket); };
    if (std::ranges::any_of(models, [&](const NamedEvaluation& m) { return get(m.result).n > 0; }))
      out += row(fmt::format("recall, prompt {}", bucket), models, get);
  }
  return out;
}

double reasoning_tokens(const Evaluation& result, size_t effort) {
  nano::Mean mean;
  for (const auto& [skill, score] : result.skills) {
    mean.n += score.reasoning[effort].n;
    mean.sum += score.reasoning[effort].sum;
  }
  return mean.value();
}

std::string effort_rows(std::span<const NamedEvaluation> models) {
  std::string out = head_line("tokens of reasoning", models);
  for (size_t effort = 0; effort < std::size(kEfforts); ++effort) {
    out += fmt::format("{:24}", fmt::format("effort {}", kEfforts[effort]));
    for (const NamedEvaluation& model : models)
      out += fmt::format(" {:>20.1f}", reasoning_tokens(model.result, effort));
    out += '\n';
  }
  return out;
}

std::string head_rows(std::span<const NamedEvaluation> models) {
  size_t n_head = 0;
  for (const NamedEvaluation& model : models) n_head = std::max(n_head, model.result.heads.size());
  if (n_head == 0) return {};
  std::string out = head_line("MTP acceptance, %", models);
  const auto head = [](const Evaluation& r, size_t k) {
    return k < r.heads.size() ? r.heads[k] : nano::HeadScore{};
  };
  for (size_t k = 0; k < n_head; ++k) {
    out += row(fmt::format("head {}, earlier right", k + 1), models,
               [&](const Evaluation& r) { return head(r, k).chained; });
    out += row(fmt::format("head {}, always", k + 1), models,
               [&](const Evaluation& r) { return head(r, k).alone; });
  }
  out += fmt::format("{:24}", "tokens in one step");
  for (const NamedEvaluation& model : models)
    out += fmt::format(" {:>20.2f}", model.result.accepted.value());
  return out + '\n';
}

Json tally_json(const Tally& tally) {
  const nano::Interval interval = tally.interval();
  Json value = Json::object();
  value["n"] = tally.n;
  value["right"] = tally.n_right;
  value["share"] = tally.share();
  value["low"] = interval.low;
  value["high"] = interval.high;
  return value;
}

Json skill_json(const SkillScore& score) {
  Json value = Json::object();
  value["correct"] = tally_json(score.correct);
  value["well_formed"] = tally_json(score.well_formed);
  value["split"] = tally_json(score.split);
  for (const auto& [kind, tally] : score.kinds) value["kinds"][kind] = tally_json(tally);
  for (size_t effort = 0; effort < std::size(kEfforts); ++effort)
    value["reasoning_tokens"][std::string(kEfforts[effort])] = score.reasoning[effort].value();
  return value;
}

}  // namespace

std::string evaluation_table(std::span<const NamedEvaluation> models, Detail detail) {
  std::string out = head_line("right answers, %", models) + skill_rows(models, detail) + '\n' +
                    effort_rows(models);
  if (const std::string heads = head_rows(models); !heads.empty()) out += '\n' + heads;
  out += "In brackets: 95 % intervals (Wilson).\n";
  for (const NamedEvaluation& model : models)
    out += fmt::format("{}: {} tokens in {:.0f} s{}\n", model.name, model.result.n_output,
                       model.result.seconds, model.result.complete ? "" : ", stopped early");
  return out;
}

std::string evaluation_json(std::span<const NamedEvaluation> models) {
  Json all = Json::array();
  for (const NamedEvaluation& model : models) {
    const Evaluation& result = model.result;
    Json value = Json::object();
    value["model"] = model.name;
    value["complete"] = result.complete;
    for (const auto& [skill, score] : result.skills)
      value["skills"][std::string(nano::skill_name(skill))] = skill_json(score);
    value["correct"] = tally_json(sum(result, &SkillScore::correct));
    value["split"] = tally_json(sum(result, &SkillScore::split));
    for (const auto& [bucket, tally] : result.recall_by_length)
      value["recall_by_prompt_tokens"][bucket] = tally_json(tally);
    for (const nano::HeadScore& head : result.heads) {
      Json entry = Json::object();
      entry["chained"] = tally_json(head.chained);
      entry["alone"] = tally_json(head.alone);
      value["mtp_heads"].push_back(std::move(entry));
    }
    value["tokens_per_step"] = result.accepted.value();
    value["output_tokens"] = result.n_output;
    value["seconds"] = result.seconds;
    all.push_back(std::move(value));
  }
  return json::dump(all) + '\n';
}

}  // namespace stride::cli
