// SPDX-License-Identifier: Apache-2.0
// Bodies of requests in all dialects (the first byte chooses): whatever is let in can be rendered
// and has an encoder, and nothing crashes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/completions_request.h"
#include "api/encoder.h"
#include "api/messages_request.h"
#include "api/openai_chat_request.h"
#include "api/prepare.h"
#include "api/request_common.h"
#include "api/responses_request.h"
#include "json/json.h"

namespace {

using namespace stride;
using namespace stride::api;

Outcome<ChatCall> read(char which, std::string_view text) {
  Json body = STRIDE_TRY(parse_body(text));
  CallDefaults defaults;
  switch (which) {
    case 'p':
      return read_completions_request(body, defaults);
    case 'r':
      return read_responses_request(body, Json::array(), defaults);
    case 'm':
      return read_messages_request(body, defaults);
    default:
      return read_chat_request(std::move(body), defaults);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto call = read(static_cast<char>(data[0]), text);
  if (!call) {
    if (http_status(call.error()) != 400 || call.error().message.empty()) std::abort();
    return 0;
  }
  if (call->n < 1 || call->n > 16 || call->options.stop.size() > 16) std::abort();
  if (call->dialect != Dialect::completions) (void)render_call(*call);
  if (make_encoder(*call, {})->start().empty() && call->dialect != Dialect::completions)
    std::abort();
  return 0;
}
