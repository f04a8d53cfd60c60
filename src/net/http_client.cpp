// SPDX-License-Identifier: Apache-2.0
#include "net/http_client.h"

#include <curl/curl.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <mutex>
#include <new>

#include "base/ascii.h"
#include "base/check.h"

namespace stride::net {
namespace {

constexpr size_t kMaxHeaderBytes = size_t{256} << 10;
constexpr int kLongestWaitMs = 1000;

// In the order of the enumeration.
constexpr std::array<std::string_view, 11> kEnds = {
    "complete",       "stopped",         "cancelled",
    "connect_failed", "connect_timeout", "first_byte_timeout",
    "idle_timeout",   "total_timeout",   "cut",
    "too_large",      "bad_response"};

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

int64_t ns_of(double seconds) {
  return std::llround(std::min(seconds, 1e9) * 1e9);
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, ascii_lower, ascii_lower);
}

struct EasyEnd {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiEnd {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct ListEnd {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// One request at a time; its connection stays with it. The easy handle goes first.
struct Slot {
  std::unique_ptr<CURLM, MultiEnd> multi{curl_multi_init()};
  std::unique_ptr<CURL, EasyEnd> easy{curl_easy_init()};
};

void prepare_library() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  STRIDE_CHECK(code == CURLE_OK);
}

HttpEnd end_of(CURLcode code, bool connected) {
  switch (code) {
    case CURLE_OK:
      return HttpEnd::complete;
    case CURLE_OPERATION_TIMEDOUT:
      return connected ? HttpEnd::total_timeout : HttpEnd::connect_timeout;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_PROXY:
      return HttpEnd::connect_failed;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return connected ? HttpEnd::cut : HttpEnd::connect_failed;
    default:
      return connected ? HttpEnd::bad_response : HttpEnd::connect_failed;
  }
}

}  // namespace

const std::string* find_header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers)
    if (same_name(key, name)) return &value;
  return nullptr;
}

std::string_view name(HttpEnd end) {
  return kEnds[static_cast<size_t>(end)];
}

std::optional<HttpEnd> parse_http_end(std::string_view name) {
  const auto found = std::find(kEnds.begin(), kEnds.end(), name);
  if (found == kEnds.end()) return std::nullopt;
  return static_cast<HttpEnd>(found - kEnds.begin());
}

// One request under way.
class HttpClient::Transfer {
 public:
  Transfer(Slot& slot, const ClientRequest& request, const HttpListener& listener)
      : slot_(slot), request_(request), listener_(listener) {}

  HttpOutcome run(const std::stop_token& stop) {
    set_up();
    const auto wake = std::stop_callback(
        stop, [multi = slot_.multi.get()] { static_cast<void>(curl_multi_wakeup(multi)); });
    STRIDE_CHECK(curl_multi_add_handle(slot_.multi.get(), slot_.easy.get()) == CURLM_OK);
    begin_ns_ = now_ns();
    while (!step(stop)) {
    }
    read_times();
    static_cast<void>(curl_multi_remove_handle(slot_.multi.get(), slot_.easy.get()));
    return std::move(outcome_);
  }

 private:
  template <class Value>
  void set(CURLoption option, Value value) {
    STRIDE_CHECK(curl_easy_setopt(slot_.easy.get(), option, value) == CURLE_OK);
  }

  void set_up() {
    curl_easy_reset(slot_.easy.get());
    url_ = to_string(request_.url);
    set(CURLOPT_URL, url_.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (!request_.use_proxy) set(CURLOPT_PROXY, "");
    if (request_.new_connection) set(CURLOPT_FRESH_CONNECT, 1L);
    set(CURLOPT_CONNECTTIMEOUT_MS, request_.timeouts.connect > 0
                                       ? std::lround(request_.timeouts.connect * 1000)
                                       : 86'400'000L);
    set_body();
    set_headers();
    set(CURLOPT_ERRORBUFFER, error_.data());
    set(CURLOPT_PREREQFUNCTION, &Transfer::on_connected);
    set(CURLOPT_PREREQDATA, this);
    set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, &Transfer::on_bytes);
    set(CURLOPT_WRITEDATA, this);
  }

