// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/classify.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "gauntlet/capture.h"

namespace stride::gauntlet {
namespace {

using net::HttpEnd;

constexpr double kLongestRetryAfter = 86'400;

// Services differ in the case of the word.
template <size_t kCount>
bool is_one_of(std::string_view word, const std::array<std::string_view, kCount>& words) {
  return std::ranges::find(words, ascii_lowered(word)) != words.end();
}

constexpr std::array<std::string_view, 8> kLengthReasons = {
    "length",       "max_tokens", "max_output_tokens", "model_context_window_exceeded",
    "model_length", "incomplete", "max_length",        "token_limit"};
constexpr std::array<std::string_view, 9> kFilterReasons = {
    "content_filter",      "safety",    "content_filtered", "sensitive",
    "prohibited_content",  "blocklist", "recitation",       "spii",
    "guardrail_intervened"};
// The server gave the answer up.
constexpr std::array<std::string_view, 10> kServerReasons = {
    "error",         "failed",      "abort",   "aborted",
    "cancelled",     "canceled",    "timeout", "insufficient_system_resource",
    "network_error", "server_error"};
// Of a response that is still being made.
constexpr std::array<std::string_view, 2> kPendingReasons = {"queued", "in_progress"};

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == text.npos;
}

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<std::time_t> parse_http_date(const std::string& text) {
  std::tm parts{};
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return ::timegm(&parts);
}

Classified no_response(const net::HttpOutcome& outcome) {
  const auto line = [&](std::string_view what) {
    return outcome.message.empty() ? std::string(what)
                                   : fmt::format("{}: {}", what, one_line(outcome.message));
  };
  switch (outcome.end) {
    case HttpEnd::connect_failed:
      return {FailureClass::connect_timeout, line("no connection")};
    case HttpEnd::connect_timeout:
      return {FailureClass::connect_timeout, line("no connection in time")};
    case HttpEnd::first_byte_timeout:
    case HttpEnd::idle_timeout:
      return {FailureClass::first_event_timeout, line("no response in time")};
    case HttpEnd::total_timeout:
      return {FailureClass::total_timeout, line("no response in the whole time")};
    case HttpEnd::too_large:
    case HttpEnd::bad_response:
      return {FailureClass::protocol_error, line("the response is not HTTP as it should be")};
    default:
      return {FailureClass::stream_cut, line("the connection ended before a response")};
  }
}

// What an error response says, in its own words where it has any.
std::string error_words(const ResponseFacts& facts, const EventLog& log) {
  if (log.error) {
    const std::string type =
        log.error->type.empty() ? "" : " (" + one_line(log.error->type, 60) + ")";
    return one_line(log.error->message.empty() ? "an error without a message"
                                               : log.error->message) +
           type;
  }
  if (facts.body == BodyKind::page) return "an HTML page";
  if (is_blank(facts.body_start)) return "an empty body";
  return one_line(facts.body_start, 160);
}

std::optional<Classified> refused_by_status(const ResponseFacts& facts, const EventLog& log) {
  const int status = facts.status;
  if (status >= 200 && status < 300) return std::nullopt;
  if (status >= 300 && status < 400)
    return Classified{
        FailureClass::protocol_error,
        fmt::format("status {} redirects to \"{}\"; redirects are not followed, use that "
                    "address if it is right",
                    status, one_line(facts.location, 160))};
  const std::string message = fmt::format("status {}: {}", status, error_words(facts, log));
  if (status == 429) return Classified{FailureClass::rate_limited, message};
  if (status >= 400 && status < 500) return Classified{FailureClass::http_4xx, message};
  if (status >= 500) return Classified{FailureClass::http_5xx, message};
  return Classified{FailureClass::protocol_error, message};
}

// A status of success with an error inside, before or after the first token.
Classified error_inside(const ResponseFacts& facts, const EventLog& log) {
  const EndpointError& error = *log.error;
  const std::string message = fmt::format("status {} with an error {}: {}", facts.status,
                                          log.n_text_bytes > 0 ? "after the first token" : "inside",
                                          error_words(facts, log));
  const auto mentions = [&](std::string_view word) { return error.type.contains(word); };
  if (error.status == 429 || mentions("rate_limit") || mentions("rate limit") ||
      mentions("insufficient_quota"))
    return {FailureClass::rate_limited, message};
  if (mentions("content_filter")) return {FailureClass::content_filter, message};
  if (error.status >= 500 || mentions("server_error") || mentions("overloaded") ||
      mentions("api_error") || mentions("unavailable") || mentions("internal"))
    return {FailureClass::http_5xx, message};
  if (error.status >= 400 || mentions("invalid_request") || mentions("validation") ||
      mentions("authentication") || mentions("permission") || mentions("not_found") ||
      mentions("context_length"))
    return {FailureClass::http_4xx, message};
  return {FailureClass::protocol_error, message};
}

Classified unreadable(const ResponseFacts& facts) {
  const auto verdict = [&](std::string message) {
    return Classified{FailureClass::protocol_error, std::move(message)};
  };
  if (!facts.content_encoding.empty() && facts.content_encoding != "identity")
    return verdict(fmt::format("the body is compressed ({}) though no compression was asked for",
                               one_line(facts.content_encoding, 40)));
  if (!facts.read_error.empty()) return verdict(facts.read_error);
  if (facts.body == BodyKind::page)
    return verdict("an HTML page came instead of an answer; is this the address of the API?");
  if (facts.other_shape && facts.other_shape != facts.api)
    return verdict(fmt::format("the answer has the shape of the API \"{}\", not of \"{}\"",
                               name(*facts.other_shape), name(facts.api)));
  if (facts.n_broken > 0)
    return verdict(fmt::format("a frame is no JSON: {}", one_line(facts.broken, 160)));
  if (is_blank(facts.body_start))
    return verdict(fmt::format("status {} with an empty body", facts.status));
  return verdict(fmt::format("nothing of the API \"{}\" is in the body: {}", name(facts.api),
                             one_line(facts.body_start, 160)));
}

// The stream broke off before the answer was complete.
std::optional<Classified> broken_off(const ResponseFacts& facts, const net::HttpOutcome& outcome,
                                     const EventLog& log, bool streamed) {
  const bool complete = log.done || !log.finish_reason.empty();
  if (complete) return std::nullopt;
  const char* where = log.n_text_bytes > 0 ? "after the first token" : "before the first token";
  const auto verdict = [&](FailureClass failure, std::string_view what) {
    return Classified{failure,
                      fmt::format("{} {}{}{}", what, where, outcome.message.empty() ? "" : ": ",
                                  one_line(outcome.message))};
  };
  switch (outcome.end) {
    case HttpEnd::first_byte_timeout:
      return verdict(FailureClass::first_event_timeout, "timeout");
    case HttpEnd::idle_timeout:
      return verdict(FailureClass::idle_timeout, "the stream stalled");
    case HttpEnd::total_timeout:
      return verdict(FailureClass::total_timeout, "out of time");
    case HttpEnd::too_large:
      return verdict(FailureClass::protocol_error, "the response is too large, it was left");
    case HttpEnd::cut:
      return verdict(FailureClass::stream_cut, "the stream was cut");
    case HttpEnd::bad_response:
      return verdict(FailureClass::protocol_error, "the response broke the rules of HTTP");
    default:
      break;
  }
  if (facts.cut_frame) return verdict(FailureClass::stream_cut, "the stream ended inside a frame");
  if (log.recognized ? streamed : log.seen(Channel::ping))
    return verdict(FailureClass::stream_cut,
                   "the stream ended without finish reason and end marker");
  return std::nullopt;
}

// A well-formed response: what the model did.
Classified delivered(const EventLog& log, const Attempt& attempt) {
  const std::string_view finish = attempt.finish_reason;
  const std::string limit =
      attempt.usage.output ? fmt::format(" at {} tokens", *attempt.usage.output) : std::string();
  const bool blank = is_blank(attempt.answer) && attempt.calls.empty();
  if (is_one_of(finish, kFilterReasons))
    return {FailureClass::content_filter, "a content filter stopped the answer"};
  if (finish == "refusal" || (blank && !attempt.refusal.empty()))
    return {FailureClass::refused,
            "the model refused on the refusal channel: " + one_line(attempt.refusal, 160)};
  const bool reasoned = !is_blank(attempt.reasoning) || attempt.hidden;
  if (is_one_of(finish, kLengthReasons)) {
    if (!blank) return {FailureClass::truncated_in_answer, "truncated inside the answer" + limit};
    if (reasoned)
      return {FailureClass::truncated_in_reasoning,
              fmt::format("truncated inside {}reasoning{}; no answer was delivered",
                          attempt.hidden ? "hidden " : "", limit)};
    return {FailureClass::empty_answer,
            "the limit was reached" + limit + " and nothing was delivered"};
  }
  if (is_one_of(finish, kServerReasons))
    return {FailureClass::http_5xx,
            fmt::format("the answer ended with finish reason \"{}\"", finish)};
  if (is_one_of(finish, kPendingReasons))
    return {FailureClass::protocol_error,
            fmt::format("the answer is not made yet, its status is \"{}\"", finish)};
  if (!blank) return {};
  if (reasoned)
    return {FailureClass::reasoning_only,
            fmt::format("only {}reasoning came; the answer is empty (finish reason \"{}\")",
                        attempt.hidden ? "hidden " : "", one_line(finish, 40))};
  return {FailureClass::empty_answer,
          fmt::format("the answer is empty{} (finish reason \"{}\")",
                      log.n_text_bytes > 0 ? " but for white space" : "", one_line(finish, 40))};
}

}  // namespace

