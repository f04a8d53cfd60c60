// SPDX-License-Identifier: Apache-2.0
// Where a server listens and where its peers are, between text and the system's addresses.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "base/error.h"

namespace stride::net {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  int family() const { return storage.ss_family; }
};

// A numeric IPv4 or IPv6 address, or "localhost", which is 127.0.0.1: names are not looked up.
Result<SocketAddress> ip_address(const std::string& address, uint16_t port);

// Fails if the path is too long or something other than a dead socket stands there; a dead socket,
// left by a server that was killed, is removed.
Result<SocketAddress> unix_address(const std::string& path);

// "127.0.0.1", "::1", "unix"; an IPv4 address mapped into IPv6 as IPv4.
std::string address_text(const SocketAddress& address);
uint16_t port_of(const SocketAddress& address);
bool is_loopback(const SocketAddress& address);

// What belongs to one network customer: an IPv4 address, or the first 64 bits of an IPv6 one.
std::string address_group(const SocketAddress& address);

// Of the other end of a connected socket.
SocketAddress peer_address(int socket);
// Of this end.
SocketAddress local_address(int socket);

}  // namespace stride::net
