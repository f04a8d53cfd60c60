// SPDX-License-Identifier: Apache-2.0
#include "cli/suspicions.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "cli/slab.h"
#include "format/layers.h"

namespace stride::cli {
namespace {

using format::Tensor;
using format::TensorCatalog;
using Notes = std::vector<std::string>;

// Early converters scaled the rotary frequencies as if all dimensions of a head were rotated on
// full layers. Stride computes its own; other engines would be wrong from some thousand tokens on.
void check_rope_table(const TensorCatalog& catalog, const model::Config& c, Notes& notes) {
  const auto layer = std::ranges::find(c.layers, true, &model::LayerConfig::rope_scaled);
  const Tensor* table = catalog.find("rope_freqs.weight");
  if (layer == c.layers.end()) return;
  if (!table) {
    notes.emplace_back("rope_freqs.weight is missing: other engines may not scale long contexts");
    return;
  }
  std::vector<std::byte> scratch;
  const auto bytes = catalog.bytes(*table, scratch);
  if (!bytes || table->type != quant::Type::f32) {
    notes.emplace_back("rope_freqs.weight is not F32");
    return;
  }
  const auto scaled = model::rope_frequencies(c, *layer);
  for (size_t i = 0; i < std::min<size_t>(scaled.size(), table->values()); ++i) {
    float stored = 0;
    std::memcpy(&stored, bytes->data() + i * sizeof stored, sizeof stored);
    const double wanted =
        std::pow(layer->rope_theta, -2.0 * static_cast<double>(i) / layer->n_rot) / scaled[i];
    if (!(std::abs(stored - wanted) <= 1e-3 * wanted)) {
      notes.push_back(
          fmt::format("rope_freqs.weight has {:.6f} at {}, not {:.6f}: a known converter "
                      "fault, which Stride puts right",
                      stored, i, wanted));
      return;
    }
  }
}

// Tensors the configuration wants and the file has not, or has in another shape.
void check_tensors(const TensorCatalog& catalog, const ModelReport& report, Notes& notes) {
  size_t n_missing = 0, n_other_shape = 0;
  std::string missing, other_shape;
  for (const Tensor& wanted : model_tensors(report.config)) {
    const int layer = format::layer_of(wanted.name);
    const bool in_trunk = layer >= 0 && layer < static_cast<int>(report.config.n_layer);
    if (in_trunk && report.mtp == MtpState::only) continue;
    if (wanted.name == "rope_freqs.weight") continue;
    const Tensor* found = catalog.find(wanted.name);
    if (!found && n_missing++ == 0) missing = wanted.name;
    if (found && found->shape != wanted.shape && n_other_shape++ == 0) other_shape = wanted.name;
  }
  if (n_missing > 0)
    notes.push_back(fmt::format("{} tensors are missing, the first is {}", n_missing, missing));
  if (n_other_shape > 0)
    notes.push_back(fmt::format("{} tensors have another shape than the keys say, the first is {}",
                                n_other_shape, other_shape));
}

void check_roles(const ModelReport& report, Notes& notes) {
  if (const auto it = report.roles.find(Role::other); it != report.roles.end()) {
    const uint64_t known = 1;  // rope_freqs.weight
    if (it->second.n_tensors > known)
      notes.push_back(fmt::format("{} tensors have no known role", it->second.n_tensors - known));
  }
  for (const Role role : {Role::router, Role::norms}) {
    const auto it = report.roles.find(role);
    if (it == report.roles.end()) continue;
    for (const auto& [type, bytes] : it->second.types) {
      if (type == quant::Type::f32) continue;
      notes.push_back(fmt::format("{} weights are {}, which changes {}", role_name(role),
                                  quant::type_name(type),
                                  role == Role::router ? "the choice of experts" : "every layer"));
    }
  }
}

void check_tokenizer(const ModelReport& report, Notes& notes) {
  if (!report.tokenizer) {
    notes.emplace_back("there is no tokenizer: the model can run but not read text");
    return;
  }
  const TokenizerSummary& t = *report.tokenizer;
  if (t.model != "gpt2" || t.pre != "deepseek-v3")
    notes.push_back(
        fmt::format("the tokenizer is {} / {}, not gpt2 / deepseek-v3", t.model, t.pre));
  if (t.n_merge == 0) notes.emplace_back("the tokenizer has no merges");
  if (t.eos_text.empty()) notes.emplace_back("the tokenizer names no end token");
}

void check_layers(const model::Config& c, Notes& notes) {
  const auto full =
      std::ranges::count(c.layers, model::Attention::full, &model::LayerConfig::attention);
  if (full == 0) notes.emplace_back("no layer has full attention");
  const auto last = std::span(c.layers).first(c.n_layer).last(1)[0];
  if (c.n_expert > 0 && last.moe && last.clamp == 0)
    notes.emplace_back("the last layer has no SwiGLU limit; published models have one of 7");
}

}  // namespace

void find_suspicions(const TensorCatalog& catalog, ModelReport& report) {
  Notes& notes = report.suspicious;
  if (report.n_mtp_elsewhere > 0)
    notes.push_back(
        fmt::format("{} MTP layers are announced but not in the file; give theirs with --mtp",
                    report.n_mtp_elsewhere));
  check_tensors(catalog, report, notes);
  check_roles(report, notes);
  check_rope_table(catalog, report.config, notes);
  check_tokenizer(report, notes);
  check_layers(report.config, notes);
}

}  // namespace stride::cli
