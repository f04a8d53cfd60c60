// SPDX-License-Identifier: Apache-2.0
// stride gauntlet mock: recorded casts served as an endpoint, with faults on demand.
#include <fmt/core.h>

#include <condition_variable>
#include <memory>
#include <mutex>

#include "cli/endpoint_flags.h"
#include "cli/gauntlet_commands.h"
#include "cli/human.h"
#include "gauntlet/mock_server.h"

namespace stride::cli {
namespace {

struct Options {
  std::string folder;
  uint32_t port = 8089;
  double speed = 1, jitter_ms = 0;
  uint64_t seed = 1;
  bool byte_at_a_time = false;
  std::optional<uint64_t> stall_after, cut_after;
  std::string statuses;
  std::optional<double> retry_after;
  std::optional<std::string> content_type;
};

Result<std::vector<int>> read_statuses(const std::string& text) {
  std::vector<int> statuses;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    const std::string item = text.substr(at, end - at);
    at = end + 1;
    const bool digits = item.size() == 3 && item.find_first_not_of("0123456789") == item.npos;
    if (!digits || item[0] < '2' || item[0] > '5')
      return fail(Errc::invalid_argument, "--statuses holds \"{}\", which is no HTTP status", item);
    statuses.push_back(std::stoi(item));
  }
  return statuses;
}

Result<gauntlet::CastServing> read_serving(const Options& options) {
  if (options.speed != 0 && !(options.speed >= 0.001 && options.speed <= 1e6))
    return fail(Errc::invalid_argument, "--speed is {:g}; it must be 0 or 0.001 to 1000000",
                options.speed);
  if (!(options.jitter_ms >= 0 && options.jitter_ms <= 60'000))
    return fail(Errc::invalid_argument, "--jitter is {:g}; it must be 0 to 60000",
                options.jitter_ms);
  if (options.content_type && options.content_type->find_first_of("\r\n") != std::string::npos)
    return fail(Errc::invalid_argument, "--content-type must be one line");
  return gauntlet::CastServing{.speed = options.speed,
                               .byte_at_a_time = options.byte_at_a_time,
                               .jitter_ms = options.jitter_ms,
                               .seed = options.seed,
                               .stall_after = options.stall_after,
                               .cut_after = options.cut_after,
                               .first_statuses = STRIDE_TRY(read_statuses(options.statuses)),
                               .retry_after_s = options.retry_after,
                               .content_type = options.content_type};
}

Result<int> run(const Options& options) {
  if (options.port > 65535) return fail(Errc::invalid_argument, "--port must be at most 65535");
  auto serving = STRIDE_TRY(read_serving(options));
  auto casts = std::make_shared<const gauntlet::CastFolder>(
      STRIDE_TRY(gauntlet::CastFolder::open(options.folder)));
  const StopOnInterrupt interrupt;
  const auto server = STRIDE_TRY(gauntlet::MockServer::start(
      {.port = static_cast<uint16_t>(options.port),
       .handler = gauntlet::cast_handler(std::move(casts), std::move(serving))}));
  fmt::print("serving the casts of {} at http://127.0.0.1:{}; Ctrl-C ends it\n",
             printable(options.folder), server.port());
  std::fflush(stdout);
  std::mutex mutex;
  std::condition_variable_any ended;
  std::unique_lock lock(mutex);
  ended.wait(lock, interrupt.token(), [] { return false; });
  fmt::print("{} requests served\n", server.n_request());
  return kGauntletOk;
}

}  // namespace

int gauntlet_mock(Arguments args) {
  Options options;
  CommandLine line("gauntlet mock",
                   "Serves recorded casts as an endpoint on the loopback: by the content of the "
                   "request, or in turn where a cast is for any request.");
  line.positional("DIR", options.folder, "folder of *.sgcast files")
      .option("-p,--port", options.port, "0: any that is free")
      .option("--speed", options.speed, "2: twice as fast as recorded; 0: as fast as possible")
      .flag("--byte-at-a-time", options.byte_at_a_time, "every byte in a piece of its own")
      .option("--jitter", options.jitter_ms, "milliseconds by which a piece may be late")
      .option("--seed", options.seed, "of the jitter")
      .option("--stall-after", options.stall_after, "bytes of the body after which nothing comes")
      .option("--cut-after", options.cut_after, "bytes of the body after which the connection ends")
      .option("--statuses", options.statuses, "statuses of the first requests: 429,429,503")
      .option("--retry-after", options.retry_after, "seconds, sent with these")
      .option("--content-type", options.content_type, "instead of the recorded one")
      .example("stride gauntlet mock casts --statuses 429,429 --retry-after 1", "rate limits first")
      .example("stride gauntlet mock casts --byte-at-a-time --jitter 2", "the hardest cuts");
  if (const auto stop = line.parse(args)) return *stop == 0 ? kGauntletOk : kGauntletUsage;
  const auto code = run(options);
  if (code) return *code;
  fmt::print(stderr, "stride gauntlet mock: {}\n", printable(code.error().message, 400));
  return kGauntletUsage;
}

}  // namespace stride::cli
