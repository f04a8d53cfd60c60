// SPDX-License-Identifier: Apache-2.0
#include "api/thinking_controls.h"

#include <fmt/format.h>

#include <array>

#include "api/sampling_fields.h"
#include "json/json.h"

namespace stride::api {
namespace {

struct Level {
  bool off = false;
  std::optional<chat::Effort> effort{};
};

std::optional<Level> parse_level(std::string_view name) {
  if (name == "none" || name == "off" || name == "disabled") return Level{.off = true};
  if (name == "minimal") return Level{.effort = chat::Effort::low};
  if (name == "xhigh" || name == "max") return Level{.effort = chat::Effort::high};
  if (name == "auto" || name == "default") return Level{};
  if (const auto effort = chat::parse_effort(name)) return Level{.effort = effort};
  return std::nullopt;
}

// Collects what the fields say and remembers who said it, for the sentence about a contradiction.
class Wishes {
 public:
  Outcome<> set_switch(const std::string& field, bool on) {
    if (on_ && *on_ != on)
      return refuse(field, fmt::format("{} turns thinking {}, but {} turns it {}", field,
                                       on ? "on" : "off", switch_field_, *on_ ? "on" : "off"));
    if (!on_) switch_field_ = field;
    on_ = on;
    return {};
  }

  Outcome<> set_level(const std::string& field, std::string_view name) {
    const auto level = parse_level(name);
    if (!level)
      return refuse(field,
                    fmt::format("{} is \"{}\"; it can be none, minimal, low, medium, high, xhigh "
                                "or max",
                                field, name));
    if (level->off) return set_switch(field, false);
    if (!level->effort) return {};
    if (effort_ && *effort_ != *level->effort)
      return refuse(field,
                    fmt::format("{} is {}, but {} is {}", field, chat::effort_name(*level->effort),
                                effort_field_, chat::effort_name(*effort_)));
    if (!effort_) effort_field_ = field;
    effort_ = level->effort;
    return {};
  }

  Outcome<> set_budget(const std::string& field, int64_t tokens) {
    if (tokens < 0) return {};  // no limit
    if (on_ && !*on_ && tokens > 0)
      return refuse(field, fmt::format("{} gives thinking a budget, but {} turns it off", field,
                                       switch_field_));
    budget_ = static_cast<uint32_t>(tokens);
    return {};
  }

  bool says_anything() const { return on_ || effort_ || budget_; }
  std::optional<bool> on() const { return on_; }
  std::optional<chat::Effort> effort() const { return effort_; }
  std::optional<uint32_t> budget() const { return budget_; }