  void set_body() {
    if (request_.method == "HEAD") return set(CURLOPT_NOBODY, 1L);
    if (request_.method != "GET") {
      set(CURLOPT_POST, 1L);
      set(CURLOPT_POSTFIELDS, request_.body.data());
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    }
    set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }

  void add_header(const std::string& line) {
    curl_slist* longer = curl_slist_append(headers_.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(headers_.release());
    headers_.reset(longer);
  }

  void set_headers() {
    add_header("Expect:");  // a body is sent at once, whatever its size
    for (const auto& [key, value] : request_.headers)
      add_header(value.empty() ? key + ";" : key + ": " + value);
    set(CURLOPT_HTTPHEADER, headers_.get());
  }

  // One round of work and of waiting; true at the end of the request.
  bool step(const std::stop_token& stop) {
    int n_running = 0;
    STRIDE_CHECK(curl_multi_perform(slot_.multi.get(), &n_running) == CURLM_OK);
    int n_left = 0;
    while (const CURLMsg* message = curl_multi_info_read(slot_.multi.get(), &n_left))
      if (message->msg == CURLMSG_DONE) return end_with(message->data.result);
    if (stop.stop_requested()) return end_as(HttpEnd::cancelled, "the request was cancelled");
    const int64_t wait_ns = next_deadline();
    if (wait_ns <= 0) return true;
    const int wait_ms =
        static_cast<int>(std::min<int64_t>(wait_ns / 1'000'000 + 1, kLongestWaitMs));
    static_cast<void>(curl_multi_poll(slot_.multi.get(), nullptr, 0, wait_ms, nullptr));
    return false;
  }

  bool end_as(HttpEnd end, std::string message) {
    outcome_.end = end;
    outcome_.message = std::move(message);
    return true;
  }

  bool end_with(CURLcode code) {
    if (forced_ == HttpEnd::stopped) return end_as(HttpEnd::stopped, {});
    if (code == CURLE_OK && !outcome_.head_ns)
      return end_as(HttpEnd::cut, "the connection ended inside the response headers");
    if (code == CURLE_OK) return end_as(HttpEnd::complete, {});
    if (forced_) return end_as(*forced_, "the response is larger than is accepted");
    const HttpEnd end = end_of(code, t0_ns_.has_value());
    const char* reason = error_[0] != '\0' ? error_.data() : curl_easy_strerror(code);
    return end_as(end, reason);
  }

  // Nanoseconds until the first of the timeouts; where one has passed, 0 with the end set.
  int64_t next_deadline() {
    if (!t0_ns_) return ns_of(1);  // the connect timeout is the library's
    const int64_t t = now_ns() - *t0_ns_;
    int64_t nearest = ns_of(1);
    const auto check = [&](double limit, int64_t since, HttpEnd end, std::string_view what) {
      if (limit <= 0 || nearest <= 0) return;
      const int64_t left = since + ns_of(limit) - t;
      if (left <= 0) end_as(end, fmt::format("{} within {:g} s", what, limit));
      nearest = std::min(nearest, left);
    };
    const HttpTimeouts& limits = request_.timeouts;
    if (last_byte_ns_ && listener_.is_complete && listener_.is_complete())
      check(limits.linger, *last_byte_ns_, HttpEnd::stopped, "the server did not end the response");
    check(limits.total, 0, HttpEnd::total_timeout, "the answer did not end");
    if (last_byte_ns_)
      check(limits.idle, *last_byte_ns_, HttpEnd::idle_timeout, "nothing more came");
    else
      check(limits.first_byte, 0, HttpEnd::first_byte_timeout, "nothing came");
    return std::max<int64_t>(nearest, 0);
  }

  void read_times() {
    outcome_.total_ns = now_ns() - t0_ns_.value_or(begin_ns_);
    CURL* easy = slot_.easy.get();
    long n_connect = 0;
    curl_off_t dns = 0, tcp = 0, tls = 0;
    curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &n_connect);
    curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &dns);
    curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &tcp);
    curl_easy_getinfo(easy, CURLINFO_APPCONNECT_TIME_T, &tls);
    outcome_.new_connection = n_connect > 0 && t0_ns_;
    if (!outcome_.new_connection) return;
    outcome_.dns_ns = dns * 1000;
    outcome_.tcp_ns = (tcp - dns) * 1000;
    if (tls > 0) outcome_.tls_ns = (tls - tcp) * 1000;
  }

  static int on_connected(void* self, char*, char*, int, int) {
    static_cast<Transfer*>(self)->t0_ns_ = now_ns();
    return CURL_PREREQFUNC_OK;
  }

  static size_t on_header(char* data, size_t size, size_t count, void* self) {
    return static_cast<Transfer*>(self)->take_header({data, size * count}) ? size * count : 0;
  }

  static size_t on_bytes(char* data, size_t size, size_t count, void* self) {
    return static_cast<Transfer*>(self)->take_body({data, size * count}) ? size * count : 0;
  }

  bool take_header(std::string_view line) {
    n_header_bytes_ += line.size();
    if (n_header_bytes_ > kMaxHeaderBytes) {
      forced_ = HttpEnd::too_large;
      return false;
    }
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
    if (line.starts_with("HTTP/")) {  // also after an interim response
      head_ = {};
      long status = 0;
      curl_easy_getinfo(slot_.easy.get(), CURLINFO_RESPONSE_CODE, &status);
      head_.status = static_cast<int>(status);
    } else if (!line.empty()) {
      const size_t colon = line.find(':');
      if (colon == line.npos) return true;
      std::string_view value = line.substr(colon + 1);
      while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
      head_.headers.emplace_back(line.substr(0, colon), value);
    } else if (head_.status >= 200 && !outcome_.head_ns) {  // not for trailers
      outcome_.head_ns = now_ns() - t0_ns_.value_or(begin_ns_);
      if (listener_.on_head) listener_.on_head(head_, *outcome_.head_ns);
    }
    return true;
  }

  bool take_body(std::string_view bytes) {
    last_byte_ns_ = now_ns() - t0_ns_.value_or(begin_ns_);
    n_body_bytes_ += bytes.size();
    if (n_body_bytes_ > request_.max_body_bytes) {
      forced_ = HttpEnd::too_large;
      return false;
    }
    if (!listener_.on_body || listener_.on_body(bytes, *last_byte_ns_)) return true;
    forced_ = HttpEnd::stopped;
    return false;
  }

  Slot& slot_;
  const ClientRequest& request_;
  const HttpListener& listener_;
  std::string url_{};
  std::unique_ptr<curl_slist, ListEnd> headers_{};
  std::array<char, CURL_ERROR_SIZE> error_{};
  HttpHead head_{};
  HttpOutcome outcome_{};
  int64_t begin_ns_ = 0;
  std::optional<int64_t> t0_ns_{}, last_byte_ns_{};
  std::optional<HttpEnd> forced_{};
  size_t n_header_bytes_ = 0, n_body_bytes_ = 0;
};

struct HttpClient::Pool {
  std::mutex mutex{};
  std::vector<std::unique_ptr<Slot>> idle{};
};

HttpClient::HttpClient() : pool_(std::make_unique<Pool>()) {
  prepare_library();
}

HttpClient::~HttpClient() = default;

HttpOutcome HttpClient::send(const ClientRequest& request, const HttpListener& listener,
                             std::stop_token stop) {
  std::unique_ptr<Slot> slot;
  {
    const std::scoped_lock lock(pool_->mutex);
    // The one used last is the one whose connection most likely still stands.
    if (!pool_->idle.empty()) {
      slot = std::move(pool_->idle.back());
      pool_->idle.pop_back();
    }
  }
  if (!slot) slot = std::make_unique<Slot>();
  if (!slot->multi || !slot->easy) throw std::bad_alloc();
  HttpOutcome outcome = Transfer(*slot, request, listener).run(stop);
  const std::scoped_lock lock(pool_->mutex);
  pool_->idle.push_back(std::move(slot));
  return outcome;
}

}  // namespace stride::net
