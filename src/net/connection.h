// SPDX-License-Identifier: Apache-2.0
// One connection, a state machine on the loop's thread. A read is pending in almost every phase,
// so that the end of the peer is noticed at once; while a request runs, what arrives (a pipelined
// request) stays in the buffer, and when that is full the sweep polls for the peer's end instead.
// One write is pending at most; what gathers meanwhile goes out with the next.
//
// All time limits are checked by sweep(), which the server calls for every connection many times a
// second; a sweep over thousands of idle connections costs less than a timer for each.
//
// Included by http_server.cpp alone, the one file that compiles Boost.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/exchange_state.h"
#include "net/request_parser.h"
#include "net/server_core.h"
#include "net/transport.h"

namespace stride::net {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // `address_group` is what the limit per address counts.
  Connection(ServerCore& core, std::unique_ptr<Transport> transport, std::string remote_address,
             std::string address_group);

  void start();
  // Whether sweep() has something to do.
  bool due(Clock::time_point now) const { return phase_ == Phase::running || now > deadline_; }
  void sweep(Clock::time_point now);
  // Waits for a request and has nothing of it yet.
  bool idle() const { return phase_ == Phase::idle || phase_ == Phase::handshake; }
  // Idle, and has served a request.
  bool kept_alive() const { return idle() && served_; }
  Clock::time_point deadline() const { return deadline_; }
  // Ends without ceremony; a running exchange ends as `end` says.
  void cut(ExchangeEnd end);
  const std::string& address_group() const { return address_group_; }

 private:
  enum class Phase : uint8_t { handshake, idle, header, body, running, lingering, closed };

  // Reading.
  size_t wanted_buffer() const;
  void read_more();
  void on_read(const ErrorCode& error, size_t n_byte);
  void on_input_end(const ErrorCode& error);
  void advance();
  bool begin_request();
  void begin_record();
  void on_header();
  bool body_fits();
  void dispatch();
  void refuse(int status, std::string_view message);
  void answer(HttpResponse response, bool keep_alive);
  void make_state(bool keep_alive);

  // Writing.
  void flush();
  void write(WireBatch batch);
  void write_rest();
  void on_written(const ErrorCode& error, size_t n_byte);
  void end_exchange(ExchangeEnd end);
  void on_complete();
  void linger();

  ServerCore& core_;
  const std::unique_ptr<Transport> transport_;
  const std::string remote_address_;
  const std::string address_group_;
  Phase phase_ = Phase::handshake;
  Clock::time_point deadline_;       // of the phase
  Clock::time_point last_deadline_;  // of a body or of lingering, however much still arrives

  std::vector<char> buffer_;
  size_t begin_ = 0;  // of the bytes in buffer_ not yet parsed
  size_t end_ = 0;
  bool reading_ = false;
  bool input_ended_ = false;
  bool served_ = false;

  std::optional<RequestParser> parser_;
  std::optional<BodyLease> body_lease_;
  AccessRecord record_{};
  Clock::time_point request_start_{};
  std::shared_ptr<ExchangeState> state_;  // while running

  WireBatch out_{};
  size_t n_written_ = 0;  // of out_
  bool writing_ = false;
  Clock::time_point write_progress_{};
};

}  // namespace stride::net
