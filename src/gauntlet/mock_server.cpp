// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/mock_server.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <list>
#include <system_error>
#include <thread>
#include <utility>

namespace stride::gauntlet {
namespace {

constexpr size_t kMaxHead = size_t{64} << 10, kMaxBody = size_t{64} << 20;
constexpr size_t kMaxConnections = 1024;

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string reason_of(int status) {
  return status < 300 ? "OK" : status < 400 ? "Redirect" : status < 500 ? "Refused" : "Failed";
}

// One client and the response that is being sent to it.
class Connection {
 public:
  explicit Connection(Descriptor fd) : fd_(std::move(fd)) {}
  ~Connection() { end_response(false); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd() const { return fd_.get(); }
  bool is_closed() const { return closed_; }
  bool wants_to_write() const { return !out_.empty(); }

  // Reads what has come and begins the response to a request that is whole.
  void read(const MockHandler& handler, std::atomic<uint64_t>& n_request) {
    char buffer[16384];
    const ssize_t n = ::recv(fd(), buffer, sizeof buffer, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
      closed_ = true;
      return;
    }
    in_.append(buffer, static_cast<size_t>(n));
    if (!response_) begin(handler, n_request);
  }

  // Moves what is due into the buffer and the buffer to the client.
  void write(const MockHandler& handler, std::atomic<uint64_t>& n_request) {
    if (response_) advance(now_ns() - begin_ns_);
    while (!out_.empty()) {
      const ssize_t n = ::send(fd(), out_.data(), out_.size(), MSG_NOSIGNAL);
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (n <= 0) {
        closed_ = true;
        return;
      }
      out_.erase(0, static_cast<size_t>(n));
    }
    if (!ended_) return;
    const bool keep = response_->end == MockResponse::End::complete && response_->status != 0;
    end_response(true);
    if (!keep)
      closed_ = true;
    else if (!in_.empty())
      begin(handler, n_request);
  }

  // Nanoseconds until something is due; nothing where only the client can act.
  std::optional<int64_t> wait_ns() const {
    if (!response_ || ended_) return std::nullopt;
    const auto due = next_due();
    return due ? std::optional(std::max<int64_t>(begin_ns_ + *due - now_ns(), 0)) : std::nullopt;
  }

 private:
  void begin(const MockHandler& handler, std::atomic<uint64_t>& n_request) {
    auto request = take_request();
    if (!request) return;
    ++n_request;
    response_ = handler(*request);
    begin_ns_ = now_ns();
    n_sent_ = 0;
    head_sent_ = ended_ = false;
  }

  void refuse() {
    in_.clear();
    response_ = json_response(400, "{\"error\":{\"message\":\"not an HTTP request\"}}");
    response_->end = MockResponse::End::cut;
    begin_ns_ = now_ns();
    n_sent_ = 0;
    head_sent_ = ended_ = false;
  }

  // A whole request from the front of the input, if there is one.
  std::optional<MockRequest> take_request() {
    const size_t head_end = in_.find("\r\n\r\n");
    if (head_end == in_.npos) {
      if (in_.size() > kMaxHead) refuse();
      return std::nullopt;
    }
    MockRequest request;
    std::string_view head = std::string_view(in_).substr(0, head_end);
    const std::string_view first = head.substr(0, head.find("\r\n"));
    const size_t space = first.find(' '), last_space = first.rfind(' ');
    if (space == first.npos || last_space == space) {
      refuse();
      return std::nullopt;
    }
    request.method = first.substr(0, space);
    request.path = first.substr(space + 1, last_space - space - 1);
    head.remove_prefix(std::min(first.size() + 2, head.size()));
    while (!head.empty()) {
      const std::string_view line = head.substr(0, head.find("\r\n"));
      head.remove_prefix(std::min(line.size() + 2, head.size()));
      const size_t colon = std::min(line.find(':'), line.size());
      std::string_view value = line.substr(std::min(colon + 1, line.size()));
      while (value.starts_with(' ')) value.remove_prefix(1);
      request.headers.emplace_back(line.substr(0, colon), value);
    }
    size_t n_body = 0;
    if (const std::string* length = net::find_header(request.headers, "content-length")) {
      const char* end = length->data() + length->size();
      const auto [stop, error] = std::from_chars(length->data(), end, n_body);
      if (error != std::errc{} || stop != end || n_body > kMaxBody) {
        refuse();
        return std::nullopt;
      }
    }
    if (in_.size() < head_end + 4 + n_body) return std::nullopt;
    request.body = in_.substr(head_end + 4, n_body);
    in_.erase(0, head_end + 4 + n_body);
    return request;
  }

  std::optional<int64_t> next_due() const {
    if (!head_sent_) return response_->head_ns;
    if (n_sent_ < response_->pieces.size()) return response_->pieces[n_sent_].t_ns;
    if (response_->end == MockResponse::End::hold) return std::nullopt;
    return response_->end_ns;
  }

  void advance(int64_t t_ns) {
    for (auto due = next_due(); !ended_ && due && *due <= t_ns; due = next_due()) {
      if (!head_sent_) {
        put_head();
      } else if (n_sent_ < response_->pieces.size()) {
        const std::string& bytes = response_->pieces[n_sent_++].bytes;
        if (!bytes.empty()) out_ += fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
      } else {
        if (response_->end == MockResponse::End::complete && response_->status != 0)
          out_ += "0\r\n\r\n";
        ended_ = true;
      }
    }
  }

  void put_head() {
    head_sent_ = true;
    if (response_->status == 0) {
      ended_ = true;
      return;
    }
    out_ += fmt::format("HTTP/1.1 {} {}\r\n", response_->status, reason_of(response_->status));
    for (const auto& [key, value] : response_->headers)
      out_ += fmt::format("{}: {}\r\n", key, value);
    out_ += "transfer-encoding: chunked\r\n\r\n";
  }

  void end_response(bool sent) {
    if (response_ && response_->on_end) response_->on_end(sent);
    response_.reset();
    ended_ = false;
  }

  Descriptor fd_;
  std::string in_{}, out_{};
  std::optional<MockResponse> response_{};
  int64_t begin_ns_ = 0;
  size_t n_sent_ = 0;
  bool head_sent_ = false, ended_ = false, closed_ = false;
};

Result<Descriptor> listen_on(uint16_t port) {
  const auto failed = [&] {
    return fail(Errc::io, "cannot listen on port {} of the loopback: {}", port,
                std::generic_category().message(errno));
  };
  Descriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) return failed();
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd.get(), 128) != 0)
    return failed();
  return fd;
}

}  // namespace

