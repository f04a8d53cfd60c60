// SPDX-License-Identifier: Apache-2.0
#include "cli/slab.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "base/half.h"
#include "base/thread_team.h"
#include "format/gguf.h"
#include "format/gguf_writer.h"
#include "format/layers.h"
#include "quant/type.h"

namespace stride::cli {
namespace {

using format::Tensor;
using quant::Type;

constexpr uint64_t kPieceBytes = 1 << 20;
constexpr size_t kPiecesPerThread = 8;  // written at a time

void fill_bits(Random& random, std::span<std::byte> out) {
  for (size_t at = 0; at < out.size(); at += sizeof(uint64_t)) {
    const uint64_t word = random.next();
    std::memcpy(out.data() + at, &word, std::min(sizeof word, out.size() - at));
  }
}

// Uniform numbers: as good as normal ones here, and as fast as the disk.
template <class Store>
void fill_reals(Random& random, double mean, double deviation, size_t n, Store store) {
  const double width = deviation * std::sqrt(12.0);
  for (size_t i = 0; i < n; ++i)
    store(i, static_cast<float>(mean + width * (random.uniform() - 0.5)));
}

void put_half(std::byte* at, double x) {
  const uint16_t bits = f32_to_f16(static_cast<float>(x));
  std::memcpy(at, &bits, sizeof bits);
}

// q is uniform in -127..127 (-128 is made -127), whose deviation is 73.6.
void finish_q8_0(std::byte* block, double deviation) {
  put_half(block, deviation / 73.6);
  for (size_t i = 2; i < 34; ++i) {
    if (block[i] == std::byte{0x80}) block[i] = std::byte{0x81};
  }
}

// q - 8 without -8, which would shift the mean: 0 instead. The deviation is 4.18.
void finish_q4_0(std::byte* block, double deviation) {
  put_half(block, deviation / 4.18);
  for (size_t i = 2; i < 18; ++i) {
    auto pair = static_cast<unsigned>(block[i]);
    if ((pair & 0x0f) == 0) pair |= 0x08;
    if ((pair & 0xf0) == 0) pair |= 0x80;
    block[i] = static_cast<std::byte>(pair);
  }
}

// w = d * sc * q - dmin * m with m = sc and dmin = d * (levels - 1) / 2, so that the mean is zero.
// sc is uniform in 0..63 (root mean square 36.5), q in 0..levels-1.
void finish_affine(std::byte* block, double levels, double deviation) {
  const double d = deviation / (36.5 * std::sqrt((levels * levels - 1) / 12));
  put_half(block, d);
  put_half(block + 2, d * (levels - 1) / 2);
  // Bytes 4..7 hold the first four scales, 8..11 the first minima, 12..15 the low nibbles of the
  // other scales and minima.
  std::memcpy(block + 8, block + 4, 4);
  for (size_t i = 12; i < 16; ++i) {
    const auto low = static_cast<uint8_t>(block[i]) & 0x0f;
    block[i] = static_cast<std::byte>(low << 4 | low);
  }
}

// Root mean square of the values that IQ4 nibbles stand for (quant/tables.h).
constexpr double kIq4Level = 67.4;

// d * level; levels are more often negative, so half of the blocks have a negative d.
void finish_iq4_nl(std::byte* block, double deviation) {
  const bool negative = (block[0] & std::byte{1}) != std::byte{0};
  put_half(block, (negative ? -deviation : deviation) / kIq4Level);
}

// d * (sc - 32) * level with sc uniform in 0..63.
void finish_iq4_xs(std::byte* block, double deviation) {
  put_half(block, deviation / (18.5 * kIq4Level));
}

using FinishBlock = void (*)(std::byte* block, double deviation);

// What turns a block of random bits into weights; null for types that are no blocks or not made.
FinishBlock finisher_of(Type type) {
  switch (type) {
    case Type::q8_0:
      return finish_q8_0;
    case Type::q4_0:
      return finish_q4_0;
    case Type::q4_k:
      return [](std::byte* block, double s) { finish_affine(block, 16, s); };
    case Type::q5_k:
      return [](std::byte* block, double s) { finish_affine(block, 32, s); };
    case Type::q6_k:  // d * sc * (q - 32): deviations of sc and q are 73.9 and 18.5
      return [](std::byte* block, double s) { put_half(block + 208, s / (73.9 * 18.5)); };
    case Type::iq4_nl:
      return finish_iq4_nl;
    case Type::iq4_xs:
      return finish_iq4_xs;
    default:
      return nullptr;
  }
}

// Mean and standard deviation of a tensor's values.
struct Spread {
  double mean = 0, deviation = 0;
};

Spread spread_of(const Tensor& tensor) {
  const std::string_view role = format::role_of(tensor.name);
  if (role.ends_with("norm.weight")) return {1, 0.2};
  if (role == "exp_probs_b.bias") return {0, 0.1};
  if (role == "token_embd.weight") return {0, 1};
  const bool strong = role == "output.weight" || role == "attn_gate.weight" ||
                      role == "ffn_gate_inp.weight" || role == "nextn.shared_head_head.weight";
  return {0, (strong ? 2 : 1) / std::sqrt(static_cast<double>(tensor.shape[0]))};
}

// Divisors of the rotary frequencies of full layers, as other engines read them.
std::vector<std::byte> rope_table(const model::Config& config) {
  std::vector<float> out(config.head_dim / 2, 1.0F);
  for (const model::LayerConfig& layer : config.layers) {
    if (!layer.rope_scaled) continue;
    const auto scaled = model::rope_frequencies(config, layer);
    for (size_t i = 0; i < scaled.size(); ++i) {
      const double plain = std::pow(layer.rope_theta, -2.0 * static_cast<double>(i) / layer.n_rot);
      out[i] = static_cast<float>(plain / scaled[i]);
    }
    break;
  }
  const auto bytes = std::as_bytes(std::span(out));
  return {bytes.begin(), bytes.end()};
}

class SlabWriter {
 public:
  SlabWriter(format::GgufWriter& out, const SlabOptions& options, uint64_t total)
      : out_(out), options_(options), team_(options.n_threads) {
    progress_.bytes_total = total;
  }

