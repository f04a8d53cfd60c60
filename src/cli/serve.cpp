// SPDX-License-Identifier: Apache-2.0
// stride serve: the model for programs, over HTTP.
#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "api/server.h"
#include "cli/commands.h"
#include "cli/find_model.h"
#include "cli/generation_flags.h"
#include "cli/interrupt.h"
#include "cli/model_flags.h"
#include "cli/report.h"
#include "cli/serve_service.h"
#include "cli/text_file.h"
#include "web/page.h"

namespace stride::cli {
namespace {

using std::chrono::steady_clock;

constexpr uint64_t kMostKeyFileBytes = uint64_t{1} << 20;
constexpr auto kLookForSignals = std::chrono::milliseconds(50);
// For the last bytes of answers that have ended.
constexpr auto kSendingTime = std::chrono::seconds(2);

struct Options {
  ModelFlags model;
  GenerationFlags generation;
  ServiceFlags service;
  std::string host = "127.0.0.1";
  uint32_t port = 8080;
  std::string unix_socket;
  std::string tls_certificate;
  std::string tls_key;
  std::vector<std::string> keys;
  std::string key_file;
  std::vector<std::string> hosts;
  std::vector<std::string> origins;
  std::string prefix;
  std::string alias;
  std::string reasoning = "both";
  std::string state;
  std::string trace;
  std::string log;
  uint32_t body_mib = 64;
  uint32_t per_key = 0;
  double ping = 5;
  double patience = 30;
};

void declare_network(CommandLine& line, Options& o) {
  line.option("--host", o.host, "address to listen on; 0.0.0.0 = every one of this machine")
      .option("--port", o.port, "port to listen on; 0 = any free one")
      .option("--unix-socket", o.unix_socket, "listen on this socket in the file system instead")
      .option("--tls-cert", o.tls_certificate, "certificate chain (PEM); with --tls-key: HTTPS")
      .option("--tls-key", o.tls_key, "private key (PEM)")
      .option("--api-key", o.keys, "key that callers must show (repeatable)")
      .option("--api-key-file", o.key_file, "file with a key on each line, and perhaps a name")
      .option("--allowed-host", o.hosts, "further name in the Host header (repeatable); * = any")
      .option("--cors", o.origins,
              "origin whose pages may call (repeatable); localhost, or * = any")
      .option("--api-prefix", o.prefix, "put before every path")
      .option("--max-body", o.body_mib, "largest body of a request, in MiB")
      .option("--per-key", o.per_key,
              "answers that a key, or without keys an address, may have at once; 0 = any number")
      .option("--ping", o.ping, "seconds of silence after which a stream gets a sign of life");
}

void declare_server(CommandLine& line, Options& o) {
  line.option("-a,--alias", o.alias, "name of the model; the file's name if not given")
      .choice("--reasoning-field", o.reasoning,
              {"both", "reasoning_content", "reasoning", "none", "content"},
              "name of the field that carries reasoning in chat completions")
      .option("--state", o.state, "folder for stored responses; - = keep them in memory only")
      .option("--trace", o.trace, "folder for a bundle of each request and its answer")
      .option("--log", o.log, "file for a line of JSON for each request; - = standard error")
      .option("--patience", o.patience, "seconds that running answers may take after Ctrl-C");
}

Result<std::vector<api::Key>> read_keys(const Options& options) {
  std::string text;
  for (const std::string& key : options.keys) text += key + "\n";
  if (!options.key_file.empty())
    text += STRIDE_TRY(read_regular_file(options.key_file, kMostKeyFileBytes));
  return api::parse_keys(text);
}

// "step-3.5-flash" of "models/step-3.5-flash-00001-of-00004.gguf".
std::string model_name(const Options& options) {
  if (!options.alias.empty()) return options.alias;
  const auto path = find_model(options.model.model, bundled_places(executable_folder()));
  std::string name = path ? path->stem().string() : "stride";
  if (const size_t part = name.find("-00001-of-"); part != std::string::npos) name.resize(part);
  return name.empty() ? "stride" : name;
}

api::ReasoningField reasoning_field(std::string_view name) {
  using enum api::ReasoningField;
  return name == "reasoning_content" ? reasoning_content
         : name == "reasoning"       ? reasoning
         : name == "none"            ? none
         : name == "content"         ? in_content
                                     : both;
}

// $XDG_STATE_HOME/stride, or ~/.local/state/stride.
std::filesystem::path state_folder(const std::string& given) {
  if (given == "-") return {};
  if (!given.empty()) return given;
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state != '\0')
    return std::filesystem::path(state) / "stride";
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') return {};
  return std::filesystem::path(home) / ".local/state/stride";
}

// Writes lines from any thread.
class LogFile {
 public:
  static Result<std::shared_ptr<LogFile>> open(const std::string& path) {
    std::FILE* file = path == "-" ? stderr : std::fopen(path.c_str(), "ae");
    if (file == nullptr) return fail(Errc::io, "--log {}: cannot be written", path);
    return std::shared_ptr<LogFile>(new LogFile(file));
  }
  ~LogFile() {
    if (file_ != stderr) std::fclose(file_);
  }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  void write(std::string_view line) {
    const std::scoped_lock lock(mutex_);
    std::fwrite(line.data(), 1, line.size(), file_);
    std::fputc('\n', file_);
    std::fflush(file_);
  }

