// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/capture.h"

#include <gmock/gmock.h>

#include <set>

#include "base/random.h"
#include "gauntlet/cast_testing.h"

namespace stride::gauntlet {
namespace {

CaptureOptions options_of(const Cast& cast) {
  return {.api = cast.api, .stream_asked = cast.stream};
}

std::string body_of(const Cast& cast) {
  std::string body;
  for (const Cast::Piece& piece : cast.pieces) body += piece.bytes;
  return body;
}

struct Captured {
  Attempt attempt{};
  std::vector<Event> events{};

  bool operator==(const Captured&) const = default;
};

// The body in pieces that end at `ends`, all at one time.
Captured capture_in_pieces(const Cast& cast, std::string_view body, std::vector<size_t> ends) {
  Capture capture(options_of(cast));
  if (cast.status != 0) capture.head(cast.status, cast.headers, 0);
  ends.push_back(body.size());
  size_t at = 0;
  for (const size_t end : ends) {
    if (!capture.push(body.substr(at, end - at), 7)) break;
    at = end;
  }
  net::HttpOutcome outcome = cast.outcome;
  outcome.total_ns = 7;
  Captured captured{capture.finish(outcome), {}};
  captured.events = capture.events();
  return captured;
}

void expect_time(const Json& expect, const char* key, std::optional<double> actual) {
  if (!expect.contains(key)) return;
  const Json& wanted = expect[key];
  ASSERT_EQ(actual.has_value(), !wanted.is_null()) << key;
  if (actual) {
    EXPECT_NEAR(*actual, wanted.get<double>(), 1e-9) << key;
  }
}

TEST(Capture, FindsInEveryKnownCastWhatIsThere) {
  for (const KnownCast& known : known_casts()) {
    SCOPED_TRACE(known.name);
    const Attempt attempt = replay(known.cast, options_of(known.cast));
    expect_content(known, attempt);
    const Timing& timing = attempt.timing;
    expect_time(known.expect, "ttfb", timing.ttfb);
    expect_time(known.expect, "ttfe", timing.ttfe);
    expect_time(known.expect, "ttft", timing.ttft);
    expect_time(known.expect, "ttfr", timing.ttfr);
    expect_time(known.expect, "ttfa", timing.ttfa);
    expect_time(known.expect, "last_token", timing.last_token);
    expect_time(known.expect, "max_gap", timing.max_gap);
    expect_time(known.expect, "total", timing.total);
    if (known.expect.contains("itl_norm")) {
      const auto wanted = known.expect["itl_norm"].get<std::vector<double>>();
      ASSERT_EQ(timing.itl_norm.size(), wanted.size());
      for (size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(timing.itl_norm[i], wanted[i], 1e-9);
    }
  }
}

TEST(Capture, ACastShowsEveryClassThatACaptureGives) {
  std::set<FailureClass> seen;
  for (const KnownCast& known : known_casts())
    seen.insert(replay(known.cast, options_of(known.cast)).failure);
  using enum FailureClass;
  // These are decided by the grader or by the harness itself.
  const std::set<FailureClass> others = {
      wrong, constraint_miss, unparseable, tool_as_text, tool_invalid, echo, harness_error};
  for (int i = 0; i <= std::to_underlying(harness_error); ++i) {
    const auto failure = static_cast<FailureClass>(i);
    EXPECT_NE(seen.contains(failure), others.contains(failure)) << name(failure);
  }
}

TEST(Capture, EverySplitOfTheBytesGivesTheSameEvents) {
  constexpr size_t kShort = 3000;
  Random random(1);
  for (const KnownCast& known : known_casts()) {
    SCOPED_TRACE(known.name);
    const std::string body = body_of(known.cast);
    const Captured whole = capture_in_pieces(known.cast, body, {});
    std::vector<size_t> every;
    for (size_t i = 1; i < body.size(); ++i) every.push_back(i);
    ASSERT_EQ(capture_in_pieces(known.cast, body, every), whole);
    for (size_t i = 1; i < body.size(); ++i) {
      const bool taken = body.size() <= kShort || random.below(body.size()) < 20;
      if (taken) {
        ASSERT_EQ(capture_in_pieces(known.cast, body, {i}), whole) << i;
      }
    }
    for (int n = 0; n < 20 && body.size() > 3; ++n) {
      std::vector<size_t> ends = {random.below(body.size()), random.below(body.size()),
                                  random.below(body.size())};
      std::sort(ends.begin(), ends.end());
      ASSERT_EQ(capture_in_pieces(known.cast, body, ends), whole);
    }
  }
}

TEST(Capture, ARecordedCastIsTheLiveAttemptToTheLastBit) {
  for (const KnownCast& known : known_casts()) {
    SCOPED_TRACE(known.name);
    const auto again = read_cast(write_cast(known.cast));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(replay(*again, options_of(*again)), replay(known.cast, options_of(known.cast)));
  }
}

TEST(Capture, TheEndCutOffAnywhereNeverDeliversACompleteAnswer) {
  for (const char* name :
       {"chat_stream", "anthropic_thinking", "responses_stream", "ollama_stream"}) {
    KnownCast known = known_cast(name);
    const std::string body = body_of(known.cast);
    const std::string answer = replay(known.cast, options_of(known.cast)).answer;
    known.cast.outcome.end = net::HttpEnd::cut;
    for (size_t n = 0; n < body.size(); ++n) {
      const Attempt attempt = capture_in_pieces(known.cast, body.substr(0, n), {}).attempt;
      if (attempt.failure == FailureClass::ok) {
        ASSERT_EQ(attempt.answer, answer) << name << n;
      } else {
        ASSERT_EQ(attempt.failure, FailureClass::stream_cut) << name << n << attempt.message;
      }
    }
  }
}

TEST(Capture, CountsWithTheTokenizerWhereThereIsOne) {
  const KnownCast known = known_cast("lie_too_few");
  CaptureOptions options = options_of(known.cast);
  options.count_tokens = [](std::string_view text) { return text.size() / 5; };
  const Attempt attempt = replay(known.cast, options);
  EXPECT_EQ(attempt.usage.source, TokenSource::tokenizer);
  EXPECT_EQ(attempt.usage.output, 400U);
  ASSERT_EQ(attempt.timing.itl.size(), 19U);
  EXPECT_NEAR(attempt.timing.itl_norm[0], 0.02 / 20, 1e-9);
}

TEST(Capture, StopsAtAFrameWithoutEnd) {
  Capture capture({.api = Api::openai});
  capture.head(200, {{"content-type", "text/event-stream"}}, 0);
  const std::string part = "data: " + std::string(size_t{1} << 20, 'a');
  int n_push = 0;
  while (n_push < 40 && capture.push(part, n_push)) ++n_push;
  EXPECT_LT(n_push, 20);
  const Attempt attempt = capture.finish({.end = net::HttpEnd::stopped});
  EXPECT_EQ(attempt.failure, FailureClass::protocol_error);
  EXPECT_THAT(attempt.message, testing::HasSubstr("larger than"));
}

TEST(Capture, SaysWhenTheCallerStopped) {
  Capture capture({.api = Api::openai});
  const Attempt attempt = capture.finish({.end = net::HttpEnd::cancelled});
  EXPECT_TRUE(attempt.cancelled);
}

TEST(OneLine, FitsATerminal) {
  EXPECT_EQ(one_line("a\n\n b\tc\x1b[31m\x7f"), "a b c [31m");
  EXPECT_EQ(one_line("h\xc3\xa9llo", 2), "h...");
  EXPECT_EQ(one_line("a\xff"), "a\xef\xbf\xbd");
}

}  // namespace
}  // namespace stride::gauntlet
