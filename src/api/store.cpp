// SPDX-License-Identifier: Apache-2.0
#include "api/store.h"

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <ranges>
#include <utility>

namespace stride::api {
namespace {

constexpr size_t kMostQueued = 4096;
// How much of the quota is freed when it is passed.
constexpr uint64_t kFreedShare = 8;

constexpr const char* kSchema = R"(
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS record (
    kind INTEGER NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS record_created ON record (created);
)";

int64_t milliseconds_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

// The statements of the table. One thread at a time.
class Store::Database {
 public:
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file) {
    auto out = std::make_unique<Database>();
    const std::string name = file.empty() ? ":memory:" : file.string();
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(name.c_str(), &handle, flags, nullptr);
    out->handle_.reset(handle);
    if (code != SQLITE_OK) return out->failed(name);
    sqlite3_busy_timeout(handle, 5000);
    if (sqlite3_exec(handle, kSchema, nullptr, nullptr, nullptr) != SQLITE_OK)
      return out->failed(name);
    return out;
  }

  Result<> put(int kind, const std::string& key, const std::string& value) {
    Statement s = prepare("INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?)");
    bind_key(s, kind, key);
    sqlite3_bind_blob64(s.get(), 3, value.data(), value.size(), SQLITE_STATIC);
    // Later than all before it, so that of a burst not all are the oldest.
    newest_ = std::max(milliseconds_now(), newest_ + 1);
    sqlite3_bind_int64(s.get(), 4, newest_);
    return run(s);
  }

  Result<> erase(int kind, const std::string& key) {
    Statement s = prepare("DELETE FROM record WHERE kind = ? AND key = ?");
    bind_key(s, kind, key);
    return run(s);
  }

  std::optional<std::string> get(int kind, const std::string& key) {
    Statement s = prepare("SELECT value FROM record WHERE kind = ? AND key = ?");
    bind_key(s, kind, key);
    if (s == nullptr || sqlite3_step(s.get()) != SQLITE_ROW) return std::nullopt;
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(s.get(), 0));
    const auto size = static_cast<size_t>(sqlite3_column_bytes(s.get(), 0));
    return bytes == nullptr ? std::string() : std::string(bytes, size);
  }

  uint64_t total_bytes() {
    Statement s = prepare("SELECT coalesce(sum(length(key) + length(value)), 0) FROM record");
    if (s == nullptr || sqlite3_step(s.get()) != SQLITE_ROW) return 0;
    return static_cast<uint64_t>(sqlite3_column_int64(s.get(), 0));
  }

  // Removes the oldest records, at least `bytes` of them together.
  Result<> free_oldest(uint64_t bytes) {
    Statement s = prepare(
        "DELETE FROM record WHERE created <= (SELECT created FROM (SELECT created, "
        "sum(length(key) + length(value)) OVER (ORDER BY created) AS before FROM record) "
        "WHERE before >= ? ORDER BY created LIMIT 1)");
    sqlite3_bind_int64(s.get(), 1, static_cast<int64_t>(bytes));
    return run(s);
  }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

  Statement prepare(const char* sql) {
    sqlite3_stmt* out = nullptr;
    sqlite3_prepare_v2(handle_.get(), sql, -1, &out, nullptr);
    return Statement(out);
  }

  static void bind_key(Statement& s, int kind, const std::string& key) {
    if (s == nullptr) return;
    sqlite3_bind_int(s.get(), 1, kind);
    sqlite3_bind_text64(s.get(), 2, key.data(), key.size(), SQLITE_STATIC, SQLITE_UTF8);
  }

  Result<> run(Statement& s) {
    if (s != nullptr && sqlite3_step(s.get()) == SQLITE_DONE) return {};
    return failed("the store");
  }

  std::unexpected<Error> failed(std::string_view what) {
    return fail(Errc::io, "{}: {}", what, sqlite3_errmsg(handle_.get()));
  }

  std::unique_ptr<sqlite3, Close> handle_;
  int64_t newest_ = 0;  // when the last record was put
};

Result<std::unique_ptr<Store>> Store::open(const StoreOptions& options) {
  if (!options.file.empty()) {
    std::error_code error;
    std::filesystem::create_directories(options.file.parent_path(), error);
    if (error)
      return fail(Errc::io, "{}: {}", options.file.parent_path().string(), error.message());
  }
  auto database = STRIDE_TRY(Database::open(options.file));
  return std::unique_ptr<Store>(new Store(std::move(database), options.quota_bytes));
}

Store::Store(std::unique_ptr<Database> database, uint64_t quota_bytes)
    : quota_bytes_(quota_bytes),
      database_(std::move(database)),
      bytes_(database_->total_bytes()),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Store::~Store() {
  flush();
}

void Store::put(RecordKind kind, std::string key, std::string value) {
  if (value.size() > quota_bytes_ / kFreedShare) return;  // it would push out all others
  const std::scoped_lock lock(mutex_);
  if (queue_.size() >= kMostQueued) return;
  queue_.push_back({kind, std::move(key), std::move(value)});
  changed_.notify_all();
}

void Store::erase(RecordKind kind, std::string key) {
  const std::scoped_lock lock(mutex_);
  queue_.push_back({kind, std::move(key), std::nullopt});
  changed_.notify_all();
}

std::optional<std::string> Store::get(RecordKind kind, const std::string& key) const {
  {
    const std::scoped_lock lock(mutex_);
    for (const Change& change : std::views::reverse(queue_)) {
      if (change.kind == kind && change.key == key) return change.value;
    }
  }
  // What is not queued any more has been written; and put() never waits for the disk.
  const std::scoped_lock lock(database_mutex_);
  return database_->get(static_cast<int>(kind), key);
}

void Store::flush() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return queue_.empty(); });
}

std::string Store::problem() const {
  const std::scoped_lock lock(mutex_);
  return problem_;
}

void Store::run(const std::stop_token& stop) {
  while (true) {
    Change change;
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [this] { return !queue_.empty(); })) return;
      change = queue_.front();  // stays there to be found until it is written
    }
    write(change);
    const std::scoped_lock lock(mutex_);
    queue_.pop_front();
    changed_.notify_all();
  }
}

void Store::write(const Change& change) {
  Result<> done;
  {
    const std::scoped_lock lock(database_mutex_);
    const int kind = static_cast<int>(change.kind);
    if (change.value) {
      done = database_->put(kind, change.key, *change.value);
      bytes_ += change.key.size() + change.value->size();
    } else {
      done = database_->erase(kind, change.key);
    }
    if (done && bytes_ > quota_bytes_) {
      done = database_->free_oldest(quota_bytes_ / kFreedShare);
      bytes_ = database_->total_bytes();
    }
  }
  if (done) return;
  const std::scoped_lock lock(mutex_);
  problem_ = done.error().message;
}

}  // namespace stride::api
