// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/run_store.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "gauntlet/database.h"
#include "gauntlet/store_rows.h"

namespace stride::gauntlet {
namespace {

constexpr int64_t kSchemaVersion = 1;

constexpr const char* kSchema = R"(
CREATE TABLE run(
  id INTEGER PRIMARY KEY, created REAL NOT NULL, tool_version TEXT NOT NULL, pack TEXT NOT NULL,
  pack_sha TEXT NOT NULL, plan_json TEXT NOT NULL, endpoint_json TEXT NOT NULL,
  model TEXT NOT NULL, sampling_json TEXT NOT NULL, env TEXT NOT NULL, host_json TEXT NOT NULL,
  state TEXT NOT NULL, note TEXT NOT NULL DEFAULT '');
CREATE TABLE cell(
  id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES run(id), test TEXT NOT NULL,
  variant INTEGER NOT NULL, repeat INTEGER NOT NULL, env TEXT NOT NULL, state TEXT NOT NULL,
  score REAL, passed INTEGER, clean INTEGER, class TEXT, recovered_score REAL,
  grader_ver INTEGER, flags_json TEXT, lease_owner TEXT, lease_until REAL,
  UNIQUE(run_id, test, variant, repeat, env));
CREATE INDEX cell_state ON cell(run_id, env, state);
CREATE TABLE attempt(
  id INTEGER PRIMARY KEY, cell INTEGER NOT NULL REFERENCES cell(id) ON DELETE CASCADE,
  turn INTEGER NOT NULL, n INTEGER NOT NULL, t_start REAL NOT NULL, contended INTEGER NOT NULL,
  http_status INTEGER NOT NULL, class TEXT NOT NULL, message TEXT NOT NULL,
  dns REAL, tcp REAL, tls REAL, ttfb REAL, ttfe REAL, ttft REAL, ttfr REAL, ttfa REAL,
  last_answer REAL, last_token REAL, max_gap REAL, total REAL NOT NULL, itl_json TEXT NOT NULL,
  itl_norm_json TEXT NOT NULL,
  tok_in INTEGER, tok_cached INTEGER, tok_out INTEGER, tok_reason INTEGER, tok_answer INTEGER,
  tok_source TEXT NOT NULL, finish TEXT NOT NULL, model TEXT NOT NULL, cost_usd REAL,
  provider_cost_usd REAL, retry_after REAL, streamed INTEGER NOT NULL, done_seen INTEGER NOT NULL,
  hidden INTEGER NOT NULL, late_open INTEGER NOT NULL, tag_leak INTEGER NOT NULL,
  notes_json TEXT NOT NULL, request_sha TEXT NOT NULL, stream_path TEXT NOT NULL,
  UNIQUE(cell, turn, n));
CREATE TABLE criterion(
  cell INTEGER NOT NULL REFERENCES cell(id) ON DELETE CASCADE, position INTEGER NOT NULL,
  name TEXT NOT NULL, weight REAL NOT NULL, value REAL NOT NULL, gate INTEGER NOT NULL,
  evidence TEXT NOT NULL, PRIMARY KEY(cell, position));
CREATE TABLE transcript(
  attempt INTEGER NOT NULL REFERENCES attempt(id) ON DELETE CASCADE, channel TEXT NOT NULL,
  text_zstd BLOB NOT NULL, PRIMARY KEY(attempt, channel));
CREATE TABLE contract(
  run_id INTEGER NOT NULL REFERENCES run(id), check_id TEXT NOT NULL, result TEXT NOT NULL,
  detail TEXT NOT NULL, PRIMARY KEY(run_id, check_id));
CREATE TABLE loadpoint(
  run_id INTEGER NOT NULL REFERENCES run(id), mode TEXT NOT NULL, level REAL NOT NULL,
  metric_json TEXT NOT NULL, PRIMARY KEY(run_id, mode, level));
)";

Result<int64_t> integer_of(Database& database, std::string_view sql) {
  auto select = STRIDE_TRY(database.prepare(sql));
  STRIDE_TRY(select.step());
  return select.integer(0);
}

Result<> make_tables(Database& database) {
  Transaction transaction = STRIDE_TRY(Transaction::begin(database));
  // Another process may have made the tables since the first look.
  if (STRIDE_TRY(integer_of(database, "PRAGMA user_version")) == kSchemaVersion) return {};
  if (STRIDE_TRY(integer_of(database, "SELECT count(*) FROM sqlite_schema")) > 0)
    return fail(Errc::format, "{}: a database, but not one of `stride gauntlet`", database.path());
  STRIDE_TRY(database.execute(kSchema));
  STRIDE_TRY(database.execute(fmt::format("PRAGMA user_version = {}", kSchemaVersion)));
  return transaction.commit();
}

template <class Record, class Read>
Result<std::vector<Record>> read_all(Statement& select, Read read) {
  std::vector<Record> rows;
  while (STRIDE_TRY(select.step())) rows.push_back(STRIDE_TRY(read(select)));
  return rows;
}

}  // namespace

