// SPDX-License-Identifier: Apache-2.0
// Same request, same bits in any company: what the scheduler answers alone and together with up to
// seven others, which come before it, with it or after it and may be cut off in the middle, is what
// generate() answers with one thread, without drafts and from an empty cache.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <cstring>
#include <future>
#include <map>
#include <mutex>

#include "engine/generate.h"
#include "engine/scheduler.h"
#include "groups.h"

namespace stride::engine {
namespace {

using Depth = std::optional<uint32_t>;
using model::Activations;
using model::KvType;

enum class Wish : uint8_t { greedy, sampled, grammar, prompt_scores };
enum class Come : uint8_t { before, together, after };  // the others, seen from the request
enum class Leave : uint8_t { as_they_end, while_it_reads, while_it_answers };  // half of the others

struct Company {
  uint32_t serial = 0;
  uint32_t n_threads = 1;
  uint32_t n_row = 512;  // of a step
  bool scarce = false;   // few pages, few places
  uint32_t n_other = 0;
  Come come = Come::together;
  Leave leave = Leave::as_they_end;
  Wish wish = Wish::greedy;
  Depth depth = 0;
};

std::string text_of(const Company& c) {
  constexpr const char* kCome[] = {"before", "together with", "after"};
  constexpr const char* kLeave[] = {"", ", cut off while it reads", ", cut off while it answers"};
  constexpr const char* kWish[] = {"greedy", "sampled", "by a grammar", "with prompt scores"};
  return fmt::format("{} threads, steps of {}{}, {} others come {} it{}, {}, depth {}", c.n_threads,
                     c.n_row, c.scarce ? ", little room" : "", c.n_other,
                     kCome[static_cast<size_t>(c.come)], kLeave[static_cast<size_t>(c.leave)],
                     kWish[static_cast<size_t>(c.wish)],
                     c.depth ? fmt::format("{}", *c.depth) : "auto");
}

// By threads and rows of a step, which take turns through the product of the rest.
std::vector<Company> companies(size_t n_sample) {
  constexpr uint32_t kRows[] = {48, 512};
  std::vector<Company> all;
  for (uint32_t n_other = 0; n_other <= 7; ++n_other)
    for (const Come come : {Come::before, Come::together, Come::after})
      for (const Leave leave : {Leave::as_they_end, Leave::while_it_reads, Leave::while_it_answers})
        for (const Wish wish : {Wish::greedy, Wish::sampled, Wish::grammar, Wish::prompt_scores})
          for (const Depth depth : {Depth(0), Depth(1), Depth(2), Depth(3), Depth()}) {
            if (n_other == 0 && (come != Come::together || leave != Leave::as_they_end)) continue;
            const auto i = static_cast<uint32_t>(all.size());
            all.push_back({i, 1 + i % 3, kRows[i / 3 % 2], i / 7 % 3 == 0, n_other, come, leave,
                           wish, depth});
          }
  std::ranges::stable_sort(all, {},
                           [](const Company& c) { return std::pair(c.n_threads, c.n_row); });
  return sample_of(std::move(all), n_sample);
}

constexpr uint32_t kAnswer = 24;  // tokens

ServiceRequest request(std::vector<Token> prompt, Wish wish, Depth depth, uint64_t seed) {
  ServiceRequest r;
  r.input.prompt = std::move(prompt);
  GenerationOptions& o = r.options;
  o.mtp_depth = depth;
  o.max_tokens = kAnswer;
  o.n_logprobs = 4;
  o.ignore_end = true;
  o.sampling.temperature = wish == Wish::greedy ? 0 : 0.8;
  o.sampling.top_p = 0.98;
  o.sampling.seed = seed;
  if (wish == Wish::sampled) o.sampling.penalties = {1.1, 0.1, 0.1};
  if (wish == Wish::prompt_scores) o.n_prompt_logprobs = 3;
  if (wish == Wish::grammar) {
    r.input.start = chat::OutputStart::reasoning;
    r.input.grammar = *grammar::compile_regex("([a-z]{1,6} ){2,9}[0-9]{1,5}!");
    o.thinking_budget = 6;
    o.ignore_end = false;
  }
  return r;
}

// All that an answer says, numbers with their bits.
struct Heard {
  std::vector<Token> ids;  // chosen, and the likeliest at each place
  std::vector<double> numbers;
  chat::ParsedOutput output;
  FinishCause cause{};

  void add(const decode::Logprobs& logprobs) {
    ids.push_back(logprobs.chosen.id);
    numbers.push_back(logprobs.chosen.logprob);
    for (const auto& one : logprobs.top) {
      ids.push_back(one.id);
      numbers.push_back(one.logprob);
    }
  }
  void add(const Generated& g) {
    for (const GeneratedToken& token : g.tokens) {
      ids.push_back(token.id);
      if (token.logprobs) add(*token.logprobs);
    }
    output = g.output;
    cause = g.finish_cause;
  }
  bool same_numbers(const Heard& other) const {
    return numbers.size() == other.numbers.size() &&
           std::memcmp(numbers.data(), other.numbers.data(), numbers.size() * sizeof(double)) == 0;
  }
};

// A moment of the scheduler's thread, in which it stays until the test lets it pass.
class Moment {
 public:
  void reach() {
    std::unique_lock lock(mutex_);
    reached_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return passed_; });
  }
  void await() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return reached_; });
  }
  void pass() {
    const std::lock_guard lock(mutex_);
    passed_ = true;
    changed_.notify_all();
  }
  // Nobody need wait for it any more.
  void miss() {
    pass();
    reach();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool reached_ = false, passed_ = false;
};

