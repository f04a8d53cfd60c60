// SPDX-License-Identifier: Apache-2.0
// Small records that outlive the process: a table of (kind, key) to bytes in SQLite. Writes are
// queued and done by a thread of the store, so putting is quick on any thread; what is queued is
// found by get() already. The oldest records go when all together pass the quota.
//
// A store that cannot be written goes on in memory as far as the queue reaches; `problem` tells the
// last reason. Any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/error.h"

namespace stride::api {

enum class RecordKind : int {
  response = 1,
  turn = 2,
  call = 3,
  conversation = 4,
  response_item = 5,
  conversation_item = 6,
};

struct StoreOptions {
  std::filesystem::path file{};  // empty: in memory, gone with the store
  uint64_t quota_bytes = uint64_t{1} << 30;
};

class Store {
 public:
  static Result<std::unique_ptr<Store>> open(const StoreOptions& options);
  // Writes what is queued.
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  void put(RecordKind kind, std::string key, std::string value);
  void erase(RecordKind kind, std::string key);
  std::optional<std::string> get(RecordKind kind, const std::string& key) const;

  // Returns when everything put before has been written.
  void flush();
  std::string problem() const;

 private:
  struct Change {
    RecordKind kind{};
    std::string key;
    std::optional<std::string> value;  // nothing: erased
  };
  class Database;

  Store(std::unique_ptr<Database> database, uint64_t quota_bytes);
  void run(const std::stop_token& stop);
  void write(const Change& change);

  const uint64_t quota_bytes_;
  mutable std::mutex database_mutex_;
  std::unique_ptr<Database> database_;
  uint64_t bytes_ = 0;  // of all records, with database_mutex_

  mutable std::mutex mutex_;  // never held together with database_mutex_
  std::condition_variable_any changed_;
  std::deque<Change> queue_;  // the front one is being written
  std::string problem_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace stride::api
