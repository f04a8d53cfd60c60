// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/endpoint.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <system_error>

#include "base/version.h"
#include "gauntlet/capture.h"
#include "gauntlet/cast.h"
#include "gauntlet/encoding.h"
#include "gauntlet/request.h"
#include "json/json.h"
#include "net/http_client.h"

namespace stride::gauntlet {
namespace {

constexpr size_t kMostSignatures = 4096;
constexpr size_t kMaxRawBytes = size_t{8} << 20;

bool is_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
}

void hide(std::string& text, std::string_view secret) {
  if (secret.empty()) return;
  for (size_t at = 0; (at = text.find(secret, at)) != text.npos; at += secret.size())
    text.replace(at, secret.size(), secret.size(), 'x');
}

Result<> check_text_options(const EndpointOptions& options) {
  if (!is_line(options.key))
    return fail(Errc::invalid_argument, "the key holds a control character");
  for (const auto& [key, value] : options.headers) {
    const bool fits =
        !key.empty() && is_line(key) && is_line(value) && key.find_first_of(": \t") == key.npos;
    if (!fits)
      return fail(Errc::invalid_argument, "the header \"{}\" is not a name and one line of text",
                  one_line(key, 60));
  }
  if (options.extra_body.empty()) return {};
  const Json extra = STRIDE_TRY_AT("the extra body", json::parse(options.extra_body));
  if (!extra.is_object()) return fail(Errc::invalid_argument, "the extra body is no JSON object");
  return {};
}

}  // namespace

Result<Sampling> sampling_named(std::string_view name, std::string_view model) {
  Sampling sampling{.name = std::string(name)};
  if (name == "published") {
    sampling.temperature = 0.7;
  } else if (name == "greedy") {
    sampling.temperature = 0.0;
  } else if (name == "deploy") {
    std::string lower(model);
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    // The command lines of the model card.
    if (lower.contains("step-3") || lower.contains("step3")) sampling.temperature = 1.0;
  } else {
    return fail(Errc::invalid_argument,
                "the sampling is \"{}\"; it must be deploy, published or greedy", name);
  }
  return sampling;
}

struct Endpoint::Impl {
  EndpointOptions options;
  net::Url base{};
  std::optional<CastFolder> casts{};
  std::vector<TagPair> tags{};  // the known ones and the endpoint's
  net::HttpClient client{};
  std::mutex mutex{};
  std::map<std::string, std::string> signatures{};  // by the hash of the reasoning

  Json body(const Question& question, const AskOptions& ask, bool with_nonce);
  net::ClientRequest request(Path path, std::string body) const;
  net::HttpTimeouts timeouts(double total_s, bool stream) const;
  CaptureOptions capture_options(const AskOptions& ask) const;
  Attempt ask_live(const std::string& body, const std::string& sha, const AskOptions& ask,
                   const std::stop_token& stop);
  Attempt ask_cast(const std::string& sha, const AskOptions& ask) const;
  void record(Cast& cast, const AskOptions& ask, Attempt& attempt) const;
  void remember_signature(const Attempt& attempt);
  RawReply send_raw(const net::ClientRequest& request, const std::stop_token& stop);
};

Json Endpoint::Impl::body(const Question& question, const AskOptions& ask, bool with_nonce) {
  RequestParts parts{.endpoint = options,
                     .ask = ask,
                     .turns = with_call_ids(question.turns),
                     .tools = question.tools,
                     .host = base.host};
  if (with_nonce && !ask.nonce.empty() && !parts.turns.empty())
    parts.turns.front().text = fmt::format("[{}]\n\n{}", ask.nonce, parts.turns.front().text);
  const std::scoped_lock lock(mutex);
  for (const ChatTurn& turn : parts.turns) {
    const auto found =
        turn.reasoning.empty() ? signatures.end() : signatures.find(sha256(turn.reasoning));
    parts.signatures.push_back(found == signatures.end() ? std::string() : found->second);
  }
  return request_json(parts);
}

