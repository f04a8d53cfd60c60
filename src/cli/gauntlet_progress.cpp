// SPDX-License-Identifier: Apache-2.0
#include "cli/gauntlet_progress.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "cli/human.h"
#include "cli/terminal.h"
#include "gauntlet/report_words.h"

namespace stride::cli {
namespace {

using namespace gauntlet;

constexpr auto kRedraw = std::chrono::milliseconds(100);
constexpr size_t kNarrow = 40, kDefaultColumns = 80;

size_t columns_of_terminal() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kDefaultColumns;
  return std::max<size_t>(kNarrow, size.ws_col);
}

std::string score_text(const Estimate& score) {
  if (!score.ci) return fmt::format("score {:.2f}", score.value);
  return fmt::format("score {:.2f} +- {:.2f}", score.value, (score.ci->high - score.ci->low) / 2);
}

}  // namespace

std::string bar_line(const Standing& standing, size_t columns) {
  constexpr size_t kBar = 24;
  const size_t filled = standing.n_all == 0 ? 0 : kBar * standing.n_done / standing.n_all;
  std::string line =
      fmt::format("[{}{}] {}/{}, {}", std::string(filled, '#'), std::string(kBar - filled, '.'),
                  standing.n_done, standing.n_all, score_text(standing.score));
  if (standing.cost_usd) line += ", " + money(standing.cost_usd);
  if (standing.seconds_left > 0)
    line += fmt::format(", about {} left", human_time(standing.seconds_left));
  return line.substr(0, columns);
}

std::string cell_line(const CellNews& news, const Standing& standing) {
  std::string line = fmt::format("{}/{} {} {}.{}: {:.2f} {} in {}", standing.n_done, standing.n_all,
                                 news.key.test, news.key.variant, news.key.repeat, news.grade.score,
                                 words_of(news.grade.failure), duration(news.last.timing.total));
  if (news.n_tries > 1) line += fmt::format(" after {} tries", news.n_tries);
  if (!news.last.message.empty()) line += ": " + printable(news.last.message, 160);
  return line;
}

ProgressView::ProgressView(size_t n_workers) : drawing_(can_draw(stderr)), workers_(n_workers) {}

ProgressView::~ProgressView() {
  clear();
}

void ProgressView::clear() {
  if (n_lines_ > 0) fmt::print(stderr, "\r\x1b[{}A\x1b[J", n_lines_);
  n_lines_ = 0;
}

void ProgressView::draw() {
  const auto now = std::chrono::steady_clock::now();
  if (!drawing_ || now - last_draw_ < kRedraw) return;
  last_draw_ = now;
  clear();
  const size_t columns = columns_of_terminal() - 1;
  for (size_t w = 0; w < workers_.size(); ++w)
    if (!workers_[w].empty()) {
      fmt::print(stderr, "{}\n", printable(workers_[w], columns));
      ++n_lines_;
    }
  if (!bar_.empty()) {
    fmt::print(stderr, "{}\n", bar_.substr(0, columns));
    ++n_lines_;
  }
  std::fflush(stderr);
}

void ProgressView::on_worker(size_t worker, std::string_view what) {
  workers_[worker] = what;
  draw();
}

void ProgressView::on_cell(const CellNews& news, const Standing& standing) {
  bar_ = bar_line(standing, columns_of_terminal() - 1);
  if (!drawing_)
    fmt::print(stderr, "{}, {}\n", cell_line(news, standing), score_text(standing.score));
  draw();
}

void ProgressView::on_note(std::string_view line) {
  clear();
  fmt::print(stderr, "{}\n", printable(line, 400));
  last_draw_ = {};
  draw();
}

}  // namespace stride::cli