struct MockServer::State {
  MockHandler handler{};
  Descriptor listener{}, wake{};
  uint16_t port = 0;
  std::atomic<uint64_t> n_request{0};
  std::list<Connection> connections{};
  std::jthread thread{};

  ~State() {
    thread.request_stop();
    const uint64_t one = 1;
    static_cast<void>(!::write(wake.get(), &one, sizeof one));
    if (thread.joinable()) thread.join();
  }

  void accept_all() {
    while (connections.size() < kMaxConnections) {
      Descriptor client(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (client.get() < 0) return;
      const int on = 1;
      ::setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      connections.emplace_back(std::move(client));
    }
  }

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::vector<pollfd> polled = {{listener.get(), POLLIN, 0}, {wake.get(), POLLIN, 0}};
      int64_t wait_ns = int64_t{1'000'000'000};
      for (const Connection& connection : connections) {
        const short events =
            static_cast<short>(POLLIN | (connection.wants_to_write() ? POLLOUT : 0));
        polled.push_back({connection.fd(), events, 0});
        wait_ns = std::min(wait_ns, connection.wait_ns().value_or(wait_ns));
      }
      const timespec timeout{.tv_sec = wait_ns / 1'000'000'000, .tv_nsec = wait_ns % 1'000'000'000};
      if (::ppoll(polled.data(), polled.size(), &timeout, nullptr) < 0 && errno != EINTR) return;
      auto entry = polled.begin() + 2;
      for (Connection& connection : connections) {
        if (entry->revents != 0) connection.read(handler, n_request);
        if (!connection.is_closed()) connection.write(handler, n_request);
        ++entry;
      }
      connections.remove_if([](const Connection& connection) { return connection.is_closed(); });
      if (polled[0].revents != 0) accept_all();
    }
  }
};

MockServer::MockServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
MockServer::MockServer(MockServer&&) noexcept = default;
MockServer& MockServer::operator=(MockServer&&) noexcept = default;
MockServer::~MockServer() = default;

Result<MockServer> MockServer::start(MockOptions options) {
  auto state = std::make_unique<State>();
  state->handler = std::move(options.handler);
  state->listener = STRIDE_TRY(listen_on(options.port));
  state->wake = Descriptor(::eventfd(0, EFD_CLOEXEC));
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (state->wake.get() < 0 ||
      ::getsockname(state->listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return fail(Errc::io, "cannot start the mock server: {}",
                std::generic_category().message(errno));
  state->port = ntohs(address.sin_port);
  State& started = *state;
  state->thread = std::jthread([&started](const std::stop_token& stop) { started.run(stop); });
  return MockServer(std::move(state));
}

uint16_t MockServer::port() const {
  return state_->port;
}
uint64_t MockServer::n_request() const {
  return state_->n_request;
}

MockResponse json_response(int status, std::string body) {
  MockResponse response{.status = status, .headers = {{"content-type", "application/json"}}};
  response.pieces.push_back({0, std::move(body)});
  return response;
}

}  // namespace stride::gauntlet
