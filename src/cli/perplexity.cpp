// SPDX-License-Identifier: Apache-2.0
// stride perplexity: how well a model predicts a text (the method is in engine/perplexity.h).
#include "engine/perplexity.h"

#include <fmt/core.h>

#include <limits>
#include <optional>

#include "cli/commands.h"
#include "cli/human.h"
#include "cli/model_flags.h"
#include "cli/report.h"
#include "cli/talk_interrupts.h"
#include "cli/terminal.h"
#include "cli/text_file.h"
#include "json/json.h"

namespace stride::cli {
namespace {

constexpr uint32_t kDefaultWindow = 512;

struct Options {
  ModelFlags model;
  std::string file;
  std::optional<uint64_t> stride;
  bool special = false;
  bool against_f16 = false;
  bool json = false;
};

void show_progress(const engine::PerplexityResult& r) {
  const bool draw = can_draw(stderr);
  const bool done = r.n_window == r.n_windows;
  if (!draw && !done && r.n_window % 10 != 0) return;
  fmt::print(stderr, "{}window {} of {}: perplexity {:.4f} +- {:.4f}, {} left{}",
             draw ? "\r\x1b[K" : "", r.n_window, r.n_windows, r.perplexity, r.error,
             duration_text(r.eta_seconds), draw && !done ? "" : "\n");
}

Json to_json(const engine::Divergence& d) {
  Json out;
  out["mean"] = d.mean;
  out["mean_standard_error"] = d.error;
  out["percentile_99"] = d.p99;
  out["largest"] = d.largest;
  out["same_best_token"] = d.same_best;
  return out;
}

void print(const engine::PerplexityResult& r, const Options& options, uint32_t window) {
  if (!options.json) {
    fmt::print("perplexity {:.4f} +- {:.5f} over {} in {} of {}\n", r.perplexity, r.error,
               counted(r.n_scored, "token"), counted(r.n_windows, "window"), window);
    if (!r.divergence) return;
    const engine::Divergence& d = *r.divergence;
    fmt::print(
        "KL divergence from the f16 cache: mean {:.3g} +- {:.2g}, 99 % below {:.3g}, largest "
        "{:.3g} nats; same best token in {:.2f} %\n",
        d.mean, d.error, d.p99, d.largest, 100 * d.same_best);
    return;
  }
  Json out;
  out["perplexity"] = r.perplexity;
  out["standard_error"] = r.error;
  out["mean_nll"] = r.mean_nll;
  out["mean_nll_standard_error"] = r.nll_error;
  out["scored_tokens"] = r.n_scored;
  out["windows"] = r.n_windows;
  out["window_tokens"] = window;
  out["seconds"] = r.seconds;
  if (r.divergence) out["kl_divergence"] = to_json(*r.divergence);
  fmt::print("{}\n", json::dump(out));
}

Result<int> run(const Options& options) {
  if (options.stride && *options.stride > std::numeric_limits<uint32_t>::max())
    return fail(Errc::invalid_argument, "--stride is {}; it must be smaller than the window",
                *options.stride);
  const std::string text = STRIDE_TRY(read_text(options.file.empty() ? "-" : options.file));
  const auto engine = STRIDE_TRY(open_engine(options.model));
  const uint32_t wish = options.model.context == 0 ? kDefaultWindow : options.model.context;
  engine::PerplexityOptions scoring;
  scoring.window = STRIDE_TRY(choose_context(engine->model(), wish, memory_info()));
  scoring.chunk = options.model.batch;
  if (options.stride) scoring.stride = static_cast<uint32_t>(*options.stride);
  const text::Tokenizer& tokenizer = engine->tokenizer();
  if (tokenizer.add_bos()) scoring.bos = tokenizer.bos();
  std::vector<text::Token> ids;
  if (tokenizer.add_bos()) ids.push_back(tokenizer.bos());
  tokenizer.encode(text, options.special ? text::Special::allow : text::Special::forbid, ids);
  std::unique_ptr<engine::Engine> base;
  if (options.against_f16) {
    ModelFlags flags = options.model;
    flags.kv = "f16";
    base = STRIDE_TRY(open_engine(flags));
    scoring.base = &base->model();
  }

  const Interrupts interrupts = STRIDE_TRY(Interrupts::install());
  const InterruptWatch watch(interrupts);
  const auto result =
      STRIDE_TRY(engine::perplexity(engine->model(), ids, scoring, show_progress, watch.token()));
  print(result, options, scoring.window);
  return 0;
}

}  // namespace

int perplexity_command(Arguments args) {
  Options options;
  CommandLine line(
      "perplexity",
      "Measures how well a model predicts a text. The text is cut into windows of -c tokens (512 "
      "if not given), each read from an empty cache and begun with the first token that the file "
      "asks for. The second half of each window is scored, as llama.cpp does, or with --stride S "
      "the last S tokens of windows that start S apart. Printed is exp of the mean negative "
      "log-likelihood, with its standard error.");
  declare(line, options.model);
  line.option("-f,--file", options.file, "the text; standard input if not given")
      .option("--stride", options.stride, "windows slide by S tokens")
      .flag("--special", options.special,
            "control tokens spelled in the text are control tokens; only for texts to be trusted")
      .flag("--kl-against-f16", options.against_f16,
            "also measure how far the distributions lie from those with an f16 cache; reads the "
            "model twice")
      .flag("--json", options.json, "print JSON")
      .example("stride perplexity -m model.gguf -f text.txt -c 1024", "windows of 1024 tokens")
      .example("stride perplexity -m model.gguf -f text.txt --kv int8 --kl-against-f16",
               "what an int8 cache changes");
  const std::vector<std::string> completed = complete_flash_flag(args);
  if (const auto stop = line.parse(completed)) return *stop;
  const auto code = run(options);
  return code ? *code : report(code.error());
}

}  // namespace stride::cli
