// SPDX-License-Identifier: Apache-2.0
#include "api/request_log.h"

#include <fmt/chrono.h>

#include <chrono>
#include <cmath>

#include "api/encoder_parts.h"

namespace stride::api {
namespace {

// "2026-01-02T03:04:05.678Z"
std::string time_now() {
  const auto now = std::chrono::system_clock::now();
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  return fmt::format("{:%FT%T}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)), ms);
}

double milliseconds(double seconds) {
  return std::round(seconds * 1e6) / 1e3;
}

std::string_view end_name(net::ExchangeEnd end) {
  switch (end) {
    case net::ExchangeEnd::complete:
      return "complete";
    case net::ExchangeEnd::client_gone:
      return "client_gone";
    case net::ExchangeEnd::stalled:
      return "stalled";
    case net::ExchangeEnd::aborted:
      return "aborted";
    case net::ExchangeEnd::server_ended:
      break;
  }
  return "server_ended";
}

}  // namespace

std::string_view dialect_name(Dialect dialect) {
  switch (dialect) {
    case Dialect::chat:
      return "chat";
    case Dialect::completions:
      return "completions";
    case Dialect::responses:
      return "responses";
    case Dialect::messages:
      break;
  }
  return "messages";
}

std::string access_line(const net::AccessRecord& record) {
  return JsonText()
      .object()
      .field("time", time_now())
      .field("event", "access")
      .field("request_id", record.request_id)
      .field("remote", record.remote_address)
      .field("method", record.method)
      .field("target", record.target)
      .field("status", record.status)
      .field("bytes_in", record.request_bytes)
      .field("bytes_out", record.response_bytes)
      .field("ms", milliseconds(std::chrono::duration<double>(record.duration).count()))
      .field("end", end_name(record.end))
      .end()
      .take();
}

std::string answer_line(const AnswerReport& report, std::string_view request_id,
                        std::string_view client) {
  JsonText out;
  out.object()
      .field("time", time_now())
      .field("event", "answer")
      .field("request_id", request_id)
      .field("client", client)
      .field("dialect", dialect_name(report.call->dialect))
      .field("model", report.call->model)
      .field("stream", report.streamed)
      .field("background", report.call->lane == engine::Lane::background)
      .field("client_gone", report.client_gone)
      .field("queue_ms", milliseconds(report.queue_seconds))
      .field("first_token_ms", milliseconds(report.first_token_seconds))
      .field("total_ms", milliseconds(report.total_seconds));
  if (!report.call->ignored.empty()) {
    out.key("ignored_fields").array();
    for (const std::string& name : report.call->ignored) out.value(name);
    out.end();
  }
  if (report.failure) out.field("failure", report.failure->message);
  out.key("usage");
  write_chat_usage(out, sum_usage(report.choices));
  out.key("choices").array();
  for (const engine::Generated& generated : report.choices) {
    out.object().field("finish_reason", engine::name(generated.finish_reason)).key("timings");
    write_timings(out, generated);
    out.end();
  }
  return out.end().end().take();
}

}  // namespace stride::api
