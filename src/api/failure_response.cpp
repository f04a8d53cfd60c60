// SPDX-License-Identifier: Apache-2.0
#include "api/failure_response.h"

#include <string>

namespace stride::api {

net::HttpResponse failure_response(Dialect dialect, const Failure& failure,
                                   std::string_view request_id) {
  auto out = net::json_response(http_status(failure), error_body(dialect, failure, request_id));
  if (const uint32_t seconds = retry_after(failure); seconds > 0)
    out.headers.push_back({"Retry-After", std::to_string(seconds)});
  return out;
}

}  // namespace stride::api
