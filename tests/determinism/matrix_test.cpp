// SPDX-License-Identifier: Apache-2.0
// Same request, same bits: the tokens of a conversation and the logits they were chosen from, for
// any number of threads, any pieces of the prompt, any state of the cache and any depth of drafts.
// company_test.cpp adds other requests.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstring>

#include "decode/sampler.h"
#include "engine/prefill.h"
#include "engine/speculation.h"
#include "engine/told_model.h"
#include "groups.h"

namespace stride::engine {
namespace {

using Depth = std::optional<uint32_t>;
using model::Activations;
using model::KvType;

// What the session went through before the prompt came.
enum class Before : uint8_t {
  nothing,
  first_turn,  // the prompt goes on where an answer ended
  near_text,   // parts from the prompt within the windows
  far_text,    // parts from it before them: returns to a mark
};

struct Member {
  uint32_t n_threads = 1;
  uint32_t max_rows = 512;  // of an internal step
  uint32_t chunk = 512;     // of a call
  Before before = Before::nothing;
  Depth depth = 0;
};

std::string text_of(const Member& m) {
  constexpr const char* kBefore[] = {"nothing", "a first turn", "a near text", "a far text"};
  return fmt::format("{} threads, steps of {}, chunks of {}, after {}, depth {}", m.n_threads,
                     m.max_rows, m.chunk, kBefore[static_cast<size_t>(m.before)],
                     m.depth ? fmt::format("{}", *m.depth) : "auto");
}

// By threads and rows of a step, so that members in a row can share a model.
std::vector<Member> members(size_t n_sample) {
  constexpr std::pair<uint32_t, uint32_t> kPieces[] = {{1, 512}, {7, 512},  {64, 48},
                                                       {512, 7}, {512, 64}, {512, 512}};
  std::vector<Member> all;
  for (const uint32_t n_threads : {1U, 2U, 3U})
    for (const auto& [max_rows, chunk] : kPieces)
      for (const Before before :
           {Before::nothing, Before::first_turn, Before::near_text, Before::far_text})
        for (const Depth depth : {Depth(0), Depth(1), Depth(2), Depth(3), Depth()})
          all.push_back({n_threads, max_rows, chunk, before, depth});
  return sample_of(std::move(all), n_sample);
}

struct Trace {
  std::vector<Token> ids;
  std::vector<float> logits;  // [ids.size(), n_vocab], what each was chosen from

  // Not by value: zeros of both signs are two things here, and a NaN is like itself.
  bool same_bits(const Trace& other) const {
    return ids == other.ids && logits.size() == other.logits.size() &&
           std::memcmp(logits.data(), other.logits.data(), logits.size() * sizeof(float)) == 0;
  }
};

struct Turn {
  std::vector<Token> prompt;
  uint32_t n_token = 0;  // to answer with
  double temperature = 0;
};

// Whether the prompt was continued, cut or returned to as the member's name says.
struct Reused {
  uint32_t least = 0, most = 0;
};

Trace answer(Session& session, uint32_t n_mtp, const Turn& turn, const Member& member,
             std::vector<uint32_t> marks = {}, std::optional<Reused> reused = {}) {
  Speculator speculator(session, member.depth, n_mtp);
  const auto read =
      prefill(session, turn.prompt, {.chunk = member.chunk, .marks = std::move(marks)}, {},
              speculator.output());
  EXPECT_TRUE(read) << read.error().message;
  if (!read) return {};
  if (reused) {
    EXPECT_GE(read->reused, reused->least) << text_of(member);
    EXPECT_LE(read->reused, reused->most) << text_of(member);
  }
  const size_t n_vocab = speculator.output().logits.size();
  auto sampler = *decode::Sampler::make({.temperature = turn.temperature, .top_p = 0.98, .seed = 3},
                                        static_cast<uint32_t>(n_vocab));
  Trace trace;
  std::vector<Token> history = turn.prompt;
  for (uint32_t n_left = turn.n_token; n_left > 0; --n_left) {
    const auto logits = speculator.logits_after(history, n_left);
    EXPECT_TRUE(logits) << logits.error().message;
    if (!logits) return trace;
    trace.logits.insert(trace.logits.end(), logits->begin(), logits->end());
    trace.ids.push_back(*sampler.sample(*logits, history));
    history.push_back(trace.ids.back());
  }
  EXPECT_TRUE(speculator.finish());
  return trace;
}

// A conversation of two turns: the second prompt holds the first one, its answer and a rest.
struct Conversation {
  Turn first, second;
  Trace first_answer, second_answer;