struct RunStore::Impl {
  explicit Impl(Database opened) : database(std::move(opened)) {}

  // Runs `work` in a transaction, under the lock; what it did is undone where it fails.
  template <class Work>
  auto change(Work work) -> decltype(work()) {
    const std::lock_guard lock(mutex);
    Transaction transaction = STRIDE_TRY(Transaction::begin(database));
    auto result = work();
    if (result) STRIDE_TRY(transaction.commit());
    return result;
  }

  Database database;
  std::mutex mutex{};
};

RunStore::RunStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RunStore::RunStore(RunStore&&) noexcept = default;
RunStore& RunStore::operator=(RunStore&&) noexcept = default;
RunStore::~RunStore() = default;

Result<RunStore> RunStore::open(const std::string& path, bool must_exist) {
  Database database = STRIDE_TRY(
      Database::open(path, must_exist ? Database::Mode::existing : Database::Mode::create));
  if (STRIDE_TRY(integer_of(database, "PRAGMA user_version")) > kSchemaVersion)
    return fail(Errc::unsupported, "{}: written by a newer version of Stride", path);
  STRIDE_TRY(database.execute(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON"));
  STRIDE_TRY(make_tables(database));
  return RunStore(std::make_unique<Impl>(std::move(database)));
}

Result<int64_t> RunStore::create(const RunRecord& run) {
  return impl_->change([&]() -> Result<int64_t> {
    auto insert = STRIDE_TRY(impl_->database.prepare(
        "INSERT INTO run(created, tool_version, pack, pack_sha, plan_json, endpoint_json, model, "
        "sampling_json, env, host_json, state, note) VALUES(?,?,?,?,?,?,?,?,?,?,?,?)"));
    insert.bind(run.created);
    for (const std::string* text :
         {&run.tool_version, &run.pack, &run.pack_sha, &run.plan_json, &run.endpoint_json,
          &run.model, &run.sampling_json, &run.env, &run.host_json})
      insert.bind(std::string_view(*text));
    STRIDE_TRY(insert.bind(name(run.state)).bind(std::string_view(run.note)).run());
    return impl_->database.last_id();
  });
}

Result<std::vector<RunRecord>> RunStore::runs() {
  const std::lock_guard lock(impl_->mutex);
  auto select = STRIDE_TRY(
      impl_->database.prepare(fmt::format("SELECT {} FROM run ORDER BY id", kRunColumns)));
  return read_all<RunRecord>(select, read_run);
}

Result<RunRecord> RunStore::run(int64_t id) {
  const std::lock_guard lock(impl_->mutex);
  auto select = STRIDE_TRY(
      impl_->database.prepare(fmt::format("SELECT {} FROM run WHERE id=?", kRunColumns)));
  if (!STRIDE_TRY(select.bind(id).step()))
    return fail(Errc::not_found, "{}: there is no run {}", impl_->database.path(), id);
  return read_run(select);
}

Result<> RunStore::set_state(int64_t run, RunState state, std::string_view note) {
  return impl_->change([&]() -> Result<> {
    auto update = STRIDE_TRY(impl_->database.prepare("UPDATE run SET state=?, note=? WHERE id=?"));
    return update.bind(name(state)).bind(note).bind(run).run();
  });
}

Result<> RunStore::set_plan(int64_t run, std::string_view plan_json, std::string_view env) {
  return impl_->change([&]() -> Result<> {
    auto update =
        STRIDE_TRY(impl_->database.prepare("UPDATE run SET plan_json=?, env=? WHERE id=?"));
    return update.bind(plan_json).bind(env).bind(run).run();
  });
}

Result<> RunStore::add_cells(int64_t run, std::span<const CellKey> cells) {
  return impl_->change([&]() -> Result<> {
    auto insert = STRIDE_TRY(impl_->database.prepare(
        "INSERT OR IGNORE INTO cell(run_id, test, variant, repeat, env, state) "
        "VALUES(?,?,?,?,?,'pending')"));
    for (const CellKey& cell : cells) {
      insert.reset();
      insert.bind(run).bind(std::string_view(cell.test)).bind(int64_t{cell.variant});
      STRIDE_TRY(insert.bind(int64_t{cell.repeat}).bind(std::string_view(cell.env)).run());
    }
    return {};
  });
}

Result<std::optional<CellRecord>> RunStore::claim(int64_t run, std::string_view env,
                                                  std::string_view owner, double now) {
  return impl_->change([&]() -> Result<std::optional<CellRecord>> {
    auto select = STRIDE_TRY(impl_->database.prepare(
        fmt::format("SELECT {} FROM cell WHERE run_id=? AND env=? AND state='pending' "
                    "ORDER BY repeat, variant, id LIMIT 1",
                    kCellColumns)));
    if (!STRIDE_TRY(select.bind(run).bind(env).step())) return std::nullopt;
    CellRecord cell = STRIDE_TRY(read_cell(select));
    cell.state = CellState::running;
    auto update = STRIDE_TRY(impl_->database.prepare(
        "UPDATE cell SET state='running', lease_owner=?, lease_until=? WHERE id=?"));
    STRIDE_TRY(update.bind(owner).bind(now + kLeaseSeconds).bind(cell.id).run());
    return cell;
  });
}

Result<> RunStore::renew(std::string_view owner, double now) {
  return impl_->change([&]() -> Result<> {
    auto update = STRIDE_TRY(impl_->database.prepare(
        "UPDATE cell SET lease_until=? WHERE state='running' AND lease_owner=?"));
    return update.bind(now + kLeaseSeconds).bind(owner).run();
  });
}

Result<uint64_t> RunStore::return_leases(int64_t run, double now,
                                         const std::function<bool(std::string_view owner)>& alive) {
  return impl_->change([&]() -> Result<uint64_t> {
    auto select = STRIDE_TRY(impl_->database.prepare(
        "SELECT id, lease_owner, lease_until FROM cell WHERE run_id=? AND state='running'"));
    select.bind(run);
    std::vector<int64_t> lost;
    while (STRIDE_TRY(select.step()))
      if (select.real(2) < now || !alive(select.text(1))) lost.push_back(select.integer(0));
    auto update = STRIDE_TRY(impl_->database.prepare(
        "UPDATE cell SET state='pending', lease_owner=NULL, lease_until=NULL WHERE id=?"));
    for (const int64_t cell : lost) {
      update.reset();
      STRIDE_TRY(update.bind(cell).run());
    }
    return lost.size();
  });
}

Result<> RunStore::give_back(int64_t cell, std::string_view owner) {
  return impl_->change([&]() -> Result<> {
    auto update = STRIDE_TRY(impl_->database.prepare(
        "UPDATE cell SET state='pending', lease_owner=NULL, lease_until=NULL "
        "WHERE id=? AND state='running' AND lease_owner=?"));
    return update.bind(cell).bind(owner).run();
  });
}

Result<uint64_t> RunStore::reopen(int64_t run, std::span<const FailureClass> classes) {
  return impl_->change([&]() -> Result<uint64_t> {
    auto select = STRIDE_TRY(impl_->database.prepare(
        "SELECT id, state, class FROM cell WHERE run_id=? AND state IN ('done', 'void')"));
    select.bind(run);
    std::vector<int64_t> chosen;
    while (STRIDE_TRY(select.step())) {
      const auto failure = parse_failure_class(select.text(2));
      const bool named = failure && std::ranges::find(classes, *failure) != classes.end();
      if (select.text(1) == "void" || named) chosen.push_back(select.integer(0));
    }
    for (const std::string_view sql :
         {"DELETE FROM criterion WHERE cell=?", "DELETE FROM attempt WHERE cell=?",
          "UPDATE cell SET state='pending', score=NULL, passed=NULL, clean=NULL, class=NULL, "
          "recovered_score=NULL, flags_json=NULL WHERE id=?"}) {
      auto statement = STRIDE_TRY(impl_->database.prepare(sql));
      for (const int64_t cell : chosen) {
        statement.reset();
        STRIDE_TRY(statement.bind(cell).run());
      }
    }
    return chosen.size();
  });
}

Result<bool> RunStore::finish(int64_t cell, std::string_view owner, const FinishedCell& finished) {
  return impl_->change([&]() -> Result<bool> {
    if (!STRIDE_TRY(write_grade(impl_->database, "state='running' AND lease_owner=?", cell, owner,
                                finished.state, finished.grade, finished.recovered_score)))
      return false;
    for (const AttemptRecord& attempt : finished.attempts)
      STRIDE_TRY(insert_attempt(impl_->database, cell, attempt));
    STRIDE_TRY(insert_criteria(impl_->database, cell, finished.grade));
    return true;
  });
}

Result<> RunStore::regrade(int64_t cell, const Grade& grade,
                           std::optional<double> recovered_score) {
  return impl_->change([&]() -> Result<> {
    if (!STRIDE_TRY(write_grade(impl_->database, "state='done'", cell, {}, CellState::done, grade,
                                recovered_score)))
      return fail(Errc::invalid_argument, "cell {} is not done, so it has no grade", cell);
    auto remove = STRIDE_TRY(impl_->database.prepare("DELETE FROM criterion WHERE cell=?"));
    STRIDE_TRY(remove.bind(cell).run());
    return insert_criteria(impl_->database, cell, grade);
  });
}

Result<std::vector<CellRecord>> RunStore::cells(int64_t run) {
  const std::lock_guard lock(impl_->mutex);
  auto select = STRIDE_TRY(impl_->database.prepare(
      fmt::format("SELECT {} FROM cell WHERE run_id=? ORDER BY id", kCellColumns)));
  select.bind(run);
  return read_all<CellRecord>(select, read_cell);
}

Result<std::vector<AttemptRecord>> RunStore::attempts(int64_t cell, Texts texts) {
  const std::lock_guard lock(impl_->mutex);
  auto select = STRIDE_TRY(impl_->database.prepare(
      fmt::format("SELECT {} FROM attempt WHERE cell=? ORDER BY turn, n", kAttemptColumns)));
  select.bind(cell);
  auto records = STRIDE_TRY(read_all<AttemptRecord>(select, read_attempt));
  if (texts == Texts::load)
    for (AttemptRecord& record : records) STRIDE_TRY(load_texts(impl_->database, record));
  return records;
}

Result<std::vector<AttemptRecord>> RunStore::attempts_of_run(int64_t run) {
  const std::lock_guard lock(impl_->mutex);
  auto select = STRIDE_TRY(impl_->database.prepare(
      fmt::format("SELECT {} FROM attempt WHERE cell IN (SELECT id FROM cell WHERE run_id=?) "
                  "ORDER BY cell, turn, n",
                  kAttemptColumns)));
  select.bind(run);
  return read_all<AttemptRecord>(select, read_attempt);
}

Result<std::vector<Criterion>> RunStore::criteria(int64_t cell) {
  const std::lock_guard lock(impl_->mutex);
  auto select = STRIDE_TRY(impl_->database.prepare(
      "SELECT name, weight, value, gate, evidence FROM criterion WHERE cell=? ORDER BY position"));
  select.bind(cell);
  return read_all<Criterion>(select, [](const Statement& row) -> Result<Criterion> {
    return Criterion{row.text(0), row.real(1), row.real(2), row.integer(3) != 0, row.text(4)};
  });
}

Result<double> RunStore::cost(int64_t run) {
  const std::lock_guard lock(impl_->mutex);
  auto select = STRIDE_TRY(impl_->database.prepare(
      "SELECT total(cost_usd) FROM attempt WHERE cell IN (SELECT id FROM cell WHERE run_id=?)"));
  STRIDE_TRY(select.bind(run).step());
  return select.real(0);
}

Result<> RunStore::put_contract(int64_t run, std::span<const ContractRow> rows) {
  return impl_->change([&]() -> Result<> {
    auto insert =
        STRIDE_TRY(impl_->database.prepare("INSERT OR REPLACE INTO contract VALUES(?,?,?,?)"));
    for (const ContractRow& row : rows) {
      insert.reset();
      insert.bind(run).bind(std::string_view(row.check)).bind(std::string_view(row.result));
      STRIDE_TRY(insert.bind(std::string_view(row.detail)).run());
    }
    return {};
  });
}

Result<std::vector<ContractRow>> RunStore::contract(int64_t run) {
  const std::lock_guard lock(impl_->mutex);
  auto select = STRIDE_TRY(impl_->database.prepare(
      "SELECT check_id, result, detail FROM contract WHERE run_id=? ORDER BY check_id"));
  select.bind(run);
  return read_all<ContractRow>(select, [](const Statement& row) -> Result<ContractRow> {
    return ContractRow{row.text(0), row.text(1), row.text(2)};
  });
}

Result<> RunStore::put_load(int64_t run, const LoadRow& row) {
  return impl_->change([&]() -> Result<> {
    auto insert =
        STRIDE_TRY(impl_->database.prepare("INSERT OR REPLACE INTO loadpoint VALUES(?,?,?,?)"));
    insert.bind(run).bind(std::string_view(row.mode)).bind(row.level);
    return insert.bind(std::string_view(row.metric_json)).run();
  });
}

Result<std::vector<LoadRow>> RunStore::load(int64_t run) {
  const std::lock_guard lock(impl_->mutex);
  auto select = STRIDE_TRY(impl_->database.prepare(
      "SELECT mode, level, metric_json FROM loadpoint WHERE run_id=? ORDER BY mode, level"));
  select.bind(run);
  return read_all<LoadRow>(select, [](const Statement& row) -> Result<LoadRow> {
    return LoadRow{row.text(0), row.real(1), row.text(2)};
  });
}

}  // namespace stride::gauntlet