Classified classify(const ResponseFacts& facts, const EventLog& log,
                    const net::HttpOutcome& outcome, const Attempt& attempt) {
  if (outcome.end == HttpEnd::cancelled)
    return {FailureClass::stream_cut, "the request was cancelled"};
  if (facts.status == 0) return no_response(outcome);
  if (auto verdict = refused_by_status(facts, log)) return *verdict;
  if (log.error) return error_inside(facts, log);
  const bool other =
      !log.recognized && (facts.body == BodyKind::page || facts.n_broken > 0 || facts.other_shape ||
                          !facts.read_error.empty() || !facts.content_encoding.empty());
  if (!other)
    if (auto verdict = broken_off(facts, outcome, log, attempt.streamed)) return *verdict;
  if (!log.recognized || facts.n_broken > 0) return unreadable(facts);
  if (log.mixed)
    return {FailureClass::protocol_error, "the chunks of two answers alternate in one stream"};
  return delivered(log, attempt);
}

std::optional<double> parse_retry_after(std::string_view value, const std::string& date) {
  if (const auto until = parse_http_date(std::string(value))) {
    const auto now = parse_http_date(date);
    return now ? std::optional(std::clamp(std::difftime(*until, *now), 0.0, kLongestRetryAfter))
               : std::nullopt;
  }
  double seconds = 0;
  const char* end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, seconds);
  if (error != std::errc{} || stop != end || !(seconds >= 0)) return std::nullopt;
  return std::min(seconds, kLongestRetryAfter);
}

}  // namespace stride::gauntlet
