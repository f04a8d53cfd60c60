// SPDX-License-Identifier: Apache-2.0
// What the connections of one server share. All but the counters, the bytes of bodies and the
// workers belongs to the loop's thread.
//
// Included by http_server.cpp alone, the one file that compiles Boost.
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/random.h"
#include "net/http_server.h"
#include "net/worker_pool.h"

namespace stride::net {

class Connection;
using Clock = std::chrono::steady_clock;

struct Counters {
  std::atomic<uint64_t> connections_open{0};
  std::atomic<uint64_t> connections_total{0};
  std::atomic<uint64_t> connections_refused{0};
  std::atomic<uint64_t> requests{0};
  std::atomic<uint64_t> requests_running{0};
  std::atomic<uint64_t> request_errors{0};
  std::atomic<uint64_t> bytes_in{0};
  std::atomic<uint64_t> bytes_out{0};
  std::atomic<uint64_t> closed_by_client{0};
  std::atomic<uint64_t> closed_for_stall{0};
  std::atomic<uint64_t> closed_for_idle{0};
  std::atomic<uint64_t> closed_by_timeout{0};
};

// A share of the memory for bodies, given back at its end.
class BodyLease {
 public:
  explicit BodyLease(std::atomic<size_t>& used) : used_(&used) {}
  BodyLease(BodyLease&& other) noexcept
      : used_(other.used_), n_byte_(std::exchange(other.n_byte_, 0)) {}
  BodyLease& operator=(BodyLease&&) = delete;
  ~BodyLease() { *used_ -= n_byte_; }

  // To more than before. False if all leases together would pass `limit`.
  bool grow_to(size_t n_byte, size_t limit) {
    const size_t more = n_byte - n_byte_;
    if (used_->fetch_add(more) + more > limit) {
      *used_ -= more;
      return false;
    }
    n_byte_ = n_byte;
    return true;
  }

 private:
  std::atomic<size_t>* used_;
  size_t n_byte_ = 0;
};

struct ServerCore {
  ServerCore(ServerOptions server_options, ServerHandlers server_handlers)
      : options(std::move(server_options)),
        handlers(std::move(server_handlers)),
        workers(options.workers, options.limits.waiting_requests) {}

  void add(std::shared_ptr<Connection> connection);
  // The connection has closed itself; whoever called it still holds it.
  void forget(Connection& connection);

  std::string next_request_id() {
    return fmt::format("req_{:016x}{:08x}", random.next(), random.next() >> 32);
  }

  const ServerOptions options;
  const ServerHandlers handlers;
  Counters counters{};
  std::atomic<size_t> bodies_bytes{0};
  boost::asio::io_context io{1};
  std::unordered_map<Connection*, std::shared_ptr<Connection>> connections{};
  std::map<std::string, size_t> per_address{};
  Random random{(uint64_t{std::random_device{}()} << 32) | std::random_device{}()};
  bool stopping = false;
  std::mutex all_closed_mutex;
  std::condition_variable all_closed{};  // connections_open fell to 0
  // Last, so that a running job never outlives what it uses.
  WorkerPool workers;
};

}  // namespace stride::net
