// SPDX-License-Identifier: Apache-2.0
// Failures that a caller can meet are values: Result<T> is either a T or an Error with one sentence
// for the user.
//
//   Result<Header> read_header(Cursor& in) {
//     const auto magic = STRIDE_TRY(in.read<uint32_t>());
//     if (magic != kMagic) return fail(Errc::format, "magic is {:#x}, not GGUF", magic);
//     ...
//   }
//
// Broken invariants of our own are not errors: see check.h.
#pragma once

#include <fmt/core.h>

#include <expected>
#include <string>
#include <utility>

namespace stride {

// What kind of failure it is; interfaces map it to an exit code or an HTTP status.
enum class Errc {
  io,                // the system refused a read, write or mapping
  format,            // a file or message is damaged or does not follow its specification
  unsupported,       // valid, but not something Stride does
  invalid_argument,  // the caller asked for something out of range
  not_found,
  exhausted,  // memory, disk, context or another budget is too small
  cancelled,
  timeout,
  denied,
  internal,
};

struct Error {
  Errc code = Errc::internal;
  std::string message;  // one sentence: what is wrong, where, and what to do if that is known
};

// std::expected is [[nodiscard]], so an ignored failure is a warning.
template <class T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Errc code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}

template <class First, class... Rest>
std::unexpected<Error> fail(Errc code, fmt::format_string<First, Rest...> text, First&& first,
                            Rest&&... rest) {
  return fail(code, fmt::format(text, std::forward<First>(first), std::forward<Rest>(rest)...));
}

// The same error with a place put before its message: "blk.7.ffn_up_exps.weight: offset is past the
// end".
inline std::unexpected<Error> within(std::string_view place, Error error) {
  error.message = fmt::format("{}: {}", place, error.message);
  return std::unexpected(std::move(error));
}

}  // namespace stride

#define STRIDE_CONCAT_INNER(a, b) a##b
#define STRIDE_CONCAT(a, b) STRIDE_CONCAT_INNER(a, b)

// The value of a Result, or a return of its error from the enclosing function.
#define STRIDE_TRY(expr) STRIDE_TRY_NAMED(STRIDE_CONCAT(stride_try_, __COUNTER__), expr)
#define STRIDE_TRY_NAMED(name, expr)                            \
  __extension__({                                               \
    auto name = (expr);                                         \
    if (!name) return std::unexpected(std::move(name).error()); \
    *std::move(name);                                           \
  })

// STRIDE_TRY that names the place of the failure.
#define STRIDE_TRY_AT(place, expr) \
  STRIDE_TRY_AT_NAMED(STRIDE_CONCAT(stride_try_, __COUNTER__), place, expr)
#define STRIDE_TRY_AT_NAMED(name, place, expr)                          \
  __extension__({                                                       \
    auto name = (expr);                                                 \
    if (!name) return ::stride::within(place, std::move(name).error()); \
    *std::move(name);                                                   \
  })
