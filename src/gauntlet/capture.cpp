// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/capture.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "gauntlet/classify.h"
#include "gauntlet/dialect.h"
#include "gauntlet/frame.h"
#include "json/json.h"

namespace stride::gauntlet {
namespace {

constexpr size_t kKeptBody = size_t{64} << 10;

double seconds(int64_t ns) {
  return static_cast<double>(ns) * 1e-9;
}

std::optional<double> seconds(std::optional<int64_t> ns) {
  return ns ? std::optional(seconds(*ns)) : std::nullopt;
}

bool looks_like_json(std::string_view text) {
  return text.starts_with('{') || text.starts_with('[');
}

int surrogate_at(std::string_view text, size_t at) {
  if (at + 4 > text.size() || text.substr(at, 2) != "\\u") return 0;
  const char first = text[at + 2];
  const char second = text[at + 3];
  if (first != 'd' && first != 'D') return 0;
  if (second == '8' || second == '9' || (second | 32) == 'a' || (second | 32) == 'b') return 1;
  return (second | 32) >= 'c' && (second | 32) <= 'f' ? 2 : 0;
}

// An escape of one half of a pair without the other, as a server writes it that cuts between the
// two.
bool has_half_character(std::string_view text) {
  for (size_t at = text.find('\\'); at < text.size(); at = text.find('\\', at)) {
    const int half = surrogate_at(text, at);
    if (half == 2 || (half == 1 && surrogate_at(text, at + 6) != 2)) return true;
    at += half == 1 ? 12 : 2;
  }
  return false;
}

std::string value_of(const net::Headers& headers, std::string_view name) {
  const std::string* value = net::find_header(headers, name);
  return value == nullptr ? std::string() : *value;
}

// A budget that nothing visible used: where the total of usage is more than its parts, the rest was
// reasoning that is neither shown nor counted.
void infer_hidden_reasoning(EventLog& log) {
  UsageClaim& claim = log.usage;
  if (log.n_text_bytes > 0 || claim.reasoning || !claim.total || !claim.input) return;
  const uint64_t known = *claim.input + claim.output.value_or(0);
  if (*claim.total <= known || log.finish_reason.empty()) return;
  claim.reasoning = *claim.total - known;
  if (!claim.output) claim.output = 0;
}

}  // namespace

struct Capture::State {
  explicit State(CaptureOptions given)
      : options(std::move(given)), dialect(make_dialect(options.api)) {
    facts.api = options.api;
  }

  void take(const Frame& frame);
  void take_json(const Frame& frame);
  void read(const Json& value, std::string_view event);
  void broken(const Frame& frame);
  void add_notes();
  bool was_streamed() const;

