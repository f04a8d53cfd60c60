// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/cast.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>

#include "base/ascii.h"
#include "base/output_file.h"
#include "gauntlet/encoding.h"
#include "json/json.h"

namespace stride::gauntlet {
namespace {

namespace fs = std::filesystem;

constexpr int kVersion = 1;
constexpr uintmax_t kMaxFileBytes = uintmax_t{256} << 20;
constexpr size_t kMaxFiles = 100'000;
constexpr std::string_view kExtension = ".sgcast";
constexpr int64_t kLongestNs = int64_t{86'400} * 1'000'000'000 * 10;

constexpr std::array<std::string_view, 9> kKeptHeaders = {
    "content-type", "content-encoding", "retry-after", "location",     "server",
    "x-request-id", "request-id",       "date",        "cache-control"};

// The header line.
Json header_of(const Cast& cast) {
  Json header = {{"version", kVersion},
                 {"request_sha", cast.request_sha},
                 {"api", name(cast.api)},
                 {"stream", cast.stream},
                 {"status", cast.status}};
  if (!cast.about.empty()) header["about"] = cast.about;
  header["headers"] = Json::object();
  for (const auto& [key, value] : cast.headers) header["headers"][key] = value;
  header["redactions"] = cast.redactions;
  const net::HttpOutcome& outcome = cast.outcome;
  header["end"] = net::name(outcome.end);
  header["message"] = outcome.message;
  header["new_connection"] = outcome.new_connection;
  Json times = Json::object();
  const auto put = [&](const char* key, std::optional<int64_t> ns) {
    if (ns) times[key] = *ns;
  };
  put("dns", outcome.dns_ns);
  put("tcp", outcome.tcp_ns);
  put("tls", outcome.tls_ns);
  put("head", outcome.head_ns);
  put("total", outcome.total_ns);
  header["times_ns"] = std::move(times);
  return header;
}

Result<int64_t> read_time(const Json& value, std::string_view what) {
  const auto ns = json::is_number(value) ? json::as_int64(value) : std::nullopt;
  if (!ns || *ns < 0 || *ns > kLongestNs)
    return fail(Errc::format, "{} is not a time in nanoseconds", what);
  return *ns;
}

Result<std::string> text_of(const Json& header, std::string_view key, bool required) {
  const std::string* text = json::string_member(header, key);
  if (text == nullptr && required) return fail(Errc::format, "\"{}\" is missing", key);
  return text == nullptr ? std::string() : *text;
}

bool flag_of(const Json& header, std::string_view key, bool otherwise) {
  const Json* value = json::member(header, key);
  return value != nullptr && value->is_boolean() ? value->get<bool>() : otherwise;
}

Result<> read_times(const Json& header, net::HttpOutcome& outcome) {
  const Json* times = json::member(header, "times_ns");
  if (times == nullptr || !times->is_object()) return fail(Errc::format, "\"times_ns\" is missing");
  const auto read = [&](const char* key, std::optional<int64_t>& target) -> Result<> {
    if (const Json* value = json::member(*times, key)) target = STRIDE_TRY(read_time(*value, key));
    return {};
  };
  std::optional<int64_t> total;
  STRIDE_TRY(read("dns", outcome.dns_ns));
  STRIDE_TRY(read("tcp", outcome.tcp_ns));
  STRIDE_TRY(read("tls", outcome.tls_ns));
  STRIDE_TRY(read("head", outcome.head_ns));
  STRIDE_TRY(read("total", total));
  outcome.total_ns = total.value_or(0);
  return {};
}

Result<Cast> read_header(std::string_view line) {
  const Json header = STRIDE_TRY(json::parse(line));
  if (!header.is_object()) return fail(Errc::format, "is no object");
  const Json* version = json::member(header, "version");
  if (version == nullptr || !json::is_number(*version) || json::as_int64(*version) != kVersion)
    return fail(Errc::unsupported, "is not of version {}", kVersion);
  Cast cast;
  cast.request_sha = STRIDE_TRY(text_of(header, "request_sha", true));
  const std::string api = STRIDE_TRY(text_of(header, "api", true));
  const auto parsed_api = parse_api(api);
  if (!parsed_api) return fail(Errc::format, "\"api\" is \"{}\"", one_line(api, 40));
  cast.api = *parsed_api;
  cast.stream = flag_of(header, "stream", true);
  const Json* status = json::member(header, "status");
  const auto number = status && json::is_number(*status) ? json::as_int64(*status) : std::nullopt;
  if (!number || *number < 0 || *number > 999) return fail(Errc::format, "\"status\" is no status");
  cast.status = static_cast<int>(*number);
  if (const Json* headers = json::member(header, "headers"); headers && headers->is_object())
    for (const auto& [key, value] : headers->items())
      if (value.is_string()) cast.headers.emplace_back(key, value.get<std::string>());
  if (const Json* list = json::member(header, "redactions"); list && list->is_array())
    for (const Json& item : *list)
      if (item.is_string()) cast.redactions.push_back(item.get<std::string>());
  cast.about = STRIDE_TRY(text_of(header, "about", false));
  const auto end = net::parse_http_end(STRIDE_TRY(text_of(header, "end", true)));
  if (!end) return fail(Errc::format, "\"end\" is unknown");
  cast.outcome.end = *end;
  cast.outcome.message = STRIDE_TRY(text_of(header, "message", false));
  cast.outcome.new_connection = flag_of(header, "new_connection", false);
  STRIDE_TRY(read_times(header, cast.outcome));
  return cast;
}

Result<Cast::Piece> read_piece(std::string_view line) {
  const Json pair = STRIDE_TRY(json::parse(line));
  if (!pair.is_array() || pair.size() != 2 || !pair[1].is_string())
    return fail(Errc::format, "is not [time, base64]");
  auto bytes = from_base64(pair[1].get_ref<const std::string&>());
  if (!bytes) return fail(Errc::format, "is not base64");
  return Cast::Piece{STRIDE_TRY(read_time(pair[0], "its first item")), std::move(*bytes)};
}

Result<std::string> read_file(const fs::path& path) {
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  if (error) return fail(Errc::io, "cannot read {}: {}", path.string(), error.message());
  if (size > kMaxFileBytes)
    return fail(Errc::exhausted, "{} is larger than {} bytes", path.string(), kMaxFileBytes);
  std::ifstream in(path, std::ios::binary);
  std::string text(size, '\0');
  if (!in.read(text.data(), static_cast<std::streamsize>(size)))
    return fail(Errc::io, "cannot read {}", path.string());
  return text;
}

// Of files small enough to be read, sorted.
Result<std::vector<std::string>> cast_names(const fs::path& folder) {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    const bool fits = entry->path().extension() == kExtension && names.size() < kMaxFiles &&
                      entry->is_regular_file(ignored) && entry->file_size(ignored) <= kMaxFileBytes;
    if (fits) names.push_back(entry->path().filename().string());
  }
  if (error) return fail(Errc::io, "cannot read {}: {}", folder.string(), error.message());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

net::Headers allowed_headers(const net::Headers& headers) {
  net::Headers kept;
  for (const auto& [key, value] : headers) {
    const std::string name = ascii_lowered(key);
    const bool allowed =
        std::find(kKeptHeaders.begin(), kKeptHeaders.end(), name) != kKeptHeaders.end();
    if (allowed && net::find_header(kept, name) == nullptr) kept.emplace_back(name, value);
  }
  return kept;
}

std::string write_cast(const Cast& cast) {
  std::string out = json::dump(header_of(cast)) + "\n";
  for (const Cast::Piece& piece : cast.pieces)
    out += fmt::format("[{}, \"{}\"]\n", piece.t_ns, to_base64(piece.bytes));
  return out;
}

Result<Cast> read_cast(std::string_view text) {
  Cast cast;
  int64_t last_ns = 0;
  for (size_t number = 1; !text.empty() || number == 1; ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::string place = fmt::format("line {}", number);
    if (number == 1) {
      cast = STRIDE_TRY_AT(place, read_header(line));
      continue;
    }
    if (line.empty()) continue;
    Cast::Piece piece = STRIDE_TRY_AT(place, read_piece(line));
    if (piece.t_ns < last_ns) return fail(Errc::format, "{}: time goes backwards", place);
    last_ns = piece.t_ns;
    cast.pieces.push_back(std::move(piece));
  }
  return cast;
}

void redact(Cast& cast, std::string_view secret) {
  if (secret.empty()) return;
  bool found = false;
  const auto clean = [&](std::string& text) {
    for (size_t at = 0; (at = text.find(secret, at)) != text.npos; at += secret.size()) {
      text.replace(at, secret.size(), secret.size(), 'x');
      found = true;
    }
  };
  for (auto& header : cast.headers) clean(header.second);
  clean(cast.outcome.message);
  std::string body;
  for (const Cast::Piece& piece : cast.pieces) body += piece.bytes;
  clean(body);
  size_t at = 0;
  for (Cast::Piece& piece : cast.pieces) {
    piece.bytes = body.substr(at, piece.bytes.size());
    at += piece.bytes.size();
  }
  if (found) cast.redactions.emplace_back("key");
}

Attempt replay(const Cast& cast, CaptureOptions options) {
  Capture capture(std::move(options));
  if (cast.status != 0) capture.head(cast.status, cast.headers, cast.outcome.head_ns.value_or(0));
  for (const Cast::Piece& piece : cast.pieces)
    if (!capture.push(piece.bytes, piece.t_ns)) break;
  return capture.finish(cast.outcome);
}

struct CastFolder::State {
  fs::path folder;
  std::map<std::string, std::vector<std::string>, std::less<>> files{};  // by request, sorted
  std::mutex mutex{};
  std::map<std::string, size_t, std::less<>> n_given{};
};

CastFolder::CastFolder(std::unique_ptr<State> state) : state_(std::move(state)) {}
CastFolder::CastFolder(CastFolder&&) noexcept = default;
CastFolder& CastFolder::operator=(CastFolder&&) noexcept = default;
CastFolder::~CastFolder() = default;

Result<CastFolder> CastFolder::open(const fs::path& path) {
  std::error_code error;
  const bool alone = fs::is_regular_file(path, error);
  auto state = std::make_unique<State>();
  state->folder = alone ? path.parent_path() : path;
  const std::vector<std::string> names =
      alone ? std::vector{path.filename().string()} : STRIDE_TRY(cast_names(path));
  for (const std::string& name : names) {
    std::ifstream in(state->folder / name, std::ios::binary);
    std::string line;
    std::getline(in, line);
    if (line.empty()) continue;  // a recording that was ended before it was written
    const Cast cast = STRIDE_TRY_AT(name, read_header(line));
    state->files[cast.request_sha].push_back(name);
  }
  if (state->files.empty())
    return fail(Errc::not_found, "{} holds no {} files", path.string(), kExtension);
  return CastFolder(std::move(state));
}

Result<std::pair<std::string, Cast>> CastFolder::next(std::string_view request_sha) const {
  auto found = state_->files.find(request_sha);
  const bool own = found != state_->files.end();
  if (!own) found = state_->files.find(kAnyRequest);
  if (found == state_->files.end())
    return fail(Errc::not_found, "{} holds no cast of the request {}", state_->folder.string(),
                request_sha.substr(0, 16));
  const std::vector<std::string>& names = found->second;
  size_t n = 0;
  {
    const std::scoped_lock lock(state_->mutex);
    n = state_->n_given[found->first]++;
  }
  // Casts of one request end with their last; those for any request go round.
  const std::string& name = names[own ? std::min(n, names.size() - 1) : n % names.size()];
  const std::string text = STRIDE_TRY(read_file(state_->folder / name));
  return std::pair(name, STRIDE_TRY_AT(name, read_cast(text)));
}

Result<std::string> save_cast(const fs::path& folder, const Cast& cast) {
  const std::string text = write_cast(cast);
  const std::string stem = cast.request_sha.substr(0, 16);
  for (size_t n = 0; n < kMaxFiles; ++n) {
    const std::string name = fmt::format("{}-{:04}{}", stem, n, kExtension);
    const fs::path path = folder / name;
    // The name is claimed before it is written, as several threads may record the same request.
    const int fd = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    if (fd < 0 && errno == EEXIST) continue;
    if (fd < 0)
      return fail(Errc::io, "cannot write {}: {}", path.string(),
                  std::generic_category().message(errno));
    ::close(fd);
    OutputFile file = STRIDE_TRY(OutputFile::create(path));
    STRIDE_TRY(file.write(text));
    STRIDE_TRY(file.commit());
    return name;
  }
  return fail(Errc::exhausted, "{} is full of casts of one request", folder.string());
}

}  // namespace stride::gauntlet
