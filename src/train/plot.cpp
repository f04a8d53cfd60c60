// SPDX-License-Identifier: Apache-2.0
// Panels in two columns on a light ground. Long logs are averaged down to a point per two pixels.
#include "train/plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "base/svg.h"
#include "json/json.h"

namespace stride::train {
namespace {

constexpr double kWidth = 1080, kPanelWidth = 420, kPanelHeight = 200;
constexpr double kLeft = 80, kTop = 80, kColumnStep = 520, kRowStep = 290;
constexpr size_t kPoints = 210;
constexpr std::array<const char*, 4> kColours = {"#2563a8", "#c2571a", "#3b8544", "#8a4fa3"};

struct Curve {
  const char* key;
  const char* label;
};
struct Panel {
  const char* title;
  const char* unit;
  std::vector<Curve> curves;
  bool logarithmic = false;
};

const std::vector<Panel>& panels() {
  static const std::vector<Panel> all = {
      {"Loss",
       "nats per token",
       {{"loss", "trunk"}, {"mtp1_loss", "MTP 1"}, {"mtp2_loss", "MTP 2"}, {"mtp3_loss", "MTP 3"}},
       true},
      {"Greedy accuracy on learned tokens",
       "share",
       {{"accuracy", "trunk"},
        {"mtp1_accuracy", "MTP 1"},
        {"mtp2_accuracy", "MTP 2"},
        {"mtp3_accuracy", "MTP 3"}}},
      {"Learning rate", "", {{"learning_rate", "learning rate"}}},
      {"Gradient norm", "", {{"gradient_norm", "before clipping"}}, true},
      {"Experts",
       "share",
       {{"expert_entropy", "entropy of loads, worst layer"},
        {"routing_confidence", "routing confidence"}}},
      {"Speed", "tokens/s", {{"tokens_per_second", "tokens per second"}}},
  };
  return all;
}

using Points = std::vector<std::pair<double, double>>;

Points points_of(const std::vector<Json>& entries, const char* key) {
  Points all;
  for (const Json& entry : entries) {
    const Json* y = json::member(entry, key);
    const auto value = y == nullptr ? std::nullopt : json::as_double(*y);
    if (value) all.emplace_back(json::as_double(entry["tokens"]).value_or(0), *value);
  }
  if (all.size() <= kPoints) return all;
  Points fewer;
  for (size_t p = 0; p < kPoints; ++p) {
    const size_t from = p * all.size() / kPoints, to = (p + 1) * all.size() / kPoints;
    double x = 0, y = 0;
    for (size_t i = from; i < to; ++i) {
      x += all[i].first / static_cast<double>(to - from);
      y += all[i].second / static_cast<double>(to - from);
    }
    fewer.emplace_back(x, y);
  }
  return fewer;
}

// Maps values to the height of a panel, measured from its bottom.
class Scale {
 public:
  Scale(double least, double most, bool logarithmic) : logarithmic_(logarithmic) {
    if (logarithmic) {
      low_ = std::log10(least) - 0.02;
      high_ = std::log10(most) + 0.02;
    } else {
      low_ = std::min(0.0, least);
      high_ = most * 1.05;
    }
    if (high_ - low_ < 1e-12) high_ = low_ + 1;
  }
  double at(double value, double size) const {
    const double v = logarithmic_ ? std::log10(value) : value;
    return std::clamp((v - low_) / (high_ - low_), 0.0, 1.0) * size;
  }
  std::vector<double> ticks() const {
    std::vector<double> all;
    if (!logarithmic_) {
      const double step = tick_step(high_ - low_);
      for (double t = std::ceil(low_ / step) * step; t <= high_; t += step) all.push_back(t);
      return all;
    }
    for (double power = std::floor(low_); power <= high_; ++power)
      for (const double digit : {1.0, 2.0, 5.0}) {
        const double t = digit * std::pow(10, power);
        if (std::log10(t) >= low_ && std::log10(t) <= high_) all.push_back(t);
      }
    return all;
  }

