// SPDX-License-Identifier: Apache-2.0
#include "net/exchange.h"

#include <gtest/gtest.h>

#include <memory>

#include "net/exchange_state.h"

namespace stride::net {
namespace {

// A state as the loop has it, and the handle that a handler gets.
struct Pair {
  explicit Pair(bool head_only = false, int minor_version = 1, size_t outbox_bytes = 100)
      : state(std::make_shared<ExchangeState>(ExchangeState::Setup{.request_id = "id",
                                                                   .head_only = head_only,
                                                                   .minor_version = minor_version,
                                                                   .outbox_bytes = outbox_bytes,
                                                                   .wake = [this] { ++n_wake; }})),
        exchange(std::make_unique<Exchange>(state)) {}

  std::string take() const {
    const auto batch = state->take();
    if (!batch) return {};
    state->sent(batch->size());
    return batch->head + batch->body;
  }
  std::string take_after_head() const {
    const std::string bytes = take();
    return bytes.substr(bytes.find("\r\n\r\n") + 4);
  }

  int n_wake = 0;
  std::shared_ptr<ExchangeState> state;
  std::unique_ptr<Exchange> exchange;
};

TEST(Exchange, RespondsOnce) {
  Pair pair;
  EXPECT_TRUE(pair.exchange->respond({.body = "abc"}));
  EXPECT_FALSE(pair.exchange->respond({.body = "def"}));
  EXPECT_FALSE(pair.exchange->begin_stream({}));
  EXPECT_EQ(pair.exchange->write("x"), WriteResult::closed);
  EXPECT_EQ(pair.n_wake, 1);
  EXPECT_EQ(pair.take_after_head(), "abc");
  EXPECT_FALSE(pair.state->take());
}

TEST(Exchange, WhatGathersIsOneChunk) {
  Pair pair;
  EXPECT_TRUE(pair.exchange->begin_stream({}));
  EXPECT_EQ(pair.take_after_head(), "");
  EXPECT_EQ(pair.exchange->write("0123456789"), WriteResult::ok);
  EXPECT_EQ(pair.exchange->write("abcdefgh"), WriteResult::ok);
  EXPECT_EQ(pair.n_wake, 2);
  EXPECT_EQ(pair.exchange->bytes_pending(), 18u);
  EXPECT_EQ(pair.take(), "12\r\n0123456789abcdefgh\r\n");
  EXPECT_EQ(pair.exchange->bytes_pending(), 0u);
  pair.exchange->write("z");
  pair.exchange->end();
  EXPECT_EQ(pair.take(), "1\r\nz\r\n0\r\n\r\n");
  EXPECT_EQ(pair.exchange->write("x"), WriteResult::closed);
}

TEST(Exchange, EmptyWritesNeverEndAStream) {
  Pair pair;
  pair.exchange->begin_stream({});
  pair.take();
  pair.exchange->write("");
  EXPECT_EQ(pair.take(), "");
  pair.exchange->end();
  EXPECT_EQ(pair.take(), "0\r\n\r\n");
}

TEST(Exchange, OldClientsGetStreamsWithoutChunks) {
  Pair pair(false, 0);
  pair.exchange->begin_stream({.body = "abc"});
  const std::string head = pair.take();
  EXPECT_TRUE(head.contains("Connection: close\r\n"));
  EXPECT_FALSE(head.contains("Transfer-Encoding"));
  EXPECT_TRUE(head.ends_with("\r\n\r\nabc"));
  pair.exchange->write("def");
  pair.exchange->end();
  const auto batch = pair.state->take();
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->body, "def");
  EXPECT_TRUE(batch->last);
}

TEST(Exchange, HeadHasTheSameHeadersAndNoBody) {
  Pair whole(true);
  whole.exchange->respond({.body = "abc"});
  EXPECT_TRUE(whole.take().ends_with("Content-Length: 3\r\n\r\n"));
  Pair stream(true);
  stream.exchange->begin_stream({});
  EXPECT_EQ(stream.exchange->write("abc"), WriteResult::closed);
  EXPECT_TRUE(stream.take().ends_with("Transfer-Encoding: chunked\r\n\r\n"));
}

TEST(Exchange, SaysWhenTheOutboxIsFull) {
  Pair pair;
  pair.exchange->begin_stream({});
  pair.take();
  EXPECT_EQ(pair.exchange->write(std::string(100, 'a')), WriteResult::ok);
  EXPECT_EQ(pair.exchange->write("b"), WriteResult::full);
  EXPECT_EQ(pair.take().size(), 101u + 6);
  EXPECT_EQ(pair.exchange->write("b"), WriteResult::ok);
  EXPECT_EQ(pair.exchange->write(std::string(1000, 'a')), WriteResult::full);
  EXPECT_FALSE(pair.state->overflowed());
  EXPECT_EQ(pair.exchange->write("b"), WriteResult::closed);
  EXPECT_TRUE(pair.state->overflowed());
}

TEST(Exchange, BytesBeingSentArePending) {
  Pair pair;
  pair.exchange->begin_stream({});
  pair.take();
  pair.exchange->write("abc");
  const auto batch = pair.state->take();
  EXPECT_EQ(pair.exchange->bytes_pending(), batch->size());
  pair.state->sent(5);
  EXPECT_EQ(pair.exchange->bytes_pending(), batch->size() - 5);
}

TEST(Exchange, ForgottenExchangesAnswer500) {
  Pair pair;
  auto copy = std::make_unique<Exchange>(*pair.exchange);
  pair.exchange.reset();
  EXPECT_EQ(pair.take(), "");
  copy.reset();
  EXPECT_TRUE(pair.take().starts_with("HTTP/1.1 500 "));
}

TEST(Exchange, ForgottenStreamsAreAborted) {
  Pair pair;
  pair.exchange->begin_stream({});
  pair.exchange->write("abc");
  pair.exchange.reset();
  EXPECT_TRUE(pair.state->aborted());
  EXPECT_EQ(pair.take_after_head(), "3\r\nabc\r\n");
  Pair ended;
  ended.exchange->begin_stream({});
  ended.exchange->end();
  ended.exchange.reset();
  EXPECT_FALSE(ended.state->aborted());
}

TEST(Exchange, CallsBackOnce) {
  Pair pair;
  int n_call = 0;
  pair.exchange->on_closed([&] { n_call += 100; });
  pair.exchange->on_closed([&] { ++n_call; });
  EXPECT_FALSE(pair.exchange->closed());
  pair.state->close();
  pair.state->close();
  EXPECT_EQ(n_call, 1);
  EXPECT_TRUE(pair.exchange->closed());
  pair.exchange->on_closed([&] { n_call += 10; });
  EXPECT_EQ(n_call, 11);
}

TEST(Exchange, ACompleteAnswerDropsTheCallback) {
  Pair pair;
  const auto token = std::make_shared<int>();
  pair.exchange->on_closed([token] { FAIL(); });
  pair.exchange->respond({});
  pair.take();
  pair.state->detach();
  EXPECT_EQ(token.use_count(), 1);
  pair.exchange->on_closed([token] { FAIL(); });
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_FALSE(pair.exchange->closed());
}

TEST(Exchange, AHalfClosedClientStillGetsAWholeAnswer) {
  Pair pair;
  pair.state->close();
  EXPECT_FALSE(pair.exchange->begin_stream({}));
  EXPECT_TRUE(pair.exchange->respond({.body = "abc"}));
  EXPECT_EQ(pair.take_after_head(), "abc");
}

TEST(Exchange, NothingHappensAfterDetach) {
  Pair pair;
  pair.state->detach();
  EXPECT_FALSE(pair.exchange->respond({}));
  EXPECT_FALSE(pair.exchange->begin_stream({}));
  pair.exchange->abort();
  pair.exchange.reset();
  EXPECT_EQ(pair.n_wake, 0);
}

TEST(Exchange, PingsOnlyIntoSilence) {
  using namespace std::chrono_literals;
  Pair pair;
  pair.exchange->ping_when_silent(10s, "ping");
  pair.exchange->begin_stream({});
  pair.take();
  const auto now = std::chrono::steady_clock::now();
  pair.state->ping_if_due(now + 9s);
  EXPECT_EQ(pair.take(), "");
  pair.state->ping_if_due(now + 11s);
  EXPECT_EQ(pair.take(), "4\r\nping\r\n");
  pair.state->ping_if_due(now + 20s);
  EXPECT_EQ(pair.take(), "");
  pair.exchange->write("x");
  pair.state->ping_if_due(now + 40s);
  EXPECT_EQ(pair.take(), "1\r\nx\r\n");
}

}  // namespace
}  // namespace stride::net
