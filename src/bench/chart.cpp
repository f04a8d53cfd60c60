// SPDX-License-Identifier: Apache-2.0
// The drawing of a benchmark: a bar a measurement, as long as its share of the limit, with the
// spread as a thin line.
#include <fmt/core.h>

#include <algorithm>

#include "base/svg.h"
#include "bench/report.h"

namespace stride::bench {
namespace {

constexpr double kWidth = 960, kLeft = 250, kRight = 660, kTop = 96, kRowStep = 24, kBar = 14;
constexpr double kShareEnd = 810, kSpeedEnd = 930, kAxisRoom = 62;
constexpr std::string_view kMemory = "#2563a8", kArithmetic = "#c2571a", kGround = "#ecece6";

double x_of(double share) {
  return kLeft + std::clamp(share, 0.0, 1.25) * (kRight - kLeft);
}

std::string label(const Measurement& m) {
  if (m.phase == Phase::prefill)
    return fmt::format("prompt of {} at depth {}", m.n_prompt, m.depth);
  const uint64_t depth = uint64_t{m.depth} + m.n_prompt;
  if (m.n_row == 1) return fmt::format("decode at depth {}", depth);
  return fmt::format("decode at depth {}, {} rows", depth, m.n_row);
}

void draw_axis(Drawing& out, double bottom) {
  for (const double share : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    out.line(x_of(share), kTop - 8, x_of(share), bottom, share == 1 ? "#888" : "#dcdcd6");
    out.text(x_of(share), bottom + 16, fmt::format("{:.0f} %", 100 * share),
             "text-anchor=\"middle\"");
  }
  out.text(x_of(1), kTop - 14, "limit", "text-anchor=\"middle\" fill=\"#777\"");
}

void draw_bar(Drawing& out, double y, const Measurement& m, const Figures& f) {
  out.text(kLeft - 10, y + kBar - 3, label(m), "text-anchor=\"end\"");
  out.box(kLeft, y, kRight - kLeft, kBar, kGround);
  const std::string_view colour = f.bound == Bound::memory ? kMemory : kArithmetic;
  out.box(kLeft, y, x_of(f.limit_share.median) - kLeft, kBar, colour);
  const double middle = y + kBar / 2;
  out.line(x_of(f.limit_share.min), middle, x_of(f.limit_share.max), middle, "#222");
  for (const double end : {f.limit_share.min, f.limit_share.max})
    out.line(x_of(end), middle - 4, x_of(end), middle + 4, "#222");
  out.text(kShareEnd, y + kBar - 3, fmt::format("{:.0f} %", 100 * f.limit_share.median),
           "text-anchor=\"end\"");
  out.text(kSpeedEnd, y + kBar - 3, fmt::format("{:.1f} tokens/s", f.tokens_per_second.median),
           "text-anchor=\"end\"");
}

}  // namespace

std::string to_svg(const Report& report) {
  const Limits limits = median_limits(report.outcome.limits);
  const auto n = static_cast<double>(report.outcome.measurements.size());
  const double bottom = kTop + n * kRowStep;
  Drawing out(kWidth, bottom + kAxisRoom);
  out.text(24, 32, fmt::format("{}: share of the machine's limit", report.model_name),
           "font-size=\"17\" font-weight=\"bold\"");
  out.text(24, 54,
           fmt::format("{}, {} thread{}: reads {:.1f} GB/s, int8 {:.0f} GOP/s, fp32 {:.0f} GOP/s; "
                       "{} kernels, KV {}",
                       report.machine.processor, report.n_threads, report.n_threads == 1 ? "" : "s",
                       limits.read_bytes / 1e9, limits.int8_ops / 1e9, limits.float_ops / 1e9,
                       report.kernels, report.kv_type),
           "fill=\"#777\"");
  draw_axis(out, bottom);
  double y = kTop;
  for (const Measurement& m : report.outcome.measurements) {
    draw_bar(out, y, m, figures_of(m));
    y += kRowStep;
  }
  out.box(kLeft, bottom + 32, kBar, kBar, kMemory);
  out.text(kLeft + 20, bottom + 43, "bound by memory");
  out.box(kLeft + 150, bottom + 32, kBar, kBar, kArithmetic);
  out.text(kLeft + 170, bottom + 43, "bound by arithmetic");
  return out.finish();
}

}  // namespace stride::bench