 private:
  bool logarithmic_;
  double low_ = 0, high_ = 1;
};

void draw_axes(Drawing& out, double left, double bottom, const Scale& x, const Scale& y,
               const Panel& panel) {
  for (const double t : y.ticks()) {
    const double at = bottom - y.at(t, kPanelHeight);
    out.line(left, at, left + kPanelWidth, at, "#e4e4df");
    out.text(left - 8, at + 4, fmt::format("{:.4g}", t), "text-anchor=\"end\"");
  }
  for (const double t : x.ticks())
    out.text(left + x.at(t, kPanelWidth), bottom + 18, fmt::format("{:.4g}", t),
             "text-anchor=\"middle\"");
  out.line(left, bottom, left + kPanelWidth, bottom, "#888");
  out.line(left, bottom, left, bottom - kPanelHeight, "#888");
  out.text(left, bottom - kPanelHeight - 26, panel.title, "font-size=\"14\" font-weight=\"bold\"");
  out.text(left + kPanelWidth, bottom + 34, "million tokens", "text-anchor=\"end\" fill=\"#777\"");
  if (*panel.unit != '\0')
    out.text(left + kPanelWidth, bottom - kPanelHeight - 26, panel.unit,
             "text-anchor=\"end\" fill=\"#777\"");
}

void draw_panel(Drawing& out, const Panel& panel, const std::vector<Json>& entries, double left,
                double bottom) {
  std::vector<Points> curves;
  double least = INFINITY, most = -INFINITY, longest = 0;
  for (const Curve& curve : panel.curves) {
    Points& points = curves.emplace_back(points_of(entries, curve.key));
    if (panel.logarithmic) std::erase_if(points, [](const auto& p) { return p.second <= 0; });
    for (auto& [x, y] : points) {
      x /= 1e6;
      least = std::min(least, y);
      most = std::max(most, y);
      longest = std::max(longest, x);
    }
  }
  if (most < least) return;
  const Scale x(0, longest, false), y(least, most, panel.logarithmic);
  draw_axes(out, left, bottom, x, y, panel);
  double legend = left;
  for (size_t c = 0; c < curves.size(); ++c) {
    if (curves[c].empty()) continue;
    for (auto& [px, py] : curves[c]) {
      px = left + x.at(px, kPanelWidth);
      py = bottom - y.at(py, kPanelHeight);
    }
    out.curve(curves[c], kColours[c]);
    out.text(legend, bottom - kPanelHeight - 9, panel.curves[c].label,
             fmt::format("fill=\"{}\"", kColours[c]));
    legend += 26 + 6.4 * static_cast<double>(std::string_view(panel.curves[c].label).size());
  }
}

Result<std::vector<Json>> read_entries(std::string_view log) {
  std::vector<Json> entries;
  size_t number = 0;
  while (!log.empty()) {
    const size_t end = std::min(log.find('\n'), log.size());
    const std::string_view line = log.substr(0, end);
    log.remove_prefix(std::min(end + 1, log.size()));
    ++number;
    if (line.empty()) continue;
    auto entry = json::parse(line);
    if (!entry) return within(fmt::format("line {} of the log", number), std::move(entry).error());
    const Json* tokens = json::member(*entry, "tokens");
    if (tokens == nullptr || !json::as_double(*tokens))
      return fail(Errc::format, "line {} of the log has no number of tokens", number);
    entries.push_back(std::move(*entry));
  }
  if (entries.empty()) return fail(Errc::format, "the log has no entries yet");
  return entries;
}

}  // namespace

Result<std::string> plot_svg(std::string_view log, std::string_view title) {
  const std::vector<Json> entries = STRIDE_TRY(read_entries(log));
  const size_t n_row = (panels().size() + 1) / 2;
  Drawing out(kWidth, kTop + static_cast<double>(n_row) * kRowStep);
  out.text(kLeft, 34, title, "font-size=\"17\" font-weight=\"bold\"");
  for (size_t p = 0; p < panels().size(); ++p)
    draw_panel(out, panels()[p], entries, kLeft + static_cast<double>(p % 2) * kColumnStep,
               kTop + static_cast<double>(p / 2) * kRowStep + kPanelHeight + 26);
  return out.finish();
}

}  // namespace stride::train
