// SPDX-License-Identifier: Apache-2.0
// stride logits: the raw output of the model, so that anyone can compare it with another
// implementation.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <fstream>

#include "cli/commands.h"
#include "cli/find_model.h"
#include "cli/model_flags.h"
#include "format/tensor_catalog.h"
#include "model/model.h"

namespace stride::cli {
namespace {

struct Options {
  std::string model, mtp_file, ids, out, path = "fast", kv = "f16", activations = "auto";
  uint32_t n_threads = 0, n_ubatch = 512;
  std::optional<uint64_t> piece;
  bool mtp = false, hidden = false;
};

Result<std::vector<model::Token>> parse_ids(std::string_view text) {
  std::vector<model::Token> ids;
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    model::Token id = 0;
    const auto [next, error] = std::from_chars(at, end, id);
    if (error != std::errc{} || (next < end && *next != ',')) {
      return fail(Errc::invalid_argument,
                  "--ids is not a list such as 1,2,3: it breaks at character {}", at - text.data());
    }
    ids.push_back(id);
    at = next < end ? next + 1 : end;
  }
  if (ids.empty())
    return fail(Errc::invalid_argument, "--ids is empty; give token ids such as 1,2,3");
  return ids;
}

// The trunk's rows, in pieces of at most `piece` tokens; what they append to equals one call over
// all of them.
Result<model::Output> run_trunk(model::Model& model, model::Sequence& sequence,
                                std::span<const model::Token> ids, size_t piece) {
  model::Output all, part;
  while (!ids.empty()) {
    const auto head = ids.first(std::min(piece, ids.size()));
    ids = ids.subspan(head.size());
    STRIDE_TRY(
        model.forward(sequence, {.ids = head, .logits = model::Logits::all, .hidden = true}, part));
    all.logits.insert(all.logits.end(), part.logits.begin(), part.logits.end());
    all.hidden.insert(all.hidden.end(), part.hidden.begin(), part.hidden.end());
  }
  return all;
}

// Each head over the whole known sequence: head k joins row i with token i + 1 + k and predicts
// token i + 2 + k.
Result<std::vector<float>> run_heads(model::Model& model, model::Sequence& sequence,
                                     std::span<const model::Token> ids, std::vector<float> hidden) {
  const size_t width = model.config().n_embd;
  std::vector<float> logits;
  for (uint32_t k = 0; k < model.config().n_mtp && k + 1 < ids.size(); ++k) {
    const auto shifted = ids.subspan(k + 1);
    hidden.resize(shifted.size() * width);
    model::Output out;
    const model::Request request{.ids = shifted, .logits = model::Logits::all, .hidden = true};
    STRIDE_TRY(model.forward_mtp(sequence, k, request, hidden, out));
    logits.insert(logits.end(), out.logits.begin(), out.logits.end());
    hidden = std::move(out.hidden);
  }
  return logits;
}

Result<> write_floats(const std::string& path, std::span<const float> values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size_bytes()));
  file.close();
  if (!file)
    return fail(Errc::io, "{} could not be written; is there room, and does the folder exist?",
                path);
  return {};
}

Result<> run(const Options& options) {
  const auto ids = STRIDE_TRY(parse_ids(options.ids));
  STRIDE_TRY(check_threads(options.n_threads));
  const auto catalog = STRIDE_TRY(format::open_model(STRIDE_TRY(find_model(options.model, {}))));
  std::unique_ptr<format::TensorCatalog> mtp;
  if (!options.mtp_file.empty())
    mtp = STRIDE_TRY(format::open_model(STRIDE_TRY(find_model(options.mtp_file, {}))));
  std::vector<std::string> warnings;
  model::LoadOptions load{
      .n_threads = options.n_threads, .max_rows = options.n_ubatch, .mtp = mtp.get()};
  if (options.path == "reference") load.path = model::Path::reference;
  if (options.kv == "int8") load.kv_type = model::KvType::int8;
  load.activations = activations_of(options.activations);
  const auto model = STRIDE_TRY_AT(options.model, model::Model::load(*catalog, load, warnings));
  for (const std::string& warning : warnings) fmt::print(stderr, "warning: {}\n", warning);
  if (options.mtp && model->config().n_mtp == 0) {
    return fail(Errc::not_found,
                "{} has no MTP heads; give the file that holds them with --mtp-file",
                options.model);
  }
  const auto sequence = STRIDE_TRY(model->new_sequence(static_cast<uint32_t>(ids.size())));
  const size_t piece = std::max<size_t>(1, options.piece.value_or(ids.size()));
  model::Output trunk = STRIDE_TRY(run_trunk(*model, *sequence, ids, piece));
  if (options.mtp)
    return write_floats(options.out, STRIDE_TRY(run_heads(*model, *sequence, ids, trunk.hidden)));
  return write_floats(options.out, options.hidden ? trunk.hidden : trunk.logits);
}

}  // namespace

int logits_command(Arguments args) {
  Options options;
  CommandLine line("logits",
                   "Writes what the model computes for given token ids: float32 little-endian rows "
                   "[n, vocab], one a "
                   "token. With --mtp, the rows of the MTP heads instead, one head after the "
                   "other: n-1 rows of head "
                   "0 (which predict two tokens ahead), n-2 of head 1, n-3 of head 2.");
  line.option("-m,--model", options.model, "model file or directory")
      .option("--ids", options.ids, "token ids, comma separated")
      .option("-o,--out", options.out, "file to write")
      .flag("--mtp", options.mtp, "the MTP heads' logits instead of the trunk's")
      .flag("--hidden", options.hidden,
            "the residual stream after the last layer [n, n_embd] instead of logits")
      .option("--mtp-file", options.mtp_file, "MTP blocks in a file of their own")
      .choice("--path", options.path, {"reference", "fast"}, "which implementation computes")
      .choice("--kv", options.kv, {"f16", "int8"}, "type of the key-value cache (fast path)")
      .option("-t,--threads", options.n_threads, "threads; 0 = one per core")
      .option("-ub,--ubatch-size", options.n_ubatch, "rows of one internal step")
      .option("--piece", options.piece, "feed the ids in pieces of N; results do not depend on it");
  declare_activations(line, options.activations);
  line.example("stride logits -m model.gguf --ids 0,19923,14 --out logits.bin",
               "three rows of the production path")
      .example("stride logits -m model.gguf --ids 0,19923,14 --mtp --path reference --out mtp.bin",
               "the heads, by the reference path");
  if (const auto stop = line.parse(args)) return *stop;
  for (const auto& [name, value] :
       {std::pair("--model", &options.model), {"--ids", &options.ids}, {"--out", &options.out}}) {
    if (!value->empty()) continue;
    fmt::print(stderr, "stride logits: {} is missing; `stride logits --help` shows the usage\n",
               name);
    return 2;
  }
  if (const auto done = run(options); !done) {
    fmt::print(stderr, "stride logits: {}\n", done.error().message);
    return 1;
  }
  return 0;
}

}  // namespace stride::cli
