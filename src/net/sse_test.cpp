// SPDX-License-Identifier: Apache-2.0
#include "net/sse.h"

#include <gtest/gtest.h>

namespace stride::net {
namespace {

TEST(Sse, Frames) {
  EXPECT_EQ(sse_event("", "{}"), "data: {}\n\n");
  EXPECT_EQ(sse_event("ping", "{\"a\":1}"), "event: ping\ndata: {\"a\":1}\n\n");
  EXPECT_EQ(sse_event("", ""), "data: \n\n");
  EXPECT_EQ(sse_comment("prefill"), ": prefill\n\n");
}

TEST(Sse, NoTextCanBeginAnotherField) {
  EXPECT_EQ(sse_event("a\r\ndata: x", "1\n2\r3\r\n4\n"),
            "event: adata: x\ndata: 1\ndata: 2\ndata: 3\ndata: 4\ndata: \n\n");
  EXPECT_EQ(sse_comment("a\nevent: b"), ": a\n: event: b\n\n");
}

}  // namespace
}  // namespace stride::net