  // Piece i of tensor t has a generator of its own, seeded by both.
  Result<> write_random(const Tensor& tensor, uint64_t number) {
    const uint64_t row_bytes = tensor.bytes / tensor.rows();
    const uint64_t piece = std::max<uint64_t>(1, kPieceBytes / row_bytes) * row_bytes;
    const uint64_t wave = piece * kPiecesPerThread * team_.size();
    const Spread spread = spread_of(tensor);
    buffer_.resize(std::min(wave, tensor.bytes));
    for (uint64_t at = 0; at < tensor.bytes; at += wave) {
      const auto part = std::span(buffer_).first(std::min(wave, tensor.bytes - at));
      WorkQueue queue;
      team_.run([&](unsigned) {
        for (size_t i = queue.next(); i * piece < part.size(); i = queue.next()) {
          Random random(options_.seed ^ (number << 40) ^ (at / piece + i));
          const auto out = part.subspan(i * piece, std::min(piece, part.size() - i * piece));
          randomize(tensor.type, random, spread.mean, spread.deviation, out);
        }
      });
      STRIDE_TRY(write(tensor, part));
    }
    return {};
  }

  Result<> write(const Tensor& tensor, std::span<const std::byte> bytes) {
    STRIDE_TRY(out_.write(bytes));
    progress_.bytes_done += bytes.size();
    progress_.tensor = tensor.name;
    if (options_.on_progress) options_.on_progress(progress_);
    if (options_.stop && options_.stop->load(std::memory_order_relaxed))
      return fail(Errc::cancelled, "interrupted; nothing was written");
    return {};
  }

 private:
  format::GgufWriter& out_;
  const SlabOptions& options_;
  ThreadTeam team_;
  std::vector<std::byte> buffer_;
  format::ConvertProgress progress_;
};

}  // namespace

bool can_randomize(Type type) {
  return type == Type::f32 || type == Type::f16 || type == Type::bf16 || finisher_of(type);
}

void randomize(Type type, Random& random, double mean, double deviation, std::span<std::byte> out) {
  const auto store_u16 = [&](size_t i, uint16_t bits) {
    std::memcpy(out.data() + 2 * i, &bits, sizeof bits);
  };
  if (type == Type::f32) {
    return fill_reals(random, mean, deviation, out.size() / 4,
                      [&](size_t i, float x) { std::memcpy(out.data() + 4 * i, &x, sizeof x); });
  }
  if (type == Type::f16) {
    return fill_reals(random, mean, deviation, out.size() / 2,
                      [&](size_t i, float x) { store_u16(i, f32_to_f16(x)); });
  }
  if (type == Type::bf16) {
    return fill_reals(random, mean, deviation, out.size() / 2,
                      [&](size_t i, float x) { store_u16(i, f32_to_bf16(x)); });
  }
  const FinishBlock finish = finisher_of(type);
  STRIDE_CHECK(finish != nullptr);
  fill_bits(random, out);
  const size_t block = quant::type_info(type)->block_bytes;
  for (size_t at = 0; at + block <= out.size(); at += block) finish(out.data() + at, deviation);
}

Result<uint64_t> write_slab(const std::filesystem::path& path, const SlabOptions& options) {
  const model::Config config = STRIDE_TRY(slab_config(options.shape));
  std::vector<Tensor> tensors = model_tensors(config);
  uint64_t total = 0;
  for (Tensor& tensor : tensors) {
    tensor.type = options.mix.choose(tensor, config.n_layer).type;
    if (!can_randomize(tensor.type))
      return fail(Errc::unsupported, "synth cannot make {} weights", quant::type_name(tensor.type));
    tensor.bytes = STRIDE_TRY(format::tensor_bytes(tensor.type, tensor.shape));
    total += tensor.bytes;
  }
  format::Metadata metadata = slab_metadata(config);
  metadata.set_u32("general.file_type", options.mix.file_type());
  metadata.set_u32("general.quantization_version", 2);
  auto out = STRIDE_TRY(format::GgufWriter::create(path, metadata, tensors));
  SlabWriter writer(out, options, total);
  for (uint64_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].name == "rope_freqs.weight") {
      STRIDE_TRY(writer.write(tensors[i], rope_table(config)));
    } else {
      STRIDE_TRY(writer.write_random(tensors[i], i));
    }
  }
  STRIDE_TRY(out.finish());
  return out.file_bytes();
}

}  // namespace stride::cli
