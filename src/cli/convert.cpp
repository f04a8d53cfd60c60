// SPDX-License-Identifier: Apache-2.0
// stride convert: a model as a GGUF file with other types, or with its MTP layers added or removed.
#include "format/convert.h"

#include <fmt/core.h>

#include "cli/commands.h"
#include "cli/find_model.h"
#include "cli/human.h"
#include "cli/interrupt.h"
#include "cli/model_flags.h"
#include "cli/progress.h"

namespace stride::cli {
namespace {

constexpr size_t kMaxNotes = 8;

struct Options {
  std::string source, out;
  std::optional<std::string> mix, mtp;
  bool repack = false, no_mtp = false;
  uint32_t n_threads = 0;
};

void print_types(const format::ConvertReport& report) {
  fmt::print("  {:<8} {:>7} {:>10}   {}\n", "type", "tensors", "size",
             "error (rms / rms of values)");
  for (const auto& [type, summary] : report.types) {
    const auto& error = summary.error;
    const std::string text =
        error.n_values == 0 ? "none: copied" : fmt::format("{:.3f} %", 100 * error.relative_rms());
    fmt::print("  {:<8} {:>7} {:>10}   {}\n", quant::type_name(type), summary.n_tensors,
               human_bytes(summary.bytes), text);
    if (error.n_non_finite > 0)
      fmt::print("  {:<8} {} values are not finite\n", "", error.n_non_finite);
  }
}

void print_report(const Options& options, const format::ConvertReport& report, double seconds) {
  const std::string regrouped = report.n_regrouped == 0
                                    ? ""
                                    : fmt::format(", {} of them {} of rows", report.n_regrouped,
                                                  options.repack ? "into groups" : "out of groups");
  fmt::print("{}: {}, from {} of tensors; {} converted, {} copied{}, in {}\n", options.out,
             human_bytes(report.file_bytes), human_bytes(report.bytes_in), report.n_converted,
             report.n_copied, regrouped, human_time(seconds));
  print_types(report);
  for (size_t i = 0; i < std::min(kMaxNotes, report.notes.size()); ++i)
    fmt::print("  note: {}\n", printable(report.notes[i]));
  if (report.notes.size() > kMaxNotes)
    fmt::print("  and {} more such notes\n", report.notes.size() - kMaxNotes);
}

// Would be safe, as the output gets its name only when it is complete; but a conversion may lose
// precision, and the original would be gone.
bool replaces_source(const Options& options) {
  std::error_code error;
  return std::filesystem::equivalent(options.source, options.out, error) ||
         (options.mtp && std::filesystem::equivalent(*options.mtp, options.out, error));
}

Result<> convert(const Options& options) {
  if (options.mtp && options.no_mtp)
    return fail(Errc::invalid_argument, "--mtp and --no-mtp exclude each other");
  if (replaces_source(options))
    return fail(Errc::invalid_argument, "{} is what is read; give another name", options.out);
  STRIDE_TRY(check_threads(options.n_threads));
  format::ConvertOptions c;
  if (options.mix) c.mix = STRIDE_TRY(format::Mix::parse(*options.mix));
  const auto source = STRIDE_TRY(format::open_model(STRIDE_TRY(find_model(options.source, {}))));
  std::unique_ptr<format::TensorCatalog> mtp;
  if (options.mtp) mtp = STRIDE_TRY(format::open_model(STRIDE_TRY(find_model(*options.mtp, {}))));
  c.mtp = mtp.get();
  c.mtp_layers = options.no_mtp ? format::MtpLayers::drop
                                : (mtp ? format::MtpLayers::merge : format::MtpLayers::keep);
  c.repack = options.repack;
  c.n_threads = options.n_threads;
  const Interrupt interrupt;
  c.stop = &interrupt.requested();
  for (const std::string& warning : source->warnings())
    fmt::print(stderr, "note: {}\n", printable(warning));

  Result<format::ConvertReport> report;
  double seconds = 0;
  {
    Progress progress("convert");
    c.on_progress = [&](const format::ConvertProgress& p) {
      progress.update(p.bytes_done, p.bytes_total, p.tensor);
    };
    report = format::convert_model(*source, options.out, c);
    seconds = progress.seconds();
  }
  print_report(options, STRIDE_TRY(std::move(report)), seconds);
  return {};
}

}  // namespace

int convert_command(Arguments args) {
  Options options;
  std::optional<std::string> type;
  CommandLine line("convert",
                   "Writes a model (GGUF, or a Hugging Face safetensors folder) as one GGUF file. "
                   "Without --type or --mix, tensors keep their types; without --repack, the rows "
                   "of a repacked file go back into their order.");
  line.positional("SRC", options.source, "model file, any shard of one, or safetensors folder")
      .positional("DST", options.out, "the GGUF file to write")
      .option("--type", type, "type of every matrix: F16, Q8_0, Q4_K, ...")
      .option("--mix", options.mix, "a named mix of types: Q4_K_S, MXFP4_MOE, or a type")
      .flag("--repack", options.repack,
            "rows in the order that kernels read: loads faster, only in Stride")
      .option("--mtp", options.mtp, "merge the MTP layers of this file")
      .flag("--no-mtp", options.no_mtp, "leave the MTP layers out")
      .option("-t,--threads", options.n_threads, "threads; 0 is one a core");
  line.example("stride convert Step-3.5-Flash/ step.gguf --mix Q4_K_S", "quantise a checkpoint");
  line.example("stride convert trunk-00001-of-00003.gguf whole.gguf --mtp mtp.gguf",
               "join shards and add the MTP heads");
  line.example("stride convert model.gguf repacked.gguf --repack",
               "the same values, ready to be read; without --repack it goes back");
  if (const auto stop = line.parse(args)) return *stop;
  if (type && options.mix) {
    fmt::print(stderr, "stride: --type and --mix exclude each other\n");
    return 2;
  }
  if (type) options.mix = type;
  const auto done = convert(options);
  if (done) return 0;
  fmt::print(stderr, "stride: {}\n", done.error().message);
  if (done.error().code == Errc::cancelled) return 130;
  return done.error().code == Errc::invalid_argument ? 2 : 1;
}

}  // namespace stride::cli
