// SPDX-License-Identifier: Apache-2.0
#include "net/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace stride::net {

namespace {

// The system's structures are read and written through their bytes, which is what the standard
// allows.
template <class T>
SocketAddress store(const T& value, size_t size = sizeof(T)) {
  SocketAddress address{.size = static_cast<socklen_t>(size)};
  std::memcpy(&address.storage, &value, sizeof value);
  return address;
}

template <class T>
T load(const SocketAddress& address) {
  T value;
  std::memcpy(&value, &address.storage, sizeof value);
  return value;
}

// IPv4 peers of a socket that listens on "::".
SocketAddress unmapped(const SocketAddress& address) {
  if (address.family() != AF_INET6) return address;
  const auto six = load<sockaddr_in6>(address);
  if (!IN6_IS_ADDR_V4MAPPED(&six.sin6_addr)) return address;
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = six.sin6_port;
  std::memcpy(&four.sin_addr, six.sin6_addr.s6_addr + 12, sizeof four.sin_addr);
  return store(four);
}

Result<> remove_dead_socket(const std::string& path, const sockaddr_un& address) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode))
    return fail(Errc::invalid_argument, "{} exists and is not a socket", path);
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return fail(Errc::io, "cannot make a socket: {}", std::strerror(errno));
  const bool alive =
      connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(probe);
  if (alive) return fail(Errc::invalid_argument, "another server listens on {}", path);
  unlink(path.c_str());
  return {};
}

}  // namespace

Result<SocketAddress> ip_address(const std::string& address, uint16_t port) {
  const std::string numeric = address == "localhost" ? "127.0.0.1" : address;
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  if (inet_pton(AF_INET, numeric.c_str(), &four.sin_addr) == 1) return store(four);
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(port);
  if (inet_pton(AF_INET6, numeric.c_str(), &six.sin6_addr) == 1) return store(six);
  return fail(Errc::invalid_argument, "\"{}\" is not an address to listen on: give a numeric one",
              address);
}

Result<SocketAddress> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return fail(Errc::invalid_argument, "the path of a socket has 1 to {} bytes, not {}",
                sizeof address.sun_path - 1, path.size());
  std::memcpy(address.sun_path, path.data(), path.size());
  STRIDE_TRY(remove_dead_socket(path, address));
  return store(address);
}

std::string address_text(const SocketAddress& address) {
  const SocketAddress plain = unmapped(address);
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (plain.family() == AF_INET) {
    const auto four = load<sockaddr_in>(plain);
    inet_ntop(AF_INET, &four.sin_addr, text.data(), text.size());
  } else if (plain.family() == AF_INET6) {
    const auto six = load<sockaddr_in6>(plain);
    inet_ntop(AF_INET6, &six.sin6_addr, text.data(), text.size());
  } else {
    return "unix";
  }
  return text.data();
}

uint16_t port_of(const SocketAddress& address) {
  if (address.family() == AF_INET) return ntohs(load<sockaddr_in>(address).sin_port);
  if (address.family() == AF_INET6) return ntohs(load<sockaddr_in6>(address).sin6_port);
  return 0;
}

bool is_loopback(const SocketAddress& address) {
  const SocketAddress plain = unmapped(address);
  if (plain.family() == AF_INET)
    return ntohl(load<sockaddr_in>(plain).sin_addr.s_addr) >> 24 == 127;
  if (plain.family() != AF_INET6) return true;
  const auto six = load<sockaddr_in6>(plain);
  return IN6_IS_ADDR_LOOPBACK(&six.sin6_addr) != 0;
}

std::string address_group(const SocketAddress& address) {
  const SocketAddress plain = unmapped(address);
  if (plain.family() != AF_INET6) return address_text(plain);
  auto six = load<sockaddr_in6>(plain);
  std::memset(six.sin6_addr.s6_addr + 8, 0, 8);
  return address_text(store(six));
}

SocketAddress peer_address(int socket) {
  SocketAddress address{.size = sizeof(sockaddr_storage)};
  getpeername(socket, reinterpret_cast<sockaddr*>(&address.storage), &address.size);
  return address;
}

SocketAddress local_address(int socket) {
  SocketAddress address{.size = sizeof(sockaddr_storage)};
  getsockname(socket, reinterpret_cast<sockaddr*>(&address.storage), &address.size);
  return address;
}

}  // namespace stride::net
