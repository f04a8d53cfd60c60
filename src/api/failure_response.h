// SPDX-License-Identifier: Apache-2.0
// A failure as the answer of an HTTP request.
#pragma once

#include <string_view>

#include "api/errors.h"
#include "net/http_message.h"

namespace stride::api {

// With Retry-After where a later try may succeed.
net::HttpResponse failure_response(Dialect dialect, const Failure& failure,
                                   std::string_view request_id);

}  // namespace stride::api
