// SPDX-License-Identifier: Apache-2.0
// A recorded response, `*.sgcast`: one line of JSON about the request and the response, then one
// line for each piece of the body, [nanoseconds since t0, "base64"], as it was received. A replay
// gives the attempt that the live response gave, times included. Keys are never in it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gauntlet/attempt.h"
#include "gauntlet/capture.h"
#include "net/http_client.h"

namespace stride::gauntlet {

// The request hash of a cast that answers every request.
inline constexpr std::string_view kAnyRequest = "any";

struct Cast {
  struct Piece {
    int64_t t_ns = 0;
    std::string bytes{};

    bool operator==(const Piece&) const = default;
  };

  Api api = Api::openai;
  bool stream = true;  // as asked
  std::string request_sha{kAnyRequest};
  int status = 0;  // 0: no response
  net::Headers headers{};
  net::HttpOutcome outcome{};
  std::vector<Piece> pieces{};
  std::vector<std::string> redactions{};  // what was taken out, by name
  std::string about{};                    // for readers
};

// Headers that are kept: what the capture reads, and what tells servers apart.
net::Headers allowed_headers(const net::Headers& headers);

std::string write_cast(const Cast& cast);
// The error names the line.
Result<Cast> read_cast(std::string_view text);

// Puts x in place of every occurrence of `secret` in the headers and in the body, across its
// pieces, and says so in the redactions.
void redact(Cast& cast, std::string_view secret);

// What a live response of these bytes at these times gives.
Attempt replay(const Cast& cast, CaptureOptions options);

// The casts of a folder by request. Several of one request are given in the order of their names,
// the last again and again; casts for any request fill in where none fits.
class CastFolder {
 public:
  // A folder, or one cast alone.
  static Result<CastFolder> open(const std::filesystem::path& path);
  CastFolder(CastFolder&&) noexcept;
  CastFolder& operator=(CastFolder&&) noexcept;
  ~CastFolder();

  // The next cast for the request, with its file name. Errc::not_found where none fits.
  Result<std::pair<std::string, Cast>> next(std::string_view request_sha) const;

 private:
  struct State;
  explicit CastFolder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Writes the cast under a name that is still free, which is returned.
Result<std::string> save_cast(const std::filesystem::path& folder, const Cast& cast);

}  // namespace stride::gauntlet
