// SPDX-License-Identifier: Apache-2.0
// C01 to C14: the answer itself, its end, its usage, and the options that shape it.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>

#include "gauntlet/capture.h"
#include "gauntlet/contract_bench.h"
#include "json/json.h"
#include "schema/schema.h"

namespace stride::gauntlet {
namespace {

bool is_ok(const Attempt& attempt) {
  return attempt.failure == FailureClass::ok;
}

Question question(std::string text) {
  return {.turns = {{.role = ChatTurn::Role::user, .text = std::move(text)}}, .tools = {}};
}

Finding list_models(ContractBench& bench) {
  const auto models = bench.endpoint().models(bench.options().timeout_s, bench.stop());
  if (!models) return failed(models.error().message);
  if (models->empty()) return failed("the list is empty");
  const std::string& wanted = bench.endpoint().options().model;
  const bool listed = std::find(models->begin(), models->end(), wanted) != models->end();
  return passed(
      fmt::format("{} models{}", models->size(),
                  wanted.empty() || listed ? "" : "; the one that is asked is not listed"));
}

Finding whole_content(ContractBench& bench) {
  const Attempt& attempt = bench.whole();
  if (!is_ok(attempt) && attempt.failure != FailureClass::truncated_in_answer)
    return not_served(attempt);
  if (!bench.is_chat()) return attempt.answer.empty() ? failed("no text") : passed();
  AskOptions ask = bench.usual();
  ask.stream = false;
  const RawReply reply =
      bench.endpoint().post(bench.endpoint().request_body(bench.plain_question(), ask),
                            bench.options().timeout_s, bench.stop());
  const auto body = json::parse(reply.body);
  const Json* content = body ? json::find(*body, "/choices/0/message/content") : nullptr;
  if (content == nullptr) return failed("choices[0].message.content is missing");
  return content->is_string() ? passed() : failed("content is no string: " + json::dump(*content));
}

Finding stream_equals_whole(ContractBench& bench) {
  const Attempt& stream = bench.stream();
  const Attempt& whole = bench.whole();
  if (!is_ok(stream)) return failed(stream.message);
  if (!is_ok(whole)) return failed(whole.message);
  if (stream.answer == whole.answer) return passed();
  return failed(fmt::format("\"{}\" as a stream, \"{}\" as a whole", one_line(stream.answer, 60),
                            one_line(whole.answer, 60)));
}

Finding one_role_frame(ContractBench& bench) {
  const auto n = std::count_if(bench.events().begin(), bench.events().end(),
                               [](const Event& e) { return e.channel == Channel::role; });
  return n == 1 ? passed() : failed(fmt::format("{} frames open the message", n));
}

Finding valid_finish(ContractBench& bench) {
  static const std::set<std::string_view> kChat = {"stop", "length", "tool_calls", "content_filter",
                                                   "function_call"};
  static const std::set<std::string_view> kAnthropic = {"end_turn", "max_tokens", "stop_sequence",
                                                        "tool_use", "pause_turn", "refusal"};
  static const std::set<std::string_view> kResponses = {"completed", "max_output_tokens",
                                                        "content_filter"};
  static const std::set<std::string_view> kOllama = {"stop", "length"};
  const auto& valid = bench.is_chat()                 ? kChat
                      : bench.api() == Api::anthropic ? kAnthropic
                      : bench.api() == Api::responses ? kResponses
                                                      : kOllama;
  for (const Attempt* attempt : {&bench.stream(), &bench.whole()})
    if (!valid.contains(attempt->finish_reason))
      return failed(fmt::format("the finish reason is \"{}\"", attempt->finish_reason));
  return passed(bench.stream().finish_reason);
}

Finding consistent_usage(ContractBench& bench) {
  for (const Attempt* attempt : {&bench.stream(), &bench.whole()}) {
    const char* how = attempt->streamed ? "as a stream" : "as a whole";
    if (attempt->usage.source != TokenSource::usage) {
      const auto lie = std::find_if(attempt->notes.begin(), attempt->notes.end(),
                                    [](const std::string& n) { return n.contains("usage"); });
      return failed(
          fmt::format("{}: {}", how, lie == attempt->notes.end() ? "no usage" : lie->c_str()));
    }
    if (!attempt->usage.input) return failed(fmt::format("{}: the prompt is not counted", how));
    const auto& count = bench.endpoint().options().count_tokens;
    if (!count || attempt->hidden) continue;
    const auto own = static_cast<double>(count(attempt->answer) + count(attempt->reasoning));
    const auto claimed = static_cast<double>(*attempt->usage.output);
    // Tags and the end token are counted by the server and not seen here.
    if (std::abs(own - claimed) > 0.02 * own + 6)
      return failed(fmt::format("{}: usage says {} tokens, the tokenizer {}", how, claimed, own));
  }
  if (*bench.stream().usage.input != *bench.whole().usage.input)
    return failed("the two modes count the same prompt differently");
  return passed();
}

Finding reasoning_counted(ContractBench& bench) {
  const Attempt& attempt = bench.stream();
  if (attempt.reasoning.empty()) return unsupported("no reasoning was shown");
  if (bench.api() == Api::anthropic || bench.api() == Api::ollama)
    return unsupported("the API has no place for it");
  const auto n = attempt.usage.reasoning;
  if (!n) return failed("usage has no reasoning_tokens");
  return *n > 0 ? passed() : failed("reasoning was shown and reasoning_tokens is 0");
}

Finding no_tag_leak(ContractBench& bench) {
  bench.stream();
  for (const Attempt& attempt : bench.attempts()) {
    if (attempt.inline_reasoning) return failed("reasoning comes inside the answer");
    if (attempt.tag_leak)
      return failed("a reasoning tag is in the answer: " + one_line(attempt.answer, 80));
  }
  return passed();
}

Finding answer_not_empty(ContractBench& bench) {
  for (const Attempt* attempt : {&bench.stream(), &bench.whole()}) {
    using enum FailureClass;
    if (attempt->failure == empty_answer || attempt->failure == reasoning_only)
      return failed(attempt->message);
    if (!is_ok(*attempt) && attempt->failure != truncated_in_answer) return not_served(*attempt);
  }
  return passed();
}

// Nothing if the whole answer fits the limit, which it may where the server shortens the reasoning.
std::optional<Finding> limited_to(ContractBench& bench, uint32_t limit) {
  AskOptions ask = bench.usual();
  ask.answer_budget = limit;
  ask.reasoning_budget = 0;
  const Attempt attempt = bench.ask(bench.plain_question(), ask);
  using enum FailureClass;
  if (attempt.failure == http_4xx) return not_served(attempt);
  if (attempt.usage.source == TokenSource::usage && attempt.usage.output.value_or(0) > limit)
    return failed(fmt::format("{} tokens with a limit of {}", *attempt.usage.output, limit));
  const bool cut = attempt.failure == truncated_in_answer ||
                   attempt.failure == truncated_in_reasoning ||
                   (attempt.failure == empty_answer && attempt.message.contains("limit"));
  if (cut) return passed();
  if (attempt.http_status == 200 && attempt.usage.source == TokenSource::usage && limit > 1)
    return {};
  return failed(
      fmt::format("finish reason \"{}\" with a limit of {} tokens", attempt.finish_reason, limit));
}

// Half of what the answer is known to need and less, until it is cut short.
Finding limit_honoured(ContractBench& bench) {
  const Attempt& known = bench.stream();
  if (!is_ok(known)) return failed(known.message);
  const uint64_t n_known = known.usage.output.value_or(0);
  if (n_known < 4) return unsupported("the answer is too short to be limited");
  for (auto limit = static_cast<uint32_t>(std::min<uint64_t>(n_known / 2, 64));;
       limit = std::max(1U, limit / 4)) {
    if (const auto finding = limited_to(bench, limit)) return *finding;
  }
}

// A word from the middle of the answer that is known, so that any model shows it.
Finding stop_honoured(ContractBench& bench) {
  if (bench.api() == Api::responses) return unsupported("the API has no stop sequences");
  const Attempt& known = bench.stream();
  if (!is_ok(known)) return failed(known.message);
  const size_t middle = known.answer.find(' ', known.answer.size() / 3);
  if (middle == known.answer.npos || middle + 5 > known.answer.size())
    return unsupported("the answer is too short to stop inside it");
  const std::string stop = known.answer.substr(middle + 1, 4);
  AskOptions ask = bench.usual();
  ask.stop = {stop};
  const Attempt attempt = bench.ask(bench.plain_question(), ask);
  if (attempt.failure == FailureClass::http_4xx) return not_served(attempt);
  if (attempt.answer.contains(stop)) return failed("the stop sequence is in the answer");
  if (attempt.answer != known.answer.substr(0, known.answer.find(stop)))
    return unsupported("the answer changed, so it cannot be seen where it stopped");
  return passed();
}

Finding seed_repeats(ContractBench& bench) {
  if (bench.api() == Api::anthropic || bench.api() == Api::responses)
    return unsupported("the API has no seed");
  AskOptions ask = bench.usual();
  ask.sampling = Sampling{.name = "seeded", .temperature = 1.0};
  ask.seed = 20260314;
  const Attempt first = bench.ask(bench.plain_question(), ask);
  const Attempt second = bench.ask(bench.plain_question(), ask);
  if (!is_ok(first)) return not_served(first);
  if (first.answer == second.answer && first.reasoning == second.reasoning) return passed();
  return failed("the same seed gave two answers");
}

Finding json_object(ContractBench& bench) {
  if (bench.api() == Api::anthropic) return unsupported("the API has no such format");
  AskOptions ask = bench.usual();
  ask.format = AnswerFormat::json_object;
  const Attempt attempt = bench.ask(
      question("Give the capital of Italy as a JSON object with the key \"capital\"."), ask);
  if (!is_ok(attempt)) return not_served(attempt);
  const auto value = json::parse(attempt.answer);
  return value && value->is_object() ? passed()
                                     : failed("no JSON object: " + one_line(attempt.answer, 80));
}

Finding json_schema(ContractBench& bench) {
  static constexpr std::string_view kSchema =
      R"({"type":"object","properties":{"city":{"type":"string"},"rank":{"type":"integer"}},)"
      R"("required":["city","rank"],"additionalProperties":false})";
  AskOptions ask = bench.usual();
  ask.format = AnswerFormat::json_schema;
  ask.schema = kSchema;
  const Attempt attempt = bench.ask(question("Which city is the largest of Italy?"), ask);
  if (!is_ok(attempt)) return not_served(attempt);
  const auto value = json::parse(attempt.answer);
  const auto compiled = schema::Schema::compile(json::parse(kSchema).value());
  if (!value || !compiled) return failed("no JSON: " + one_line(attempt.answer, 80));
  const auto fault = schema::find_fault(*compiled, *value);
  return fault ? failed("breaks the schema: " + *fault) : passed();
}

constexpr std::array kChecks = {
    Check{"C01", "models are listed", list_models},
    Check{"C02", "content is a string without a stream", whole_content},
    Check{"C03", "the stream and the whole are the same text", stream_equals_whole},
    Check{"C04", "the message is opened once", one_role_frame},
    Check{"C05", "the finish reason is valid", valid_finish},
    Check{"C06", "usage comes in both modes and is plausible", consistent_usage},
    Check{"C07", "reasoning tokens are reported", reasoning_counted},
    Check{"C08", "no reasoning tag leaks into the answer", no_tag_leak},
    Check{"C09", "a finished answer is not empty", answer_not_empty},
    Check{"C10", "the token limit is honoured", limit_honoured},
    Check{"C11", "a stop sequence stops and is not sent", stop_honoured},
    Check{"C12", "a seed repeats the answer", seed_repeats},
    Check{"C13", "json_object gives an object", json_object},
    Check{"C14", "json_schema is kept", json_schema},
};

}  // namespace

std::span<const Check> answer_checks() {
  return kChecks;
}

}  // namespace stride::gauntlet
