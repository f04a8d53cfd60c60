// SPDX-License-Identifier: Apache-2.0
// For tests: requests whose ends can be waited for.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <utility>

#include "engine/service.h"

namespace stride::engine {

// A request that has been submitted, and how it ended.
struct Asked {
  RequestId id = 0;
  std::future<Result<Generated>> end;
};

inline Asked submit(Service& service, ServiceRequest request, ServiceListener listener = {}) {
  auto promise = std::make_shared<std::promise<Result<Generated>>>();
  Asked asked{0, promise->get_future()};
  listener.on_finish = [promise](Result<Generated> g) { promise->set_value(std::move(g)); };
  auto id = service.submit(std::move(request), std::move(listener));
  EXPECT_TRUE(id) << id.error().message;
  if (id) asked.id = *id;
  return asked;
}

}  // namespace stride::engine
