// SPDX-License-Identifier: Apache-2.0
// Messages from lines, and lines from a stream. The terminal is in line_editor.cpp.
#include "cli/chat_input.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

namespace stride::cli {

namespace {

constexpr std::string_view kQuotes = "\"\"\"";
constexpr std::string_view kPrompt = "> ";
constexpr std::string_view kMorePrompt = ". ";

class StreamInput final : public ChatInput {
 public:
  StreamInput(int fd, const Interrupts* interrupts) : fd_(fd), interrupts_(interrupts) {}

  ChatLine read_line(std::string_view) override {
    while (true) {
      const size_t end = read_.find('\n', at_);
      if (end != std::string::npos) return take(end, end + 1);
      if (at_ > 0) read_.erase(0, std::exchange(at_, 0));
      if (interrupted()) return {ChatLine::Kind::interrupted, {}};
      std::array<char, 1 << 14> bytes{};
      const ssize_t n = read(fd_, bytes.data(), bytes.size());
      if (n > 0) read_.append(bytes.data(), static_cast<size_t>(n));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return read_.empty() ? ChatLine{} : take(read_.size(), read_.size());
    }
  }
  void remember(const std::string&) override {}

 private:
  ChatLine take(size_t end, size_t next) {
    ChatLine out{ChatLine::Kind::text, read_.substr(at_, end - at_)};
    if (out.text.ends_with('\r')) out.text.pop_back();
    at_ = next;
    if (at_ == read_.size()) {
      read_.clear();
      at_ = 0;
    }
    return out;
  }

  // Waits until there is something to read, or an interrupt.
  bool interrupted() const {
    if (interrupts_ == nullptr) return false;
    std::array<pollfd, 2> wait = {pollfd{fd_, POLLIN, 0}, pollfd{interrupts_->fd(), POLLIN, 0}};
    while (poll(wait.data(), wait.size(), -1) < 0 && errno == EINTR) {
    }
    return (wait[1].revents & POLLIN) != 0 && interrupts_->take();
  }

  int fd_;
  const Interrupts* interrupts_;
  std::string read_;  // from at_ on not yet given out
  size_t at_ = 0;
};

// The rest of a block whose first line, without its quotes, is `text`.
ChatLine read_block(ChatInput& input, std::string text) {
  while (!text.ends_with(kQuotes)) {
    ChatLine next = input.read_line(kMorePrompt);
    if (next.kind == ChatLine::Kind::interrupted) return next;
    if (next.kind == ChatLine::Kind::end) return {ChatLine::Kind::text, text};
    if (!text.empty()) text += '\n';
    text += next.text;
  }
  text.resize(text.size() - kQuotes.size());
  if (text.ends_with('\n')) text.pop_back();
  return {ChatLine::Kind::text, text};
}

ChatLine read_continued(ChatInput& input, std::string text) {
  while (text.ends_with('\\')) {
    text.back() = '\n';
    ChatLine next = input.read_line(kMorePrompt);
    if (next.kind == ChatLine::Kind::interrupted) return next;
    if (next.kind == ChatLine::Kind::end) break;
    text += next.text;
  }
  return {ChatLine::Kind::text, text};
}

}  // namespace

std::unique_ptr<ChatInput> make_stream_input(int fd, const Interrupts* interrupts) {
  return std::make_unique<StreamInput>(fd, interrupts);
}

std::filesystem::path default_history_file() {
  namespace fs = std::filesystem;
  const char* state = std::getenv("XDG_STATE_HOME");
  // The specification asks to ignore relative paths.
  if (state != nullptr && fs::path(state).is_absolute())
    return fs::path(state) / "stride" / "history";
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') return {};
  return fs::path(home) / ".local" / "state" / "stride" / "history";
}

ChatLine read_message(ChatInput& input) {
  ChatLine line = input.read_line(kPrompt);
  if (line.kind != ChatLine::Kind::text) return line;
  const bool block = line.text.starts_with(kQuotes);
  ChatLine out = block ? read_block(input, line.text.substr(kQuotes.size()))
                       : read_continued(input, std::move(line.text));
  if (out.kind == ChatLine::Kind::text && !out.text.empty()) input.remember(out.text);
  // Nothing in a block is a command.
  if (block && out.text.starts_with('/')) out.text.insert(out.text.begin(), '/');
  return out;
}

}  // namespace stride::cli
