// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/store_rows.h"

#include <algorithm>
#include <array>
#include <utility>

#include "gauntlet/compress.h"
#include "gauntlet/store_codec.h"

namespace stride::gauntlet {
namespace {

constexpr std::array<std::string_view, 4> kRunStates = {"running", "complete", "incomplete",
                                                        "failed"};
constexpr std::array<std::string_view, 5> kCellStates = {"pending", "running", "done", "void",
                                                         "unsupported"};

template <class Enum, size_t kCount>
Result<Enum> parse_state(const std::array<std::string_view, kCount>& names,
                         const std::string& text) {
  const auto found = std::ranges::find(names, text);
  if (found == names.end())
    return fail(Errc::format, "the store has an unknown state \"{}\"", text);
  return static_cast<Enum>(found - names.begin());
}

std::optional<uint64_t> answer_tokens(const TokenUsage& usage) {
  if (!usage.output) return std::nullopt;
  return *usage.output - std::min(*usage.output, usage.reasoning.value_or(0));
}

Result<> insert_transcript(Database& database, int64_t attempt, std::string_view channel,
                           std::string_view text) {
  if (text.empty()) return {};
  auto insert = STRIDE_TRY(database.prepare("INSERT INTO transcript VALUES(?,?,?)"));
  return insert.bind(attempt).bind(channel).bind_blob(compress(text)).run();
}

}  // namespace

std::string_view name(RunState state) {
  return kRunStates[std::to_underlying(state)];
}
std::string_view name(CellState state) {
  return kCellStates[std::to_underlying(state)];
}

const std::string_view kRunColumns =
    "id, created, tool_version, pack, pack_sha, plan_json, endpoint_json, model, sampling_json, "
    "env, host_json, state, note";

Result<RunRecord> read_run(const Statement& row) {
  RunRecord run{.id = row.integer(0),
                .created = row.real(1),
                .tool_version = row.text(2),
                .pack = row.text(3),
                .pack_sha = row.text(4),
                .plan_json = row.text(5),
                .endpoint_json = row.text(6),
                .model = row.text(7),
                .sampling_json = row.text(8),
                .env = row.text(9),
                .host_json = row.text(10)};
  run.state = STRIDE_TRY(parse_state<RunState>(kRunStates, row.text(11)));
  run.note = row.text(12);
  return run;
}

const std::string_view kCellColumns =
    "id, test, variant, repeat, env, state, score, passed, clean, class, recovered_score, "
    "grader_ver, flags_json, (SELECT count(*) FROM attempt WHERE cell = cell.id AND turn = 0)";

Result<CellRecord> read_cell(const Statement& row) {
  CellRecord cell{.id = row.integer(0),
                  .key = {row.text(1), static_cast<uint32_t>(row.integer(2)),
                          static_cast<uint32_t>(row.integer(3)), row.text(4)}};
  cell.state = STRIDE_TRY(parse_state<CellState>(kCellStates, row.text(5)));
  cell.grade.score = row.real(6);
  cell.grade.passed = row.integer(7) != 0;
  cell.grade.clean = row.integer(8) != 0;
  if (!row.is_null(9)) {
    const auto failure = parse_failure_class(row.text(9));
    if (!failure) return fail(Errc::format, "the store has an unknown class \"{}\"", row.text(9));
    cell.grade.failure = *failure;
  }
  cell.recovered_score = row.optional_real(10);
  cell.grader_version = static_cast<uint32_t>(row.integer(11));
  if (!row.is_null(12)) cell.grade.flags = STRIDE_TRY(decode_strings(row.text(12)));
  cell.tries = static_cast<uint32_t>(row.integer(13));
  return cell;
}

const std::string_view kAttemptColumns =
    "id, cell, turn, n, t_start, contended, http_status, class, message, dns, tcp, tls, ttfb, "
    "ttfe, ttft, ttfr, ttfa, last_answer, last_token, max_gap, total, itl_json, itl_norm_json, "
    "tok_in, tok_cached, tok_out, tok_reason, tok_source, finish, model, cost_usd, "
    "provider_cost_usd, retry_after, streamed, done_seen, hidden, late_open, tag_leak, "
    "notes_json, request_sha, stream_path";

Result<AttemptRecord> read_attempt(const Statement& row) {
  int column = 0;
  const auto flag = [&] { return row.integer(column++) != 0; };
  const auto real = [&] { return row.optional_real(column++); };
  const auto count = [&] { return row.optional_integer(column++); };
  const auto text = [&] { return row.text(column++); };
  AttemptRecord out{.id = row.integer(column++), .cell = row.integer(column++)};
  out.turn = static_cast<uint32_t>(row.integer(column++));
  out.n = static_cast<uint32_t>(row.integer(column++));
  out.t_start = row.real(column++);
  out.contended = flag();
  Attempt& attempt = out.attempt;
  attempt.http_status = static_cast<int>(row.integer(column++));
  const std::string failure = text();
  const auto parsed = parse_failure_class(failure);
  if (!parsed) return fail(Errc::format, "the store has an unknown class \"{}\"", failure);
  attempt.failure = *parsed;
  attempt.message = text();
  Timing& timing = attempt.timing;
  for (std::optional<double>* value :
       {&timing.dns, &timing.tcp, &timing.tls, &timing.ttfb, &timing.ttfe, &timing.ttft,
        &timing.ttfr, &timing.ttfa, &timing.last_answer, &timing.last_token, &timing.max_gap})
    *value = real();
  timing.total = row.real(column++);
  timing.itl = STRIDE_TRY(decode_numbers(text()));
  timing.itl_norm = STRIDE_TRY(decode_numbers(text()));
  TokenUsage& usage = attempt.usage;
  for (std::optional<uint64_t>* value :
       {&usage.input, &usage.cached, &usage.output, &usage.reasoning})
    *value = count();
  usage.source = parse_token_source(text()).value_or(TokenSource::none);
  attempt.finish_reason = text();
  attempt.model = text();
  out.cost_usd = real();
  usage.cost_usd = real();
  attempt.retry_after_s = real();
  for (bool* value : {&attempt.streamed, &attempt.done_seen, &attempt.hidden, &attempt.late_open,
                      &attempt.tag_leak})
    *value = flag();
  attempt.notes = STRIDE_TRY(decode_strings(text()));
  out.request_sha = text();
  out.stream_path = text();
  return out;
}

Result<> insert_attempt(Database& database, int64_t cell, const AttemptRecord& record) {
  auto insert = STRIDE_TRY(database.prepare(
      "INSERT INTO attempt(cell, turn, n, t_start, contended, http_status, class, message, dns, "
      "tcp, tls, ttfb, ttfe, ttft, ttfr, ttfa, last_answer, last_token, max_gap, total, itl_json, "
      "itl_norm_json, tok_in, tok_cached, tok_out, tok_reason, tok_answer, tok_source, finish, "
      "model, cost_usd, provider_cost_usd, retry_after, streamed, done_seen, hidden, late_open, "
      "tag_leak, notes_json, request_sha, stream_path) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,"
      "?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  const Attempt& attempt = record.attempt;
  insert.bind(cell).bind(int64_t{record.turn}).bind(int64_t{record.n}).bind(record.t_start);
  insert.bind(int64_t{record.contended}).bind(int64_t{attempt.http_status});
  insert.bind(name(attempt.failure)).bind(std::string_view(attempt.message));
  const Timing& timing = attempt.timing;
  for (const std::optional<double>& value :
       {timing.dns, timing.tcp, timing.tls, timing.ttfb, timing.ttfe, timing.ttft, timing.ttfr,
        timing.ttfa, timing.last_answer, timing.last_token, timing.max_gap})
    insert.bind(value);
  insert.bind(timing.total).bind(std::string_view(encode_numbers(timing.itl)));
  insert.bind(std::string_view(encode_numbers(timing.itl_norm)));
  const TokenUsage& usage = attempt.usage;
  for (const std::optional<uint64_t>& value :
       {usage.input, usage.cached, usage.output, usage.reasoning, answer_tokens(usage)})
    insert.bind(value);
  insert.bind(name(usage.source)).bind(std::string_view(attempt.finish_reason));
  insert.bind(std::string_view(attempt.model)).bind(record.cost_usd).bind(usage.cost_usd);
  insert.bind(attempt.retry_after_s);
  for (const bool value :
       {attempt.streamed, attempt.done_seen, attempt.hidden, attempt.late_open, attempt.tag_leak})
    insert.bind(int64_t{value});
  insert.bind(std::string_view(encode_strings(attempt.notes)));
  insert.bind(std::string_view(record.request_sha)).bind(std::string_view(record.stream_path));
  STRIDE_TRY(insert.run());
  const int64_t id = database.last_id();
  STRIDE_TRY(insert_transcript(database, id, "answer", attempt.answer));
  STRIDE_TRY(insert_transcript(database, id, "reasoning", attempt.reasoning));
  STRIDE_TRY(insert_transcript(database, id, "refusal", attempt.refusal));
  if (attempt.calls.empty()) return {};
  return insert_transcript(database, id, "calls", encode_calls(attempt.calls));
}

Result<> insert_criteria(Database& database, int64_t cell, const Grade& grade) {
  auto insert = STRIDE_TRY(database.prepare("INSERT INTO criterion VALUES(?,?,?,?,?,?,?)"));
  int64_t position = 0;
  for (const Criterion& criterion : grade.criteria) {
    insert.reset();
    insert.bind(cell).bind(position++).bind(std::string_view(criterion.name));
    insert.bind(criterion.weight).bind(criterion.value).bind(int64_t{criterion.gate});
    STRIDE_TRY(insert.bind(std::string_view(criterion.evidence)).run());
  }
  return {};
}

// Sets what the cell was worth; true where the condition held.
Result<bool> write_grade(Database& database, std::string_view condition, int64_t cell,
                         std::string_view owner, CellState state, const Grade& grade,
                         std::optional<double> recovered) {
  auto update = STRIDE_TRY(database.prepare(fmt::format(
      "UPDATE cell SET state=?, score=?, passed=?, clean=?, class=?, recovered_score=?, "
      "grader_ver=?, flags_json=?, lease_owner=NULL, lease_until=NULL WHERE id=? AND {}",
      condition)));
  update.bind(name(state)).bind(grade.score).bind(int64_t{grade.passed});
  update.bind(int64_t{grade.clean}).bind(name(grade.failure)).bind(recovered);
  update.bind(int64_t{kGraderVersion}).bind(std::string_view(encode_strings(grade.flags)));
  update.bind(cell);
  if (!owner.empty()) update.bind(owner);
  STRIDE_TRY(update.run());
  return database.n_changed() == 1;
}

Result<> load_texts(Database& database, AttemptRecord& record) {
  auto select =
      STRIDE_TRY(database.prepare("SELECT channel, text_zstd FROM transcript WHERE attempt=?"));
  select.bind(record.id);
  while (STRIDE_TRY(select.step())) {
    const std::string channel = select.text(0);
    std::string text = STRIDE_TRY(decompress(select.text(1)));
    if (channel == "answer") record.attempt.answer = std::move(text);
    if (channel == "reasoning") record.attempt.reasoning = std::move(text);
    if (channel == "refusal") record.attempt.refusal = std::move(text);
    if (channel == "calls") record.attempt.calls = STRIDE_TRY(decode_calls(text));
  }
  return {};
}

}  // namespace stride::gauntlet
