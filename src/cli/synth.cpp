// SPDX-License-Identifier: Apache-2.0
// stride synth: a random model with the true shapes of layers.
#include <fmt/core.h>

#include "cli/commands.h"
#include "cli/human.h"
#include "cli/interrupt.h"
#include "cli/model_flags.h"
#include "cli/progress.h"
#include "cli/slab.h"

namespace stride::cli {
namespace {

constexpr uint32_t kShallow = 8;  // up to this many layers, one dense layer leaves room for experts

int run(const std::string& out, SlabOptions options) {
  if (const auto checked = check_threads(options.n_threads); !checked) {
    fmt::print(stderr, "stride: {}\n", checked.error().message);
    return 2;
  }
  const Interrupt interrupt;
  options.stop = &interrupt.requested();
  Result<uint64_t> size;
  double seconds = 0;
  {
    Progress progress("synth");
    options.on_progress = [&](const format::ConvertProgress& p) {
      progress.update(p.bytes_done, p.bytes_total, p.tensor);
    };
    size = write_slab(out, options);
    seconds = progress.seconds();
  }
  if (!size) {
    fmt::print(stderr, "stride: {}\n", size.error().message);
    return size.error().code == Errc::cancelled ? 130 : 1;
  }
  fmt::print("{}: {} layers, {} MTP, {}, {} in {:.1f} s ({}/s)\n", out, options.shape.n_layer,
             options.shape.n_mtp, options.mix.name(), human_bytes(*size), seconds,
             human_bytes(static_cast<uint64_t>(static_cast<double>(*size) / seconds)));
  return 0;
}

}  // namespace

int synth_command(Arguments args) {
  std::string out, mix_name = "Q4_K_S", shape_name = "step35";
  SlabShape shape;
  std::optional<uint64_t> dense;
  uint64_t seed = 1;
  uint32_t n_threads = 0;
  CommandLine line("synth",
                   "Writes a model with random weights and the true shapes of Step-3.5-Flash's "
                   "layers, for measuring and for comparing engines.");
  line.positional("OUT", out, "the GGUF file to write")
      .option("--layers", shape.n_layer, "trunk layers; every fourth has full attention")
      .option("--mtp", shape.n_mtp, "MTP layers after them")
      .option("--dense", dense,
              "leading layers without experts (default: 1 up to 8 layers, else 3)")
      .option("--vocab", shape.n_vocab, "entries of the vocabulary")
      .option("--mix", mix_name, "types of the weights: Q4_K_S, or one type for all matrices")
      .choice("--shape", shape_name, {"step35", "small"}, "the true widths, or small ones")
      .option("--seed", seed, "of the random weights")
      .option("-t,--threads", n_threads, "threads; 0 is one a core");
  line.example("stride synth slab.gguf --layers 5", "five layers of the real model, 10.7 GB");
  line.example("stride synth tiny.gguf --shape small --layers 6 --mtp 3 --mix Q8_0",
               "a small model with MTP heads");
  if (const auto stop = line.parse(args)) return *stop;
  auto mix = format::Mix::parse(mix_name);
  if (!mix) {
    fmt::print(stderr, "stride: --mix: {}\n", mix.error().message);
    return 2;
  }
  shape.small = shape_name == "small";
  const uint32_t usual = shape.n_layer <= kShallow ? 1 : 3;
  shape.n_dense = static_cast<uint32_t>(std::min<uint64_t>(dense.value_or(usual), UINT32_MAX));
  return run(out, {shape, *std::move(mix), seed, n_threads, nullptr, {}});
}

}  // namespace stride::cli
