// SPDX-License-Identifier: Apache-2.0
#include "api/live_answers.h"

#include <algorithm>

namespace stride::api {
namespace {

// How often silent answers are looked for.
constexpr auto kRound = std::chrono::milliseconds(250);

}  // namespace

LiveAnswers::LiveAnswers(std::chrono::milliseconds silence)
    : silence_(silence), thread_([this](const std::stop_token& stop) { run(stop); }) {}

bool LiveAnswers::add(const std::shared_ptr<Answer>& answer, uint32_t most) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(answers_, [](const auto& weak) { return weak.expired(); });
  const auto counts = [&](const auto& weak) {
    const auto other = weak.lock();
    return other != nullptr && other->client() == answer->client() &&
           !other->wait_until_over(std::chrono::milliseconds(0));
  };
  if (most > 0 && std::ranges::count_if(answers_, counts) >= most) return false;
  answers_.push_back(answer);
  return true;
}

std::shared_ptr<Answer> LiveAnswers::find(std::string_view id) const {
  for (auto& answer : all()) {
    if (answer->id() == id) return std::move(answer);
  }
  return nullptr;
}

std::vector<std::shared_ptr<Answer>> LiveAnswers::all() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::shared_ptr<Answer>> out;
  for (const auto& weak : answers_) {
    if (auto answer = weak.lock()) out.push_back(std::move(answer));
  }
  return out;
}

void LiveAnswers::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, stop, kRound, [] { return false; });
    }
    const auto now = Clock::now();
    for (const auto& answer : all()) answer->keep_alive(now, silence_);
  }
}

}  // namespace stride::api
