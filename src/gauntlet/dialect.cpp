// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/dialect.h"

#include <utility>

#include "json/json.h"

namespace stride::gauntlet {
namespace {

std::string joined(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty() || a == b) return std::string(a.empty() ? b : a);
  return std::string(a) + ", " + std::string(b);
}

// The member as text, whether it is written as text or as a number.
std::string loose_text(const Json& value, std::string_view key) {
  const Json* found = json::member(value, key);
  if (found == nullptr || found->is_null()) return {};
  return found->is_string() ? found->get<std::string>() : json::dump(*found);
}

EndpointError error_in(const Json& object) {
  EndpointError error;
  error.message = loose_text(object, "message");
  if (error.message.empty()) error.message = loose_text(object, "detail");
  const std::string code = loose_text(object, "code");
  error.type = joined(text_member(object, "type"), code);
  error.type = joined(error.type, text_member(object, "error_type"));
  for (const char* key : {"code", "status", "status_code", "http_code"}) {
    const Json* number = json::member(object, key);
    const auto status = number == nullptr ? std::nullopt : json::as_int64(*number);
    if (status && *status >= 400 && *status < 600) error.status = static_cast<int>(*status);
  }
  return error;
}

}  // namespace

std::unique_ptr<Dialect> make_dialect(Api api) {
  switch (api) {
    case Api::responses:
      return make_responses_dialect();
    case Api::anthropic:
      return make_anthropic_dialect();
    case Api::ollama:
      return make_ollama_dialect();
    case Api::openai:
    case Api::stride:
      break;
  }
  return make_chat_dialect();
}

std::optional<EndpointError> read_error(const Json& frame, std::string_view event) {
  if (!frame.is_object()) return std::nullopt;
  if (const Json* error = json::member(frame, "error"); error != nullptr && !error->is_null()) {
    if (error->is_object()) return error_in(*error);
    if (error->is_boolean() && !error->get<bool>()) return std::nullopt;
    EndpointError read = error_in(frame);
    if (error->is_string()) read.message = joined(error->get<std::string>(), read.message);
    return read;
  }
  // Choices that are null, and a status of the service's own beside them.
  if (const Json* base = json::member(frame, "base_resp"); base != nullptr && base->is_object()) {
    const Json* status = json::member(*base, "status_code");
    if (status != nullptr && json::is_number(*status) && json::as_int64(*status) != 0)
      return EndpointError{.message = loose_text(*base, "status_msg"), .type = json::dump(*status)};
  }
  const bool named =
      text_member(frame, "object") == "error" || text_member(frame, "type") == "error";
  const Json* detail = json::member(frame, "detail");
  if (event == "error" || named || (detail != nullptr && frame.size() == 1)) return error_in(frame);
  return std::nullopt;
}

std::optional<Api> shape_of(const Json& frame) {
  if (!frame.is_object()) return std::nullopt;
  if (json::member(frame, "choices") != nullptr) return Api::openai;
  const std::string_view type = text_member(frame, "type"), object = text_member(frame, "object");
  if (type.starts_with("response.") || object == "response") return Api::responses;
  if (type.starts_with("message") || type.starts_with("content_block")) return Api::anthropic;
  if (json::member(frame, "done") != nullptr) return Api::ollama;
  return std::nullopt;
}

std::string_view text_member(const Json& value, std::string_view key) {
  const std::string* text = json::string_member(value, key);
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

void read_count(const Json& value, std::string_view key, std::optional<uint64_t>& target,
                UsageClaim& usage) {
  const Json* found = json::member(value, key);
  if (found == nullptr || found->is_null()) return;
  const auto number = json::is_number(*found) ? json::as_int64(*found) : std::nullopt;
  if (number && *number >= 0)
    target = static_cast<uint64_t>(*number);
  else
    usage.unreadable = true;
}

std::string arguments_text(const Json& value) {
  if (value.is_null()) return {};
  return value.is_string() ? value.get<std::string>() : json::dump(value);
}

}  // namespace stride::gauntlet
