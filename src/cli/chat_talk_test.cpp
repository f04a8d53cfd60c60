// SPDX-License-Identifier: Apache-2.0
// Whole conversations with a model that echoes: what is shown, what is kept, what commands do.
#include "cli/chat_talk.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include "chat/from_json.h"
#include "decode/testing/scripted_model.h"
#include "text/test_vocabulary.h"

namespace stride::cli {
namespace {

using decode::testing::ScriptedModel;
using decode::testing::TokenScript;
using model::Token;

text::Tokenizer make_tokenizer() {
  text::Vocabulary v = text::testing::small_vocabulary(
      {}, {std::string(chat::token::kBos), "<|im_start|>", "<|im_end|>"},
      {"<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>",
       "</tool_response>"});
  v.bos = 256;
  v.eos = 258;
  return *text::Tokenizer::create(std::move(v));
}

// Thinks "hm", then says the last user message again in brackets.
std::string echo(const std::string& seen) {
  const std::string user = "<|im_start|>user\n";
  const size_t begin = seen.rfind(user) + user.size();
  const std::string asked = seen.substr(begin, seen.find("<|im_end|>", begin) - begin);
  const std::string open = "<think>\n";
  const std::string turn = "hm\n</think>\n[" + asked + "]<|im_end|>";
  const size_t said = seen.rfind(open) + open.size();
  // With thinking off the prompt holds the closing already.
  const bool closed = seen.compare(said, 9, "\n</think>") == 0;
  const std::string rest = closed ? turn.substr(turn.find('[')) : turn;
  return rest.substr(seen.size() - said - (closed ? 10 : 0));
}

class TempFile {
 public:
  TempFile() : file_(std::tmpfile()) {}
  ~TempFile() { std::fclose(file_); }
  std::FILE* get() const { return file_; }
  // What was written since the last call.
  std::string take() {
    std::fflush(file_);
    std::string out(static_cast<size_t>(std::ftell(file_)) - taken_, '\0');
    std::fseek(file_, static_cast<long>(taken_), SEEK_SET);
    EXPECT_EQ(std::fread(out.data(), 1, out.size(), file_), out.size());
    taken_ += out.size();
    return out;
  }

 private:
  std::FILE* file_;
  size_t taken_ = 0;
};

class ChatTalkTest : public ::testing::Test {
 protected:
  void SetUp() override { make(2000); }

  void make(uint32_t capacity, ChatView::Style style = {}) {
    auto reader = std::make_shared<text::Tokenizer>(make_tokenizer());
    auto model = std::make_unique<ScriptedModel>(
        static_cast<uint32_t>(reader->size()), 8, TokenScript([reader](std::span<const Token> t) {
          return reader->encode(echo(reader->decode(t)), text::Special::allow).at(0);
        }));
    talk_.reset();
    engine_ = std::make_unique<engine::Engine>(std::move(model), make_tokenizer());
    view_ = std::make_unique<ChatView>(out_.get(), err_.get(), style, ThinkingView::fold);
    engine::GenerationOptions options;
    options.sampling.temperature = 0;
    talk_ = std::make_unique<ChatTalk>(*engine_, *engine::Session::make(engine_->model(), capacity),
                                       *view_, options, chat::Conversation{});
  }

  std::string ask(const std::string& text) {
    EXPECT_EQ(talk_->handle(text), TalkState::go_on);
    return out_.take();
  }

  std::string temp_path(const char* name) {
    const auto path = std::filesystem::path(::testing::TempDir()) / name;
    std::filesystem::remove(path);
    return path.string();
  }