// What happened over all members of a group, to see that it is what they are about.
struct Tally {
  uint64_t n_reused = 0, n_accepted = 0, n_cut = 0, n_whole = 0;
};

// One request among others.
class Meeting {
 public:
  Meeting(const Engine& engine, const Company& company, std::vector<Token> prompt)
      : engine_(engine),
        company_(company),
        prompt_(std::move(prompt)),
        random_(company.serial),
        scheduler_(*Scheduler::start(engine, options())) {
    if (company.leave != Leave::while_it_answers) late_.pass();
    if (company.come != Come::after) early_.pass();
    if (company.come != Come::before) others_speak_.pass();
    begun_.pass();
  }

  Heard hold(const std::vector<Token>& other_text, Tally& tally) {
    for (uint32_t i = 0; i < company_.n_other; ++i) plan(other_text);
    come();
    leave();
    const auto g = answer_.get_future().get();
    EXPECT_TRUE(g) << g.error().message;
    scheduler_->shut_down(std::chrono::steady_clock::now());
    for (auto& end : ends_) {
      const auto other = end.get();
      EXPECT_TRUE(other) << other.error().message;
      ++(other && other->finish_cause == FinishCause::cancelled ? tally.n_cut : tally.n_whole);
    }
    if (!g) return heard_;
    tally.n_reused += g->usage.reused_tokens;
    for (const auto& head : g->speculation.heads) tally.n_accepted += head.n_accepted;
    heard_.add(*g);
    return heard_;
  }

 private:
  SchedulerOptions options() const {
    SchedulerOptions o{.context = static_cast<uint32_t>(prompt_.size()) + 100};
    o.max_running = company_.scarce ? 3 : 8;
    o.step_rows = company_.n_row;
    o.mark_spacing = 64;
    const uint64_t n_page = company_.scarce ? 4 : 40;
    o.cache_bytes = o.max_running * engine_.model().window_bytes(o.context) +
                    n_page * engine_.model().page_bytes();
    return o;
  }

  // Another one: the same prompt, one that parts from it somewhere, or a text of its own.
  void plan(const std::vector<Token>& other_text) {
    const auto part = [&](const std::vector<Token>& of) {
      return std::vector(of.begin(),
                         of.begin() + 1 + static_cast<ptrdiff_t>(random_.below(of.size())));
    };
    std::vector<Token> prompt = prompt_;
    if (const uint64_t kind = random_.below(4); kind > 0) {
      prompt = part(kind == 1 ? prompt_ : other_text);
      if (kind == 1) prompt.insert(prompt.end(), other_text.begin(), other_text.begin() + 20);
    }
    const auto wish = static_cast<Wish>(random_.below(4));
    const Depth depth = random_.below(5) == 0 ? Depth() : Depth(random_.below(4));
    others_.push_back(request(std::move(prompt), wish, depth, random_.next()));
    others_.back().client = std::string(1, static_cast<char>('a' + random_.below(3)));
    // The first one has something to say before the request comes, if it is to.
    others_.back().options.max_tokens = (others_.size() == 1 ? 8 : 1) + random_.below(60);
  }

  void come() {
    switch (company_.come) {
      case Come::before:
        submit_others(company_.n_other);
        if (company_.n_other > 0) others_speak_.await();
        submit();
        others_speak_.pass();
        break;
      case Come::together:  // while one that came first holds the scheduler up
        EXPECT_TRUE(scheduler_->submit(request({prompt_[0]}, Wish::greedy, 0, 1),
                                       {.on_finish = [&](const auto&) { doors_open_.reach(); }}));
        doors_open_.await();
        submit_others(company_.n_other / 2);
        submit();
        submit_others(company_.n_other);
        doors_open_.pass();
        break;
      case Come::after:
        submit();
        early_.await();
        submit_others(company_.n_other);
        early_.pass();
        break;
    }
  }

  void leave() {
    if (company_.leave == Leave::as_they_end) return;
    Moment& moment = company_.leave == Leave::while_it_reads ? begun_ : late_;
    moment.await();
    for (size_t i = 0; i < ids_.size(); i += 2) scheduler_->cancel(ids_[i]);
    moment.pass();
  }