net::ClientRequest Endpoint::Impl::request(Path path, std::string body) const {
  net::ClientRequest request;
  request.method = path == Path::ask ? "POST" : "GET";
  request.url = api_url(base, options.api, path);
  request.body = std::move(body);
  request.use_proxy = options.use_proxy;
  if (path == Path::ask) request.headers.emplace_back("Content-Type", "application/json");
  request.headers.emplace_back("User-Agent", fmt::format("stride/{}", version()));
  request.headers.emplace_back("Accept", "text/event-stream, application/json");
  const bool anthropic = options.api == Api::anthropic;
  if (anthropic) request.headers.emplace_back("anthropic-version", "2023-06-01");
  if (!options.key.empty()) {
    if (anthropic)
      request.headers.emplace_back("x-api-key", options.key);
    else
      request.headers.emplace_back("Authorization", "Bearer " + options.key);
  }
  request.headers.insert(request.headers.end(), options.headers.begin(), options.headers.end());
  return request;
}

net::HttpTimeouts Endpoint::Impl::timeouts(double total_s, bool stream) const {
  // Without a stream nothing can be expected before the end.
  return {.connect = options.connect_timeout_s,
          .first_byte = stream ? options.first_event_timeout_s : 0,
          .idle = options.idle_timeout_s,
          .total = total_s};
}

CaptureOptions Endpoint::Impl::capture_options(const AskOptions& ask) const {
  return {.api = options.api,
          .stream_asked = ask.stream,
          .tags = tags,
          .count_tokens = options.count_tokens};
}

Attempt Endpoint::Impl::ask_live(const std::string& body, const std::string& sha,
                                 const AskOptions& ask, const std::stop_token& stop) {
  net::ClientRequest request = this->request(Path::ask, body);
  request.timeouts = timeouts(ask.timeout_s, ask.stream);
  request.new_connection = ask.new_connection;
  Capture capture(capture_options(ask));
  Cast cast{.api = options.api, .stream = ask.stream, .request_sha = sha};
  const bool records = !options.record_folder.empty();
  const net::HttpListener listener{.on_head =
                                       [&](const net::HttpHead& head, int64_t t_ns) {
                                         cast.status = head.status;
                                         cast.headers = allowed_headers(head.headers);
                                         capture.head(head.status, cast.headers, t_ns);
                                       },
                                   .on_body =
                                       [&](std::string_view bytes, int64_t t_ns) {
                                         if (records)
                                           cast.pieces.push_back({t_ns, std::string(bytes)});
                                         const bool go_on = capture.push(bytes, t_ns);
                                         if (ask.on_progress)
                                           ask.on_progress(capture.n_text_bytes());
                                         return go_on;
                                       },
                                   .is_complete = [&] { return capture.is_complete(); }};
  cast.outcome = client.send(request, listener, stop);
  Attempt attempt = capture.finish(cast.outcome);
  if (records && !attempt.cancelled) record(cast, ask, attempt);
  return attempt;
}

void Endpoint::Impl::record(Cast& cast, const AskOptions& ask, Attempt& attempt) const {
  redact(cast, options.key);
  // What is recorded and what is reported must be the same.
  if (!cast.redactions.empty()) attempt = replay(cast, capture_options(ask));
  if (auto name = save_cast(options.record_folder, cast)) {
    attempt.cast = *std::move(name);
  } else {
    attempt.failure = FailureClass::harness_error;
    attempt.message = "the recording failed: " + name.error().message;
  }
}

Attempt Endpoint::Impl::ask_cast(const std::string& sha, const AskOptions& ask) const {
  auto found = casts->next(sha);
  if (!found)
    return {.failure = FailureClass::harness_error, .message = std::move(found.error().message)};
  Attempt attempt = replay(found->second, capture_options(ask));
  attempt.cast = std::move(found->first);
  return attempt;
}

void Endpoint::Impl::remember_signature(const Attempt& attempt) {
  if (attempt.signature.empty() || attempt.reasoning.empty()) return;
  const std::scoped_lock lock(mutex);
  if (signatures.size() < kMostSignatures)
    signatures[sha256(attempt.reasoning)] = attempt.signature;
}

