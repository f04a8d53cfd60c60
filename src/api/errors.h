// SPDX-License-Identifier: Apache-2.0
// What goes wrong with a request, and how each dialect says so: one table from a kind of failure to
// its HTTP status and to the words that clients compare.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "api/dialect.h"
#include "base/error.h"

namespace stride::api {

enum class FailureKind : uint8_t {
  invalid_request,
  context_length,  // the prompt does not fit the context
  authentication,
  permission,
  not_found,
  method_not_allowed,
  too_large,   // the body
  rate_limit,  // too many requests wait
  internal,
  not_supported,
  unavailable,  // loading or shutting down
  timeout,
};

struct Failure {
  FailureKind kind = FailureKind::internal;
  std::string message{};
  std::string param{};  // the field that is wrong; may be empty
  // Of context_length.
  uint64_t n_prompt = 0;
  uint64_t n_context = 0;

  Failure() = default;
  Failure(FailureKind k, std::string text, std::string field = {})
      : kind(k), message(std::move(text)), param(std::move(field)) {}
  // By its code. Implicit, so that STRIDE_TRY hands errors of lower layers on.
  Failure(Error error);  // NOLINT(google-explicit-constructor)
};

template <class T = void>
using Outcome = std::expected<T, Failure>;

// invalid_request about one field.
std::unexpected<Failure> refuse(std::string param, std::string message);
std::unexpected<Failure> refuse(FailureKind kind, std::string message);

Failure prompt_too_long(uint64_t n_prompt, uint64_t n_context);

int http_status(const Failure& failure);
// Seconds for the header Retry-After; 0 = a retry makes no sense.
uint32_t retry_after(const Failure& failure);
// The body of an answer with that status.
std::string error_body(Dialect dialect, const Failure& failure, std::string_view request_id);
// The object inside: {"message": ..., "type": ...}.
std::string error_object(Dialect dialect, const Failure& failure);
// The code in the form of Responses, as its streams tell it: "context_length_exceeded".
std::string_view responses_code(const Failure& failure);

}  // namespace stride::api
