// SPDX-License-Identifier: Apache-2.0
// The server: HTTP on one side, a service of the engine on the other, the dialects between them.
//
//   auto server = STRIDE_TRY(Server::start(engine, service, std::move(options)));
//   fmt::print("{}\n", server->url());
//   ...
//   server->drain();                       // new requests get 503, running ones go on
//   service.shut_down(now + patience);     // cancels what is left
//   server->shut_down(now + a_moment);
//
// The engine and the service outlive the server.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/call.h"
#include "api/keys.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/service.h"
#include "net/access.h"
#include "net/http_server.h"

namespace stride::api {

struct ServerOptions {
  net::ServerOptions net{};
  std::vector<Key> keys{};
  std::vector<std::string> hosts{};  // further names by which clients may call; "*" allows all
  net::CorsOptions cors{};
  std::string prefix{};  // of every path: "/llm"
  CallDefaults defaults{};
  std::optional<uint64_t> seed{};  // of requests that bring none; nothing: a random one each
  uint32_t n_context = 0;          // tokens of prompt and answer together
  uint32_t n_slot = 1;             // requests that the service runs at once
  uint32_t per_client = 0;  // answers that a key (or an address) may have at once; 0: any number
  std::filesystem::path state_folder{};         // for what outlives the process; empty: in memory
  std::filesystem::path trace_folder{};         // a bundle for each request; empty: none
  std::chrono::milliseconds silence{5'000};     // after which a silent stream gets a sign of life
  std::function<void(std::string_view)> log{};  // one line of JSON for each request
  // The page at "/" and its files; nothing for a path that it does not have.
  std::function<std::optional<net::HttpResponse>(const net::HttpRequest&)> page{};
};

class Server {
 public:
  static Result<std::unique_ptr<Server>> start(const engine::Engine& engine,
                                               engine::Service& service, ServerOptions options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::string url() const;
  uint16_t port() const;
  // From now on requests for answers get 503 with Retry-After.
  void drain();
  // Returns when all answers have been sent, or at `deadline`.
  void shut_down(std::chrono::steady_clock::time_point deadline);

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace stride::api
