// SPDX-License-Identifier: Apache-2.0
// Which tensors and keys the output of a conversion has.
#include <algorithm>

#include "format/convert.h"
#include "format/gguf.h"
#include "format/layers.h"
#include "format/layout.h"

namespace stride::format {
namespace {

constexpr uint32_t kLineBytes = 64;
constexpr uint32_t kQuantizationVersion = 2;  // of the block layouts, as GGUF files state it

size_t array_size(const Array& array) {
  return std::visit([](const auto& items) { return items.size(); }, array.items);
}

// The per-layer arrays of step35.*: those with an entry for each of at least `n` layers.
bool is_per_layer(std::string_view key, const Value& value, size_t n) {
  const auto* array = std::get_if<Array>(&value.data);
  return key.starts_with("step35.") && array && array_size(*array) >= n;
}

void truncate(Value& value, size_t n) {
  std::visit([n](auto& items) { items.resize(n); }, std::get<Array>(value.data).items);
}

void drop_mtp_keys(Metadata& metadata, const Depth& depth) {
  std::vector<Metadata::Entry> changed;
  for (const auto& [key, value] : metadata.entries()) {
    if (is_per_layer(key, value, depth.n_layer)) changed.emplace_back(key, value);
  }
  for (auto& [key, value] : changed) {
    truncate(value, depth.n_layer);
    metadata.set(key, std::move(value));
  }
  metadata.set_u32("step35.block_count", depth.n_layer);
  metadata.erase("step35.nextn_predict_layers");
}

// Appends the entries of the MTP layers from the file they come from.
Result<> append_layers(Value& value, std::string_view key, const Metadata& from,
                       const Depth& depth) {
  const Value* other = from.find(key);
  const auto* tail = other ? std::get_if<Array>(&other->data) : nullptr;
  auto& array = std::get<Array>(value.data);
  const size_t n_block = depth.n_layer + depth.n_mtp;
  if (!tail || array_size(*tail) < n_block || tail->items.index() != array.items.index())
    return fail(Errc::format, "the MTP file's key {} has no entry for each of {} layers", key,
                n_block);
  std::visit(
      [&](auto& items) {
        const auto& more = std::get<std::decay_t<decltype(items)>>(tail->items);
        items.insert(items.end(), more.begin() + depth.n_layer, more.begin() + n_block);
      },
      array.items);
  return {};
}

Result<> add_mtp_keys(Metadata& metadata, const Metadata& from, const Depth& depth) {
  std::vector<Metadata::Entry> changed;
  for (const auto& [key, value] : metadata.entries()) {
    if (is_per_layer(key, value, depth.n_layer)) changed.emplace_back(key, value);
  }
  for (auto& [key, value] : changed) {
    STRIDE_TRY(append_layers(value, key, from, depth));
    metadata.set(key, std::move(value));
  }
  metadata.set_u32("step35.block_count", depth.n_layer + depth.n_mtp);
  metadata.set_u32("step35.nextn_predict_layers", depth.n_mtp);
  return {};
}

Result<Depth> mtp_depth(const TensorCatalog& mtp, const Depth& trunk) {
  Depth depth = STRIDE_TRY_AT("the MTP file", read_depth(mtp.metadata(), mtp.tensors()));
  if (depth.n_mtp == 0) return fail(Errc::invalid_argument, "the MTP file holds no MTP layers");
  if (depth.n_layer != trunk.n_layer)
    return fail(Errc::invalid_argument, "the MTP file is for a trunk of {} layers, this one has {}",
                depth.n_layer, trunk.n_layer);
  return depth;
}

class Planner {
 public:
  Planner(const TensorCatalog& source, const ConvertOptions& options)
      : source_(source), options_(options) {
    plan_.metadata = source.metadata();
    for (const char* key : {"split.no", "split.count", "split.tensors.count"})
      plan_.metadata.erase(key);
    // Offsets and rows are laid out anew, with the usual alignment unless rows are grouped.
    plan_.metadata.erase("general.alignment");
    plan_.metadata.erase(kLayoutKey);
  }

  Result<ConvertPlan> run() {
    depth_ = STRIDE_TRY(read_depth(source_.metadata(), source_.tensors()));
    if (!depth_.warning.empty()) plan_.notes.push_back(depth_.warning);
    const bool keep = options_.mtp_layers == MtpLayers::keep;
    size_t n_dropped = 0;
    for (const Tensor& tensor : source_.tensors()) {
      const bool in_trunk = layer_of(tensor.name) < static_cast<int>(depth_.n_layer);
      if (keep || in_trunk) {
        STRIDE_TRY_AT("tensor " + tensor.name, add(source_, tensor));
      } else {
        ++n_dropped;
      }
    }
    if (n_dropped > 0)
      plan_.notes.push_back(fmt::format("{} tensors of MTP layers were left out", n_dropped));
    if (!keep) drop_mtp_keys(plan_.metadata, depth_);
    if (options_.mtp_layers == MtpLayers::merge) STRIDE_TRY(merge(*options_.mtp));
    if (options_.mix) {
      plan_.metadata.set_u32("general.file_type", options_.mix->file_type());
      plan_.metadata.set_u32("general.quantization_version", kQuantizationVersion);
    }
    if (options_.repack) tell_layout();
    return std::move(plan_);
  }

 private:
  Result<> add(const TensorCatalog& catalog, const Tensor& from) {
    PlannedTensor planned{from, &from, &catalog};
    if (options_.mix) {
      const auto choice = options_.mix->choose(from, depth_.n_layer);
      planned.tensor.type = choice.type;
      if (choice.fallback)
        plan_.notes.push_back(fmt::format("{} is {}: its rows of {} are no whole blocks", from.name,
                                          quant::type_name(choice.type), from.shape[0]));
    }
    planned.tensor.layout =
        options_.repack && repacks(planned.tensor) ? quant::Layout::groups : quant::Layout::rows;
    planned.tensor.bytes = STRIDE_TRY(tensor_bytes(planned.tensor.type, planned.tensor.shape));
    plan_.tensors.push_back(std::move(planned));
    return {};
  }

  void tell_layout() {
    const auto in_groups = [](const PlannedTensor& p) {
      return p.tensor.layout == quant::Layout::groups;
    };
    if (std::ranges::none_of(plan_.tensors, in_groups)) {
      plan_.notes.emplace_back("no tensor has a type and a height that can be in groups of rows");
      return;
    }
    plan_.metadata.set_u32(std::string(kLayoutKey), kLayoutVersion);
    // Kernels read a group from a mapping in vectors of a cache line.
    plan_.metadata.set_u32("general.alignment", kLineBytes);
  }

  Result<> merge(const TensorCatalog& mtp) {
    const Depth depth = STRIDE_TRY(mtp_depth(mtp, depth_));
    if (!depth.warning.empty()) plan_.notes.push_back("of the MTP file, " + depth.warning);
    size_t n_added = 0;
    for (const Tensor& tensor : mtp.tensors()) {
      if (layer_of(tensor.name) < static_cast<int>(depth.n_layer)) continue;
      STRIDE_TRY_AT("tensor " + tensor.name, add(mtp, tensor));
      ++n_added;
    }
    plan_.notes.push_back(fmt::format("{} tensors of MTP layers were merged in", n_added));
    return add_mtp_keys(plan_.metadata, mtp.metadata(), depth);
  }

  const TensorCatalog& source_;
  const ConvertOptions& options_;
  Depth depth_;
  ConvertPlan plan_;
};

}  // namespace

Result<ConvertPlan> plan_conversion(const TensorCatalog& source, const ConvertOptions& options) {
  return Planner(source, options).run();
}

}  // namespace stride::format
