// SPDX-License-Identifier: Apache-2.0
// Pieces of a tensor are converted by a team of threads into one buffer, a wave of them at a time,
// which is then written in order.
#include "format/convert.h"

#include <algorithm>
#include <utility>

#include "base/thread_team.h"
#include "format/gguf_writer.h"
#include "quant/codec.h"

namespace stride::format {
namespace {

constexpr uint64_t kPieceValues = 1 << 20;
constexpr size_t kPiecesPerThread = 4;               // of a wave
constexpr uint64_t kCopyBytes = uint64_t{16} << 20;  // of a wave of a copied tensor

// What one thread needs for a piece.
struct Scratch {
  std::vector<std::byte> stored, encoded;
  std::vector<float> values;
};

bool is_grouped(const Tensor& tensor) {
  return tensor.layout == quant::Layout::groups;
}

// About n rows of the tensor, but whole groups where it is in groups, and at least one.
uint64_t whole_groups(const Tensor& tensor, uint64_t n) {
  const uint64_t least = is_grouped(tensor) ? quant::kGroupRows : 1;
  return std::max(least, n / least * least);
}

class Converter {
 public:
  Converter(GgufWriter& out, const ConvertOptions& options)
      : out_(out), options_(options), team_(options.n_threads), scratch_(team_.size()) {}

  Result<> convert(const PlannedTensor& planned, TypeSummary& summary) {
    const bool same = planned.tensor.type == planned.from->type;
    if (!same && !quant::can_encode(planned.tensor.type))
      return fail(Errc::unsupported, "type {} cannot be written",
                  quant::type_name(planned.tensor.type));
    ++summary.n_tensors;
    summary.bytes += planned.tensor.bytes;
    return same && planned.tensor.layout == planned.from->layout ? copy(planned)
                                                                 : make(planned, summary.error);
  }

  void set_total(uint64_t bytes) { progress_.bytes_total = bytes; }

 private:
  Result<> copy(const PlannedTensor& p) {
    const uint64_t n_rows = p.from->rows(), row_bytes = p.from->bytes / n_rows;
    const uint64_t step = whole_groups(*p.from, kCopyBytes / row_bytes);
    for (uint64_t first = 0; first < n_rows; first += step) {
      const uint64_t n = std::min(step, n_rows - first);
      STRIDE_TRY(
          write(p, first, n, STRIDE_TRY(p.catalog->stored(*p.from, first, n, scratch_[0].stored))));
    }
    return {};
  }

  Result<> make(const PlannedTensor& p, quant::ErrorStatistics& total) {
    const uint64_t n_rows = p.tensor.rows();
    const uint64_t piece = rows_of_piece(p.tensor);
    const uint64_t wave = piece * kPiecesPerThread * team_.size();
    const uint64_t row_bytes = p.tensor.bytes / n_rows;
    for (uint64_t first = 0; first < n_rows; first += wave) {
      const uint64_t n = std::min(wave, n_rows - first);
      buffer_.resize(n * row_bytes);
      const size_t n_piece = (n + piece - 1) / piece;
      std::vector<Result<quant::ErrorStatistics>> results(n_piece);
      WorkQueue queue;
      team_.run([&](unsigned thread) {
        for (size_t i = queue.next(); i < n_piece; i = queue.next()) {
          const uint64_t begin = i * piece, rows = std::min(piece, n - begin);
          const auto out = std::span(buffer_).subspan(begin * row_bytes, rows * row_bytes);
          results[i] = make_piece(p, first + begin, rows, out, scratch_[thread]);
        }
      });
      // In order, so that sums do not depend on which thread did what.
      for (auto& result : results) total.add(STRIDE_TRY(std::move(result)));
      STRIDE_TRY(write(p, first, n, buffer_));
    }
    return {};
  }

  // Rows [first, first + rows) as they will be written.
  static Result<quant::ErrorStatistics> make_piece(const PlannedTensor& p, uint64_t first,
                                                   uint64_t rows, std::span<std::byte> out,
                                                   Scratch& scratch) {
    const auto from = STRIDE_TRY(p.catalog->rows(*p.from, first, rows, scratch.stored));
    if (p.from->type == p.tensor.type) {
      put(p.tensor, from, out);
      return {};
    }
    scratch.values.resize(rows * p.tensor.shape[0]);
    quant::decode(p.from->type, from, scratch.values);
    std::span<std::byte> encoded = out;
    if (is_grouped(p.tensor)) {
      scratch.encoded.resize(out.size());
      encoded = scratch.encoded;
    }
    quant::encode(p.tensor.type, scratch.values, encoded);
    const auto error = quant::encoding_error(p.tensor.type, encoded, scratch.values);
    if (is_grouped(p.tensor)) put(p.tensor, encoded, out);
    return error;
  }

  // Whole rows in the tensor's layout.
  static void put(const Tensor& tensor, std::span<const std::byte> rows, std::span<std::byte> out) {
    if (!is_grouped(tensor)) {
      std::ranges::copy(rows, out.begin());
      return;
    }
    const size_t group = quant::kGroupRows * quant::row_bytes(tensor.type, tensor.shape[0]);
    for (size_t at = 0; at < out.size(); at += group)
      quant::group_rows(tensor.type, tensor.shape[0], rows.subspan(at, group),
                        out.subspan(at, group));
  }

  Result<> write(const PlannedTensor& p, uint64_t first, uint64_t n,
                 std::span<const std::byte> bytes) {
    STRIDE_TRY(out_.write(bytes));
    p.catalog->release(*p.from, first, n);
    progress_.bytes_done += bytes.size();
    progress_.tensor = p.tensor.name;
    if (options_.on_progress) options_.on_progress(progress_);
    if (options_.stop && options_.stop->load(std::memory_order_relaxed))
      return fail(Errc::cancelled, "interrupted; nothing was written");
    return {};
  }

  GgufWriter& out_;
  const ConvertOptions& options_;
  ThreadTeam team_;
  std::vector<Scratch> scratch_;
  std::vector<std::byte> buffer_;
  ConvertProgress progress_;
};

}  // namespace

uint64_t rows_of_piece(const Tensor& tensor) {
  return whole_groups(tensor, kPieceValues / tensor.shape[0]);
}

Result<ConvertReport> convert_model(const TensorCatalog& source, const std::filesystem::path& path,
                                    const ConvertOptions& options) {
  ConvertPlan plan = STRIDE_TRY(plan_conversion(source, options));
  std::vector<Tensor> tensors;
  uint64_t total = 0;
  for (const PlannedTensor& planned : plan.tensors) {
    tensors.push_back(planned.tensor);
    total += planned.tensor.bytes;
  }
  GgufWriter out = STRIDE_TRY(GgufWriter::create(path, plan.metadata, tensors));
  ConvertReport report;
  report.file_bytes = out.file_bytes();
  report.notes = std::move(plan.notes);
  Converter converter(out, options);
  converter.set_total(total);
  for (const PlannedTensor& planned : plan.tensors) {
    report.bytes_in += planned.from->bytes;
    const bool copied = planned.tensor.type == planned.from->type;
    ++(copied ? report.n_copied : report.n_converted);
    report.n_regrouped += copied && planned.tensor.layout != planned.from->layout;
    auto done = converter.convert(planned, report.types[planned.tensor.type]);
    if (!done && done.error().code == Errc::cancelled) return std::unexpected(done.error());
    STRIDE_TRY_AT("tensor " + planned.tensor.name, std::move(done));
  }
  STRIDE_TRY(out.finish());
  return report;
}

}  // namespace stride::format
