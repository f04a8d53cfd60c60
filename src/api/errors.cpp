// SPDX-License-Identifier: Apache-2.0
#include "api/errors.h"

#include <fmt/format.h>

#include <array>

#include "api/json_text.h"

namespace stride::api {
namespace {

struct Row {
  FailureKind kind;
  int status;
  std::string_view openai_type;
  std::string_view openai_code;
  std::string_view anthropic_type;
  uint32_t retry_after = 0;
};

constexpr std::array kTable = {
    Row{FailureKind::invalid_request, 400, "invalid_request_error", "", "invalid_request_error"},
    Row{FailureKind::context_length, 400, "invalid_request_error", "context_length_exceeded",
        "invalid_request_error"},
    Row{FailureKind::authentication, 401, "authentication_error", "invalid_api_key",
        "authentication_error"},
    Row{FailureKind::permission, 403, "permission_error", "permission_denied", "permission_error"},
    Row{FailureKind::not_found, 404, "not_found_error", "not_found", "not_found_error"},
    Row{FailureKind::method_not_allowed, 405, "invalid_request_error", "method_not_allowed",
        "invalid_request_error"},
    Row{FailureKind::too_large, 413, "invalid_request_error", "request_too_large",
        "request_too_large"},
    Row{FailureKind::rate_limit, 429, "rate_limit_error", "rate_limit_exceeded", "rate_limit_error",
        2},
    Row{FailureKind::internal, 500, "server_error", "internal_error", "api_error"},
    Row{FailureKind::not_supported, 501, "not_supported_error", "not_supported",
        "invalid_request_error"},
    Row{FailureKind::unavailable, 503, "unavailable_error", "unavailable", "overloaded_error", 5},
    Row{FailureKind::timeout, 504, "timeout_error", "timeout", "timeout_error"},
};

const Row& row_of(FailureKind kind) {
  for (const Row& row : kTable) {
    if (row.kind == kind) return row;
  }
  return row_of(FailureKind::internal);
}

FailureKind kind_of(const Error& error) {
  switch (error.code) {
    case Errc::format:
    case Errc::invalid_argument:
    case Errc::unsupported:
      return FailureKind::invalid_request;
    case Errc::not_found:
      return FailureKind::not_found;
    case Errc::exhausted:
      return error.message.find("queue") != std::string::npos ? FailureKind::rate_limit
                                                              : FailureKind::invalid_request;
    case Errc::cancelled:
      return FailureKind::unavailable;
    case Errc::timeout:
      return FailureKind::timeout;
    case Errc::denied:
      return FailureKind::permission;
    case Errc::io:
    case Errc::internal:
      break;
  }
  return FailureKind::internal;
}

// The place that the errors of lower layers begin with: "messages[3].content must be ...".
std::string place_in(std::string_view message) {
  for (const std::string_view field : {"messages", "tools"}) {
    const size_t end = message.find_first_of(" :");
    const std::string_view place = message.substr(0, end);
    if (place == field || (place.starts_with(field) && place[field.size()] == '['))
      return std::string(place);
  }
  return {};
}

void write_openai(JsonText& out, const Failure& failure) {
  const Row& row = row_of(failure.kind);
  std::string message = failure.message;
  // Words that other clients look for.
  if (failure.kind == FailureKind::context_length)
    message += fmt::format("; this model's maximum context length is {} tokens", failure.n_context);
  out.object().field("message", message).field("type", row.openai_type);
  if (failure.param.empty()) {
    out.null_field("param");
  } else {
    out.field("param", failure.param);
  }
  if (row.openai_code.empty()) {
    out.null_field("code");
  } else {
    out.field("code", row.openai_code);
  }
  if (failure.kind == FailureKind::context_length)
    out.field("n_prompt_tokens", failure.n_prompt).field("n_ctx", failure.n_context);
  out.end();
}

}  // namespace

Failure::Failure(Error error)
    : kind(kind_of(error)), message(std::move(error.message)), param(place_in(message)) {}

std::unexpected<Failure> refuse(std::string param, std::string message) {
  return std::unexpected(
      Failure(FailureKind::invalid_request, std::move(message), std::move(param)));
}

std::unexpected<Failure> refuse(FailureKind kind, std::string message) {
  return std::unexpected(Failure(kind, std::move(message)));
}

Failure prompt_too_long(uint64_t n_prompt, uint64_t n_context) {
  Failure out(FailureKind::context_length,
              fmt::format("prompt is too long: {} tokens > {} maximum", n_prompt, n_context));
  out.n_prompt = n_prompt;
  out.n_context = n_context;
  return out;
}

int http_status(const Failure& failure) {
  return row_of(failure.kind).status;
}

uint32_t retry_after(const Failure& failure) {
  return row_of(failure.kind).retry_after;
}

namespace {

// Anthropic's libraries (1.12 and later) ask for a thread in their tool loops, and send everything
// themselves only after an error with this code.
constexpr std::string_view kThreadField = "thread";
constexpr std::string_view kNoThreads =
    R"({"error_code":"thread_unsupported_request","unsupported":["thread"]})";

}  // namespace

std::string error_object(Dialect dialect, const Failure& failure) {
  JsonText out;
  if (dialect == Dialect::messages) {
    out.object()
        .field("type", row_of(failure.kind).anthropic_type)
        .field("message", failure.message);
    if (failure.param == kThreadField) out.raw_field("details", kNoThreads);
    out.end();
  } else {
    write_openai(out, failure);
  }
  return out.take();
}

std::string error_body(Dialect dialect, const Failure& failure, std::string_view request_id) {
  JsonText out;
  out.object();
  if (dialect == Dialect::messages) out.field("type", "error");
  out.raw_field("error", error_object(dialect, failure));
  if (dialect == Dialect::messages) out.field("request_id", request_id);
  return out.end().take();
}

std::string_view responses_code(const Failure& failure) {
  const std::string_view code = row_of(failure.kind).openai_code;
  return code.empty() ? "invalid_prompt" : code;
}

}  // namespace stride::api
