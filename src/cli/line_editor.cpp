// SPDX-License-Identifier: Apache-2.0
// The terminal as ChatInput, on libedit. Keys are read by a function of ours that also waits for an
// interrupt, so that Ctrl-C at the prompt is an event and not the end of the program.
#include <fcntl.h>
#include <histedit.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cwchar>
#include <string>
#include <utility>

#include "cli/chat_input.h"

namespace stride::cli {

namespace {

constexpr int kHistorySize = 1000;

class TerminalInput final : public ChatInput {
 public:
  TerminalInput(std::filesystem::path history_file, const Interrupts& interrupts)
      : interrupts_(interrupts),
        history_file_(std::move(history_file)),
        edit_(el_init("stride", stdin, stdout, stderr)),
        history_(history_init()) {}
  TerminalInput(const TerminalInput&) = delete;
  TerminalInput& operator=(const TerminalInput&) = delete;

  ~TerminalInput() override {
    if (edit_ != nullptr) el_end(edit_);
    if (history_ != nullptr) history_end(history_);
  }

  bool ready() const { return edit_ != nullptr && history_ != nullptr; }

  void prepare() {
    el_set(edit_, EL_CLIENTDATA, this);
    el_set(edit_, EL_PROMPT, &TerminalInput::prompt);
    el_set(edit_, EL_GETCFN, &TerminalInput::next_key);
    el_set(edit_, EL_EDITOR, "emacs");
    el_set(edit_, EL_SIGNAL, 0);
    // Search as in a shell; libedit leaves the key to the terminal's reprint otherwise.
    el_set(edit_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
    HistEvent event;
    history(history_, &event, H_SETSIZE, kHistorySize);
    history(history_, &event, H_SETUNIQUE, 1);
    el_set(edit_, EL_HIST, ::history, history_);
    if (!history_file_.empty()) open_history();
  }

  ChatLine read_line(std::string_view prompt) override {
    prompt_ = prompt;
    interrupted_ = false;
    int n = 0;
    const char* line = el_gets(edit_, &n);
    if (interrupted_) {
      std::fputs("\n", stdout);
      el_reset(edit_);
      return {ChatLine::Kind::interrupted, std::exchange(typed_, {})};
    }
    if (line == nullptr || n <= 0) return {};
    std::string text(line, static_cast<size_t>(n));
    if (text.ends_with('\n')) text.pop_back();
    return {ChatLine::Kind::text, std::move(text)};
  }

  void remember(const std::string& message) override {
    HistEvent event;
    if (message.find_first_not_of(' ') == std::string::npos) return;
    if (message.find('\n') != std::string::npos) return;  // the editor has one line
    history(history_, &event, H_ENTER, message.c_str());
    if (!history_file_.empty()) history(history_, &event, H_SAVE, history_file_.c_str());
  }

 private:
  static TerminalInput& self(EditLine* edit) {
    void* data = nullptr;
    el_get(edit, EL_CLIENTDATA, &data);
    return *static_cast<TerminalInput*>(data);
  }

  static char* prompt(EditLine* edit) { return self(edit).prompt_.data(); }

  // One character of the terminal; 0 ends the line, which read_line() then takes for what it was.
  static int next_key(EditLine* edit, wchar_t* out) {
    TerminalInput& me = self(edit);
    std::mbstate_t state{};
    while (true) {
      std::array<pollfd, 2> wait = {pollfd{STDIN_FILENO, POLLIN, 0},
                                    pollfd{me.interrupts_.fd(), POLLIN, 0}};
      if (poll(wait.data(), wait.size(), -1) < 0) {
        if (errno != EINTR) return -1;
        if ((wait[1].revents & POLLIN) == 0) continue;
      }
      if ((wait[1].revents & POLLIN) != 0 && me.interrupts_.take()) {
        me.interrupted_ = true;
        if (const LineInfo* line = el_line(edit)) me.typed_.assign(line->buffer, line->lastchar);
        return 0;
      }
      if (wait[0].revents == 0) continue;
      char byte = 0;
      const ssize_t n = read(STDIN_FILENO, &byte, 1);
      if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (n <= 0) return static_cast<int>(n);
      const size_t used = std::mbrtowc(out, &byte, 1, &state);
      if (used == static_cast<size_t>(-2)) continue;  // an unfinished character
      if (used == static_cast<size_t>(-1)) *out = L'?';
      return 1;
    }
  }

  void open_history() {
    std::error_code error;
    std::filesystem::create_directories(history_file_.parent_path(), error);
    // Messages are private: made for the owner alone before anything is written.
    const int fd = open(history_file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) {
      history_file_.clear();
      return;
    }
    close(fd);
    HistEvent event;
    history(history_, &event, H_LOAD, history_file_.c_str());
  }

  const Interrupts& interrupts_;
  std::filesystem::path history_file_;
  EditLine* edit_;
  History* history_;
  std::string prompt_;
  bool interrupted_ = false;
  std::string typed_;  // what stood in the line when it was interrupted
};

}  // namespace

Result<std::unique_ptr<ChatInput>> make_terminal_input(const std::filesystem::path& history_file,
                                                       const Interrupts& interrupts) {
  // Without a UTF-8 locale letters beyond ASCII could not be typed.
  const char* locale = std::setlocale(LC_CTYPE, "");
  if (locale == nullptr || MB_CUR_MAX == 1) std::setlocale(LC_CTYPE, "C.UTF-8");
  auto input = std::make_unique<TerminalInput>(history_file, interrupts);
  if (!input->ready()) return fail(Errc::io, "the terminal could not be set up for editing");
  input->prepare();
  return input;
}

}  // namespace stride::cli