  std::vector<Token> whole_text() const {
    std::vector<Token> out = second.prompt;
    out.insert(out.end(), second_answer.ids.begin(), second_answer.ids.end());
    return out;
  }
};

class Matrix : public GroupTest {
 protected:
  Conversation plainest() const {
    const auto engine = load(1, 512);
    const auto all = text(*engine);
    const auto middle = all.begin() + static_cast<ptrdiff_t>(all.size()) * 2 / 3;
    Conversation c;
    c.first = {{all.begin(), middle}, 12, 0};
    Session session = this->session(engine->model());
    c.first_answer = answer(session, 3, c.first, {});
    c.second = {c.first.prompt, 24, 0.8};
    const auto& ids = c.first_answer.ids;
    c.second.prompt.insert(c.second.prompt.end(), ids.begin(), ids.end());
    c.second.prompt.insert(c.second.prompt.end(), middle, all.end());
    EXPECT_TRUE(session.clear());
    c.second_answer = answer(session, 3, c.second, {});
    return c;
  }

  Session session(model::Model& model) const {
    return *Session::make(model, GetParam().n_prompt + 200);
  }
};

// The texts that a session has read before the prompt: like it up to some place, then not.
std::vector<Token> parting_at(std::span<const Token> prompt, size_t at, size_t n_other) {
  std::vector<Token> out(prompt.begin(), prompt.begin() + static_cast<ptrdiff_t>(at));
  for (size_t i = 0; i < n_other; ++i) out.push_back(prompt[(at + i) % prompt.size()] ^ 1);
  return out;
}

Trace second_answer(Session& session, uint32_t n_mtp, const Conversation& c, const Member& m) {
  const auto n_first = static_cast<uint32_t>(c.first.prompt.size());
  const auto n_second = static_cast<uint32_t>(c.second.prompt.size());
  switch (m.before) {
    case Before::nothing:
      return answer(session, n_mtp, c.second, m, {}, Reused{0, 0});
    case Before::first_turn: {
      const Trace first = answer(session, n_mtp, c.first, m);
      EXPECT_TRUE(first.same_bits(c.first_answer)) << text_of(m);
      const auto n_known = n_first + static_cast<uint32_t>(first.ids.size());
      return answer(session, n_mtp, c.second, m, {}, Reused{n_known - 1, n_known});
    }
    case Before::near_text: {  // even rings for steps of one row reach back two rows
      const uint32_t at = n_second - 20;
      answer(session, n_mtp, {parting_at(c.second.prompt, at, 2), 0, 0}, m);
      return answer(session, n_mtp, c.second, m, {}, Reused{at, at});
    }
    case Before::far_text: {
      const uint32_t at = n_first;
      answer(session, n_mtp, {parting_at(c.second.prompt, at, 80), 5, 0}, m, {at});
      return answer(session, n_mtp, c.second, m, {at}, Reused{at, at});
    }
  }
  return {};
}

TEST_P(Matrix, SameRequestSameBits) {
  const Conversation expected = plainest();
  ASSERT_EQ(expected.second_answer.ids.size(), 24U);
  std::unique_ptr<Engine> engine;
  std::pair<uint32_t, uint32_t> loaded;
  for (const Member& member : members(GetParam().n_sample)) {
    if (const std::pair wanted(member.n_threads, member.max_rows); !engine || loaded != wanted) {
      engine = load(member.n_threads, member.max_rows);
      loaded = wanted;
    }
    ToldModel told(engine->model());
    if (GetParam().mix) told.tell(expected.whole_text());
    Session session = this->session(told);
    const Trace got = second_answer(session, 3, expected, member);
    EXPECT_EQ(got.ids, expected.second_answer.ids) << text_of(member);
    EXPECT_TRUE(got.same_bits(expected.second_answer)) << "logits: " << text_of(member);
  }
}

const std::vector<Group> kGroups = {
    {"nano_f16", nullptr, KvType::f16, Activations::int8, 200, 32},
    {"nano_int8", nullptr, KvType::int8, Activations::int8, 200, 32},
    {"nano_f16_int16", nullptr, KvType::f16, Activations::int16, 200, 28},
    {"nano_int8_int16", nullptr, KvType::int8, Activations::int16, 200, 28},
    // Beyond the first chunk of attention sums.
    {"nano_long", nullptr, KvType::int8, Activations::int8, 1300, 10},
    {"slab_q4_k_s_f16", "Q4_K_S", KvType::f16, Activations::int8, 130, 28},
    {"slab_q4_k_s_int8", "Q4_K_S", KvType::int8, Activations::int8, 130, 28},
    {"slab_q8_0_f16", "Q8_0", KvType::f16, Activations::int8, 130, 20},
    {"slab_q4_k_s_int16", "Q4_K_S", KvType::int8, Activations::int16, 130, 14},
    {"slab_f16", "F16", KvType::f16, Activations::int8, 130, 10},
};

INSTANTIATE_TEST_SUITE_P(Groups, Matrix, ::testing::ValuesIn(kGroups), name_of);

TEST(MatrixSize, IsAtLeastTwoHundredConfigurations) {
  size_t n = 0;
  for (const Group& group : kGroups) n += members(group.n_sample).size();
  EXPECT_GE(n, 200U);
}

}  // namespace
}  // namespace stride::engine
