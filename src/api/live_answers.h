// SPDX-License-Identifier: Apache-2.0
// The answers that are running, by the name their client knows, and the thread that sends a sign of
// life where nothing else is sent.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "api/answer.h"

namespace stride::api {

class LiveAnswers {
 public:
  // An answer that was silent for so long gets a sign of life.
  explicit LiveAnswers(std::chrono::milliseconds silence);

  // False, and not added, where its client has `most` answers already that go on; 0: any number.
  bool add(const std::shared_ptr<Answer>& answer, uint32_t most);
  // nullptr where it has ended or never was.
  std::shared_ptr<Answer> find(std::string_view id) const;
  std::vector<std::shared_ptr<Answer>> all() const;

 private:
  void run(const std::stop_token& stop);

  const std::chrono::milliseconds silence_;
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::vector<std::weak_ptr<Answer>> answers_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace stride::api