RawReply Endpoint::Impl::send_raw(const net::ClientRequest& request, const std::stop_token& stop) {
  RawReply reply;
  if (casts) {
    reply.message = "a replay has no network";
    return reply;
  }
  const net::HttpOutcome outcome =
      client.send(request,
                  {.on_head =
                       [&](const net::HttpHead& head, int64_t) {
                         reply.status = head.status;
                         if (const auto* type = net::find_header(head.headers, "content-type"))
                           reply.content_type = *type;
                       },
                   .on_body =
                       [&](std::string_view bytes, int64_t) {
                         reply.body += bytes;
                         return reply.body.size() < kMaxRawBytes;
                       }},
                  stop);
  reply.new_connection = outcome.new_connection;
  reply.total_s = static_cast<double>(outcome.total_ns) * 1e-9;
  if (outcome.end == net::HttpEnd::complete) return reply;
  reply.message = outcome.message.empty() ? std::string(net::name(outcome.end)) : outcome.message;
  hide(reply.message, options.key);
  return reply;
}

Endpoint::Endpoint(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Endpoint::Endpoint(Endpoint&&) noexcept = default;
Endpoint& Endpoint::operator=(Endpoint&&) noexcept = default;
Endpoint::~Endpoint() = default;

Result<Endpoint> Endpoint::make(EndpointOptions options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  const EndpointOptions& made = impl->options;
  impl->base = STRIDE_TRY(net::parse_url(made.url));
  impl->tags.assign(default_tags().begin(), default_tags().end());
  for (const auto& [open, close] : made.tags) {
    if (open.empty() || close.empty())
      return fail(Errc::invalid_argument, "a tag around reasoning is empty");
    impl->tags.push_back({open, close});
  }
  STRIDE_TRY(check_text_options(made));
  if (!made.record_folder.empty() && !made.replay_folder.empty())
    return fail(Errc::invalid_argument, "a replay cannot be recorded");
  if (!made.record_folder.empty()) {
    std::error_code error;
    std::filesystem::create_directories(made.record_folder, error);
    if (error)
      return fail(Errc::io, "cannot make the folder {}: {}", made.record_folder.string(),
                  error.message());
  }
  if (!made.replay_folder.empty()) impl->casts = STRIDE_TRY(CastFolder::open(made.replay_folder));
  return Endpoint(std::move(impl));
}

Attempt Endpoint::ask(const Question& question, const AskOptions& ask, std::stop_token stop) const {
  const Json body = impl_->body(question, ask, true);
  const std::string sha =
      sha256(canonical_text(ask.nonce.empty() ? body : impl_->body(question, ask, false)));
  Attempt attempt =
      impl_->casts ? impl_->ask_cast(sha, ask) : impl_->ask_live(json::dump(body), sha, ask, stop);
  attempt.request_sha = sha;
  hide(attempt.message, impl_->options.key);
  for (std::string& note : attempt.notes) hide(note, impl_->options.key);
  impl_->remember_signature(attempt);
  return attempt;
}

std::string Endpoint::request_body(const Question& question, const AskOptions& ask) const {
  return json::dump(impl_->body(question, ask, true));
}

RawReply Endpoint::post(std::string_view body, double timeout_s, std::stop_token stop) const {
  net::ClientRequest request = impl_->request(Path::ask, std::string(body));
  request.timeouts = impl_->timeouts(timeout_s, false);
  return impl_->send_raw(request, stop);
}

Result<std::vector<std::string>> Endpoint::models(double timeout_s, std::stop_token stop) const {
  net::ClientRequest request = impl_->request(Path::models, {});
  request.timeouts = impl_->timeouts(timeout_s, false);
  const RawReply reply = impl_->send_raw(request, stop);
  if (reply.status == 0) return fail(Errc::io, "no list of models: {}", reply.message);
  if (reply.status != 200) return fail(Errc::io, "no list of models: status {}", reply.status);
  const Json list = STRIDE_TRY_AT("the list of models", json::parse(reply.body));
  const Json* items = json::member(list, "data");
  if (items == nullptr) items = json::member(list, "models");
  if (items == nullptr || !items->is_array())
    return fail(Errc::format, "the list of models has no array \"data\" or \"models\"");
  std::vector<std::string> ids;
  for (const Json& item : *items)
    for (const char* key : {"id", "model", "name", "slug"})
      if (const std::string* id = json::string_member(item, key)) {
        ids.push_back(*id);
        break;
      }
  return ids;
}

const EndpointOptions& Endpoint::options() const {
  return impl_->options;
}

}  // namespace stride::gauntlet
