// SPDX-License-Identifier: Apache-2.0
// Responses after they were asked for: read again, deleted, cancelled.
#include "api/endpoints.h"
#include "api/item_page.h"
#include "api/json_text.h"
#include "api/request_common.h"
#include "json/json.h"

namespace stride::api {
namespace {

// For a cancelled answer to end.
constexpr auto kCancelTime = std::chrono::milliseconds(2000);

std::unexpected<Failure> unknown(const std::string& id) {
  return refuse(FailureKind::not_found, fmt::format("Response with id '{}' not found.", id));
}

}  // namespace

std::shared_ptr<Answer> Endpoints::running_response(const Incoming& in) const {
  auto answer = live_.find(in.match.id);
  // The thread that ended an answer may hold it a little longer; then the store alone knows of it.
  const bool known = answer != nullptr && answer->call().dialect == Dialect::responses &&
                     answer->client() == in.client &&
                     !answer->wait_until_over(std::chrono::milliseconds(0));
  return known ? answer : nullptr;
}

Outcome<std::string> Endpoints::response(const Incoming& in) {
  const std::string& id = in.match.id;
  if (in.request.method == "DELETE") {
    if (!responses_.erase(in.client, id)) return unknown(id);
    return JsonText()
        .object()
        .field("id", id)
        .field("object", "response.deleted")
        .field("deleted", true)
        .end()
        .take();
  }
  // In this order: what ends between the two is in the store by then.
  if (const auto running = running_response(in)) return running->snapshot();
  if (const auto stored = responses_.find(in.client, id)) return stored->response;
  return unknown(id);
}

Outcome<std::string> Endpoints::response_items(const Incoming& in) const {
  const PageQuery query = STRIDE_TRY(read_page_query(in.request.query));
  const auto running = running_response(in);
  const auto stored = running ? std::nullopt : responses_.find(in.client, in.match.id);
  if (!running && !stored) return unknown(in.match.id);
  const std::string& input = running ? running->call().responses.input_items : stored->input;
  return item_page(
      STRIDE_TRY(json::parse(input, {.max_depth = kMostDepth, .numbers = json::Numbers::exact})),
      query);
}

Outcome<std::string> Endpoints::cancel_response(const Incoming& in) {
  const auto running = running_response(in);
  if (running == nullptr) return response(in);  // it has ended: nothing is left to cancel
  running->cancel();
  running->wait_until_over(kCancelTime);
  return running->snapshot();
}

}  // namespace stride::api