 private:
  std::optional<bool> on_;
  std::optional<chat::Effort> effort_;
  std::optional<uint32_t> budget_;
  std::string switch_field_;
  std::string effort_field_;
};

Outcome<> read_template_switch(const Fields& body, Wishes& wishes) {
  const Json* kwargs = STRIDE_TRY(body.object("chat_template_kwargs"));
  if (kwargs == nullptr) return {};
  const Fields fields(*kwargs, body.path("chat_template_kwargs."));
  if (const auto on = STRIDE_TRY(fields.boolean("enable_thinking")))
    STRIDE_TRY(wishes.set_switch(fields.path("enable_thinking"), *on));
  if (const auto level = STRIDE_TRY(fields.text("reasoning_effort")))
    STRIDE_TRY(wishes.set_level(fields.path("reasoning_effort"), *level));
  return {};
}

// A boolean, a level, or {"type": "enabled" | "disabled" | "adaptive", "budget_tokens": N}.
Outcome<> read_switch(const Fields& body, std::string_view name, Wishes& wishes) {
  const Json* value = body.find(name);
  if (value == nullptr) return {};
  const std::string path = body.path(name);
  if (value->is_boolean()) return wishes.set_switch(path, value->get<bool>());
  if (value->is_string()) return wishes.set_level(path, value->get<std::string>());
  if (!value->is_object())
    return refuse(path, fmt::format("{} must be an object, a level or true or false", path));
  const Fields fields(*value, path + ".");
  const auto type = STRIDE_TRY(fields.text("type"));
  if (type && *type != "enabled" && *type != "disabled" && *type != "adaptive" && *type != "auto")
    return refuse(fields.path("type"),
                  fmt::format("{} is \"{}\"; it can be enabled, disabled or adaptive",
                              fields.path("type"), *type));
  if (type && (*type == "enabled" || *type == "disabled"))
    STRIDE_TRY(wishes.set_switch(fields.path("type"), *type == "enabled"));
  return {};
}

Outcome<> read_reasoning_switch(const Fields& body, Wishes& wishes) {
  const Json* reasoning = STRIDE_TRY(body.object("reasoning"));
  if (reasoning == nullptr) return {};
  const Fields fields(*reasoning, body.path("reasoning."));
  if (const auto on = STRIDE_TRY(fields.boolean("enabled")))
    STRIDE_TRY(wishes.set_switch(fields.path("enabled"), *on));
  return {};
}

Outcome<> read_levels(const Fields& body, Wishes& wishes) {
  if (const auto level = STRIDE_TRY(body.text("reasoning_effort")))
    STRIDE_TRY(wishes.set_level(body.path("reasoning_effort"), *level));
  for (const std::string_view name : {"reasoning", "output_config"}) {
    const Json* object = STRIDE_TRY(body.object(name));
    if (object == nullptr) continue;
    const Fields fields(*object, body.path(name) + ".");
    if (const auto level = STRIDE_TRY(fields.text("effort")))
      STRIDE_TRY(wishes.set_level(fields.path("effort"), *level));
  }
  return {};
}

Outcome<> read_budgets(const Fields& body, Wishes& wishes) {
  constexpr std::array kNames = {"thinking_token_budget", "reasoning_budget_tokens",
                                 "thinking_budget_tokens", "thinking_budget", "reasoning_budget"};
  for (const char* name : kNames) {
    if (const auto n = STRIDE_TRY(body.integer(name, -1, kLargestCount)))
      STRIDE_TRY(wishes.set_budget(body.path(name), *n));
  }
  constexpr std::array<std::pair<const char*, const char*>, 2> kNested = {
      {{"thinking", "budget_tokens"}, {"reasoning", "max_tokens"}}};
  for (const auto& [outer, inner] : kNested) {
    const Json* object = body.find(outer);
    if (object == nullptr || !object->is_object()) continue;
    const Fields fields(*object, body.path(outer) + ".");
    if (const auto n = STRIDE_TRY(fields.integer(inner, 0, kLargestCount)))
      STRIDE_TRY(wishes.set_budget(fields.path(inner), *n));
  }
  return {};
}

// Nothing that a field said is overruled by a name.
void read_suffix(const ChatCall& call, const CallDefaults& defaults, Wishes& wishes) {
  if (wishes.says_anything() || call.model == defaults.model) return;
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kSuffixes = {
      {{"-nothink", "none"}, {"-low", "low"}, {"-medium", "medium"}, {"-high", "high"}}};
  for (const auto& [suffix, level] : kSuffixes) {
    if (call.model.ends_with(suffix)) (void)wishes.set_level("model", level);
  }
}

}  // namespace

Outcome<> read_thinking(const Fields& body, const CallDefaults& defaults, ChatCall& call) {
  Wishes wishes;
  STRIDE_TRY(read_template_switch(body, wishes));
  for (const std::string_view name : {"thinking", "think", "enable_thinking"})
    STRIDE_TRY(read_switch(body, name, wishes));
  STRIDE_TRY(read_reasoning_switch(body, wishes));
  STRIDE_TRY(read_levels(body, wishes));
  STRIDE_TRY(read_budgets(body, wishes));
  read_suffix(call, defaults, wishes);

  const auto& max_tokens = call.options.max_tokens;
  const bool tiny = max_tokens && *max_tokens < kTinyAnswer;
  chat::Conversation& conversation = call.conversation;
  conversation.thinking = tiny && !wishes.says_anything() ? chat::Thinking::off : defaults.thinking;
  if (wishes.on()) conversation.thinking = *wishes.on() ? chat::Thinking::on : chat::Thinking::off;
  conversation.effort = wishes.effort() ? wishes.effort() : defaults.effort;
  if (wishes.budget()) call.options.thinking_budget = wishes.budget();
  return {};
}

}  // namespace stride::api