  void submit() {
    ServiceListener l;
    l.on_prefill = [&](const auto&) { begun_.reach(); };
    l.on_prompt_logprobs = [&](const auto& scores) {
      for (const auto& one : scores) heard_.add(one);
    };
    l.on_token = [&](const auto&) {
      ++n_token_;
      if (n_token_ == 4) early_.reach();
      if (n_token_ == 10) late_.reach();
    };
    l.on_finish = [&](Result<Generated> g) {
      for (Moment* moment : {&begun_, &early_, &late_}) moment->miss();
      answer_.set_value(std::move(g));
    };
    EXPECT_TRUE(
        scheduler_->submit(request(prompt_, company_.wish, company_.depth, kSeed), std::move(l)));
  }

  // As many as have not been yet, until there are n.
  void submit_others(size_t n) {
    while (ids_.size() < n) {
      auto end = std::make_shared<std::promise<Result<Generated>>>();
      const bool first = ids_.empty();
      ServiceListener l;
      l.on_finish = [this, first, end](Result<Generated> g) {
        if (first) others_speak_.miss();
        end->set_value(std::move(g));
      };
      if (first)
        l.on_token = [&](const auto&) {
          if (++n_token_of_first_ == 3) others_speak_.reach();
        };
      ends_.push_back(end->get_future());
      const auto id = scheduler_->submit(others_[ids_.size()], std::move(l));
      EXPECT_TRUE(id);
      ids_.push_back(id ? *id : 0);
    }
  }

 public:
  static constexpr uint64_t kSeed = 3;

 private:
  const Engine& engine_;
  const Company& company_;
  std::vector<Token> prompt_;
  Random random_;
  std::vector<ServiceRequest> others_;
  std::vector<RequestId> ids_;
  std::vector<std::future<Result<Generated>>> ends_;
  std::promise<Result<Generated>> answer_;
  Heard heard_;
  Moment doors_open_, others_speak_, begun_, early_, late_;
  uint32_t n_token_ = 0, n_token_of_first_ = 0;
  std::unique_ptr<Scheduler> scheduler_;  // last: its thread uses the others
};

class CompanyTest : public GroupTest {
 protected:
  std::map<Wish, Heard> plainest() const {
    const auto engine = load(1, 512);
    Session session = *Session::make(engine->model(), GetParam().n_prompt + 100);
    std::map<Wish, Heard> out;
    for (const Wish wish : {Wish::greedy, Wish::sampled, Wish::grammar, Wish::prompt_scores}) {
      EXPECT_TRUE(session.clear());
      const ServiceRequest r = request(text(*engine), wish, 0, Meeting::kSeed);
      Heard& heard = out[wish];
      const auto g = generate(*engine, session, r.input, r.options,
                              {.on_prompt_logprobs =
                                   [&](const auto& scores) {
                                     for (const auto& one : scores) heard.add(one);
                                   }},
                              {});
      EXPECT_TRUE(g) << g.error().message;
      if (g) heard.add(*g);
    }
    return out;
  }
};

TEST_P(CompanyTest, SameRequestSameBits) {
  const std::map<Wish, Heard> expected = plainest();
  EXPECT_GT(expected.at(Wish::grammar).output.content.value_or("").size(), 5U);
  Tally tally;
  std::unique_ptr<Engine> engine;
  std::pair<uint32_t, uint32_t> loaded;
  for (const Company& company : companies(GetParam().n_sample)) {
    if (const std::pair wanted(company.n_threads, company.n_row); !engine || loaded != wanted) {
      engine = load(company.n_threads, company.n_row);
      loaded = wanted;
    }
    const Heard got = Meeting(*engine, company, text(*engine)).hold(text(*engine, 40), tally);
    const Heard& wanted = expected.at(company.wish);
    EXPECT_EQ(got.ids, wanted.ids) << text_of(company);
    EXPECT_TRUE(got.same_numbers(wanted)) << "probabilities: " << text_of(company);
    EXPECT_EQ(got.output, wanted.output) << text_of(company);
    EXPECT_EQ(got.cause, wanted.cause) << text_of(company);
  }
  EXPECT_GT(tally.n_reused, 0U);
  EXPECT_GT(tally.n_cut, 0U);
  EXPECT_GT(tally.n_whole, 0U);
  if (!GetParam().mix) {
    EXPECT_GT(tally.n_accepted, 0U);
  }
}

const std::vector<Group> kGroups = {
    {"nano_f16", nullptr, KvType::f16, Activations::int8, 240, 28},
    {"nano_int8", nullptr, KvType::int8, Activations::int8, 240, 28},
    {"nano_int8_int16", nullptr, KvType::int8, Activations::int16, 240, 16},
    {"slab_q4_k_s_f16", "Q4_K_S", KvType::f16, Activations::int8, 240, 14},
    {"slab_q8_0_int8", "Q8_0", KvType::int8, Activations::int8, 240, 14},
};

INSTANTIATE_TEST_SUITE_P(Groups, CompanyTest, ::testing::ValuesIn(kGroups), name_of);

TEST(CompanySize, IsAtLeastAHundredConfigurations) {
  size_t n = 0;
  for (const Group& group : kGroups) n += companies(group.n_sample).size();
  EXPECT_GE(n, 100U);
}

}  // namespace
}  // namespace stride::engine
