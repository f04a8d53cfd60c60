// SPDX-License-Identifier: Apache-2.0
// The listener, the loop's thread and the sweep. The only file that compiles Boost (30 s, 700 MB),
// through the headers it includes.
#include "net/http_server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <ctime>
#include <functional>
#include <semaphore>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "net/connection.h"
#include "net/connection.inc"
#include "net/response_head.h"
#include "net/server_core.h"
#include "net/socket_address.h"
#include "net/transport.h"

namespace stride::net {

namespace {

using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;

constexpr auto kSweepInterval = 50ms;
// How long to wait where the process has no file descriptor left.
constexpr auto kAcceptPause = 100ms;
// Seconds of silence, seconds between probes and their number, until a vanished host is given up.
constexpr int kKeepAliveIdle = 30, kKeepAliveInterval = 10, kKeepAliveProbes = 3;

void set_option(int socket, int level, int name, int value) {
  setsockopt(socket, level, name, &value, sizeof value);
}

// Programs that the process starts must not hold its connections open.
void close_on_exec(int socket) {
  fcntl(socket, F_SETFD, FD_CLOEXEC);
}

void set_up_socket(int socket, const ServerOptions& options) {
  close_on_exec(socket);
  // Each event of a stream leaves at once: nothing is gained by waiting for an acknowledgement.
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdle);
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveInterval);
  set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes);
  if (options.send_buffer_bytes > 0)
    set_option(socket, SOL_SOCKET, SO_SNDBUF, options.send_buffer_bytes);
}

Result<std::unique_ptr<asio::ssl::context>> make_tls(const ServerOptions& options) {
  if (options.tls_certificate.empty() && options.tls_key.empty()) return nullptr;
  if (options.tls_certificate.empty() || options.tls_key.empty())
    return fail(Errc::invalid_argument, "TLS needs both a certificate and a key");
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  context->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                       asio::ssl::context::no_tlsv1_1 | asio::ssl::context::single_dh_use);
  ErrorCode error;
  if (context->use_certificate_chain_file(options.tls_certificate, error))
    return fail(Errc::io, "cannot use the certificate {}: {}", options.tls_certificate,
                error.message());
  if (context->use_private_key_file(options.tls_key, asio::ssl::context::pem, error))
    return fail(Errc::io, "cannot use the key {}: {}", options.tls_key, error.message());
  return context;
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(ServerOptions options, ServerHandlers handlers, std::unique_ptr<asio::ssl::context> tls)
      : core_(std::move(options), std::move(handlers)), tls_(std::move(tls)) {}
  ~Impl() { shut_down(Clock::now()); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<> listen();
  void run();
  uint16_t port() const { return port_of(address_); }
  std::string url() const;
  ServerStats stats() const;
  void stop_accepting();
  void shut_down(Clock::time_point deadline);

 private:
  void accept();
  void on_accept(const ErrorCode& error, Socket socket);
  void refuse(Socket& socket);
  bool make_room(const std::string& group);
  void arm_sweep();
  void sweep();
  void stop_on_loop();
  template <class Wanted>
  std::vector<std::shared_ptr<Connection>> connections(const Wanted& wanted) const;

  ServerCore core_;
  std::unique_ptr<asio::ssl::context> tls_;
  Acceptor acceptor_{core_.io};
  asio::steady_timer sweep_timer_{core_.io};
  asio::steady_timer accept_timer_{core_.io};
  asio::executor_work_guard<asio::io_context::executor_type> work_{core_.io.get_executor()};
  SocketAddress address_{};
  bool sweeping_ = false;
  std::mutex shut_down_mutex_;  // one shut_down() at a time
  std::jthread thread_;
};

void ServerCore::add(std::shared_ptr<Connection> connection) {
  ++counters.connections_total;
  ++counters.connections_open;
  if (!connection->address_group().empty()) ++per_address[connection->address_group()];
  connections.emplace(connection.get(), std::move(connection));
}

