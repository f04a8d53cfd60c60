// SPDX-License-Identifier: Apache-2.0
// stride inspect: what a model file holds, for people, for programs (--json) and as a table of
// tensors (--tensors).
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/find_model.h"
#include "cli/human.h"
#include "cli/model_report.h"
#include "json/json.h"
#include "model/kv_size.h"

namespace stride::cli {
namespace {

constexpr size_t kMaxNotes = 8;

void field(std::string_view name, std::string_view text) {
  fmt::print("  {:<13} {}\n", name, text);
}

// Whole numbers without an exponent.
std::string plain(double x) {
  return x == std::floor(x) && x < 1e15 ? fmt::format("{:.0f}", x) : fmt::format("{:g}", x);
}

const model::LayerConfig* first_of(const model::Config& c, model::Attention kind) {
  const auto it = std::ranges::find(c.layers, kind, &model::LayerConfig::attention);
  return it == c.layers.end() ? nullptr : &*it;
}

void print_attention(const model::Config& c) {
  const auto trunk = std::span(c.layers).first(c.n_layer);
  const auto count = [&](model::Attention kind) {
    return std::ranges::count(trunk, kind, &model::LayerConfig::attention);
  };
  for (const auto kind : {model::Attention::full, model::Attention::sliding}) {
    const auto* layer = first_of(c, kind);
    if (!layer) continue;
    const bool full = kind == model::Attention::full;
    std::string text = fmt::format(
        "{}, {}, {}, rope {} of {} at {}", counted(static_cast<uint64_t>(count(kind)), "layer"),
        counted(layer->n_head, "head"), counted(layer->n_head_kv, "kv head"), layer->n_rot,
        c.head_dim, plain(layer->rope_theta));
    if (full && layer->rope_scaled && c.rope_factor != 1)
      text +=
          fmt::format(", stretched {:g}x from {}", c.rope_factor, plain(c.rope_original_context));
    if (!full) text += fmt::format(", window {}", c.window);
    field(full ? "full" : "sliding", text);
  }
}

void print_feed_forward(const model::Config& c) {
  const auto n_moe = std::ranges::count(c.layers, true, &model::LayerConfig::moe);
  const auto n_dense = static_cast<ptrdiff_t>(c.n_layer) - n_moe;
  field("dense",
        fmt::format("{}, width {}", counted(static_cast<uint64_t>(n_dense), "layer"), c.n_ff));
  if (n_moe > 0)
    field("experts", fmt::format("{}, {} of {} experts, width {}, shared {}, scale {:g}",
                                 counted(static_cast<uint64_t>(n_moe), "layer"), c.n_expert_used,
                                 c.n_expert, c.n_ff_expert, c.n_ff_shared, c.expert_scale));
  std::string limits;
  for (size_t i = 0; i < c.layers.size(); ++i) {
    const auto& layer = c.layers[i];
    if (layer.clamp > 0 || layer.clamp_shared > 0)
      limits += fmt::format("{}layer {}: {:g} / {:g}", limits.empty() ? "" : ", ", i, layer.clamp,
                            layer.clamp_shared);
  }
  if (!limits.empty()) field("SwiGLU limits", printable(limits, 80));
}

void print_mtp(const ModelReport& report) {
  switch (report.mtp) {
    case MtpState::none:
      return field("MTP", "none");
    case MtpState::missing:
      return field("MTP", fmt::format("{} announced, in another file",
                                      counted(report.n_mtp_elsewhere, "head")));
    case MtpState::embedded:
      return field("MTP", fmt::format("{}, embedded, {} each", counted(report.config.n_mtp, "head"),
                                      human_bytes(report.bytes_per_mtp_head)));
    case MtpState::only:
      return field("MTP", fmt::format("{} and no trunk: a file for --mtp",
                                      counted(report.config.n_mtp, "head")));
  }
}

void print_model(const ModelReport& report) {
  const model::Config& c = report.config;
  fmt::print("{}  step35, {} parameters, {} active\n",
             c.name.empty() ? "model" : printable(c.name, 60), human_count(report.n_values),
             human_count(report.active_values));
  field("layers", fmt::format("{} of width {}, context {}, vocabulary {}", c.n_layer, c.n_embd,
                              c.n_ctx_train, c.n_vocab));
  print_attention(c);
  print_feed_forward(c);
  print_mtp(report);
  if (report.tokenizer) {
    const TokenizerSummary& t = *report.tokenizer;
    field("tokenizer",
          fmt::format("{}/{}, {} tokens, {} merges, {} special, begin {}, end {}",
                      printable(t.model, 20), printable(t.pre, 20), t.n_token, t.n_merge,
                      t.n_special, t.bos_text.empty() ? "none" : printable(t.bos_text, 40),
                      t.eos_text.empty() ? "none" : printable(t.eos_text, 40)));
  }
}

void print_layout(const ModelReport& report) {
  if (report.n_grouped == 0) return;
  field("layout",
        fmt::format("{} of {} in groups of {} rows, which only Stride reads (convert "
                    "puts them back)",
                    report.n_grouped, counted(report.n_tensors, "tensor"), quant::kGroupRows));
}

std::string_view layout_name(quant::Layout layout) {
  return layout == quant::Layout::groups ? "groups" : "rows";
}

std::string type_list(const RoleSummary& summary) {
  std::vector<std::pair<uint64_t, std::string_view>> types;
  for (const auto& [type, bytes] : summary.types) types.emplace_back(bytes, quant::type_name(type));
  std::ranges::sort(types, std::greater());
  std::vector<std::string_view> names;
  for (const auto& [bytes, name] : types) names.push_back(name);
  return fmt::format("{}", fmt::join(names, ", "));
}

void print_roles(const ModelReport& report) {
  fmt::print("\n  {:<15} {:>7} {:>11} {:>7} {:>12}   {}\n", "weights", "tensors", "size", "share",
             "read/token", "types");
  for (const auto& [role, summary] : report.roles) {
    const double share = 100 * static_cast<double>(summary.bytes) /
                         static_cast<double>(std::max<uint64_t>(1, report.file_bytes));
    fmt::print("  {:<15} {:>7} {:>11} {:>5.1f} % {:>12}   {}\n", role_name(role), summary.n_tensors,
               human_bytes(summary.bytes), share,
               summary.bytes_per_token == 0 ? "-" : human_bytes(summary.bytes_per_token),
               type_list(summary));
  }
  fmt::print("  {:<15} {:>7} {:>11} {:>7} {:>12}\n", "all", report.n_tensors,
             human_bytes(report.file_bytes), "", human_bytes(report.bytes_per_token));
}

void print_memory(const ModelReport& report) {
  fmt::print("\n  {:<15} {:>11} {:>11}   {:>11} {:>11}\n", "context", "cache f16", "cache int8",
             "total f16", "total int8");
  for (const MemoryNeed& need : report.memory) {
    fmt::print("  {:<15} {:>11} {:>11}   {:>11} {:>11}\n", need.context,
               human_bytes(need.cache.f16), human_bytes(need.cache.int8),
               human_bytes(report.file_bytes + need.cache.f16),
               human_bytes(report.file_bytes + need.cache.int8));
  }
  const model::Config& c = report.config;
  fmt::print("  each token adds {} (f16) or {} (int8); sliding layers hold {} or {},\n",
             human_bytes(report.cache_per_token.f16), human_bytes(report.cache_per_token.int8),
             human_bytes(report.cache_constant.f16), human_bytes(report.cache_constant.int8));
  fmt::print("  in rows: a window of {}, {} of a step (-ub) and {} for drafts\n", c.window,
             model::kDefaultMaxRows, c.n_mtp);
}

void print_suspicious(const ModelReport& report) {
  if (report.suspicious.empty()) return;
  fmt::print("\n  suspicious\n");
  const size_t n = std::min(kMaxNotes, report.suspicious.size());
  for (size_t i = 0; i < n; ++i) fmt::print("    {}\n", printable(report.suspicious[i]));
  if (report.suspicious.size() > n)
    fmt::print("    and {} more (--json lists all)\n", report.suspicious.size() - n);
}

std::string shape_text(const format::Tensor& tensor) {
  return fmt::format("[{}]", fmt::join(std::span(tensor.shape).first(tensor.n_dims), ", "));
}

void print_tensors(const format::TensorCatalog& catalog) {
  size_t width = 4;
  for (const auto& tensor : catalog.tensors()) width = std::max(width, tensor.name.size());
  width = std::min<size_t>(width, 60);
  fmt::print("{:<{}}  {:<7} {:<7} {:<20} {:>14}  {:<14}\n", "name", width, "type", "layout",
             "shape", "bytes", "at");
  for (const auto& tensor : catalog.tensors()) {
    fmt::print("{:<{}}  {:<7} {:<7} {:<20} {:>14}  {}\n", printable(tensor.name, 200), width,
               quant::type_name(tensor.type), layout_name(tensor.layout), shape_text(tensor),
               tensor.bytes, printable(catalog.place(tensor)));
  }
}

Json tensors_json(const format::TensorCatalog& catalog) {
  Json out = Json::array();
  for (const auto& tensor : catalog.tensors()) {
    Json entry;
    entry["name"] = to_valid_utf8(tensor.name);
    entry["type"] = quant::type_name(tensor.type);
    entry["layout"] = layout_name(tensor.layout);
    entry["shape"] = std::vector(tensor.shape.begin(), tensor.shape.begin() + tensor.n_dims);
    entry["bytes"] = tensor.bytes;
    entry["at"] = to_valid_utf8(catalog.place(tensor));
    out.push_back(std::move(entry));
  }
  return out;
}

struct Options {
  std::string path;
  bool json = false, tensors = false;
};

Result<> inspect(const Options& options) {
  const auto catalog = STRIDE_TRY(format::open_model(STRIDE_TRY(find_model(options.path, {}))));
  if (options.tensors && !options.json) {
    print_tensors(*catalog);
    return {};
  }
  const ModelReport report = STRIDE_TRY_AT(options.path, make_report(*catalog));
  if (options.json) {
    Json out = to_json(report);
    if (options.tensors) out["table"] = tensors_json(*catalog);
    fmt::print("{}\n", json::dump(out));
    return {};
  }
  print_model(report);
  print_layout(report);
  print_roles(report);
  print_memory(report);
  print_suspicious(report);
  return {};
}

}  // namespace

int inspect_command(Arguments args) {
  Options options;
  CommandLine line("inspect", "Shows what a model file holds and what it needs.");
  line.positional("FILE", options.path, "GGUF file (any shard of one) or safetensors folder")
      .flag("--json", options.json, "print JSON")
      .flag("--tensors", options.tensors, "the table of tensors");
  line.example("stride inspect model.gguf", "shape, types, memory, anything suspicious");
  line.example("stride inspect model.gguf --tensors", "name, type, shape and place of each tensor");
  if (const auto stop = line.parse(args)) return *stop;
  const auto done = inspect(options);
  if (done) return 0;
  fmt::print(stderr, "stride: {}\n", done.error().message);
  return 1;
}

}  // namespace stride::cli
