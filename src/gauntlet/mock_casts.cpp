// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/random.h"
#include "gauntlet/encoding.h"
#include "gauntlet/mock_server.h"
#include "gauntlet/request.h"
#include "json/json.h"

namespace stride::gauntlet {
namespace {

std::string request_sha(const MockRequest& request) {
  const auto body = json::parse(request.body);
  return body ? sha256(canonical_text(*body)) : std::string("no JSON");
}

MockResponse error_response(int status, std::string_view message,
                            std::optional<double> retry_after) {
  MockResponse response = json_response(
      status, json::dump({{"error", {{"message", message}, {"type", "mock"}, {"code", status}}}}));
  if (retry_after) response.headers.emplace_back("retry-after", fmt::format("{:g}", *retry_after));
  return response;
}

MockResponse::End end_of(const Cast& cast) {
  switch (cast.outcome.end) {
    case net::HttpEnd::complete:
      return MockResponse::End::complete;
    case net::HttpEnd::first_byte_timeout:
    case net::HttpEnd::idle_timeout:
    case net::HttpEnd::total_timeout:
    case net::HttpEnd::stopped:
      return MockResponse::End::hold;
    default:
      return MockResponse::End::cut;
  }
}

class CastPlayer {
 public:
  CastPlayer(std::shared_ptr<const CastFolder> casts, CastServing serving)
      : casts_(std::move(casts)), serving_(std::move(serving)), random_(serving_.seed) {}

  MockResponse answer(const MockRequest& request) {
    if (request.method != "POST") {
      if (request.path.ends_with("/models") || request.path.ends_with("/tags"))
        return json_response(200, R"({"object":"list","data":[{"id":"cast","object":"model"}]})");
      return error_response(404, "there is nothing at this path", {});
    }
    if (n_request_ < serving_.first_statuses.size())
      return error_response(serving_.first_statuses[n_request_++], "as the script says",
                            serving_.retry_after_s);
    const auto found = casts_->next(request_sha(request));
    if (!found) return error_response(500, found.error().message, {});
    return play(found->second);
  }

 private:
  MockResponse play(const Cast& cast) {
    MockResponse response{.status = cast.status, .headers = cast.headers, .end = end_of(cast)};
    if (serving_.content_type) {
      std::erase_if(response.headers,
                    [](const auto& header) { return header.first == "content-type"; });
      response.headers.emplace_back("content-type", *serving_.content_type);
    }
    response.head_ns = scaled(cast.outcome.head_ns.value_or(0));
    int64_t last_ns = response.head_ns;
    size_t n_byte = 0;
    for (const Cast::Piece& piece : cast.pieces) {
      const size_t step = serving_.byte_at_a_time ? 1 : std::max<size_t>(piece.bytes.size(), 1);
      for (size_t at = 0; at < piece.bytes.size(); at += step) {
        std::string bytes = piece.bytes.substr(at, step);
        if (ends_before(bytes, n_byte, response)) return response;
        last_ns = std::max(last_ns, scaled(piece.t_ns) + jitter());
        response.pieces.push_back({last_ns, std::move(bytes)});
      }
    }
    response.end_ns = std::max(last_ns, response.end == MockResponse::End::complete
                                            ? scaled(cast.outcome.total_ns)
                                            : last_ns);
    return response;
  }

  // Cuts the piece where the response is to stall or break; true where nothing may follow.
  bool ends_before(std::string& bytes, size_t& n_byte, MockResponse& response) const {
    const size_t limit =
        std::min(serving_.stall_after.value_or(SIZE_MAX), serving_.cut_after.value_or(SIZE_MAX));
    n_byte += bytes.size();
    if (n_byte <= limit) return false;
    bytes.resize(bytes.size() - (n_byte - limit));
    const int64_t t_ns = response.pieces.empty() ? response.head_ns : response.pieces.back().t_ns;
    response.pieces.push_back({t_ns, bytes});
    response.end_ns = t_ns;
    response.end = serving_.stall_after == limit ? MockResponse::End::hold : MockResponse::End::cut;
    return true;
  }

  int64_t scaled(int64_t ns) const {
    return serving_.speed <= 0 ? 0 : static_cast<int64_t>(static_cast<double>(ns) / serving_.speed);
  }

  int64_t jitter() {
    return serving_.jitter_ms <= 0
               ? 0
               : static_cast<int64_t>(random_.uniform() * serving_.jitter_ms * 1e6);
  }

  std::shared_ptr<const CastFolder> casts_;
  CastServing serving_;
  Random random_;
  size_t n_request_ = 0;
};

}  // namespace

MockHandler cast_handler(std::shared_ptr<const CastFolder> casts, CastServing serving) {
  auto player = std::make_shared<CastPlayer>(std::move(casts), std::move(serving));
  return [player](const MockRequest& request) { return player->answer(request); };
}

}  // namespace stride::gauntlet
