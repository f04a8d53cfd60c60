// SPDX-License-Identifier: Apache-2.0
// One request from bytes in pieces of any size, on Beast's parser: fills an HttpRequest and adds
// the rules that Beast leaves to its user. Two lengths, a length list or an encoding other than
// chunked are refused, since a proxy in front might read them otherwise; so are HTTP/1.1 without
// Host, too many fields, and trailers never become headers. The body grows with what arrives, never
// by what a header announces.
//
// Included by http_server.cpp alone, the one file that compiles Boost.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "net/http_message.h"

namespace stride::net {

struct RequestFault {
  int status = 400;
  std::string_view message;
};

class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  struct Limits {
    size_t header_bytes = 0;
    size_t header_fields = 0;
    size_t body_bytes = 0;
  };

  explicit RequestParser(const Limits& limits) : limits_(limits) {
    header_limit(static_cast<uint32_t>(limits.header_bytes));
    body_limit(boost::none);
  }

  enum class Progress { need_more, header, body, complete, fault };

  // Takes what it can from the front of `bytes` and says how much. Each call ends at the end of the
  // header, so that the caller can decide about the body.
  std::pair<Progress, size_t> feed(std::string_view bytes) {
    // Beast asserts this much of a chunked body; a shorter rest is never complete.
    constexpr size_t kShortestLastChunk = 5;
    const bool had_header = is_header_done();
    if (had_header && chunked() && bytes.size() < kShortestLastChunk)
      return {Progress::need_more, 0};
    boost::beast::error_code error;
    const size_t n = put({bytes.data(), bytes.size()}, error);
    if (!had_header) n_header_ += n;
    if (error && error != boost::beast::http::error::need_more) {
      if (!fault_) fault_ = fault_of(error);
      return {Progress::fault, n};
    }
    if (n_header_ > limits_.header_bytes) {
      fault_ = kHeaderTooLarge;
      return {Progress::fault, n};
    }
    if (is_header_done() && !had_header) return {Progress::header, n};
    if (is_done()) return {Progress::complete, n};
    return {n == 0 || error ? Progress::need_more : Progress::body, n};
  }

  HttpRequest& request() { return request_; }
  const RequestFault& fault() const { return *fault_; }

 private:
  using Error = boost::beast::error_code;
  using View = boost::beast::string_view;
  using Field = boost::beast::http::field;

  static constexpr RequestFault kHeaderTooLarge{431, "The header of the request is too large."};

  static RequestFault fault_of(const Error& error) {
    namespace http = boost::beast::http;
    if (error == http::error::header_limit) return kHeaderTooLarge;
    if (error == http::error::bad_version)
      return {400, "The request line does not end in HTTP/1.0 or HTTP/1.1."};
    if (error == http::error::bad_method || error == http::error::bad_target)
      return {400, "The request line is not valid HTTP."};
    if (error == http::error::bad_content_length || error == http::error::multiple_content_length ||
        error == http::error::bad_transfer_encoding)
      return {400, "The request says its length in more than one way, or in a wrong one."};
    if (error == http::error::bad_chunk || error == http::error::bad_chunk_extension)
      return {400, "A chunk of the body is not valid."};
    return {400, "The request is not valid HTTP."};
  }

  void refuse(Error& error, int status, std::string_view message) {
    fault_ = RequestFault{status, message};
    error = boost::beast::http::error::bad_value;
  }

  void refuse_body(Error& error) {
    refuse(error, 413, "The body of the request is larger than this server accepts.");
  }

  void on_request_impl(boost::beast::http::verb, View method, View target, int version,
                       Error& error) override {
    request_.method = method;
    request_.target = target;
    request_.minor_version = version % 10;
    request_.head_only = method == "HEAD";
    if (request_.head_only) request_.method = "GET";
    std::string_view rest = request_.target;
    // The absolute form, which clients send to proxies.
    for (const std::string_view scheme : {"http://", "https://"}) {
      if (!rest.starts_with(scheme)) continue;
      const size_t slash = rest.find('/', scheme.size());
      rest = slash == std::string_view::npos ? "/" : rest.substr(slash);
    }
    if (!rest.starts_with('/') && !(rest == "*" && method == "OPTIONS"))
      return refuse(error, 400, "The target of the request does not begin with a slash.");
    rest = rest.substr(0, rest.find('#'));
    const size_t question = rest.find('?');
    request_.path = rest.substr(0, question);
    if (question != std::string_view::npos) request_.query = rest.substr(question + 1);
  }

  void on_field_impl(Field field, View name, View value, Error& error) override {
    if (is_header_done()) return;  // a trailer
    if (request_.headers.size() >= limits_.header_fields)
      return refuse(error, 431, "The request has too many header fields.");
    if (field == Field::content_length) {
      if (has_length_ || value.find(',') != View::npos)
        return refuse(error, 400, "The request has more than one Content-Length.");
      has_length_ = true;
    }
    if (field == Field::host && std::exchange(has_host_, true))
      return refuse(error, 400, "The request has more than one Host.");
    if (field == Field::transfer_encoding && !same_header_name(value, "chunked"))
      return refuse(error, 501, "The only Transfer-Encoding known here is chunked.");
    request_.headers.push_back({std::string(name), std::string(value)});
  }

  void on_header_impl(Error& error) override {
    if (request_.minor_version == 1 && !has_host_)
      return refuse(error, 400, "The request has no Host.");
    if (request_.minor_version == 0 && chunked())
      return refuse(error, 400, "HTTP/1.0 has no Transfer-Encoding.");
    if (content_length().value_or(0) > limits_.body_bytes) refuse_body(error);
  }

  void on_body_init_impl(const boost::optional<uint64_t>&, Error&) override {}

  size_t on_body_impl(View bytes, Error&) override {
    request_.body.append(bytes);
    return bytes.size();
  }

  void on_chunk_header_impl(uint64_t size, View, Error& error) override {
    if (size > limits_.body_bytes - request_.body.size()) refuse_body(error);
  }

  size_t on_chunk_body_impl(uint64_t, View bytes, Error&) override {
    request_.body.append(bytes);
    return bytes.size();
  }

  void on_finish_impl(Error&) override {}
  void on_response_impl(int, View, int, Error&) override {}

  const Limits limits_;
  size_t n_header_ = 0;
  bool has_length_ = false;
  bool has_host_ = false;
  HttpRequest request_{};
  std::optional<RequestFault> fault_{};
};

}  // namespace stride::net
