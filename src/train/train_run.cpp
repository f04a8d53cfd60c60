// SPDX-License-Identifier: Apache-2.0
#include "train/train_run.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <fstream>

#include "base/output_file.h"
#include "json/json.h"
#include "train/checkpoint.h"

namespace stride::train {
namespace {

using Clock = std::chrono::steady_clock;
constexpr uint64_t kStepsPerLine = 10;
constexpr size_t kCheckpointsKept = 2;
constexpr double kSpeedMemory = 0.9;  // of the moving average of tokens per second

double rounded(double value) {
  return std::isfinite(value) && value != 0 ? std::stod(fmt::format("{:.5g}", value)) : 0.0;
}

// One line of the log: what happened since the line before.
Json log_line(const StepReport& report, const Losses& sums, uint64_t tokens, double seconds,
              const std::vector<std::string>& skills) {
  StepReport window = report;
  window.losses = sums;
  const RoutingHealth health = routing_health(sums);
  Json line = {{"step", report.step},
               {"tokens", report.tokens},
               {"stage", report.stage},
               {"learning_rate", rounded(report.learning_rate)},
               {"loss", rounded(window.loss())},
               {"accuracy", rounded(window.accuracy())}};
  for (size_t head = 1; head < kMaxHeads; ++head) {
    if (sums.heads[head].weight == 0) continue;
    line[fmt::format("mtp{}_loss", head)] = rounded(window.loss(head));
    line[fmt::format("mtp{}_accuracy", head)] = rounded(window.accuracy(head));
  }
  line["gradient_norm"] = rounded(report.gradient_norm);
  line["tokens_per_second"] = rounded(static_cast<double>(tokens) / seconds);
  line["seconds"] = rounded(report.total_seconds);
  line["expert_entropy"] = rounded(health.entropy);
  line["expert_violation"] = rounded(health.violation);
  line["dead_experts"] = health.n_dead;
  line["routing_confidence"] = rounded(health.confidence);
  line["largest_hidden"] = rounded(static_cast<double>(sums.largest_hidden));
  line["largest_activation"] = rounded(static_cast<double>(sums.largest_activation));
  for (size_t s = 0; s < sums.skills.size() && s < skills.size(); ++s)
    if (sums.skills[s].weight > 0)
      line["skills"][skills[s]] = rounded(sums.skills[s].loss / sums.skills[s].weight);
  return line;
}

// Collects ten steps and appends their line to log.jsonl.
class Log {
 public:
  // Drops the lines of steps after `step`, which will be done again.
  static Result<Log> open(const std::filesystem::path& path, uint64_t step) {
    std::string kept;
    {
      std::ifstream old(path);
      for (std::string line; std::getline(old, line);) {
        const auto entry = json::parse(line);
        const Json* at = entry ? json::member(*entry, "step") : nullptr;
        if (at != nullptr && json::as_int64(*at).value_or(INT64_MAX) <= static_cast<int64_t>(step))
          kept += line + "\n";
      }
    }
    OutputFile file = STRIDE_TRY(OutputFile::create(path));
    STRIDE_TRY(file.write(kept));
    STRIDE_TRY(file.commit());
    return Log(path);
  }

  Result<> add(const StepReport& report, uint64_t tokens, const std::vector<std::string>& skills) {
    sums_.add(report.losses);
    tokens_ += tokens;
    seconds_ += report.seconds;
    if (report.step % kStepsPerLine != 0) return {};
    const std::string line = json::dump(log_line(report, sums_, tokens_, seconds_, skills)) + "\n";
    sums_ = {};
    tokens_ = 0;
    seconds_ = 0;
    std::ofstream out(path_, std::ios::app);
    out << line;
    out.close();
    if (!out) return fail(Errc::io, "{}: a line could not be written", path_.string());
    return {};
  }

 private:
  explicit Log(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path path_;
  Losses sums_;
  uint64_t tokens_ = 0;
  double seconds_ = 0;
};

Result<> prepare(Trainer& trainer, const RunOptions& options, const RunEvents& events) {
  std::error_code error;
  std::filesystem::create_directories(options.folder, error);
  if (error)
    return fail(Errc::io, "{}: the folder cannot be made: {}", options.folder.string(),
                error.message());
  const std::vector<CheckpointFile> files = list_checkpoints(options.folder);
  if (files.empty()) return {};
  if (!options.resume)
    return fail(Errc::invalid_argument,
                "{} holds a run already: resume it, or choose another folder",
                options.folder.string());
  for (const CheckpointFile& file : files) {
    const Result<> loaded = trainer.load(file.path);
    if (loaded) {
      events.note(fmt::format("goes on from step {}", trainer.n_done()));
      return {};
    }
    if (loaded.error().code != Errc::format) return std::unexpected(loaded.error());
    events.note(loaded.error().message);
  }
  return fail(Errc::format, "{}: no checkpoint is usable", options.folder.string());
}

Result<> save(const Trainer& trainer, const RunOptions& options) {
  STRIDE_TRY(trainer.save(checkpoint_path(options.folder, trainer.n_done())));
  prune_checkpoints(options.folder, kCheckpointsKept);
  return {};
}

// Tokens per second as a moving average, and the time that the rest will take.
class Speed {
 public:
  void add(uint64_t tokens, double seconds) {
    const double now = static_cast<double>(tokens) / seconds;
    usual_ = usual_ == 0 ? now : kSpeedMemory * usual_ + (1 - kSpeedMemory) * now;
  }
  double tokens_per_second() const { return usual_; }
  double seconds_for(uint64_t tokens) const {
    return usual_ > 0 ? static_cast<double>(tokens) / usual_ : 0;
  }

 private:
  double usual_ = 0;
};

}  // namespace

Result<RunEnd> run_training(Trainer& trainer, const std::vector<std::string>& skills,
                            const RunOptions& options, const RunEvents& events) {
  STRIDE_TRY(prepare(trainer, options, events));
  Log log = STRIDE_TRY(Log::open(options.folder / "log.jsonl", trainer.n_done()));
  const auto begin = Clock::now();
  const auto since = [](Clock::time_point then) {
    return std::chrono::duration<double>(Clock::now() - then).count();
  };
  auto saved = begin;
  Speed speed;
  RunEnd end = RunEnd::finished;
  const uint64_t all_tokens = trainer.config().n_token();
  while (!trainer.done()) {
    if (options.stop != nullptr && options.stop->load()) {
      end = RunEnd::stopped;
      break;
    }
    if (options.max_seconds > 0 && since(begin) >= options.max_seconds) {
      end = RunEnd::time_up;
      break;
    }
    const StepReport report = STRIDE_TRY(trainer.step());
    const uint64_t tokens = trainer.config().stages[report.stage].tokens_per_step();
    speed.add(tokens, report.seconds);
    events.step(report, speed.tokens_per_second(),
                speed.seconds_for(all_tokens - std::min(all_tokens, report.tokens)));
    if (const auto logged = log.add(report, tokens, skills); !logged)
      events.note(logged.error().message);
    if (since(saved) < options.checkpoint_seconds) continue;
    if (const auto done = save(trainer, options); !done)
      events.note(fmt::format("no checkpoint at step {}, the last one stays: {}", report.step,
                              done.error().message));
    saved = Clock::now();
  }
  STRIDE_TRY(save(trainer, options));
  return end;
}

}  // namespace stride::train
