// SPDX-License-Identifier: Apache-2.0
// A client for the tests of the server: a raw socket that sends any bytes, and reads answers by the
// letter of HTTP. Waits are ceilings against hanging, generous because machines may be busy.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "net/http_message.h"

namespace stride::net {

constexpr std::chrono::seconds kPatience{60};

struct Answer {
  int status = 0;
  Headers headers{};
  std::string body{};
  bool complete = false;  // by its own length or last chunk
};

class Client {
 public:
  explicit Client(uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect_to(address);
  }
  explicit Client(const std::string& unix_path)
      : socket_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, unix_path.data(),
                std::min(unix_path.size(), sizeof address.sun_path - 1));
    connect_to(address);
  }
  ~Client() { close(); }
  Client(Client&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), received_(std::move(other.received_)) {}
  Client& operator=(Client&&) = delete;

  int socket_number() const { return socket_; }

  // False once the server has closed.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }
  void half_close() const { shutdown(socket_, SHUT_WR); }
  void close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }
  void reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }

  // Reads until `text` has come; everything before and with it is returned and taken. Throws at the
  // end of the stream.
  std::string read_through(std::string_view text) {
    for (;;) {
      if (const size_t at = received_.find(text); at != std::string::npos)
        return take(at + text.size());
      if (!receive()) throw std::runtime_error("the server closed after: " + received_);
    }
  }
  std::string read_bytes(size_t n_byte) {
    while (received_.size() < n_byte)
      if (!receive()) throw std::runtime_error("the server closed after: " + received_);
    return take(n_byte);
  }
  std::string read_to_end() {
    while (receive()) {
    }
    return take(received_.size());
  }
  // The server has closed and nothing else is left.
  bool at_end() { return received_.empty() && !receive(); }

  Answer read_answer(bool has_body = true) {
    Answer answer = read_head();
    if (!has_body) return answer.complete = true, answer;
    const std::string* length = find_header(answer.headers, "Content-Length");
    const std::string* encoding = find_header(answer.headers, "Transfer-Encoding");
    if (length) {
      answer.body = read_bytes(std::stoul(*length));
      answer.complete = true;
    } else if (encoding) {
      answer.complete = read_chunks(answer.body);
    } else {
      answer.body = read_to_end();
    }
    return answer;
  }

  Answer ask(std::string_view request, bool has_body = true) {
    send(request);
    return read_answer(has_body);
  }

  Answer read_head() {
    Answer answer;
    std::string head = read_through("\r\n\r\n");
    answer.status = std::stoi(head.substr(9, 3));
    size_t at = head.find("\r\n") + 2;
    while (head.compare(at, 2, "\r\n") != 0) {
      const size_t colon = head.find(": ", at);
      const size_t end = head.find("\r\n", at);
      answer.headers.push_back(
          {head.substr(at, colon - at), head.substr(colon + 2, end - colon - 2)});
      at = end + 2;
    }
    return answer;
  }
  // The data of the next chunk; nullopt at the end of the stream, empty for the last chunk.
  std::optional<std::string> read_chunk() {
    try {
      const size_t size = std::stoul(read_through("\r\n"), nullptr, 16);
      std::string data = read_bytes(size + 2);
      data.resize(size);
      return data;
    } catch (const std::runtime_error&) {
      return std::nullopt;
    }
  }

 private:
  template <class Address>
  void connect_to(const Address& address) const {
    if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error(std::strerror(errno));
  }

  bool read_chunks(std::string& body) {
    while (const auto chunk = read_chunk()) {
      if (chunk->empty()) return true;
      body += *chunk;
    }
    return false;
  }

  std::string take(size_t n_byte) {
    std::string taken = received_.substr(0, n_byte);
    received_.erase(0, n_byte);
    return taken;
  }

  // False at the end of the stream.
  bool receive() {
    pollfd state{.fd = socket_, .events = POLLIN, .revents = 0};
    if (poll(&state, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) <= 0)
      throw std::logic_error("the server was silent for too long");
    char bytes[16384];
    const ssize_t n = recv(socket_, bytes, sizeof bytes, 0);
    if (n <= 0) return false;
    received_.append(bytes, static_cast<size_t>(n));
    return true;
  }

  int socket_ = -1;
  std::string received_;
};

}  // namespace stride::net