  CaptureOptions options;
  FrameParser frames{};
  std::unique_ptr<Dialect> dialect;
  EventLog log{};
  ResponseFacts facts{};
  size_t n_value = 0;  // frames that were JSON
  bool after_done = false;
  std::optional<double> retry_after{};
};

void Capture::State::take(const Frame& frame) {
  switch (frame.kind) {
    case Frame::Kind::ping:
      return log.add(Channel::ping, frame.text);
    case Frame::Kind::done:
      log.done = true;
      return log.add(Channel::done);
    case Frame::Kind::text:
      return take_json(frame);
  }
}

void Capture::State::take_json(const Frame& frame) {
  if (log.done) {
    log.note("frames came after the end marker and are ignored");
    return;
  }
  auto value = json::parse(frame.text);
  if (!value && !is_utf8(frame.text)) {
    // Servers that cut a character between two frames damage that character only.
    value = json::parse(to_valid_utf8(frame.text));
    if (value) log.note("a frame holds ill-formed UTF-8");
  }
  if (value) {
    ++n_value;
    if (has_half_character(frame.text))
      log.note("a frame holds half of a character (a lone surrogate)");
    if (value->is_array()) {
      for (const Json& item : *value) read(item, frame.event);
    } else {
      read(*value, frame.event);
    }
    return;
  }
  // Servers that forget the blank line between events give several values at once.
  if (!frame.text.contains('\n')) return broken(frame);
  log.note("events are not parted by a blank line");
  for (std::string_view rest = frame.text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    Frame line{.event = frame.event, .text = std::string(rest.substr(0, end)), .cut = frame.cut};
    rest.remove_prefix(std::min(end + 1, rest.size()));
    line.kind = line.text == "[DONE]" ? Frame::Kind::done : Frame::Kind::text;
    if (!line.text.empty()) take(line);
  }
}

void Capture::State::read(const Json& value, std::string_view event) {
  dialect->read(value, event, log);
  if (!log.recognized && !facts.other_shape) facts.other_shape = shape_of(value);
  if (auto error = read_error(value, event)) {
    log.error = std::move(error);
    log.add(Channel::error, log.error->message);
  }
}

void Capture::State::broken(const Frame& frame) {
  if (frame.cut) {
    facts.cut_frame = true;
  } else if (looks_like_json(frame.text)) {
    if (facts.n_broken++ == 0) facts.broken = frame.text.substr(0, 400);
  } else {
    log.note("a frame that is no JSON was ignored: " + one_line(frame.text, 80));
  }
}

bool Capture::State::was_streamed() const {
  return frames.kind() == BodyKind::events || (frames.kind() == BodyKind::json && n_value > 1);
}

void Capture::State::add_notes() {
  const bool ok = facts.status >= 200 && facts.status < 300 && log.recognized;
  if (!ok) return;
  const bool streamed = was_streamed();
  const std::string_view type = facts.content_type;
  const bool events = frames.kind() == BodyKind::events;
  if (events ? !type.starts_with("text/event-stream") : !type.contains("json"))
    log.note("the content type is \"" + one_line(type, 60) + "\", which the body is not");
  // A short answer of the NDJSON kind may be one line.
  if (options.stream_asked && !streamed && !type.contains("ndjson"))
    log.note("a stream was asked for, one JSON value came");
  if (!options.stream_asked && streamed) log.note("no stream was asked for, one came");
  if (streamed && !log.done) log.note("the end marker is missing");
  if (log.finish_reason.empty()) log.note("no finish reason was sent");
  if (!log.usage.output && !log.usage.unreadable) log.note("no usage was sent");
  if (facts.cut_frame) log.note("the end came inside a frame");
}

Capture::Capture(CaptureOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Capture::~Capture() = default;
Capture::Capture(Capture&&) noexcept = default;
Capture& Capture::operator=(Capture&&) noexcept = default;

void Capture::head(int status, const net::Headers& headers, int64_t t_ns) {
  ResponseFacts& facts = state_->facts;
  facts.status = status;
  facts.content_type = value_of(headers, "content-type");
  facts.content_encoding = value_of(headers, "content-encoding");
  facts.location = value_of(headers, "location");
  state_->retry_after =
      parse_retry_after(value_of(headers, "retry-after"), value_of(headers, "date"));
  state_->log.begin_frame(t_ns);
  state_->log.add(Channel::open);
}

bool Capture::push(std::string_view bytes, int64_t t_ns) {
  State& state = *state_;
  state.facts.body_start +=
      bytes.substr(0, kKeptBody - std::min(kKeptBody, state.facts.body_start.size()));
  const auto pushed = state.frames.push(bytes, [&](const Frame& frame) {
    state.log.begin_frame(t_ns);
    state.take(frame);
  });
  if (!pushed) state.facts.read_error = pushed.error().message;
  return pushed.has_value();
}

bool Capture::is_complete() const {
  return state_->log.done;
}

size_t Capture::n_text_bytes() const {
  return state_->log.n_text_bytes;
}

const std::vector<Event>& Capture::events() const {
  return state_->log.events;
}

Attempt Capture::finish(const net::HttpOutcome& outcome) {
  State& state = *state_;
  state.frames.finish([&](const Frame& frame) {
    state.log.begin_frame(outcome.total_ns);
    state.take(frame);
  });
  state.facts.body = state.frames.kind();
  EventLog& log = state.log;
  const InlineSplit split = split_answer_events(log, state.options.tags);
  state.add_notes();

  Attempt attempt;
  attempt.http_status = state.facts.status;
  attempt.retry_after_s = state.retry_after;
  for (const Event& event : log.events) {
    if (event.channel == Channel::answer) attempt.answer += event.text;
    if (event.channel == Channel::reasoning) attempt.reasoning += event.text;
    if (event.channel == Channel::refusal) attempt.refusal += event.text;
  }
  attempt.calls = log.calls;
  attempt.finish_reason = log.finish_reason;
  attempt.model = log.model;
  attempt.signature = log.signature;
  attempt.streamed = state.was_streamed();
  attempt.done_seen = log.done;
  attempt.inline_reasoning =
      split.pieces.size() > 1 ||
      (split.pieces.size() == 1 && split.pieces[0].channel != Channel::answer);
  attempt.late_open = split.late_open;
  attempt.tag_leak = split.tag_leak;
  infer_hidden_reasoning(log);
  attempt.hidden = attempt.reasoning.empty() && log.usage.reasoning.value_or(0) > 0;
  attempt.usage = read_usage(log, state.options.count_tokens);
  attempt.timing = read_timing(log, attempt.streamed, attempt.usage, state.options.count_tokens);
  attempt.timing.dns = seconds(outcome.dns_ns);
  attempt.timing.tcp = seconds(outcome.tcp_ns);
  attempt.timing.tls = seconds(outcome.tls_ns);
  attempt.timing.total = seconds(outcome.total_ns);
  attempt.new_connection = outcome.new_connection;
  attempt.cancelled = outcome.end == net::HttpEnd::cancelled;
  Classified verdict = classify(state.facts, log, outcome, attempt);
  attempt.failure = verdict.failure;
  attempt.message = std::move(verdict.message);
  attempt.notes = log.notes;
  return attempt;
}

std::string one_line(std::string_view text, size_t max_bytes) {
  const std::string_view part = text.substr(0, max_bytes);
  std::string out;
  for (const char c : to_valid_utf8(part.substr(0, part.size() - incomplete_utf8_tail(part)))) {
    const bool gap = static_cast<unsigned char>(c) <= ' ' || c == 0x7f;
    if (!gap)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  if (part.size() < text.size()) out += "...";
  return out;
}

}  // namespace stride::gauntlet
