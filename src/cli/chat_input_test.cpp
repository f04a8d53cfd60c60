// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_input.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

namespace stride::cli {
namespace {

// The messages of an input that arrives in these pieces.
std::vector<std::string> messages(const std::vector<std::string>& pieces) {
  std::array<int, 2> fds{};
  EXPECT_EQ(pipe(fds.data()), 0);
  for (const std::string& piece : pieces)
    EXPECT_EQ(write(fds[1], piece.data(), piece.size()), static_cast<ssize_t>(piece.size()));
  close(fds[1]);
  const auto input = make_stream_input(fds[0], nullptr);
  std::vector<std::string> out;
  while (true) {
    const ChatLine line = read_message(*input);
    if (line.kind != ChatLine::Kind::text) break;
    out.push_back(line.text);
  }
  close(fds[0]);
  return out;
}

using List = std::vector<std::string>;

TEST(ChatInput, ALineIsAMessage) {
  EXPECT_EQ(messages({"one\ntwo\r\n", "\nth", "ree"}), (List{"one", "two", "", "three"}));
  EXPECT_EQ(messages({}), List{});
}

TEST(ChatInput, ABackslashGoesOn) {
  EXPECT_EQ(messages({"one\\\ntwo\\\nthree\nfour\n"}), (List{"one\ntwo\nthree", "four"}));
  EXPECT_EQ(messages({"one\\"}), (List{"one\n"}));
}

TEST(ChatInput, QuotesHoldABlock) {
  EXPECT_EQ(messages({"\"\"\"\none\n\ntwo\n\"\"\"\nnext\n"}), (List{"one\n\ntwo", "next"}));
  EXPECT_EQ(messages({"\"\"\"one\ntwo\"\"\"\n"}), (List{"one\ntwo"}));
  EXPECT_EQ(messages({"\"\"\"one line\"\"\"\n"}), (List{"one line"}));
  EXPECT_EQ(messages({"\"\"\"never closed\nmore\n"}), (List{"never closed\nmore"}));
  EXPECT_EQ(messages({"\"\"\"a \\\nb\"\"\"\n"}), (List{"a \\\nb"}));
  EXPECT_EQ(messages({"\"\"\"\n/quit\n\"\"\"\n/quit\n"}), (List{"//quit", "/quit"}));
}

TEST(ChatInput, AnInterruptEndsTheWait) {
  const auto interrupts = Interrupts::install();
  ASSERT_TRUE(interrupts);
  std::array<int, 2> fds{};
  ASSERT_EQ(pipe(fds.data()), 0);
  const auto input = make_stream_input(fds[0], &*interrupts);
  std::raise(SIGINT);
  EXPECT_EQ(read_message(*input).kind, ChatLine::Kind::interrupted);
  ASSERT_EQ(write(fds[1], "on\n", 3), 3);
  EXPECT_EQ(read_message(*input).text, "on");
  close(fds[0]);
  close(fds[1]);
}

TEST(Interrupts, AWatchTurnsThemIntoAStop) {
  const auto interrupts = Interrupts::install();
  ASSERT_TRUE(interrupts);
  {
    const InterruptWatch watch(*interrupts);
    EXPECT_FALSE(watch.interrupted());
    std::raise(SIGINT);
    for (int i = 0; i < 5000 && !watch.interrupted(); ++i) usleep(1000);
    EXPECT_TRUE(watch.token().stop_requested());
  }
  EXPECT_TRUE(interrupts->take());
  EXPECT_FALSE(interrupts->take());
  const InterruptWatch next(*interrupts);
  EXPECT_FALSE(next.interrupted());
}

TEST(HistoryFile, FollowsTheStateFolder) {
  const char* home = std::getenv("HOME");
  const std::string saved = home == nullptr ? "" : home;
  setenv("HOME", "/h", 1);
  setenv("XDG_STATE_HOME", "/s", 1);
  EXPECT_EQ(default_history_file(), "/s/stride/history");
  setenv("XDG_STATE_HOME", "relative", 1);
  EXPECT_EQ(default_history_file(), "/h/.local/state/stride/history");
  unsetenv("XDG_STATE_HOME");
  unsetenv("HOME");
  EXPECT_EQ(default_history_file(), "");
  if (!saved.empty()) setenv("HOME", saved.c_str(), 1);
}

}  // namespace
}  // namespace stride::cli
