// SPDX-License-Identifier: Apache-2.0
// The byte stream of a connection: a TCP or Unix socket, bare or under TLS, behind one interface so
// that the connection is compiled once. Used on the loop's thread only.
//
// Included by http_server.cpp alone, the one file that compiles Boost.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <functional>
#include <tuple>
#include <utility>

namespace stride::net {

namespace asio = boost::asio;

using ErrorCode = boost::system::error_code;
using Socket = asio::generic::stream_protocol::socket;
using IoHandler = std::function<void(const ErrorCode&, size_t)>;
using TwoBuffers = std::array<asio::const_buffer, 2>;

class Transport {
 public:
  virtual ~Transport() = default;

  virtual void handshake(IoHandler done) = 0;
  virtual void read_some(asio::mutable_buffer into, IoHandler done) = 0;
  virtual void write_some(const TwoBuffers& from, IoHandler done) = 0;
  // Tells the peer that nothing more is sent, while it may still be sending itself if
  // `input_is_due`.
  virtual void end_output(bool input_is_due, IoHandler done) = 0;
  virtual Socket& socket() = 0;

  // True once the peer has closed or reset, even if unread bytes stand before its end.
  bool peer_hung_up() {
    pollfd state{.fd = socket().native_handle(), .events = POLLRDHUP, .revents = 0};
    return poll(&state, 1, 0) > 0;
  }
  // Ends at once; an unfinished answer must not look complete, hence the reset.
  void reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    setsockopt(socket().native_handle(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  void close() {
    ErrorCode ignored;
    std::ignore = socket().close(ignored);
  }
};

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(Socket socket) : socket_(std::move(socket)) {}

  void handshake(IoHandler done) override {
    asio::post(socket_.get_executor(), [done = std::move(done)] { done({}, 0); });
  }
  void read_some(asio::mutable_buffer into, IoHandler done) override {
    socket_.async_read_some(into, std::move(done));
  }
  void write_some(const TwoBuffers& from, IoHandler done) override {
    socket_.async_write_some(from, std::move(done));
  }
  void end_output(bool, IoHandler done) override {
    ErrorCode ignored;
    std::ignore = socket_.shutdown(Socket::shutdown_send, ignored);
    asio::post(socket_.get_executor(), [done = std::move(done)] { done({}, 0); });
  }
  Socket& socket() override { return socket_; }

 private:
  Socket socket_;
};

class TlsTransport final : public Transport {
 public:
  TlsTransport(Socket socket, asio::ssl::context& context) : stream_(std::move(socket), context) {}

  void handshake(IoHandler done) override {
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [done = std::move(done)](const ErrorCode& error) { done(error, 0); });
  }
  void read_some(asio::mutable_buffer into, IoHandler done) override {
    stream_.async_read_some(into, std::move(done));
  }
  void write_some(const TwoBuffers& from, IoHandler done) override {
    stream_.async_write_some(from, std::move(done));
  }
  // The end of TLS goes both ways, and input would make it fail: then only the socket is closed,
  // later. A length has told the peer where the answer ends.
  void end_output(bool input_is_due, IoHandler done) override {
    if (input_is_due)
      return asio::post(stream_.get_executor(), [done = std::move(done)] { done({}, 0); });
    stream_.async_shutdown([done = std::move(done)](const ErrorCode& error) { done(error, 0); });
  }
  Socket& socket() override { return stream_.next_layer(); }

 private:
  asio::ssl::stream<Socket> stream_;
};

}  // namespace stride::net
