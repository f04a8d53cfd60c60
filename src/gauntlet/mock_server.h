// SPDX-License-Identifier: Apache-2.0
// A server that plays an endpoint: recorded casts, or whatever a function decides, in pieces at
// their times, with every fault an endpoint may have. It listens on the loopback only and is meant
// for tests and for trying the harness, not for serving.
//
//   const auto server = STRIDE_TRY(MockServer::start({.handler = cast_handler(casts, options)}));
//   ... "http://127.0.0.1:" + std::to_string(server.port()) ...
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "gauntlet/cast.h"
#include "net/http_client.h"

namespace stride::gauntlet {

struct MockRequest {
  std::string method{}, path{};  // with its query
  net::Headers headers{};
  std::string body{};
};

struct MockResponse {
  enum class End : uint8_t {
    complete,
    cut,   // the connection is closed inside the response
    hold,  // nothing more comes, and the connection stays open
  };

  int status = 200;  // 0: the connection is closed without a response
  net::Headers headers{};
  int64_t head_ns = 0;  // times since the request was read
  std::vector<Cast::Piece> pieces{};
  End end = End::complete;
  int64_t end_ns = 0;  // not before the last piece
  // Called once: true where all was sent, false where the client went away before that.
  std::function<void(bool sent)> on_end{};
};

// Called on the thread of the server; must not block.
using MockHandler = std::function<MockResponse(const MockRequest&)>;

struct MockOptions {
  uint16_t port = 0;  // 0: any that is free
  MockHandler handler{};
};

class MockServer {
 public:
  static Result<MockServer> start(MockOptions options);
  MockServer(MockServer&&) noexcept;
  MockServer& operator=(MockServer&&) noexcept;
  ~MockServer();  // ends every connection

  uint16_t port() const;
  uint64_t n_request() const;

 private:
  struct State;
  explicit MockServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// How casts are served.
struct CastServing {
  double speed = 1;  // 2: twice as fast; 0: as fast as possible
  bool byte_at_a_time = false;
  double jitter_ms = 0;  // each piece is late by up to this
  uint64_t seed = 1;
  std::optional<size_t> stall_after{}, cut_after{};  // bytes of the body
  // Statuses of the first requests, such as 429, 429, 503; then the casts follow.
  std::vector<int> first_statuses{};
  std::optional<double> retry_after_s{};
  std::optional<std::string> content_type{};
};

// Answers with the casts of a folder, chosen by the request's content. GET on a path that ends in
// /models or /tags lists the model "cast".
MockHandler cast_handler(std::shared_ptr<const CastFolder> casts, CastServing serving);

// A response of JSON, at once.
MockResponse json_response(int status, std::string body);

}  // namespace stride::gauntlet
