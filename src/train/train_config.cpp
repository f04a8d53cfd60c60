// SPDX-License-Identifier: Apache-2.0
#include "train/train_config.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>
#include <numeric>

#include "json/json.h"
#include "json/lines.h"
#include "train/config_reader.h"

namespace stride::train {
namespace {

Result<Stage> read_stage(ConfigReader in, uint32_t n_mtp) {
  Stage stage;
  stage.name = STRIDE_TRY(in.text("name"));
  const double tokens = STRIDE_TRY(in.number("tokens", 1, 1e12));
  stage.length = STRIDE_TRY(in.count("length", 8, 131072));
  stage.n_row = STRIDE_TRY(in.count("rows", 1, 65536));
  stage.n_step =
      static_cast<uint64_t>(std::ceil(tokens / static_cast<double>(stage.tokens_per_step())));
  const std::vector<double> rates = STRIDE_TRY(in.numbers("learning_rate", 0, 10));
  if (rates.size() != 2) return in.wrong("learning_rate", "two numbers: the first and the last");
  stage.first_rate = rates[0];
  stage.last_rate = rates[1];
  stage.n_warmup = STRIDE_TRY(in.count("warmup_steps", 0, 1000000, 0));
  stage.mtp_weights = STRIDE_TRY(in.numbers("mtp_weights", 0, 100, std::vector<double>{}));
  if (stage.mtp_weights.size() > n_mtp)
    return in.wrong("mtp_weights", fmt::format("at most {} numbers, one a head", n_mtp));
  stage.freeze_trunk = STRIDE_TRY(in.flag("freeze_trunk", false));
  stage.clone_heads = STRIDE_TRY(in.flag("clone_heads", false));
  stage.balance_rate = STRIDE_TRY(in.number("balance_rate", 0, 1, 0.0));
  if (stage.freeze_trunk && stage.mtp_weights.empty())
    return in.wrong("freeze_trunk", "false, as no MTP head learns in this stage either");
  STRIDE_TRY(in.nothing_else());
  return stage;
}

// Layers in the order of the architecture: full, then three sliding ones, again and again; MTP
// blocks are sliding and dense.
void set_layers(model::Config& config, uint32_t full_heads, uint32_t sliding_heads,
                uint32_t kv_heads, uint32_t n_dense, double full_theta, double sliding_theta,
                float clamp, float clamp_shared) {
  for (uint32_t i = 0; i < config.n_layer + config.n_mtp; ++i) {
    const bool trunk = i < config.n_layer, full = trunk && i % 4 == 0;
    const bool last = trunk && i + 2 >= config.n_layer;
    model::LayerConfig layer;
    layer.attention = full ? model::Attention::full : model::Attention::sliding;
    layer.n_head = full ? full_heads : sliding_heads;
    layer.n_head_kv = kv_heads;
    layer.n_rot = full ? config.head_dim / 2 : config.head_dim;
    layer.rope_theta = full ? full_theta : sliding_theta;
    layer.rope_scaled = full;
    layer.moe = trunk && i >= n_dense;
    layer.clamp = last && layer.moe ? clamp : 0;
    layer.clamp_shared = last ? clamp_shared : 0;
    config.layers.push_back(layer);
  }
}

Result<model::Config> read_model(ConfigReader in, uint32_t n_vocab) {
  model::Config config;
  config.n_vocab = n_vocab;
  config.n_embd = STRIDE_TRY(in.count("n_embd", 8, 16384));
  config.head_dim = STRIDE_TRY(in.count("head_dim", 8, 512));
  if (config.head_dim % 8 != 0) return in.wrong("head_dim", "a multiple of 8");
  config.n_layer = STRIDE_TRY(in.count("n_layer", 1, 200));
  config.n_mtp = STRIDE_TRY(in.count("n_mtp", 0, 3));
  config.n_ctx_train = STRIDE_TRY(in.count("context_length", 64, 1U << 24));
  config.n_ff = STRIDE_TRY(in.count("n_ff", 1, 1U << 16));
  config.n_expert = STRIDE_TRY(in.count("n_expert", 1, 4096));
  config.n_expert_used = STRIDE_TRY(in.count("n_expert_used", 1, config.n_expert));
  config.n_ff_expert = STRIDE_TRY(in.count("n_ff_expert", 1, 1U << 16));
  config.n_ff_shared = STRIDE_TRY(in.count("n_ff_shared", 1, 1U << 16));
  config.expert_scale = static_cast<float>(STRIDE_TRY(in.number("expert_scale", 0.01, 100, 3.0)));
  config.window = STRIDE_TRY(in.count("window", 1, 1U << 20));
  const uint32_t kv = STRIDE_TRY(in.count("n_head_kv", 1, 256));
  const uint32_t full = STRIDE_TRY(in.count("n_head_full", 1, 1024));
  const uint32_t sliding = STRIDE_TRY(in.count("n_head_sliding", 1, 1024));
  if (full % kv != 0) return in.wrong("n_head_full", "a multiple of n_head_kv");
  if (sliding % kv != 0) return in.wrong("n_head_sliding", "a multiple of n_head_kv");
  const uint32_t dense = STRIDE_TRY(in.count("n_dense", 0, config.n_layer));
  const double full_theta = STRIDE_TRY(in.number("rope_theta_full", 1, 1e12, 5e6));
  const double sliding_theta = STRIDE_TRY(in.number("rope_theta_sliding", 1, 1e12, 1e4));
  const double clamp = STRIDE_TRY(in.number("clamp", 0, 1e6, 7.0));
  const double clamp_shared = STRIDE_TRY(in.number("clamp_shared", 0, 1e6, 16.0));
  STRIDE_TRY(in.nothing_else());
  set_layers(config, full, sliding, kv, dense, full_theta, sliding_theta, static_cast<float>(clamp),
             static_cast<float>(clamp_shared));
  return config;
}

Result<> read_optimizer(ConfigReader in, TrainConfig& config) {
  OptimizerOptions& options = config.optimizer;
  options.momentum = STRIDE_TRY(in.number("momentum", 0, 0.9999, options.momentum));
  options.adam_beta1 = STRIDE_TRY(in.number("adam_beta1", 0, 0.9999, options.adam_beta1));
  options.adam_beta2 = STRIDE_TRY(in.number("adam_beta2", 0, 0.999999, options.adam_beta2));
  options.adam_epsilon = STRIDE_TRY(in.number("adam_epsilon", 1e-20, 1, options.adam_epsilon));
  options.decay = STRIDE_TRY(in.number("decay", 0, 10, options.decay));
  config.clip = STRIDE_TRY(in.number("clip", 1e-6, 1e9, config.clip));
  return in.nothing_else();
}

Result<> read_data(ConfigReader in, TrainConfig& config) {
  config.data_seed = STRIDE_TRY(in.count("seed", 0, UINT32_MAX, 1));
  config.tokenizer = STRIDE_TRY(in.text("tokenizer"));
  return in.nothing_else();
}

// Parser errors count bytes; an editor counts lines.
Result<Json> parse_with_lines(std::string_view text) {
  auto root = json::parse(text, {.duplicates = json::Duplicates::refuse});
  if (root) return root;
  constexpr std::string_view kPlace = "at byte ";
  const std::string& message = root.error().message;
  size_t byte = text.size();
  if (const size_t at = message.find(kPlace); at != std::string::npos)
    std::from_chars(message.data() + at + kPlace.size(), message.data() + message.size(), byte);
  const std::string_view before = text.substr(0, std::min(byte, text.size()));
  return within(fmt::format("line {}", 1 + std::ranges::count(before, '\n')),
                std::move(root).error());
}

}  // namespace

double Stage::learning_rate(uint64_t step) const {
  if (step < n_warmup)
    return first_rate * static_cast<double>(step + 1) / static_cast<double>(n_warmup);
  if (n_step <= n_warmup + 1) return first_rate;
  const double done = std::min(
      1.0, static_cast<double>(step - n_warmup) / static_cast<double>(n_step - n_warmup - 1));
  return last_rate + (first_rate - last_rate) * 0.5 * (1 + std::cos(std::numbers::pi * done));
}

uint64_t TrainConfig::n_step() const {
  return std::accumulate(stages.begin(), stages.end(), uint64_t{0},
                         [](uint64_t n, const Stage& stage) { return n + stage.n_step; });
}

uint64_t TrainConfig::n_token() const {
  return std::accumulate(
      stages.begin(), stages.end(), uint64_t{0},
      [](uint64_t n, const Stage& stage) { return n + stage.n_step * stage.tokens_per_step(); });
}

uint32_t TrainConfig::longest() const {
  uint32_t length = 0;
  for (const Stage& stage : stages) length = std::max(length, stage.length);
  return length;
}

std::pair<size_t, uint64_t> TrainConfig::locate(uint64_t step) const {
  for (size_t s = 0; s + 1 < stages.size(); ++s) {
    if (step < stages[s].n_step) return {s, step};
    step -= stages[s].n_step;
  }
  return {stages.size() - 1, step};
}

Result<TrainConfig> parse_train_config(std::string_view text, uint32_t n_vocab) {
  const Json root = STRIDE_TRY(parse_with_lines(text));
  const ConfigReader::Lines lines = json::lines(text);
  ConfigReader in(root, "", lines);
  TrainConfig config;
  config.text = text;
  config.name = STRIDE_TRY(in.text("name"));
  config.seed = STRIDE_TRY(in.count("seed", 0, UINT32_MAX, 1));
  config.n_worker = STRIDE_TRY(in.count("workers", 1, 64, 2));
  config.micro_tokens = STRIDE_TRY(in.count("micro_tokens", 1, 1U << 20, 2048));
  config.model = STRIDE_TRY(read_model(STRIDE_TRY(in.object("model")), n_vocab));
  config.model.name = config.name;
  STRIDE_TRY(read_optimizer(STRIDE_TRY(in.object("optimizer")), config));
  for (ConfigReader& stage : STRIDE_TRY(in.objects("stages")))
    config.stages.push_back(STRIDE_TRY(read_stage(stage, config.model.n_mtp)));
  if (config.stages.empty()) return in.wrong("stages", "at least one stage");
  STRIDE_TRY(read_data(STRIDE_TRY(in.object("data")), config));
  STRIDE_TRY(in.nothing_else());
  return config;
}

}  // namespace stride::train
