// SPDX-License-Identifier: Apache-2.0
#include "format/layers.h"

#include <algorithm>
#include <charconv>

namespace stride::format {
namespace {

constexpr uint32_t kMaxLayers = 4096;

Result<> check_architecture(const Metadata& metadata) {
  const std::string_view architecture = STRIDE_TRY(metadata.string("general.architecture"));
  if (architecture == "step35") return {};
  return fail(Errc::unsupported,
              "the model's architecture is {}; Stride runs step35 (Step-3.5 and Step-3.7 Flash)",
              architecture);
}

Result<uint32_t> read_count(const Metadata& metadata, std::string_view key, uint32_t low) {
  const int64_t n = STRIDE_TRY(metadata.integer(key));
  if (n < low || n > kMaxLayers)
    return fail(Errc::format, "key {} is {}, but must be from {} to {}", key, n, low, kMaxLayers);
  return static_cast<uint32_t>(n);
}

// What the names of tensors tell.
struct Found {
  uint32_t first = kMaxLayers;      // the lowest layer
  uint32_t first_mtp = kMaxLayers;  // the lowest MTP layer
  uint32_t end = 0;                 // past the highest layer

  bool has_mtp() const { return first_mtp < end; }
};

Result<Found> find_layers(std::span<const Tensor> tensors) {
  Found out;
  for (const Tensor& tensor : tensors) {
    const int layer = layer_of(tensor.name);
    const std::string_view role = role_of(tensor.name);
    const bool is_mtp = role.starts_with("nextn.");
    if (layer < 0 || (!is_mtp && role != "attn_norm.weight")) continue;
    const auto i = static_cast<uint32_t>(layer);
    if (i >= kMaxLayers)
      return fail(Errc::format, "tensor {} is beyond the {} layers a model may have", tensor.name,
                  kMaxLayers);
    out.first = std::min(out.first, i);
    out.end = std::max(out.end, i + 1);
    if (is_mtp) out.first_mtp = std::min(out.first_mtp, i);
  }
  return out;
}

// `n_block` counts the announced MTP layers, or, by some writers, the trunk alone.
uint32_t trunk_depth(const Found& found, uint32_t n_block, uint32_t n_announced) {
  const uint32_t n_trunk = n_announced < n_block ? n_block - n_announced : n_block;
  if (!found.has_mtp()) return found.end <= n_trunk ? n_trunk : std::max(found.end, n_block);
  const bool without_trunk = found.first == found.first_mtp;
  const bool as_announced = n_trunk <= found.first_mtp && found.first_mtp < n_block;
  return without_trunk && as_announced ? n_trunk : found.first_mtp;
}

}  // namespace

int layer_of(std::string_view name) {
  if (!name.starts_with("blk.")) return -1;
  int layer = -1;
  const auto [end, error] = std::from_chars(name.data() + 4, name.data() + name.size(), layer);
  if (error != std::errc() || layer < 0 || end == name.data() + name.size() || *end != '.')
    return -1;
  return layer;
}

std::string_view role_of(std::string_view name) {
  return layer_of(name) < 0 ? name : name.substr(name.find('.', 4) + 1);
}

Result<Depth> read_depth(const Metadata& metadata, std::span<const Tensor> tensors) {
  constexpr std::string_view kBlocks = "step35.block_count", kMtp = "step35.nextn_predict_layers";
  STRIDE_TRY(check_architecture(metadata));
  const uint32_t n_block = STRIDE_TRY(read_count(metadata, kBlocks, 1));
  const uint32_t n_announced =
      metadata.contains(kMtp) ? STRIDE_TRY(read_count(metadata, kMtp, 0)) : 0;
  const Found found = STRIDE_TRY(find_layers(tensors));
  Depth out;
  out.n_layer = trunk_depth(found, n_block, n_announced);
  if (out.n_layer == 0)
    return fail(Errc::format, "the model has no trunk layers: blk.0 is an MTP layer");
  out.n_mtp = found.has_mtp() ? found.end - out.n_layer : 0;
  out.n_elsewhere = n_announced > out.n_mtp ? n_announced - out.n_mtp : 0;
  out.only_mtp = found.has_mtp() && found.first == found.first_mtp;
  if (out.n_mtp > n_announced || n_block != out.n_layer + n_announced)
    out.warning = fmt::format(
        "{} is {} and {} is {}, but the tensors are those of {} trunk layers and {} MTP layers",
        kBlocks, n_block, kMtp, n_announced, out.n_layer, out.n_mtp);
  return out;
}

}  // namespace stride::format
