// SPDX-License-Identifier: Apache-2.0
#include "api/trace.h"

#include <fmt/chrono.h>

#include <cctype>
#include <chrono>
#include <utility>

#include "api/encoder_parts.h"
#include "base/output_file.h"

namespace stride::api {
namespace {

constexpr size_t kMostQueued = 1024;

bool is_secret(std::string_view header) {
  for (const std::string_view name :
       {"authorization", "x-api-key", "cookie", "proxy-authorization"})
    if (net::same_header_name(header, name)) return true;
  return false;
}

// Letters, digits and dashes: the id comes from the client.
std::string safe_name(std::string_view id) {
  std::string out;
  for (const char c : id.substr(0, 64))
    out += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '-';
  return out;
}

std::string bundle_name(std::string_view request_id) {
  const auto now = std::chrono::system_clock::now();
  const auto us =
      std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count() %
      1'000'000;
  return fmt::format("{:%Y%m%dT%H%M%S}.{:06}-{}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(now)), us,
                     safe_name(request_id));
}

std::string request_text(const net::HttpRequest& request) {
  JsonText out;
  out.object().field("method", request.method).field("target", request.target);
  out.key("headers").object();
  for (const net::Header& header : request.headers)
    out.field(header.name, is_secret(header.name) ? "(left out)" : header.value);
  return out.end().raw_field("body", request.body).end().take();
}

std::string answer_text(const TraceBundle& bundle, const AnswerReport& report) {
  JsonText out;
  out.object().field("seed", bundle.seed).key("prompt_tokens").array();
  for (const engine::Token token : bundle.tokens) out.value(token);
  out.end().key("choices").array();
  for (const engine::Generated& generated : report.choices) {
    out.object().key("tokens").array();
    for (const engine::GeneratedToken& token : generated.tokens) out.value(token.id);
    out.end().key("timings");
    write_timings(out, generated);
    out.end();
  }
  out.end();
  if (report.failure) out.field("failure", report.failure->message);
  if (!report.body.empty()) out.raw_field("answer", report.body);
  return out.end().take();
}

Result<> write_file(const std::filesystem::path& path, std::string_view text) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) return fail(Errc::io, "{}: {}", path.parent_path().string(), error.message());
  auto file = STRIDE_TRY(OutputFile::create(path));
  STRIDE_TRY(file.write(text));
  return file.commit();
}

}  // namespace

Trace::Trace(std::filesystem::path folder)
    : folder_(std::move(folder)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

Trace::~Trace() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return queue_.empty(); });
}

void Trace::keep(const TraceBundle& bundle, const AnswerReport& report) {
  if (!on()) return;
  const std::filesystem::path folder = folder_ / bundle_name(bundle.request.request_id);
  const std::scoped_lock lock(mutex_);
  if (queue_.size() + 3 > kMostQueued) {
    ++n_lost_;
    return;
  }
  queue_.push_back({folder / "request.json", request_text(bundle.request)});
  queue_.push_back({folder / "prompt.txt", bundle.prompt});
  queue_.push_back({folder / "answer.json", answer_text(bundle, report)});
  changed_.notify_all();
}

void Trace::run(const std::stop_token& stop) {
  while (true) {
    File file;
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [this] { return !queue_.empty(); })) return;
      file = std::move(queue_.front());
    }
    if (!write_file(file.path, file.text)) ++n_lost_;
    const std::scoped_lock lock(mutex_);
    queue_.pop_front();
    changed_.notify_all();
  }
}

}  // namespace stride::api
