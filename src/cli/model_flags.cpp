// SPDX-License-Identifier: Apache-2.0
#include "cli/model_flags.h"

#include <algorithm>
#include <array>
#include <memory>
#include <thread>

#include "cli/find_model.h"
#include "cli/human.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/terminal.h"

namespace stride::cli {

namespace {

constexpr std::array<std::string_view, 3> kFlashWords = {"on", "off", "auto"};
constexpr uint32_t kLargestContext = INT32_MAX;
// Threads wait for each other several hundred times a token, so more of them than cores cost time;
// some more are allowed for tests and for cores that the system does not tell of.
constexpr uint32_t kThreadsAlways = 64, kThreadsPerCore = 4;

bool is_flash_flag(const std::string& arg) {
  return arg == "-fa" || arg == "--flash-attn";
}

// The largest context whose sequence takes at most this many bytes; sequence_bytes() never falls.
uint32_t largest_context(const model::Model& model, uint64_t bytes) {
  uint32_t low = 0, high = kLargestContext;
  while (low < high) {
    const uint32_t middle = low + (high - low + 1) / 2;
    if (model.sequence_bytes(middle) <= bytes) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

// A bar while a large model is copied into memory.
class LoadProgress {
 public:
  void operator()(uint64_t done, uint64_t total) {
    constexpr uint64_t kWorthABar = uint64_t{1} << 30;
    if (total < kWorthABar) return;
    if (!bar_) bar_ = std::make_shared<Progress>("loading");
    bar_->update(done, total, "weights");
  }

 private:
  std::shared_ptr<Progress> bar_;  // shared by the copies that std::function makes
};

}  // namespace

void declare(CommandLine& line, ModelFlags& flags) {
  line.option("-m,--model", flags.model,
              "GGUF file or folder of safetensors; without it the bundled model")
      .option("--mtp", flags.mtp, "MTP blocks in a file of their own")
      .option("-c,--ctx-size", flags.context,
              "tokens of context to make room for; 0 = as many as make sense")
      .option("-b,--batch-size", flags.batch, "prompt tokens read between two looks at Ctrl-C")
      .option("-ub,--ubatch-size", flags.ubatch, "rows of one internal step")
      .option("-t,--threads", flags.threads, "threads; 0 = one per core")
      .choice("-fa,--flash-attn", flags.flash, {"on", "off", "auto"},
              "attention never stores its scores, so only on and auto can be had")
      .choice("--path", flags.path, {"fast", "reference"}, "which implementation computes")
      .choice("--kv", flags.kv, {"f16", "int8"}, "type of the key-value cache");
  declare_weights(line, flags.weights);
  declare_activations(line, flags.activations);
}

void declare_weights(CommandLine& line, std::string& weights) {
  line.choice("--weights", weights, {"auto", "memory", "file"},
              "copied into memory, which is fastest, or read from the mapped file, for models "
              "larger than memory");
}

model::Placement placement_of(std::string_view weights) {
  return weights == "memory" ? model::Placement::memory
         : weights == "file" ? model::Placement::file
                             : model::Placement::automatic;
}

void declare_activations(CommandLine& line, std::string& activations) {
  line.choice(
      "--activations", activations, {"auto", "int8", "int16"},
      "how activations meet quantised weights; auto: int16, which is more exact, for models "
      "of less than 256 MiB");
}

model::Activations activations_of(std::string_view activations) {
  return activations == "int8"    ? model::Activations::int8
         : activations == "int16" ? model::Activations::int16
                                  : model::Activations::automatic;
}

std::vector<std::string> complete_flash_flag(Arguments args) {
  std::vector<std::string> out;
  for (size_t i = 0; i < args.size(); ++i) {
    out.push_back(args[i]);
    if (!is_flash_flag(args[i])) continue;
    const bool has_word = i + 1 < args.size() && std::find(kFlashWords.begin(), kFlashWords.end(),
                                                           args[i + 1]) != kFlashWords.end();
    if (!has_word) out.emplace_back("on");
  }
  return out;
}

Result<> check_threads(uint32_t n_threads) {
  const uint32_t n_core = std::thread::hardware_concurrency();
  const uint32_t most = std::max(kThreadsAlways, kThreadsPerCore * n_core);
  if (n_threads <= most) return {};
  return fail(Errc::invalid_argument, "--threads is {}; this machine has {} cores, at most {} help",
              n_threads, n_core, most);
}

Result<std::unique_ptr<engine::Engine>> open_engine(const ModelFlags& flags) {
  if (flags.flash == "off")
    return fail(Errc::unsupported,
                "--flash-attn off: Stride has no other attention than the one that never stores "
                "its scores");
  if (flags.batch == 0 || flags.ubatch == 0)
    return fail(Errc::invalid_argument, "{} is 0; it must be at least 1",
                flags.batch == 0 ? "--batch-size" : "--ubatch-size");
  STRIDE_TRY(check_threads(flags.threads));
  engine::LoadRequest request;
  request.model = STRIDE_TRY(find_model(flags.model, bundled_places(executable_folder())));
  if (flags.mtp) request.mtp = *flags.mtp;
  request.options.path = flags.path == "fast" ? model::Path::fast : model::Path::reference;
  request.options.kv_type = flags.kv == "f16" ? model::KvType::f16 : model::KvType::int8;
  request.options.placement = placement_of(flags.weights);
  request.options.activations = activations_of(flags.activations);
  request.options.n_threads = flags.threads;
  request.options.max_rows = flags.ubatch;
  request.options.on_copy = LoadProgress();
  std::vector<std::string> warnings;
  auto engine = engine::Engine::load(request, warnings);
  request.options.on_copy = {};  // ends the line of the bar
  report_warnings(warnings);
  return engine;
}

Result<uint32_t> choose_context(const model::Model& model, uint32_t wish,
                                const std::optional<MemoryInfo>& memory) {
  if (wish > kLargestContext)
    return fail(Errc::invalid_argument, "--ctx-size is {}; at most {} can be had", wish,
                kLargestContext);
  if (wish == 0) {
    wish = kDefaultContext;
    if (model.config().n_ctx_train > 0) wish = std::min(wish, model.config().n_ctx_train);
    if (memory)
      wish = std::min(wish, std::max(256U, largest_context(model, memory->available / 2)));
    return wish;
  }
  if (wish < 2)
    return fail(Errc::invalid_argument, "--ctx-size is {}; it must be at least 2", wish);
  const uint64_t needed = model.sequence_bytes(wish);
  if (!memory || needed <= memory->available) return wish;
  return fail(Errc::exhausted,
              "a context of {} tokens needs {} of memory, but {} are free; {} tokens would fit",
              wish, human_bytes(needed), human_bytes(memory->available),
              largest_context(model, memory->available / 10 * 9));
}

void report_long_context(const model::Config& config, uint32_t context) {
  if (config.n_ctx_train == 0 || context <= config.n_ctx_train) return;
  report_warnings({fmt::format(
      "the context of {} tokens is longer than the {} that the model was trained for; answers may "
      "get worse beyond them",
      context, config.n_ctx_train)});
}

}  // namespace stride::cli
