// SPDX-License-Identifier: Apache-2.0
// What the server tells of itself.
#include <fmt/chrono.h>

#include "api/endpoints.h"
#include "api/json_text.h"
#include "base/version.h"
#include "net/query.h"

namespace stride::api {
namespace {

bool is_anthropic(const net::HttpRequest& request) {
  return !request.header("anthropic-version").empty();
}

void write_words(JsonText& out, std::initializer_list<std::string_view> words) {
  out.array();
  for (const std::string_view word : words) out.value(word);
  out.end();
}

void write_anthropic_model(JsonText& out, const std::string& name, int64_t created) {
  out.object()
      .field("type", "model")
      .field("id", name)
      .field("display_name", name)
      .field("created_at", fmt::format("{:%FT%TZ}", fmt::gmtime(static_cast<std::time_t>(created))))
      .end();
}

// OpenAI's form with the keys that clients of vLLM, llama.cpp and OpenRouter read.
void write_openai_model(JsonText& out, const std::string& name, int64_t created, uint32_t n_context,
                        const model::Config& config) {
  out.object()
      .field("id", name)
      .field("object", "model")
      .field("created", created)
      .field("owned_by", "stride")
      .field("name", config.name.empty() ? name : config.name)
      .field("context_length", n_context)
      .field("max_model_len", n_context);
  out.key("meta")
      .object()
      .field("n_ctx_train", config.n_ctx_train)
      .field("n_ctx", n_context)
      .field("n_vocab", config.n_vocab)
      .field("n_embd", config.n_embd)
      .end();
  out.key("top_provider")
      .object()
      .field("context_length", n_context)
      .field("max_completion_tokens", n_context)
      .field("is_moderated", false)
      .end();
  out.key("architecture").object().field("modality", "text->text").key("input_modalities");
  write_words(out, {"text"});
  out.key("output_modalities");
  write_words(out, {"text"});
  out.end().key("supported_parameters");
  write_words(out, {"frequency_penalty", "include_reasoning", "logit_bias", "logprobs",
                    "max_tokens", "min_p", "presence_penalty", "reasoning", "repetition_penalty",
                    "response_format", "seed", "stop", "structured_outputs", "temperature",
                    "tool_choice", "tools", "top_k", "top_logprobs", "top_p"});
  out.end();
}

// The catalogue that Codex reads.
void write_codex_model(JsonText& out, const std::string& name, uint32_t n_context) {
  out.object().field("slug", name).field("display_name", name).field("description", "");
  out.field("default_reasoning_level", "medium").key("supported_reasoning_levels").array();
  for (const std::string_view level : {"low", "medium", "high"})
    out.object().field("effort", level).field("description", "").end();
  out.end()
      .field("shell_type", "shell_command")
      .field("visibility", "list")
      .field("supported_in_api", true)
      .field("priority", 0)
      .field("base_instructions", "");
  out.key("truncation_policy").object().field("mode", "tokens").field("limit", 10000).end();
  out.field("context_window", n_context).field("supports_parallel_tool_calls", true);
  out.key("input_modalities");
  write_words(out, {"text"});
  out.end();
}

}  // namespace

std::string Endpoints::models(const net::HttpRequest& request) const {
  const std::string& name = options_.defaults.model;
  JsonText out;
  out.object();
  if (is_anthropic(request)) {
    out.key("data").array();
    write_anthropic_model(out, name, started_);
    out.end().field("has_more", false).field("first_id", name).field("last_id", name);
    return out.end().take();
  }
  out.field("object", "list").key("data").array();
  write_openai_model(out, name, started_, options_.n_context, engine_.model().config());
  out.end().key("models").array();
  write_codex_model(out, name, options_.n_context);
  return out.end().end().take();
}

// Answers take any name; only the served one is listed.
Outcome<std::string> Endpoints::model(const net::HttpRequest& request,
                                      const std::string& id) const {
  if (id != options_.defaults.model)
    return refuse(FailureKind::not_found, fmt::format("the model \"{}\" is not served here; \"{}\" "
                                                      "is",
                                                      id, options_.defaults.model));
  JsonText out;
  if (is_anthropic(request)) {
    write_anthropic_model(out, id, started_);
  } else {
    write_openai_model(out, id, started_, options_.n_context, engine_.model().config());
  }
  return out.take();
}

std::string Endpoints::props() const {
  const decode::SamplingOptions& s = options_.defaults.options.sampling;
  JsonText out;
  out.object().field("model_alias", options_.defaults.model);
  out.field("build_info", "stride " + std::string(version()));
  out.field("n_ctx", options_.n_context).field("total_slots", options_.n_slot);
  out.key("default_generation_settings").object().field("n_ctx", options_.n_context);
  out.key("params")
      .object()
      .field("temperature", s.temperature)
      .field("top_k", s.top_k)
      .field("top_p", s.top_p)
      .field("min_p", s.min_p)
      .end()
      .end();
  out.key("modalities").object().field("vision", false).field("audio", false).end();
  out.field("is_sleeping", false);
  return out.end().take();
}

// Who runs or waits, then the slots that are free.
Outcome<std::string> Endpoints::slots(const net::HttpRequest& request) const {
  const auto pairs = net::parse_query(request.query);
  const std::string* wants_free = pairs ? net::find_query(*pairs, "fail_on_no_slot") : nullptr;
  if (wants_free != nullptr && *wants_free != "0" && service_.stats().n_running >= options_.n_slot)
    return refuse(FailureKind::unavailable, "no slot is free");
  JsonText out;
  out.array();
  size_t index = 0;
  for (const auto& answer : live_.all()) {
    out.object()
        .field("id", index++)
        .field("id_task", answer->id())
        .field("n_ctx", options_.n_context)
        .field("is_processing", true)
        .field("model", answer->call().model);
    out.key("params")
        .object()
        .field("temperature", answer->call().options.sampling.temperature)
        .field("top_p", answer->call().options.sampling.top_p)
        .field("stream", answer->call().output.stream)
        .end();
    out.end();
  }
  for (; index < options_.n_slot; ++index)
    out.object()
        .field("id", index)
        .field("n_ctx", options_.n_context)
        .field("is_processing", false)
        .end();
  return out.end().take();
}

std::string Endpoints::load() const {
  const engine::ServiceStats stats = service_.stats();
  return JsonText()
      .object()
      .field("server_load", stats.n_running + stats.n_waiting)
      .field("running", stats.n_running)
      .field("waiting", stats.n_waiting)
      .end()
      .take();
}

}  // namespace stride::api
