// SPDX-License-Identifier: Apache-2.0
// SQLite behind two classes: a connection and a prepared statement. Every failure is a Result that
// names the file and what SQLite said. A connection is not shared between threads without a lock of
// its owner.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace stride::gauntlet {

class Database;

// Parameters are bound in order, columns read by index after step() has returned true.
class Statement {
 public:
  Statement& bind(int64_t value);
  Statement& bind(double value);
  Statement& bind(std::string_view text);
  Statement& bind_blob(std::string_view bytes);
  Statement& bind(std::optional<double> value);
  Statement& bind(std::optional<uint64_t> value);
  Statement& bind_null();

  Result<bool> step();  // true: a row
  Result<> run();       // a statement without rows
  void reset();         // ready to be bound and run again

  int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;  // of a text or a blob
  std::optional<double> optional_real(int column) const;
  std::optional<uint64_t> optional_integer(int column) const;
  bool is_null(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  Statement(sqlite3* connection, sqlite3_stmt* statement, const std::string& path)
      : connection_(connection), statement_(statement), path_(path) {}
  void check(int code);

  sqlite3* connection_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  std::string path_;
  int n_bound_ = 0;
  int failed_ = 0;  // the first code a bind returned
};

class Database {
 public:
  enum class Mode : uint8_t { create, existing };

  // `existing` refuses a file that is not there, so that a mistyped name makes no empty database.
  static Result<Database> open(const std::string& path, Mode mode);

  Result<Statement> prepare(std::string_view sql);
  Result<> execute(const std::string& sql);  // several statements without parameters
  int64_t last_id() const;
  int64_t n_changed() const;
  const std::string& path() const { return path_; }

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };

  Database(std::unique_ptr<sqlite3, Close> connection, std::string path)
      : connection_(std::move(connection)), path_(std::move(path)) {}

  std::unique_ptr<sqlite3, Close> connection_;
  std::string path_;
};

// Rolls back unless committed. Takes the write lock at once, so that two processes that claim work
// wait for each other instead of failing half-way.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  Result<> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}

  Database* database_;
};

}  // namespace stride::gauntlet
