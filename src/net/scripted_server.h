// SPDX-License-Identifier: Apache-2.0
// For tests: a server on the loopback whose every connection is played by a function, byte for
// byte. The function runs on the server's thread, one connection after the other.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "base/check.h"

namespace stride::net {

class ScriptedServer {
 public:
  class Connection {
   public:
    Connection(int fd, std::stop_token stop) : fd_(fd), stop_(std::move(stop)) {}

    // One request with its body; empty once the client has closed.
    std::string read_request() {
      std::string text;
      while (!complete(text))
        if (!read_some(text)) return {};
      return text;
    }

    void write(std::string_view bytes) {
      while (!bytes.empty()) {
        const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n <= 0) return;
        bytes.remove_prefix(static_cast<size_t>(n));
      }
    }

    // Returns when the client has closed the connection or the server ends.
    void wait_for_close() {
      std::string ignored;
      while (read_some(ignored)) {
      }
    }

   private:
    static bool complete(const std::string& text) {
      const size_t head = text.find("\r\n\r\n");
      if (head == text.npos) return false;
      const size_t at = text.find("Content-Length: ");
      const size_t length = at < head ? std::stoul(text.substr(at + 16)) : 0;
      return text.size() >= head + 4 + length;
    }

    bool read_some(std::string& text) {
      while (!stop_.stop_requested()) {
        pollfd wait{.fd = fd_, .events = POLLIN, .revents = 0};
        if (::poll(&wait, 1, 5) <= 0) continue;
        char buffer[4096];
        const ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
        if (n <= 0) return false;
        text.append(buffer, static_cast<size_t>(n));
        return true;
      }
      return false;
    }

    int fd_;
    std::stop_token stop_;
  };

  explicit ScriptedServer(std::function<void(Connection&)> play) : play_(std::move(play)) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    STRIDE_CHECK(::bind(fd_, any, size) == 0 && ::listen(fd_, 16) == 0);
    STRIDE_CHECK(::getsockname(fd_, any, &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }

  ~ScriptedServer() {
    thread_.request_stop();
    thread_.join();
    ::close(fd_);
  }

  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  uint16_t port() const { return port_; }

 private:
  void serve(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pollfd wait{.fd = fd_, .events = POLLIN, .revents = 0};
      if (::poll(&wait, 1, 5) <= 0) continue;
      const int client = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      Connection connection(client, stop);
      play_(connection);
      ::close(client);
    }
  }

  std::function<void(Connection&)> play_;
  int fd_ = -1;
  uint16_t port_ = 0;
  std::jthread thread_;
};

}  // namespace stride::net