  TempFile out_, err_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<ChatView> view_;
  std::unique_ptr<ChatTalk> talk_;
};

TEST_F(ChatTalkTest, AnswersAndRemembers) {
  EXPECT_EQ(ask("one"), "[one]\n");
  EXPECT_EQ(ask("two"), "[two]\n");
  const auto& messages = talk_->conversation().messages;
  ASSERT_EQ(messages.size(), 4U);
  EXPECT_EQ(chat::content_text(messages[1]), "[one]");
  EXPECT_EQ(messages[1].reasoning, "hm");
  EXPECT_EQ(ask("  "), "") << "an empty message asks nothing";
  EXPECT_EQ(ask("//quit"), "[/quit]\n");
}

TEST_F(ChatTalkTest, StatsShowWhatWasReused) {
  ask(std::string(100, 'a'));
  ask("two");
  const std::string stats = ask("/stats");
  EXPECT_NE(stats.find("context: "), std::string::npos);
  EXPECT_NE(stats.find("of 2000 tokens"), std::string::npos);
  EXPECT_NE(stats.find(" reused"), std::string::npos);
  EXPECT_NE(stats.find("2 answers"), std::string::npos);
}

TEST_F(ChatTalkTest, ThinkingIsShownFoldedOrOff) {
  EXPECT_EQ(ask("a"), "[a]\n");
  ask("/think show");
  EXPECT_EQ(ask("a"), "hm\n\n[a]\n");
  ask("/think off");
  EXPECT_EQ(ask("a"), "[a]\n");
  EXPECT_EQ(talk_->conversation().thinking, chat::Thinking::off);
  ask("/think budget 12");
  EXPECT_FALSE(talk_->failed());
  for (const char* bad : {"/think maybe", "/think budget x", "/think budget -1"}) {
    ask(bad);
    EXPECT_TRUE(talk_->failed()) << bad;
  }
}

TEST_F(ChatTalkTest, ReasoningIsDimmedOnATerminal) {
  make(2000, {.draw = true, .colour = true});
  ask("/think show");
  EXPECT_EQ(ask("a"), "\x1b[2mhm\x1b[0m\n\n[a]\n");
  EXPECT_NE(ask("\x1b]0;x").find("\xef\xbf\xbd]0;x"), std::string::npos)
      << "an answer cannot drive the terminal";
}

TEST_F(ChatTalkTest, EffortAndSystemReachThePrompt) {
  ask("/effort high");
  EXPECT_EQ(talk_->conversation().effort, chat::Effort::high);
  ask("/effort default");
  EXPECT_FALSE(talk_->conversation().effort);
  ask("/effort huge");
  EXPECT_TRUE(talk_->failed());
  ask("/system Be brief.");
  ask("a");
  EXPECT_EQ(ask("/system"), "Be brief.\n");
  EXPECT_EQ(talk_->conversation().messages[0].role, chat::Role::system);
  ask("/system Be long.");
  EXPECT_EQ(talk_->conversation().messages.size(), 3U);
  ask("/clear");
  EXPECT_EQ(talk_->conversation().messages.size(), 1U);
  ask("/system none");
  EXPECT_TRUE(talk_->conversation().messages.empty());
}

TEST_F(ChatTalkTest, SavesAndLoads) {
  const std::string path = temp_path("stride_chat_saved.json");
  ask("/system Be brief.");
  ask("quote \" and \xe6\x97\xa5");
  const auto before = talk_->conversation().messages;
  ask("/save " + path);
  EXPECT_FALSE(talk_->failed());
  ask("/system none");
  ask("/clear");
  ask("/load " + path);
  EXPECT_FALSE(talk_->failed());
  EXPECT_EQ(talk_->conversation().messages, before);
  EXPECT_EQ(ask("on"), "[on]\n");
}

TEST_F(ChatTalkTest, HostileFilesChangeNothing) {
  ask("one");
  const auto before = talk_->conversation().messages;
  const std::string path = temp_path("stride_chat_hostile.json");
  const std::vector<std::string> files = {
      "",
      "{",
      "[1,2]",
      R"({"messages":3})",
      R"({"messages":[{"content":"x"}]})",
      R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]})",
      R"({"messages":[{"role":"user","content":"x"}],"tools":[5]})",
      std::string(200'000, '['),
      "{\"messages\":[{\"role\":\"user\",\"content\":\"\xff\"}]}",
  };
  for (const std::string& text : files) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
    ask("/load " + path);
    EXPECT_TRUE(talk_->failed()) << text.substr(0, 80);
    EXPECT_NE(err_.take(), "");
    EXPECT_TRUE(talk_->conversation().messages == before) << text.substr(0, 80);
  }
  for (const std::string& other : {path + ".absent", std::string("/dev/zero"), std::string()}) {
    ask("/load " + other);
    EXPECT_TRUE(talk_->failed()) << other;
  }
  EXPECT_EQ(ask("two"), "[two]\n");
}

TEST_F(ChatTalkTest, AMessageThatDoesNotFitIsTakenBack) {
  make(100);
  ask(std::string(300, 'x'));
  EXPECT_TRUE(talk_->failed());
  const std::string error = err_.take();
  EXPECT_NE(error.find("100"), std::string::npos) << error;
  EXPECT_NE(error.find("tokens"), std::string::npos) << error;
  EXPECT_TRUE(talk_->conversation().messages.empty());
  EXPECT_EQ(ask("short"), "[short]\n");
}

TEST_F(ChatTalkTest, AStoppedAnswerKeepsWhatWasSaid) {
  std::stop_source stop;
  talk_->set_runner([&](const auto& generate) { generate(stop.get_token()); });
  stop.request_stop();
  ask("one");
  EXPECT_TRUE(talk_->conversation().messages.empty()) << "nothing was said";
  EXPECT_NE(err_.take().find("[stopped]"), std::string::npos);
  talk_->set_runner([](const auto& generate) { generate({}); });
  EXPECT_EQ(ask("two"), "[two]\n");
}

TEST_F(ChatTalkTest, RetryAnswersAgain) {
  ask("/retry");
  EXPECT_TRUE(talk_->failed());
  ask("one");
  EXPECT_EQ(ask("/retry"), "[one]\n");
  EXPECT_EQ(talk_->conversation().messages.size(), 2U);
}

TEST_F(ChatTalkTest, CommandsAreExplainedAndMistypedOnesGuessed) {
  const std::string help = ask("/help");
  for (const char* name :
       {"/think", "/effort", "/system", "/save", "/load", "/stats", "/clear", "/quit"})
    EXPECT_NE(help.find(name), std::string::npos) << name;
  ask("/stat");
  EXPECT_NE(err_.take().find("/stats"), std::string::npos);
  EXPECT_EQ(talk_->handle("/quit"), TalkState::quit);
  EXPECT_EQ(talk_->handle("/exit"), TalkState::quit);
}

}  // namespace
}  // namespace stride::cli
