// SPDX-License-Identifier: Apache-2.0
// What the output parser must know of the declared tools: their names, the schema of each
// parameter, and whether arguments are valid. Read once for a request, then only read.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace stride::chat {

class ToolSchemas {
 public:
  // Each tool is an object of the OpenAI form, or the bare function object with "name". The error
  // names the tool that is not an object or has no name.
  static Result<ToolSchemas> parse(const std::vector<std::string>& tools);

  ToolSchemas();
  ~ToolSchemas();
  ToolSchemas(ToolSchemas&&) noexcept;
  ToolSchemas& operator=(ToolSchemas&&) noexcept;

  bool empty() const;
  bool has_function(std::string_view name) const;
  // True where some declared function's name starts with `prefix`.
  bool has_function_prefix(std::string_view prefix) const;
  bool has_parameter(std::string_view function, std::string_view parameter) const;

  // True where the parameter's value is its text whatever it looks like, so that it can be passed
  // on while it arrives.
  bool is_plain_string(std::string_view function, std::string_view parameter) const;

  // The value as JSON text by the parameter's schema (see schema/coerce.h); text that does not fit
  // becomes a string.
  std::string coerce(std::string_view function, std::string_view parameter,
                     std::string_view text) const;

  // True where `arguments` is an object that the function's schema accepts. False for an undeclared
  // function.
  bool is_valid_call(std::string_view function, std::string_view arguments) const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace stride::chat
