// SPDX-License-Identifier: Apache-2.0
// The way of a request: Host, key and path are looked at when its header is there, before its body
// is read; then a worker reads the body and hands the call to the service.
#include "api/server.h"

#include <fmt/format.h>

#include "api/endpoints.h"
#include "api/request_log.h"
#include "api/store.h"

namespace stride::api {

class Server::Impl {
 public:
  Impl(const engine::Engine& engine, engine::Service& service, std::unique_ptr<Store> store,
       ServerOptions options)
      : options_(std::move(options)),
        store_(std::move(store)),
        keys_(options_.keys),
        hosts_(options_.net.address, options_.hosts),
        endpoints_(engine, service, *store_, options_) {}

  Result<> start() {
    net::ServerHandlers handlers;
    handlers.screen = [this](const net::HttpRequest& request) { return screen(request); };
    handlers.handle = [this](net::HttpRequest request, net::Exchange exchange) {
      handle(std::move(request), std::move(exchange));
    };
    if (options_.log)
      handlers.log = [this](const net::AccessRecord& record) { options_.log(access_line(record)); };
    endpoints_.set_http_stats([this] { return http_->stats(); });
    http_ = STRIDE_TRY(net::HttpServer::start(options_.net, std::move(handlers)));
    return {};
  }

  net::HttpServer& http() { return *http_; }
  void drain() { endpoints_.drain(); }

 private:
  // An answer that can be given without the body.
  std::optional<net::HttpResponse> screen(const net::HttpRequest& request) {
    auto response = screened(request);
    if (response) add_cors(request, *response);
    return response;
  }

  std::optional<net::HttpResponse> screened(const net::HttpRequest& request) {
    const RouteMatch match = match_route(request, options_.prefix);
    const auto refused = [&](FailureKind kind, std::string message) {
      return failure_response(match.dialect, {kind, std::move(message)}, request.request_id);
    };
    if (options_.net.unix_path.empty() && !hosts_.allows(request.header("host")))
      return refused(FailureKind::permission,
                     "the Host header names a machine that this server does not answer for");
    if (request.method == "OPTIONS") return options_response(request, match);
    if (options_.page && request.method == "GET") {
      if (auto page = options_.page(request)) return page;
    }
    if (match.route == nullptr) return no_route(request, match);
    const bool open = match.route->access == Access::open || keys_.open();
    if (!open && keys_.find(request) == nullptr)
      return refused(FailureKind::authentication, "Invalid API Key");
    if (match.route->endpoint == Endpoint::page)
      return net::HttpResponse{.headers = {{"Content-Type", "text/plain; charset=utf-8"}},
                               .body = "Stride is running.\n"};
    return endpoints_.quick(request, match);
  }

  net::HttpResponse no_route(const net::HttpRequest& request, const RouteMatch& match) const {
    if (match.allowed.empty())
      return failure_response(match.dialect,
                              {FailureKind::not_found, fmt::format("there is no {}", request.path)},
                              request.request_id);
    auto response = failure_response(
        match.dialect,
        {FailureKind::method_not_allowed, fmt::format("{} cannot be called with {}, only with {}",
                                                      request.path, request.method, match.allowed)},
        request.request_id);
    response.headers.push_back({"Allow", match.allowed});
    return response;
  }

  net::HttpResponse options_response(const net::HttpRequest& request,
                                     const RouteMatch& match) const {
    if (auto preflight = net::cors_preflight(options_.cors, request)) return *preflight;
    const std::string allowed = match.allowed.empty() ? "GET, POST" : match.allowed;
    return {.status = 204, .headers = {{"Allow", allowed + ", HEAD, OPTIONS"}}};
  }

  void add_cors(const net::HttpRequest& request, net::HttpResponse& response) const {
    const net::Headers cors = net::cors_headers(options_.cors, request);
    response.headers.insert(response.headers.end(), cors.begin(), cors.end());
  }

  void handle(net::HttpRequest request, net::Exchange exchange) {
    const RouteMatch match = match_route(request, options_.prefix);
    const Key* key = keys_.find(request);
    std::string client = key != nullptr ? key->name : request.remote_address;
    net::Headers headers = net::cors_headers(options_.cors, request);
    endpoints_.handle({.request = std::move(request),
                       .exchange = std::move(exchange),
                       .match = match,
                       .client = std::move(client),
                       .headers = std::move(headers)});
  }

  ServerOptions options_;
  std::unique_ptr<Store> store_;
  KeyRing keys_;
  net::HostCheck hosts_;
  Endpoints endpoints_;
  std::unique_ptr<net::HttpServer> http_;  // last: its threads use all of the others
};

Result<std::unique_ptr<Server>> Server::start(const engine::Engine& engine,
                                              engine::Service& service, ServerOptions options) {
  StoreOptions where;
  if (!options.state_folder.empty()) where.file = options.state_folder / "serve.sqlite";
  auto store = STRIDE_TRY(Store::open(where));
  auto impl = std::make_unique<Impl>(engine, service, std::move(store), std::move(options));
  STRIDE_TRY(impl->start());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

std::string Server::url() const {
  return impl_->http().url();
}

uint16_t Server::port() const {
  return impl_->http().port();
}

void Server::drain() {
  impl_->drain();
}

void Server::shut_down(std::chrono::steady_clock::time_point deadline) {
  impl_->http().shut_down(deadline);
}

}  // namespace stride::api
