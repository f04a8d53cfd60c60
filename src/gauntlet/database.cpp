// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/database.h"

#include <sqlite3.h>

#include <utility>

namespace stride::gauntlet {
namespace {

constexpr int kBusyMilliseconds = 30'000;

std::unexpected<Error> failure(sqlite3* connection, int code, const std::string& path) {
  const int kind = code & 0xff;  // without the extended part
  const Errc errc = kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB ? Errc::format
                    : kind == SQLITE_FULL                           ? Errc::exhausted
                                                                    : Errc::io;
  return fail(errc, "{}: {}", path,
              connection == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(connection));
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

void Statement::check(int code) {
  if (code != SQLITE_OK && failed_ == SQLITE_OK) failed_ = code;
}

Statement& Statement::bind(int64_t value) {
  check(sqlite3_bind_int64(statement_.get(), ++n_bound_, value));
  return *this;
}

Statement& Statement::bind(double value) {
  check(sqlite3_bind_double(statement_.get(), ++n_bound_, value));
  return *this;
}

Statement& Statement::bind(std::string_view text) {
  check(sqlite3_bind_text64(statement_.get(), ++n_bound_, text.empty() ? "" : text.data(),
                            text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind_blob(std::string_view bytes) {
  check(sqlite3_bind_blob64(statement_.get(), ++n_bound_, bytes.empty() ? "" : bytes.data(),
                            bytes.size(), SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind(std::optional<double> value) {
  return value ? bind(*value) : bind_null();
}

Statement& Statement::bind(std::optional<uint64_t> value) {
  return value ? bind(static_cast<int64_t>(*value)) : bind_null();
}

Statement& Statement::bind_null() {
  check(sqlite3_bind_null(statement_.get(), ++n_bound_));
  return *this;
}

Result<bool> Statement::step() {
  if (failed_ != SQLITE_OK) return failure(connection_, failed_, path_);
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return failure(connection_, code, path_);
}

Result<> Statement::run() {
  STRIDE_TRY(step());
  return {};
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  n_bound_ = 0;
  failed_ = SQLITE_OK;
}

int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

double Statement::real(int column) const {
  return sqlite3_column_double(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  if (bytes == nullptr || size <= 0) return {};
  return std::string(static_cast<const char*>(bytes), static_cast<size_t>(size));
}

std::optional<double> Statement::optional_real(int column) const {
  return is_null(column) ? std::nullopt : std::optional(real(column));
}

std::optional<uint64_t> Statement::optional_integer(int column) const {
  return is_null(column) ? std::nullopt : std::optional(static_cast<uint64_t>(integer(column)));
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

void Database::Close::operator()(sqlite3* connection) const {
  sqlite3_close_v2(connection);
}

Result<Database> Database::open(const std::string& path, Mode mode) {
  sqlite3* raw = nullptr;
  const int flags =
      SQLITE_OPEN_READWRITE | (mode == Mode::create ? SQLITE_OPEN_CREATE : 0) | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  std::unique_ptr<sqlite3, Close> connection(raw);
  if (code != SQLITE_OK) return failure(raw, code, path);
  sqlite3_busy_timeout(raw, kBusyMilliseconds);
  // A file that someone else made must not run what its schema says.
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return Database(std::move(connection), path);
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v2(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                                      &raw, nullptr);
  if (code != SQLITE_OK) return failure(connection_.get(), code, path_);
  return Statement(connection_.get(), raw, path_);
}

Result<> Database::execute(const std::string& sql) {
  const int code = sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(connection_.get(), code, path_);
  return {};
}

int64_t Database::last_id() const {
  return sqlite3_last_insert_rowid(connection_.get());
}

int64_t Database::n_changed() const {
  return sqlite3_changes64(connection_.get());
}

Result<Transaction> Transaction::begin(Database& database) {
  STRIDE_TRY(database.execute("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::~Transaction() {
  if (database_ != nullptr) static_cast<void>(database_->execute("ROLLBACK"));
}

Result<> Transaction::commit() {
  STRIDE_TRY(database_->execute("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace stride::gauntlet
