// SPDX-License-Identifier: Apache-2.0
// stride train run, plot and export. A run's folder is complete: configuration, tokenizer, log and
// checkpoints lie side by side, so that export needs nothing else.
#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/output_file.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/find_model.h"
#include "format/convert.h"
#include "text/gguf_vocabulary.h"
#include "text/tokenizer_json.h"
#include "train/checkpoint.h"
#include "train/matrix.h"
#include "train/nano_source.h"
#include "train/plot.h"
#include "train/train_run.h"
#include "train/trained_catalog.h"

namespace stride::cli {
namespace {

namespace fs = std::filesystem;

constexpr double kSecondsPerLine = 30;  // of progress where standard error is no terminal
constexpr int kInterrupted = 130;

// Set by Ctrl-C; a second one ends the program at once.
std::atomic<bool> stop_wanted = false;

void on_signal(int) {
  stop_wanted = true;
}

int report(const Error& error) {
  fmt::print(stderr, "stride train: {}\n", error.message);
  return 1;
}

Result<std::string> read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (file) text << file.rdbuf();
  if (!file) return fail(Errc::io, "{} cannot be read", path.string());
  return text.str();
}

Result<> write_text(const fs::path& path, std::string_view text) {
  OutputFile file = STRIDE_TRY(OutputFile::create(path));
  STRIDE_TRY(file.write(text));
  return file.commit();
}

std::string duration(double seconds) {
  const auto minutes = static_cast<uint64_t>(seconds / 60);
  return minutes >= 60 ? fmt::format("{}h{:02}m", minutes / 60, minutes % 60)
                       : fmt::format("{}m{:02}s", minutes, static_cast<uint64_t>(seconds) % 60);
}

// One line that keeps changing on a terminal, or a new line now and then.
class Progress {
 public:
  explicit Progress(const train::TrainConfig& config)
      : config_(config), terminal_(isatty(STDERR_FILENO) == 1) {}

  void step(const train::StepReport& step, double tokens_per_second, double seconds_left) {
    since_line_ += step.seconds;
    if (!terminal_ && lines_ > 0 && since_line_ < kSecondsPerLine) return;
    since_line_ = 0;
    ++lines_;
    std::string heads;
    for (size_t head = 1; head < train::kMaxHeads; ++head)
      if (step.losses.heads[head].weight > 0) heads += fmt::format(" {:.3f}", step.loss(head));
    fmt::print(stderr,
               "{}{}  step {}/{}  loss {:.4f}{}{}  lr {:.1e}  grad {:.2f}  {:.0f} tok/s  left {}{}",
               terminal_ ? "\r\x1b[K" : "", config_.stages[step.stage].name, step.step,
               config_.n_step(), step.loss(), heads.empty() ? "" : "  mtp", heads,
               step.learning_rate, step.gradient_norm, tokens_per_second, duration(seconds_left),
               terminal_ ? "" : "\n");
  }
  void note(std::string_view text) const {
    fmt::print(stderr, "{}{}\n", terminal_ ? "\r\x1b[K" : "", text);
  }
  void finish() const {
    if (terminal_ && lines_ > 0) fmt::print(stderr, "\n");
  }