void ServerCore::forget(Connection& connection) {
  if (const auto found = per_address.find(connection.address_group());
      found != per_address.end() && --found->second == 0)
    per_address.erase(found);
  connections.erase(&connection);
  {
    const std::lock_guard lock(all_closed_mutex);
    --counters.connections_open;
  }
  all_closed.notify_all();
}

Result<> HttpServer::Impl::listen() {
  const ServerOptions& options = core_.options;
  address_ = options.unix_path.empty() ? STRIDE_TRY(ip_address(options.address, options.port))
                                       : STRIDE_TRY(unix_address(options.unix_path));
  const std::string place = options.unix_path.empty()
                                ? fmt::format("{} port {}", options.address, options.port)
                                : options.unix_path;
  ErrorCode error;
  const auto check = [&](const ErrorCode& outcome) -> Result<> {
    if (!outcome) return {};
    return fail(Errc::io, "cannot listen on {}: {}", place, outcome.message());
  };
  STRIDE_TRY(check(acceptor_.open({address_.family(), 0}, error)));
  close_on_exec(acceptor_.native_handle());
  set_option(acceptor_.native_handle(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (address_.family() == AF_INET6)
    set_option(acceptor_.native_handle(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
  STRIDE_TRY(check(acceptor_.bind({&address_.storage, address_.size}, error)));
  STRIDE_TRY(check(acceptor_.listen(asio::socket_base::max_listen_connections, error)));
  address_ = local_address(acceptor_.native_handle());
  return {};
}

void HttpServer::Impl::run() {
  accept();
  thread_ = std::jthread([this] { core_.io.run(); });
}

std::string HttpServer::Impl::url() const {
  if (!core_.options.unix_path.empty()) return "unix:" + core_.options.unix_path;
  const std::string host = address_text(address_);
  return fmt::format("{}://{}:{}", tls_ ? "https" : "http",
                     host.contains(':') ? '[' + host + ']' : host, port());
}

void HttpServer::Impl::accept() {
  acceptor_.async_accept([this](const ErrorCode& error, Socket socket) {
    if (!acceptor_.is_open()) return;
    on_accept(error, std::move(socket));
  });
}

void HttpServer::Impl::on_accept(const ErrorCode& error, Socket socket) {
  if (error) {
    accept_timer_.expires_after(kAcceptPause);
    accept_timer_.async_wait([this](const ErrorCode&) {
      if (acceptor_.is_open()) accept();
    });
    return;
  }
  const SocketAddress peer = peer_address(socket.native_handle());
  const bool counted = core_.options.limits.limit_loopback || !is_loopback(peer);
  const std::string group = counted ? address_group(peer) : std::string();
  if (!make_room(group)) {
    refuse(socket);
  } else {
    set_up_socket(socket.native_handle(), core_.options);
    std::unique_ptr<Transport> transport;
    if (tls_)
      transport = std::make_unique<TlsTransport>(std::move(socket), *tls_);
    else
      transport = std::make_unique<PlainTransport>(std::move(socket));
    auto connection =
        std::make_shared<Connection>(core_, std::move(transport), address_text(peer), group);
    core_.add(connection);
    connection->start();
    arm_sweep();
  }
  accept();
}

// Best effort: what fits into the system's buffer, without waiting.
void HttpServer::Impl::refuse(Socket& socket) {
  ++core_.counters.connections_refused;
  if (tls_) return;
  HttpResponse response = error_response(503, "The server has too many connections.");
  response.headers.push_back({"Retry-After", "1"});
  const Framing framing{.length = response.body.size(), .keep_alive = false};
  const std::string bytes = response_head(response.status, response.headers, framing,
                                          core_.next_request_id(), std::time(nullptr)) +
                            response.body;
  send(socket.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

// Whether the limits let one more connection in; one that is kept alive for nothing gives way.
bool HttpServer::Impl::make_room(const std::string& group) {
  const ServerLimits& limits = core_.options.limits;
  const auto found = core_.per_address.find(group);
  if (found != core_.per_address.end() && found->second >= limits.connections_per_address)
    return false;
  if (core_.connections.size() < limits.connections) return true;
  std::shared_ptr<Connection> oldest;
  for (const auto& [key, connection] : core_.connections)
    if (connection->kept_alive() && (!oldest || connection->deadline() < oldest->deadline()))
      oldest = connection;
  if (!oldest) return false;
  oldest->cut(ExchangeEnd::server_ended);
  return true;
}

void HttpServer::Impl::arm_sweep() {
  if (std::exchange(sweeping_, true)) return;
  sweep_timer_.expires_after(kSweepInterval);
  sweep_timer_.async_wait([this](const ErrorCode& error) {
    if (!error) sweep();
  });
}

void HttpServer::Impl::sweep() {
  const Clock::time_point now = Clock::now();
  const auto is_due = [now](const Connection& connection) { return connection.due(now); };
  for (const auto& connection : connections(is_due)) connection->sweep(now);
  sweeping_ = false;
  if (!core_.connections.empty()) arm_sweep();
}

// Copies, because what is done to a connection may remove it.
template <class Wanted>
std::vector<std::shared_ptr<Connection>> HttpServer::Impl::connections(const Wanted& wanted) const {
  std::vector<std::shared_ptr<Connection>> found;
  for (const auto& [key, connection] : core_.connections)
    if (std::invoke(wanted, *connection)) found.push_back(connection);
  return found;
}

ServerStats HttpServer::Impl::stats() const {
  const Counters& c = core_.counters;
  return {.connections_open = c.connections_open,
          .connections_total = c.connections_total,
          .connections_refused = c.connections_refused,
          .requests = c.requests,
          .requests_running = c.requests_running,
          .request_errors = c.request_errors,
          .bytes_in = c.bytes_in,
          .bytes_out = c.bytes_out,
          .closed_by_client = c.closed_by_client,
          .closed_for_stall = c.closed_for_stall,
          .closed_for_idle = c.closed_for_idle,
          .closed_by_timeout = c.closed_by_timeout};
}

void HttpServer::Impl::stop_on_loop() {
  if (std::exchange(core_.stopping, true)) return;
  ErrorCode ignored;
  std::ignore = acceptor_.close(ignored);
  accept_timer_.cancel();
  if (!core_.options.unix_path.empty()) unlink(core_.options.unix_path.c_str());
  for (const auto& connection : connections(&Connection::idle))
    connection->cut(ExchangeEnd::server_ended);
}

void HttpServer::Impl::stop_accepting() {
  asio::post(core_.io, [this] { stop_on_loop(); });
}

void HttpServer::Impl::shut_down(Clock::time_point deadline) {
  const std::lock_guard once(shut_down_mutex_);
  if (!thread_.joinable()) return;
  const auto none_open = [this] { return core_.counters.connections_open == 0; };
  {
    // The connections of a backlog are accepted or refused before the loop says that it stopped.
    std::binary_semaphore stopped{0};
    asio::post(core_.io, [&] {
      stop_on_loop();
      stopped.release();
    });
    stopped.acquire();
  }
  {
    std::unique_lock lock(core_.all_closed_mutex);
    core_.all_closed.wait_until(lock, deadline, none_open);
  }
  asio::post(core_.io, [this] {
    for (const auto& connection : connections([](const Connection&) { return true; }))
      connection->cut(ExchangeEnd::server_ended);
    sweep_timer_.cancel();
    work_.reset();
    core_.io.stop();
  });
  thread_.join();
  core_.workers.stop();
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(ServerOptions options,
                                                      ServerHandlers handlers) {
  auto tls = STRIDE_TRY(make_tls(options));
  auto impl = std::make_unique<Impl>(std::move(options), std::move(handlers), std::move(tls));
  STRIDE_TRY(impl->listen());
  impl->run();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

uint16_t HttpServer::port() const {
  return impl_->port();
}
std::string HttpServer::url() const {
  return impl_->url();
}
ServerStats HttpServer::stats() const {
  return impl_->stats();
}
void HttpServer::stop_accepting() {
  impl_->stop_accepting();
}
void HttpServer::shut_down(std::chrono::steady_clock::time_point deadline) {
  impl_->shut_down(deadline);
}

}  // namespace stride::net
