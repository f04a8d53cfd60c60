// SPDX-License-Identifier: Apache-2.0
// C19 to C30: text safety, errors, several requests, and the switches of reasoning.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <thread>

#include "base/utf8.h"
#include "gauntlet/capture.h"
#include "gauntlet/contract_bench.h"
#include "gauntlet/dialect.h"
#include "json/json.h"

namespace stride::gauntlet {
namespace {

bool is_ok(const Attempt& attempt) {
  return attempt.failure == FailureClass::ok;
}

Question question(std::string text) {
  return {.turns = {{.role = ChatTurn::Role::user, .text = std::move(text)}}, .tools = {}};
}

Finding utf8_safe(ContractBench& bench) {
  const Attempt attempt =
      bench.ask(question("Repeat exactly, without anything else: Grüße, 日本語, żółć, "
                         "😀👩‍👩‍👧🏳️‍🌈"),
                bench.usual());
  if (attempt.http_status != 200) return not_served(attempt);
  bool foreign = false;
  for (const Attempt& each : bench.attempts()) {
    if (each.answer.contains(kReplacementUtf8)) return failed("a character arrived damaged");
    foreign |= std::any_of(each.answer.begin(), each.answer.end(),
                           [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  }
  return foreign ? passed() : unsupported("no character beyond ASCII came");
}

// Obeyed word for word, or at least read: the answer and the prompt's length change with it.
Finding system_prompt(ContractBench& bench) {
  Question with = bench.plain_question();
  with.turns.insert(with.turns.begin(),
                    {.role = ChatTurn::Role::system,
                     .text = "Whatever you are asked, reply with the single word HARBOUR."});
  const Attempt attempt = bench.ask(with, bench.usual());
  if (!is_ok(attempt)) return not_served(attempt);
  if (attempt.answer.contains("HARBOUR")) return passed("it is obeyed");
  const Attempt& plain = bench.stream();
  const bool longer =
      attempt.usage.input && plain.usage.input && *attempt.usage.input > *plain.usage.input;
  if (longer && attempt.answer != plain.answer) return passed("it is read, though not obeyed");
  return failed("it changes nothing: " + one_line(attempt.answer, 80));
}

std::optional<EndpointError> error_of(const RawReply& reply) {
  const auto body = json::parse(reply.body);
  return body ? read_error(*body) : std::nullopt;
}

Finding oversize(ContractBench& bench) {
  // More tokens than any context of today, however they are cut.
  constexpr size_t kWords = 2'200'000;
  std::string text;
  for (size_t i = 0; i < kWords; ++i) text += i % 2 == 0 ? "a " : "b ";
  const std::string body = bench.endpoint().request_body(question(std::move(text)), bench.usual());
  const RawReply reply = bench.endpoint().post(body, bench.options().timeout_s, bench.stop());
  if (reply.status == 0) return failed("no response: " + reply.message);
  if (reply.status < 400 || reply.status >= 500)
    return failed(fmt::format("status {} for a prompt of {} words", reply.status, kWords));
  if (!error_of(reply))
    return failed(fmt::format("status {} without an error object", reply.status));
  constexpr double kQuick = 30;
  if (reply.total_s > kQuick) return failed(fmt::format("refused after {:.0f} s", reply.total_s));
  return passed(fmt::format("status {}", reply.status));
}

Finding malformed(ContractBench& bench) {
  const RawReply& reply = bench.malformed();
  if (reply.status == 0) return failed("no response: " + reply.message);
  return reply.status >= 400 && reply.status < 500
             ? passed(fmt::format("status {}", reply.status))
             : failed(fmt::format("status {} for half a JSON", reply.status));
}

Finding unknown_model(ContractBench& bench) {
  AskOptions ask = bench.usual();
  ask.model = "no-such-model-7c1f";
  const Attempt attempt = bench.ask(bench.plain_question(), ask);
  if (attempt.http_status == 404 || attempt.http_status == 400) return passed();
  if (is_ok(attempt)) return unsupported("any name of a model is accepted");
  return failed(fmt::format("status {}: {}", attempt.http_status, attempt.message));
}

// Seconds until the first token, or until the end where that is not to be seen.
double first_token_s(const Attempt& attempt) {
  return attempt.timing.ttft.value_or(attempt.timing.total);
}

Finding abort_frees(ContractBench& bench) {
  const double usual_s = first_token_s(bench.stream());
  std::stop_source source;
  const std::stop_callback pass_on(bench.stop(), [&] { source.request_stop(); });
  AskOptions ask = bench.usual();
  ask.answer_budget = 4000;
  ask.on_progress = [&](size_t n_byte) {
    if (n_byte > 0) source.request_stop();
  };
  const Attempt left = bench.endpoint().ask(
      question("Count from one to five hundred in words, without leaving any out."), ask,
      source.get_token());
  if (!left.cancelled) return unsupported("the answer ended before it could be left");
  const Attempt next = bench.ask(bench.plain_question(), bench.usual());
  if (!is_ok(next)) return failed("after an abort: " + next.message);
  const double s = first_token_s(next);
  if (s > 3 * usual_s + 2)
    return failed(
        fmt::format("the first token took {:.1f} s after an abort, {:.1f} s before", s, usual_s));
  return passed();
}

Finding no_mixing(ContractBench& bench) {
  const std::array questions = {question("Name three rivers of France, in one short sentence."),
                                question("Name three metals, in one short sentence.")};
  std::array<Attempt, 2> alone, together;
  for (size_t i = 0; i < 2; ++i) alone[i] = bench.ask(questions[i], bench.usual());
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < 2; ++i)
      threads.emplace_back([&, i] {
        together[i] = bench.endpoint().ask(questions[i], bench.usual(), bench.stop());
      });
  }
  for (size_t i = 0; i < 2; ++i)
    if (together[i].http_status != 200) return failed(together[i].message);
  if (!alone[0].answer.empty() && alone[0].answer != alone[1].answer &&
      together[0].answer == alone[1].answer)
    return failed("one request received the answer of the other");
  if (together[0].answer == alone[0].answer && together[1].answer == alone[1].answer)
    return passed();
  return failed("an answer changes when another request runs beside it");
}

Finding keep_alive(ContractBench& bench) {
  // At most the first of three may open a connection: another thread's may have been closed.
  int n_new = 0;
  for (int i = 0; i < 3; ++i)
    n_new += bench.ask(bench.plain_question(), bench.usual()).new_connection;
  return n_new <= 1 ? passed() : failed("every request needs a new connection");
}

Finding anthropic_parity(ContractBench& bench) {
  std::optional<Endpoint> other;
  if (bench.api() != Api::anthropic) {
    EndpointOptions options = bench.endpoint().options();
    options.api = Api::anthropic;
    options.extra_body.clear();
    auto made = Endpoint::make(std::move(options));
    if (!made) return unsupported(made.error().message);
    other = *std::move(made);
  }
  const Endpoint& endpoint = other ? *other : bench.endpoint();
  const Attempt attempt = endpoint.ask(bench.plain_question(), bench.usual(), bench.stop());
  if (attempt.http_status != 200)
    return other ? unsupported("no such API here: " + attempt.message) : failed(attempt.message);
  if (!is_ok(attempt)) return failed(attempt.message);
  if (attempt.reasoning.empty()) return passed("no thinking was shown");
  if (attempt.timing.ttfr.value_or(0) > attempt.timing.ttfa.value_or(1e9))
    return failed("text came before the thinking");
  return attempt.signature.empty() ? failed("the thinking has no signature") : passed();
}

Finding think_off(ContractBench& bench) {
  if (bench.stream().reasoning.empty() && !bench.stream().hidden)
    return unsupported("the model shows no reasoning that could be turned off");
  AskOptions ask = bench.usual();
  ask.thinking = Thinking::off;
  const Attempt attempt = bench.ask(bench.plain_question(), ask);
  if (attempt.http_status != 200) return not_served(attempt);
  if (const uint64_t n = attempt.usage.reasoning.value_or(0); n > 0)
    return failed(fmt::format("{} reasoning tokens with the switch off", n));
  if (!attempt.reasoning.empty()) return failed("reasoning came with the switch off");
  return is_ok(attempt) ? passed() : failed(attempt.message);
}

Finding small_budget(ContractBench& bench) {
  if (bench.stream().reasoning.empty() && !bench.stream().hidden)
    return unsupported("the model shows no reasoning that could have a budget");
  AskOptions ask = bench.usual();
  ask.reasoning_budget = 32;
  const Attempt attempt = bench.ask(
      question("A train leaves at 09:40 and needs 2 hours 35 minutes. When does it arrive?"), ask);
  using enum FailureClass;
  if (attempt.failure == http_4xx) return not_served(attempt);
  const bool delivered = is_ok(attempt) || attempt.failure == truncated_in_answer;
  return delivered ? passed() : failed(attempt.message);
}

Finding error_shape(ContractBench& bench) {
  const RawReply& reply = bench.malformed();
  if (reply.status < 400) return failed("no error was given");
  const auto error = error_of(reply);
  if (!error) return failed("no error object: " + one_line(reply.body, 80));
  if (error->message.empty()) return failed("the error has no message");
  if (bench.api() != Api::ollama && error->type.empty()) return failed("the error has no type");
  return passed(one_line(error->message, 80));
}

constexpr std::array kChecks = {
    Check{"C19", "UTF-8 survives the stream", utf8_safe},
    Check{"C20", "the system prompt reaches the model", system_prompt},
    Check{"C21", "a prompt beyond the context is refused quickly", oversize},
    Check{"C22", "malformed JSON is refused", malformed},
    Check{"C23", "an unknown model is refused", unknown_model},
    Check{"C24", "an abort frees its place", abort_frees},
    Check{"C25", "two requests at once do not mix", no_mixing},
    Check{"C26", "connections are kept", keep_alive},
    Check{"C27", "the Anthropic API gives the same", anthropic_parity},
    Check{"C28", "thinking can be turned off", think_off},
    Check{"C29", "a small reasoning budget still gives an answer", small_budget},
    Check{"C30", "errors have the shape of the API", error_shape},
};

}  // namespace

std::span<const Check> service_checks() {
  return kChecks;
}

}  // namespace stride::gauntlet