 private:
  const train::TrainConfig& config_;
  bool terminal_;
  uint64_t lines_ = 0;
  double since_line_ = 0;
};

struct RunArguments {
  std::optional<std::string> config;
  std::string out;
  std::vector<std::string> from;
  bool resume = false;
  double max_hours = 0;
  double checkpoint_minutes = 5;
};

// The trainer draws from the source.
struct Run {
  std::unique_ptr<train::DataSource> source;
  std::unique_ptr<train::Trainer> trainer;
};

// Copies of what the run was made from, so that its folder is complete.
Result<> store_origins(const RunArguments& arguments, std::string_view config,
                       const fs::path& tokenizer) {
  const fs::path folder = arguments.out;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return fail(Errc::io, "{} cannot be made: {}", arguments.out, error.message());
  if (!arguments.resume && !train::list_checkpoints(folder).empty()) return {};
  const std::string text = STRIDE_TRY(read_text(tokenizer));
  STRIDE_TRY(write_text(folder / "tokenizer.json", text));
  return write_text(folder / "config.json", config);
}

Result<Run> prepare(const RunArguments& arguments) {
  const bool stored = !arguments.config;
  const fs::path path =
      stored ? fs::path(arguments.out) / "config.json" : fs::path(*arguments.config);
  const std::string text = STRIDE_TRY(read_text(path));
  constexpr uint32_t kVocabFollows = 1;
  train::TrainConfig config =
      STRIDE_TRY_AT(path.string(), train::parse_train_config(text, kVocabFollows));
  const fs::path tokenizer =
      path.parent_path() / (stored ? fs::path("tokenizer.json") : fs::path(config.tokenizer));
  Run run;
  run.source = STRIDE_TRY(train::NanoSource::open(tokenizer.string(), config.data_seed));
  config.model.n_vocab = run.source->n_vocab();
  run.trainer = STRIDE_TRY(train::Trainer::create(config, *run.source));
  float n_file = 0;
  for (const std::string& from : arguments.from) {
    const auto start = STRIDE_TRY(format::open_model(STRIDE_TRY(find_model(from, {}))));
    STRIDE_TRY_AT(from, run.trainer->start_from(*start, 1 / ++n_file));
  }
  STRIDE_TRY(store_origins(arguments, text, tokenizer));
  return run;
}

// From now on Ctrl-C ends the run in good order; a second one ends it at once.
void listen_to_signals() {
  struct sigaction action{};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESETHAND;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

Result<int> run(const RunArguments& arguments) {
  const Run run = STRIDE_TRY(prepare(arguments));
  const train::TrainConfig& config = run.trainer->config();
  fmt::print(stderr, "{}: {:.1f} M parameters, {} steps, {:.1f} M tokens, {} threads, {}\n",
             config.name, static_cast<double>(run.trainer->table().size()) / 1e6, config.n_step(),
             static_cast<double>(config.n_token()) / 1e6, config.n_worker, train::matrix_library());
  listen_to_signals();
  Progress progress(config);
  train::RunEvents events;
  events.step = [&](const auto& step, double speed, double left) {
    progress.step(step, speed, left);
  };
  events.note = [&](const std::string& note) { progress.note(note); };
  const auto end = train::run_training(*run.trainer, run.source->skills(),
                                       {.folder = arguments.out,
                                        .resume = arguments.resume,
                                        .max_seconds = arguments.max_hours * 3600,
                                        .checkpoint_seconds = arguments.checkpoint_minutes * 60,
                                        .stop = &stop_wanted},
                                       events);
  progress.finish();
  if (!end) return std::unexpected(end.error());
  const char* how = *end == train::RunEnd::finished  ? "finished"
                    : *end == train::RunEnd::time_up ? "time is up"
                                                     : "stopped";
  fmt::print(stderr, "{} after step {}; --resume goes on from there\n", how, run.trainer->n_done());
  return *end == train::RunEnd::stopped ? kInterrupted : 0;
}

int run_command(Arguments args) {
  RunArguments arguments;
  CommandLine line("train run", "Trains a model from a configuration.");
  line.optional_positional("CONFIG", arguments.config, "JSON file; default: OUT/config.json")
      .option("-o,--out", arguments.out, "folder of the run")
      .option("--from", arguments.from,
              "begin with the weights of this model file; again for another one: with their mean")
      .flag("--resume", arguments.resume, "go on from the newest checkpoint in the folder")
      .option("--max-hours", arguments.max_hours, "stop in good order after this long; 0 = never")
      .option("--checkpoint-minutes", arguments.checkpoint_minutes, "time between checkpoints");
  line.example("stride train run models/nano.json -o nano", "trains step-nano")
      .example("stride train run -o nano --resume", "goes on after a stop or a crash")
      .example("stride train run more.json --from models/step-nano.gguf -o more",
               "trains a finished model further; its optimiser begins anew");
  if (const auto stop = line.parse(args)) return *stop;
  if (arguments.out.empty()) {
    fmt::print(stderr, "stride train run: --out FOLDER is missing\n");
    return 2;
  }
  if (!arguments.from.empty() && arguments.resume) {
    fmt::print(stderr, "stride train run: --from and --resume exclude each other\n");
    return 2;
  }
  const auto code = run(arguments);
  return code ? *code : report(code.error());
}

Result<> plot(const std::string& log, const std::string& out) {
  const std::string text = STRIDE_TRY(read_text(log));
  return write_text(out, STRIDE_TRY_AT(log, train::plot_svg(text, log)));
}

int plot_command(Arguments args) {
  std::string log, out;
  CommandLine line("train plot", "Draws the curves of a run.");
  line.positional("LOG", log, "log.jsonl of a run").option("-o,--out", out, "SVG file to write");
  line.example("stride train plot nano/log.jsonl -o nano.svg", "losses, accuracy, experts, speed");
  if (const auto stop = line.parse(args)) return *stop;
  if (out.empty()) out = fs::path(log).replace_extension(".svg").string();
  const auto drawn = plot(log, out);
  return drawn ? 0 : report(drawn.error());
}

Result<> export_model(const std::string& from, const std::string& out, const std::string& type) {
  fs::path checkpoint = from;
  if (fs::is_directory(checkpoint)) {
    const auto files = train::list_checkpoints(checkpoint);
    if (files.empty()) return fail(Errc::not_found, "{} holds no checkpoint", from);
    checkpoint = files.front().path;
  }
  format::ConvertOptions options;
  options.mix = STRIDE_TRY(format::Mix::parse(type));
  const train::TrainedModel trained = STRIDE_TRY(train::read_trained_model(checkpoint));
  const fs::path tokenizer = checkpoint.parent_path() / "tokenizer.json";
  const std::string text = STRIDE_TRY(read_text(tokenizer));
  format::Metadata metadata;
  text::write_vocabulary(STRIDE_TRY_AT(tokenizer.string(), text::read_tokenizer_json(text)),
                         metadata);
  const train::TrainedCatalog catalog(trained.config.model, trained.weights, metadata);
  const format::ConvertReport done = STRIDE_TRY(format::convert_model(catalog, out, options));
  fmt::print("{}: step {}, {} tensors, {:.1f} MB\n", out, trained.step,
             done.n_copied + done.n_converted, static_cast<double>(done.file_bytes) / 1e6);
  return {};
}

int export_command(Arguments args) {
  std::string from, out, type = "Q8_0";
  CommandLine line("train export", "Writes a checkpoint as a GGUF model.");
  line.positional("CHECKPOINT", from, "a checkpoint, or the folder of a run for its newest")
      .positional("OUT", out, "GGUF file to write")
      .option("--type", type, "type or mix of the tensors, as for stride convert");
  line.example("stride train export nano models/step-nano.gguf",
               "the model that comes with Stride");
  if (const auto stop = line.parse(args)) return *stop;
  const auto written = export_model(from, out, type);
  return written ? 0 : report(written.error());
}

}  // namespace

int train_command(Arguments args) {
  const std::string_view word = args.empty() ? std::string_view() : std::string_view(args.front());
  if (word == "run") return run_command(args.subspan(1));
  if (word == "plot") return plot_command(args.subspan(1));
  if (word == "export") return export_command(args.subspan(1));
  const bool help = word == "--help" || word == "-h";
  fmt::print(help ? stdout : stderr,
             "stride train run | plot | export\n\n  run     trains a model\n  plot    draws the "
             "curves of a run\n  export  writes a checkpoint as a GGUF model\n\nEach explains "
             "itself with --help.\n");
  return help ? 0 : 2;
}

}  // namespace stride::cli