 private:
  explicit LogFile(std::FILE* file) : file_(file) {}

  std::mutex mutex_;
  std::FILE* file_;
};

// The chat page at "/" and its files.
std::optional<net::HttpResponse> page_file(const net::HttpRequest& request,
                                           std::string_view prefix) {
  std::string_view path = request.path;
  if (!prefix.empty() && path.starts_with(prefix)) path.remove_prefix(prefix.size());
  const auto answer = web::answer({.path = path.empty() ? "/" : path,
                                   .accept_encoding = request.header("accept-encoding"),
                                   .if_none_match = request.header("if-none-match")});
  if (!answer) return std::nullopt;
  net::HttpResponse out;
  out.status = answer->status;
  for (const web::Header& header : answer->headers)
    out.headers.push_back({std::string(header.name), std::string(header.value)});
  out.body.assign(reinterpret_cast<const char*>(answer->body.data()), answer->body.size());
  return out;
}

Result<api::ServerOptions> server_options(const Options& o, const engine::Engine& engine,
                                          uint32_t context) {
  if (o.port > 65535)
    return fail(Errc::invalid_argument, "--port is {}; it must be at most 65535", o.port);
  if (!(o.ping >= 0.1 && o.ping <= 3600))
    return fail(Errc::invalid_argument, "--ping is {}; it must be from 0.1 to 3600", o.ping);
  if (!(o.patience >= 0 && o.patience <= 86400))
    return fail(Errc::invalid_argument, "--patience is {}; it must be from 0 to 86400", o.patience);
  if (o.body_mib < 1 || o.body_mib > 1024)
    return fail(Errc::invalid_argument, "--max-body is {}; it must be from 1 to 1024", o.body_mib);
  api::ServerOptions out;
  out.net.address = o.host;
  out.net.port = static_cast<uint16_t>(o.port);
  out.net.unix_path = o.unix_socket;
  out.net.tls_certificate = o.tls_certificate;
  out.net.tls_key = o.tls_key;
  out.net.limits.body_bytes = size_t{o.body_mib} << 20;
  out.keys = STRIDE_TRY(read_keys(o));
  out.hosts = o.hosts;
  out.cors.origins = o.origins;
  out.prefix = o.prefix;
  out.defaults.options = STRIDE_TRY(generation_options(o.generation, engine));
  out.defaults.options.chunk = o.model.batch;
  if (o.generation.seed != "random" && o.generation.seed != "-1")
    out.seed = out.defaults.options.sampling.seed;
  const chat::Conversation start = start_conversation(o.generation);
  out.defaults.thinking = start.thinking;
  out.defaults.effort = start.effort;
  out.defaults.reasoning = reasoning_field(o.reasoning);
  out.defaults.model = model_name(o);
  out.n_context = context;
  out.n_slot = o.service.parallel;
  out.per_client = o.per_key;
  out.page = [prefix = o.prefix](const net::HttpRequest& request) {
    return page_file(request, prefix);
  };
  out.state_folder = state_folder(o.state);
  out.trace_folder = o.trace;
  out.silence = std::chrono::milliseconds(static_cast<int64_t>(o.ping * 1000));
  if (!o.log.empty()) {
    const auto log = STRIDE_TRY(LogFile::open(o.log));
    out.log = [log](std::string_view text) { log->write(text); };
  }
  return out;
}

void greet(const api::Server& server, const std::string& model, uint32_t context, bool keyed) {
  const std::string url = server.url();
  const char* key = keyed ? " -H \"Authorization: Bearer $KEY\"" : "";
  fmt::print(
      "{} listens on {}, {} tokens of context.\n\n"
      "  curl {}/v1/chat/completions{} -d '{{\"messages\":[{{\"role\":\"user\","
      "\"content\":\"Hello\"}}]}}'\n"
      "  ANTHROPIC_BASE_URL={} ANTHROPIC_AUTH_TOKEN=any claude\n"
      "  OPENAI_BASE_URL={}/v1 OPENAI_API_KEY=any your-program\n\n"
      "Ctrl-C lets running answers finish; a second one ends at once.\n",
      model, url, context, url, key, url, url);
  std::fflush(stdout);
}

Result<int> serve(const Options& options) {
  const auto engine = STRIDE_TRY(open_engine(options.model));
  const uint32_t context =
      STRIDE_TRY(choose_context(engine->model(), options.model.context, memory_info()));
  report_long_context(engine->model().config(), context);
  auto server_flags = STRIDE_TRY(server_options(options, *engine, context));
  const std::string model = server_flags.defaults.model;
  const bool keyed = !server_flags.keys.empty();
  const auto service =
      STRIDE_TRY(make_service(*engine, context, options.model.ubatch, options.service));
  const Interrupt interrupt;
  const auto server = STRIDE_TRY(api::Server::start(*engine, *service, std::move(server_flags)));
  greet(*server, model, context, keyed);
  while (!interrupt.requested()) std::this_thread::sleep_for(kLookForSignals);

  server->drain();
  const uint32_t n_running = service->stats().n_running + service->stats().n_waiting;
  if (n_running > 0)
    fmt::print(stderr, "stride: {} answers are finishing; Ctrl-C again ends them\n", n_running);
  const auto patience = std::chrono::duration<double>(options.patience);
  service->shut_down(steady_clock::now() +
                     std::chrono::duration_cast<steady_clock::duration>(patience));
  server->shut_down(steady_clock::now() + kSendingTime);
  return 0;
}

}  // namespace

int serve_command(Arguments args) {
  Options options;
  CommandLine line("serve",
                   "Serves a model to programs: the chat, completions and responses APIs of "
                   "OpenAI, the messages API of Anthropic, and what clients of vLLM and llama.cpp "
                   "ask for. docs/serve.md explains them.");
  declare_network(line, options);
  declare_server(line, options);
  declare(line, options.service);
  declare(line, options.model);
  declare(line, options.generation);
  line.example("stride serve", "the bundled model, for this machine only")
      .example("stride serve -m model.gguf --port 8000 -c 65536", "another model, port and context")
      .example(
          "stride serve -m model.gguf --host 0.0.0.0 --api-key-file keys.txt "
          "--allowed-host box.example",
          "for others, who need a key")
      .example("stride serve -m model.gguf --trace traces --log -", "keep and show what is asked");
  const std::vector<std::string> completed = complete_flash_flag(args);
  if (const auto stop = line.parse(completed)) return *stop;
  const auto code = serve(options);
  return code ? *code : report(code.error());
}

}  // namespace stride::cli
